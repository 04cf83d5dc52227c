//! I read resume tokens: as texts, and with what is under their checksum made up.

use miniz_oxide::deflate::compress_to_vec_zlib;
use zfs_rs::nvlist::NvList;
use zfs_rs::stream::ByteOrder;
use zfs_rs::stream::fletcher::Fletcher4;
use zfs_rs::stream::token::{ResumePoint, ResumeToken};

use crate::choices::Choices;

/// The first byte says what the rest is: a text, a packed list, compressed bytes, or what a point is made of.
pub(crate) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    match choices.byte() % 4 {
        0 => check(&String::from_utf8_lossy(choices.rest())),
        1 => check(&of_list(choices.rest())),
        2 => {
            let size = choices.word();
            check(&of_compressed(choices.rest(), u64::from(size)));
        }
        _ => written(&point(choices)),
    }
}

/// What is read can be written and means the same.
fn check(text: &str) {
    let token: ResumeToken = match text.parse() {
        Ok(token) => token,
        Err(why) => {
            let why: zfs_rs::stream::token::TokenError = why;
            assert!(!why.to_string().is_empty());
            return;
        }
    };
    assert_eq!((token.text(), token.to_string().as_str()), (text, text));
    let point = token.into_point();
    assert_eq!(point.fits(point.to_guid, point.from_guid), Ok(()));
    written(&point);
}

/// A point written comes back as it was.
fn written(point: &ResumePoint) {
    let Ok(token) = point.encode() else {
        // A name for which there is no list, or more than a token can hold.
        return;
    };
    let read: ResumeToken = token.text().parse().expect("what was written can be read");
    // Texts are compared, for a point that holds no number (NaN) does not equal itself.
    let again = read.point().encode().expect("what was read can be written");
    assert_eq!(again.text(), token.text());
    assert_eq!(read.point() == point, point == &point.clone());
}

fn point(mut choices: Choices<'_>) -> ResumePoint {
    let flags = choices.byte();
    let guids = |choices: &mut Choices<'_>| -> Option<Vec<u64>> {
        let count = choices.byte();
        (count > 0).then(|| (1..count).map(|_| choices.long()).collect())
    };
    ResumePoint {
        object: choices.long(),
        offset: choices.long(),
        bytes: choices.long(),
        to_guid: choices.long(),
        // 0 is how a stream spells that there is none.
        from_guid: Some(choices.long()).filter(|guid| *guid != 0),
        large_block_ok: flags & 1 != 0,
        embed_ok: flags & 2 != 0,
        compress_ok: flags & 4 != 0,
        raw_ok: flags & 8 != 0,
        redact_snaps: guids(&mut choices),
        book_redact_snaps: guids(&mut choices),
        other: if flags & 16 == 0 {
            NvList::new()
        } else {
            NvList::new().with("tomorrow", choices.long())
        },
        to_name: String::from_utf8_lossy(choices.rest()).into_owned(),
    }
}

/// The token of a packed list, with the sums it has.
pub(crate) fn of_list(packed: &[u8]) -> String {
    let size = u64::try_from(packed.len()).unwrap_or(u64::MAX);
    of_compressed(&compress_to_vec_zlib(packed, 1), size)
}

fn of_compressed(compressed: &[u8], size: u64) -> String {
    let mut sum = Fletcher4::new(ByteOrder::HOST);
    sum.update(compressed);
    let [first, ..] = sum.value().0;
    let hex: String = compressed.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("1-{first:x}-{size:x}-{hex}")
}
