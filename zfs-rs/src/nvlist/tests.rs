//! I try both encodings: OpenZFS's own bytes, every kind of value, and every kind of damage.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{ByteOrder, DecodeError, Defect, EncodeFault, MAX_DEPTH, NvList, Text, Value, native};

/// What libnvpair 2.3.9 packs for `sample`, little-endian.
const NATIVE: &str = "00010000000000000100000018000000020000000000000001000000620000000000000020000000020000000100000008000000750000000000000088776655443322112000000002000000010000000900000073000000000000006869000000000000300000000200000001000000130000006e00000000000000000000000100000000000000000000000000000000000000200000000200000001000000050000007800000000000000feffffff000000000000000030000000030000000200000011000000736100000000000000000000000000000000000000000000610062636400000000000000";
/// What libnvpair 2.3.9 packs for `sample` in XDR.
const XDR: &str = "010100000000000000000001000000180000001800000001620000000000000100000000000000200000002000000001750000000000000800000001112233445566778800000020000000200000000173000000000000090000000100000002686900000000004400000030000000016e000000000000130000000100000000000000010000001c0000002000000001780000000000000500000001fffffffe0000000000000000000000280000003000000002736100000000001100000002000000016100000000000003626364000000000000000000";

fn sample() -> NvList {
    NvList::new()
        .with("b", ())
        .with("u", 0x1122_3344_5566_7788u64)
        .with("s", "hi")
        .with("n", NvList::new().with("x", -2i32))
        .with("sa", vec![Text::from("a"), Text::from("bcd")])
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn little(list: &NvList) -> Vec<u8> {
    native::encode(list, ByteOrder::Little).unwrap()
}

fn defect(bytes: &[u8]) -> Defect {
    NvList::decode(bytes).expect_err("malformed bytes were accepted").what
}

#[test]
fn the_bytes_are_those_of_openzfs() {
    assert_eq!(hex(&little(&sample())), NATIVE);
    assert_eq!(hex(&sample().encode_xdr().unwrap()), XDR);
    assert_eq!(hex(&little(&NvList::new())), "00010000000000000100000000000000");
    assert_eq!(
        hex(&NvList::new().encode_xdr().unwrap()),
        "0101000000000000000000010000000000000000"
    );
}

#[test]
fn the_bytes_of_openzfs_are_read() {
    assert_eq!(NvList::decode(&bytes(NATIVE)), Ok(sample()));
    assert_eq!(NvList::decode(&bytes(XDR)), Ok(sample()));
}

#[test]
fn the_other_byte_order_is_read() {
    assert_eq!(NvList::decode(&native::encode(&sample(), ByteOrder::Big).unwrap()), Ok(sample()));
}

#[test]
fn userlands_sign_extended_bytes_are_read() {
    // {k: UINT8_ARRAY [0x80, 0x7f]} as libnvpair writes it with tirpc: 0x80 becomes ffffff80.
    let list = NvList::new().with("k", vec![0x80u8, 0x7f]);
    let ours = list.encode_xdr().unwrap();
    let theirs = bytes(&hex(&ours).replace("00000080", "ffffff80"));
    assert_ne!(ours, theirs);
    assert_eq!(NvList::decode(&theirs), Ok(list));
    assert_eq!(
        defect(&bytes(&hex(&ours).replace("00000080", "ffffff7f"))),
        Defect::OutOfRange(0xffff_ff7f)
    );
}

#[test]
fn a_later_pair_of_the_same_name_wins() {
    let mut twice = sample();
    twice.pairs.push(("u".into(), 7u64.into()));
    let read = NvList::decode(&little(&twice)).unwrap();
    assert_eq!((read.len(), read.get::<u64>("u")), (5, Ok(7)));
    twice.flags = 0;
    let kept = NvList::decode(&little(&twice)).unwrap();
    assert_eq!((kept.len(), kept.get::<u64>("u"), kept.flags()), (6, Ok(7), 0));
    let built: NvList = [("a", 1u64), ("b", 2), ("a", 3)].into_iter().collect();
    assert_eq!(built.to_string(), "{b: 2, a: 3}");
}

#[test]
fn nesting_ends_where_the_kernel_ends_it() {
    let nest = |depth| (0..depth).fold(NvList::new(), |inner, _| NvList::new().with("n", inner));
    let deepest = nest(MAX_DEPTH);
    assert_eq!(NvList::decode(&little(&deepest)), Ok(deepest.clone()));
    assert_eq!(NvList::decode(&deepest.encode_xdr().unwrap()), Ok(deepest));
    assert_eq!(nest(MAX_DEPTH + 1).encode_native().unwrap_err().what, EncodeFault::TooDeep);
    assert_eq!(nest(MAX_DEPTH + 1).encode_xdr().unwrap_err().what, EncodeFault::TooDeep);
    // One deeper by hand: the encoder's deepest list put into another pair.
    assert_eq!(defect(&wrap_native(&little(&nest(MAX_DEPTH)))), Defect::TooDeep);
    assert_eq!(defect(&wrap_xdr(&nest(MAX_DEPTH).encode_xdr().unwrap())), Defect::TooDeep);
    assert_eq!(NvList::decode(&wrap_native(&little(&nest(MAX_DEPTH - 1)))), Ok(nest(MAX_DEPTH)));
    assert_eq!(
        NvList::decode(&wrap_xdr(&nest(MAX_DEPTH - 1).encode_xdr().unwrap())),
        Ok(nest(MAX_DEPTH))
    );
}

/// The packed list as the only value, `n`, of another one.
fn wrap_native(packed: &[u8]) -> Vec<u8> {
    let shell = little(&NvList::new().with("n", NvList::new()));
    let (head, ends) = shell.split_at(shell.len() - 8);
    assert_eq!(ends, [0; 8]);
    [head, &packed[12..], &[0; 4]].concat()
}

/// As `wrap_native`; the pair's own size stays that of an empty list, which readers ignore.
fn wrap_xdr(packed: &[u8]) -> Vec<u8> {
    let shell = NvList::new().with("n", NvList::new()).encode_xdr().unwrap();
    let (head, ends) = shell.split_at(shell.len() - 24);
    assert_eq!(ends, [&[0; 7][..], &[1], &[0; 16]].concat());
    [head, &packed[4..], &[0; 8]].concat()
}

#[test]
fn each_fault_is_named_with_its_place() {
    let native = bytes(NATIVE);
    let changed = |at: usize, to: &[u8]| {
        let mut changed = native.clone();
        changed[at..at + to.len()].copy_from_slice(to);
        changed
    };
    assert_eq!(
        NvList::decode(&[]),
        Err(DecodeError {
            offset: 0,
            what: Defect::Truncated
        })
    );
    assert_eq!(defect(&changed(0, &[2])), Defect::UnknownEncoding(2));
    assert_eq!(defect(&changed(1, &[9])), Defect::UnknownByteOrder(9));
    assert_eq!(defect(&changed(4, &[1])), Defect::UnknownVersion(1));
    assert_eq!(defect(&changed(24, &[99])), Defect::UnknownType(99));
    assert_eq!(defect(&changed(20, &[1])), Defect::BadCount(1));
    assert_eq!(defect(&changed(12, &[32])), Defect::BadSize);
    assert_eq!(defect(&changed(29, b"x")), Defect::BadName);
    // A NUL within a name: the kernel would see a shorter one.
    let mut cut_name = little(&NvList::new().with("ab", ()));
    cut_name[28] = 0;
    assert_eq!(defect(&cut_name), Defect::BadName);
    assert_eq!(defect(&changed(12, &[255, 255, 255, 255])), Defect::BadCount(u32::MAX));
    let tail = NvList::decode(&[&native[..], &[0, 0, 0, 0], b"x"].concat()).unwrap_err();
    assert_eq!(
        tail,
        DecodeError {
            offset: native.len() + 4,
            what: Defect::Trailing
        }
    );
    assert_eq!(tail.to_string(), "malformed nvlist at byte 240: bytes follow the end of the list");
}

#[test]
fn xdr_pairs_say_their_native_size_exactly() {
    // The kernel allocates what the second word says and later wants it exact.
    let mut xdr = NvList::new().with("u", 1u64).encode_xdr().unwrap();
    assert_eq!(xdr[19], 32);
    xdr[19] = 40;
    assert_eq!(defect(&xdr), Defect::BadSize);
    // Libnvpair 2.1.11 counts a count word into an empty array's first size (28, not 24) and leaves it out.
    let empty = NvList::new().with("a", Vec::<u64>::new()).encode_xdr().unwrap();
    assert_eq!((empty[15], empty.len()), (28, 12 + 24 + 8));
    assert_eq!(NvList::decode(&empty).unwrap().get::<&[u64]>("a"), Ok(&[][..]));
}

// I15
#[test]
fn a_huge_count_costs_nothing() {
    let mut native = little(&NvList::new().with("a", vec![1u64]));
    native[20..24].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    assert_eq!(defect(&native), Defect::Truncated);
    let mut xdr = NvList::new().with("a", vec![NvList::new()]).encode_xdr().unwrap();
    xdr[32..36].copy_from_slice(&0x7fff_ffffu32.to_be_bytes());
    assert_eq!(defect(&xdr), Defect::Truncated);
}

#[test]
fn what_the_kernel_would_misread_is_not_written() {
    assert_eq!(NvList::new().with("a\0b", ()).encode_native().unwrap_err().what, EncodeFault::Nul);
    assert_eq!(
        NvList::new().with("a", vec![Text::from("x\0y")]).encode_xdr().unwrap_err().what,
        EncodeFault::Nul
    );
    assert_eq!(
        NvList::new().with("n".repeat(32_767), ()).encode_native().unwrap_err().what,
        EncodeFault::LongName
    );
    let error = NvList::new()
        .with("outer", NvList::new().with("in", "a\0b"))
        .encode_native()
        .unwrap_err();
    assert_eq!(error.to_string(), "the nvlist cannot be written: a NUL within a string at \"in\"");
}

#[test]
fn questions_are_answered_by_type_or_with_the_name() {
    let list = sample().with("latin", Value::String(b"\xe9"[..].into()));
    assert_eq!(list.get::<u64>("u"), Ok(0x1122_3344_5566_7788));
    assert_eq!(list.get::<&NvList>("n").and_then(|n| n.get::<i32>("x")), Ok(-2));
    assert_eq!(list.get::<&[Text]>("sa").unwrap().len(), 2);
    assert_eq!(list.find::<u64>("absent"), Ok(None));
    assert!(list.has("b") && !list.has("c"));
    assert_eq!(
        list.get::<u64>("absent").unwrap_err().to_string(),
        "the nvlist has no \"absent\" (u64 wanted)"
    );
    assert_eq!(
        list.find::<u64>("s").unwrap_err().to_string(),
        "\"s\" in the nvlist is a string, not a u64"
    );
    assert!(list.get::<&str>("latin").is_err());
    assert_eq!(list.get::<&Text>("latin").unwrap().as_bytes(), b"\xe9");
}

#[test]
fn people_see_one_line_and_no_key() {
    let list = sample().with("wkeydata", vec![7u8; 32]);
    assert_eq!(
        list.to_string(),
        r#"{b, u: 1234605616436508552, s: "hi", n: {x: -2}, sa: [a, bcd], wkeydata: <32 bytes>}"#
    );
    assert_eq!(format!("{:?}", list.value("wkeydata").unwrap()), "u8 array(<32 bytes>)");
}

#[test]
fn a_replaced_value_keeps_its_place() {
    let mut list = sample();
    assert_eq!(list.insert("u", 1u64), Some(Value::UInt64(0x1122_3344_5566_7788)));
    assert_eq!(list.iter().nth(1).unwrap().1, &Value::UInt64(1));
    assert_eq!(list.remove("u"), Some(Value::UInt64(1)));
    assert_eq!(list.remove("u"), None);
}

fn any_text() -> impl Strategy<Value = Text> {
    vec(1u8.., 0..20).prop_map(Text::from)
}

fn any_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Boolean),
        any::<bool>().prop_map(Value::from),
        any::<u8>().prop_map(Value::Byte),
        any::<i8>().prop_map(Value::from),
        any::<u8>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::Hrtime),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ]
}

