//! I read names of every kind, and want each to be what it says and its parts to be names too.

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use zfs_rs::name::{DEPTH_MAX, NAME_MAX};
use zfs_rs::{BookmarkName, DatasetName, HoldTag, NameError, PoolName, PropertyName, SnapshotName};

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    same::<HoldTag>(&text);
    same::<PropertyName>(&text);
    if let Some(name) = same::<PoolName>(&text) {
        assert_eq!(name.root().as_str(), &*text);
    }
    if let Some(name) = same::<DatasetName>(&text) {
        dataset(&name);
    }
    if let Some(name) = same::<SnapshotName>(&text) {
        dataset(name.dataset());
        assert_eq!(name.dataset().snapshot(name.short()), Ok(name));
    }
    if let Some(name) = same::<BookmarkName>(&text) {
        dataset(name.dataset());
        assert_eq!(name.dataset().bookmark(name.short()), Ok(name));
    }
    pairs(&text);
}

/// What is read is written as it was, and read again; what is not says so of this text.
fn same<T>(text: &str) -> Option<T>
where
    T: FromStr<Err = NameError> + TryFrom<String, Error = NameError> + AsRef<str> + Display + Debug + PartialEq,
{
    let read: Result<T, NameError> = text.parse();
    assert_eq!(read, T::try_from(text.to_owned()));
    match read {
        Ok(name) => {
            assert!((1..=NAME_MAX).contains(&text.len()) && !text.contains('\0'));
            assert_eq!((name.as_ref(), name.to_string().as_str()), (text, text));
            Some(name)
        }
        Err(why) => {
            assert_eq!(why.text, text);
            assert!(!why.to_string().contains('\n'), "a line for people");
            None
        }
    }
}

fn dataset(name: &DatasetName) {
    assert_eq!(same::<DatasetName>(name.as_str()).as_ref(), Some(name));
    let pool = name.pool();
    assert_eq!(same::<PoolName>(pool.as_str()), Some(pool.clone()));
    assert!((1..=DEPTH_MAX).contains(&name.depth()));
    let below_root = name.below(&pool.root()).expect("a dataset is in its pool");
    match name.parent() {
        Some(parent) => {
            assert_eq!(parent.child(name.last()).as_ref(), Ok(name));
            assert_eq!(pool.root().child(below_root).as_ref(), Ok(name));
            assert_eq!((parent.depth() + 1, name.below(&parent)), (name.depth(), Some(name.last())));
            assert_eq!(parent.below(name), None);
            dataset(&parent);
        }
        None => assert_eq!((name.depth(), below_root, name), (1, "", &pool.root())),
    }
}

/// Two names in one text: one lies below the other only by whole components.
fn pairs(text: &str) {
    let Some((above, path)) = text.split_once('\n') else { return };
    let (Ok(above), Ok(name)) = (above.parse::<DatasetName>(), path.parse::<DatasetName>()) else {
        return;
    };
    let ancestors = std::iter::successors(Some(name.clone()), DatasetName::parent);
    assert_eq!(name.below(&above).is_some(), ancestors.into_iter().any(|one| one == above));
}
