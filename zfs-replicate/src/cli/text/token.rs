//! I tell people what a resume token means.

use zfs_rs::stream::token::{Misfit, ResumePoint};

use super::list::blocks;
use crate::cli::words::{Page, size};
use crate::view::StreamFlags;

/// A token in words, and whether it is of the stream that is wanted where one is.
pub(in crate::cli) fn token(page: &mut Page, point: &ResumePoint, fits: Option<Result<(), Misfit>>) {
    let ResumePoint {
        object,
        offset,
        bytes,
        to_guid,
        to_name,
        from_guid,
        large_block_ok,
        embed_ok,
        compress_ok,
        raw_ok,
        redact_snaps,
        book_redact_snaps,
        other,
    } = point;
    let flags = StreamFlags {
        raw: *raw_ok,
        large_block: *large_block_ok,
        embed: *embed_ok,
        compress: *compress_ok,
    };
    let from = from_guid.map_or_else(
        || "nothing: it is a full stream".to_owned(),
        |guid| format!("the snapshot of guid {guid}"),
    );
    page.line("an interrupted receive");
    page.under(
        1,
        &format!("of       {to_name} (guid {to_guid}); the name is the sender's of that time"),
    );
    page.under(1, &format!("from     {from}"));
    page.under(1, &format!("has      {} ({bytes} bytes of the stream)", size(*bytes)));
    page.under(1, &format!("goes on  at object {object}, byte {offset}"));
    page.under(1, &format!("sent as  {}", blocks(flags)));
    for (what, guids) in [("redacted for", redact_snaps), ("from a bookmark redacted for", book_redact_snaps)] {
        if let Some(guids) = guids {
            let guids: Vec<_> = guids.iter().map(ToString::to_string).collect();
            page.under(1, &format!("{what} guids {}", guids.join(", ")));
        }
    }
    for (name, _) in other {
        page.under(1, &format!("and something this release does not know: {name}"));
    }
    if let Some(fits) = fits {
        page.under(1, if fits.is_ok() { "fits     yes" } else { "fits     no" });
    }
}
