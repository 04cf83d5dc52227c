//! I lay small streams side by side that differ in one thing each.

use super::*;

fn compared(first: &[Piece], second: &[Piece]) -> Comparison {
    compared_as(ByteOrder::HOST, first, second)
}

fn compared_as(order: ByteOrder, first: &[Piece], second: &[Piece]) -> Comparison {
    let (first, second) = (stream(ByteOrder::HOST, first), stream(order, second));
    compare(&mut first.as_slice(), &mut second.as_slice()).unwrap()
}

fn said(difference: Option<&Difference>) -> String {
    difference.map(ToString::to_string).unwrap_or_default()
}

/// The pieces with one of them changed.
fn changed(number: usize, change: impl FnOnce(&mut Piece)) -> Vec<Piece> {
    let mut pieces = pieces();
    change(&mut pieces[number]);
    pieces
}

#[test]
fn streams_that_are_the_same_are_identical() {
    let found = compared(&pieces(), &pieces());
    assert_eq!((found.verdict, found.first, found.records), (Verdict::Identical, None, 15));
}

#[test]
fn another_name_or_key_brings_the_same() {
    let renamed = changed(0, |(record, _)| {
        *record = Begin {
            features: Features::LZ4.with(Features::ZSTD).with(Features::COMPRESSED),
            ..begin()
        }
        .into();
    });
    let found = compared(&pieces(), &renamed);
    assert_eq!(found.verdict, Verdict::Same);
    assert_eq!(
        said(found.first.as_ref()),
        "record 0 at byte 0: BEGIN: features is lz4+compressed in the first, lz4+compressed+zstd in the second"
    );
    let keyed = changed(4, |(record, _)| {
        *record = Write {
            key_properties: 1,
            ..write(0)
        }
        .into();
    });
    assert_eq!(compared(&pieces(), &keyed).verdict, Verdict::Same);
}

#[test]
fn a_byte_of_no_field_is_a_difference_too() {
    let order = ByteOrder::HOST;
    let plain = stream(order, &[piece(begin()), piece(End::default())]);
    let mut forged = plain.clone();
    forged[100] = 1; // behind the name
    let sum = |bytes: &[u8]| crate::stream::fletcher::Implementation::fastest().sum(order, bytes);
    let whole = sum(&forged[..312]);
    forged[320..352].copy_from_slice(&whole.0.map(u64::to_ne_bytes).concat());
    let running = sum(&forged[..592]);
    forged[592..].copy_from_slice(&running.0.map(u64::to_ne_bytes).concat());
    let found = compare(&mut plain.as_slice(), &mut forged.as_slice()).unwrap();
    assert_eq!(found.verdict, Verdict::Same);
    assert_eq!(
        said(found.first.as_ref()),
        "record 0 at byte 0: BEGIN: byte 100 of the record, which no field takes, differs"
    );
}

#[test]
fn other_forms_of_data_prove_nothing() {
    let is_unproved = |found: &Comparison| matches!(found.verdict, Verdict::Unproved(_));
    let compressed = changed(4, |piece| {
        *piece = self::piece(Write {
            compression: 16,
            compressed_size: 512,
            ..write(0)
        });
    });
    let found = compared(&pieces(), &compressed);
    assert!(is_unproved(&found) && found.records == 15, "{found:?}");
    assert_eq!(
        said(found.first.as_ref()),
        "record 4 at byte 1472: WRITE: compression is 0 in the first, 16 in the second"
    );
    // By another version of the same algorithm.
    assert!(is_unproved(&compared(&pieces(), &changed(5, |(_, payload)| payload[9] = 0))));
    // In the pointer or not.
    let whole = changed(6, |piece| *piece = self::piece(write(2048)));
    assert!(is_unproved(&compared(&pieces(), &whole)));
    // In pieces.
    let cut = changed(4, |piece| {
        *piece = self::piece(Write {
            logical_size: 512,
            ..write(0)
        });
    });
    let found = compared(&pieces(), &cut);
    assert!(is_unproved(&found) && found.records == 5, "{found:?}");
    // From a machine of the other kind: the bonus buffer of an object is in its order.
    let other = if ByteOrder::HOST == ByteOrder::Little {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    assert_eq!(compared_as(other, &pieces(), &pieces()).verdict, Verdict::Same);
    let swapped = changed(3, |(_, payload)| payload[0] = 9);
    assert!(is_unproved(&compared_as(other, &pieces(), &swapped)));
}

#[test]
fn what_is_different_is_named_by_record_and_field() {
    let different = |pieces: &[Piece]| match compared(&self::pieces(), pieces).verdict {
        Verdict::Different(difference) => difference.to_string(),
        other => panic!("{other:?}"),
    };
    let byte = changed(4, |(_, payload)| payload[700] = 8);
    assert_eq!(
        different(&byte),
        "record 4 at byte 1472: WRITE: the payloads differ from byte 700 on"
    );
    let bonus = changed(3, |(_, payload)| payload[0] = 8);
    assert_eq!(
        different(&bonus),
        "record 3 at byte 992: OBJECT: the payloads differ from byte 0 on"
    );
    let elsewhere = changed(6, |piece| *piece = self::piece(write(8192)));
    assert!(different(&elsewhere).ends_with("WRITE_EMBEDDED in the first, WRITE in the second"));
    let base = changed(0, |(record, _)| {
        *record = Begin {
            from_guid: None,
            ..begin()
        }
        .into();
    });
    assert_eq!(
        different(&base),
        "record 0 at byte 0: BEGIN: from_guid is 3 in the first, 0 in the second"
    );
    let mut short = pieces();
    short.remove(13);
    assert!(different(&short).ends_with(": OBJECT in the first, END in the second"));
    // A graver difference behind a lighter one is the verdict; the lighter one is still the first.
    let mut both = byte;
    both[0].0 = Begin {
        to_name: "pool@b".into(),
        ..begin()
    }
    .into();
    let found = compared(&pieces(), &both);
    assert_eq!(found.first.as_ref().map(|first| first.record), Some(0));
    assert!(
        matches!(&found.verdict, Verdict::Different(difference) if difference.record == 4),
        "{found:?}"
    );
    #[cfg(feature = "serde")]
    crate::serial::tests::assert_survives(&found);
}

#[test]
fn damage_is_blamed_on_its_side() {
    let good = stream(ByteOrder::HOST, &pieces());
    let cut = &good[..good.len() - 300];
    for (first, second, blamed) in [(cut, good.as_slice(), Side::First), (good.as_slice(), cut, Side::Second)] {
        let error = compare(&mut { first }, &mut { second }).unwrap_err();
        let CompareError::Corrupt { side, corrupt } = error else {
            panic!("{error}")
        };
        assert_eq!((side, corrupt.what), (blamed, Fault::Truncated));
    }
    let longer = [good.as_slice(), &[0]].concat();
    let error = compare(&mut good.as_slice(), &mut longer.as_slice()).unwrap_err();
    assert!(error.to_string().starts_with("the second stream is damaged: record 15"), "{error}");
}