fn any_array() -> impl Strategy<Value = Value> {
    prop_oneof![
        vec(any::<bool>(), 0..5).prop_map(Value::from),
        vec(any::<u8>(), 0..12).prop_map(Value::ByteArray),
        vec(any::<i8>(), 0..12).prop_map(Value::from),
        vec(any::<u8>(), 0..12).prop_map(Value::from),
        vec(any::<i16>(), 0..5).prop_map(Value::from),
        vec(any::<u16>(), 0..5).prop_map(Value::from),
        vec(any::<i32>(), 0..5).prop_map(Value::from),
        vec(any::<u32>(), 0..5).prop_map(Value::from),
        vec(any::<i64>(), 0..5).prop_map(Value::from),
        vec(any::<u64>(), 0..5).prop_map(Value::from),
        vec(any_text(), 0..5).prop_map(Value::from),
    ]
}

fn any_list() -> impl Strategy<Value = NvList> {
    let flat = vec((any_text(), prop_oneof![any_scalar(), any_array()]), 0..6).prop_map(NvList::from_iter);
    flat.prop_recursive(4, 40, 5, |inner| {
        let nested = prop_oneof![
            inner.clone().prop_map(Value::from),
            vec(inner, 0..4).prop_map(Value::from),
            any_scalar(),
            any_array()
        ];
        vec((any_text(), nested), 0..6).prop_map(NvList::from_iter)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(list in any_list()) {
        prop_assert_eq!(NvList::decode(&list.encode_native().unwrap()), Ok(list.clone()));
        prop_assert_eq!(NvList::decode(&native::encode(&list, ByteOrder::Big).unwrap()), Ok(list.clone()));
        prop_assert_eq!(NvList::decode(&list.encode_xdr().unwrap()), Ok(list));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn what_serde_writes_comes_back(list in any_list(), flags in any::<Option<u32>>()) {
        crate::serial::tests::assert_survives(&list);
        crate::serial::tests::assert_survives(&NvList { flags: flags.unwrap_or(super::UNIQUE_NAME), ..list });
    }

    #[test]
    fn a_cut_list_is_refused(list in any_list(), cut in any::<prop::sample::Index>()) {
        for bytes in [list.encode_native().unwrap(), list.encode_xdr().unwrap()] {
            prop_assert!(NvList::decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
    }

    #[test]
    fn a_damaged_list_is_refused_or_another_list(
        list in any_list(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for mut bytes in [list.encode_native().unwrap(), list.encode_xdr().unwrap()] {
            for (at, to) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *to;
            }
            if let Ok(read) = NvList::decode(&bytes) {
                // What was accepted can be written again in both ways.
                prop_assert!(NvList::decode(&read.encode_native().unwrap()).is_ok());
                prop_assert!(NvList::decode(&read.encode_xdr().unwrap()).is_ok());
            }
        }
    }

    #[test]
    fn noise_never_panics(encoding in 0u8..2, noise in vec(prop_oneof![Just(0u8), Just(1), 0u8..32, any::<u8>()], 0..400)) {
        drop(NvList::decode(&[&[encoding, 1, 0, 0, 0, 0, 0, 0][..], &noise].concat()));
        drop(NvList::decode(&noise));
    }
}
