//! I make bookmarks and take them away.

use super::core::all_or;
use super::pool::{Bookmark, Pool, Snapshot, State};
use super::rules;
use crate::backend::{Base, Outcome};
use crate::errno::Errno;
use crate::name::BookmarkName;

/// `dsl_bookmark_create_sync`: all of them or none.
pub(super) fn create(pool: &mut Pool, bookmarks: &[(BookmarkName, Base)]) -> Outcome<()> {
    let root = bookmarks.first().map(|(first, _)| first.dataset().pool());
    if bookmarks.iter().any(|(name, _)| Some(name.dataset().pool()) != root) {
        // The list is wrong, and so is all in it (`dsl_bookmark_create_check`).
        return all_or(bookmarks.iter().map(|(name, _)| (name.to_string(), Errno::EINVAL)).collect());
    }
    let mut items = Vec::new();
    let mut made = Vec::new();
    for (name, of) in bookmarks {
        match rules::bookmark(&pool.state, name, of) {
            Ok(()) => made.push((name, source(&pool.state, of)?)),
            Err(errno) => items.push((name.to_string(), errno)),
        }
    }
    all_or(items)?;
    rules::room(pool)?;
    for (name, bookmark) in made {
        pool.state
            .get_mut(name.dataset().as_str())?
            .bookmarks
            .insert(name.short().to_owned(), bookmark);
    }
    Ok(())
}

fn source(state: &State, of: &Base) -> Result<Bookmark, Errno> {
    match of {
        Base::Bookmark(name) => state.bookmark(name).map(|(_, bookmark)| bookmark),
        Base::Snapshot(name) => state.snapshot(name).map(|(_, snapshot)| {
            let Snapshot {
                guid,
                createtxg,
                creation,
                ivset,
                ..
            } = *snapshot;
            Bookmark {
                guid,
                createtxg,
                creation,
                ivset,
            }
        }),
    }
}

/// Neither a missing bookmark nor a missing dataset is an error (`dsl_bookmark_destroy_check`).
pub(super) fn destroy(pool: &mut Pool, bookmarks: &[BookmarkName]) -> Outcome<()> {
    let root = bookmarks.first().map(|first| first.dataset().pool());
    // All of one pool (`zfs_ioc_destroy_bookmarks`).
    rules::refuse(bookmarks.iter().any(|name| Some(name.dataset().pool()) != root), Errno::EXDEV)?;
    for name in bookmarks {
        if let Ok(dataset) = pool.state.get_mut(name.dataset().as_str()) {
            dataset.bookmarks.remove(name.short());
        }
    }
    Ok(())
}
