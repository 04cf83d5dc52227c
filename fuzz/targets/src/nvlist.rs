//! I decode lists, and want each to survive both encodings, unchanged and of like size.

use zfs_rs::nvlist::NvList;

/// The first byte says the byte order; the rest follows the header.
pub(crate) fn native(data: &[u8]) {
    let (order, rest) = data.split_first().unwrap_or((&0, &[]));
    check(&[&[0, order & 1, 0, 0], rest].concat());
}

pub(crate) fn xdr(data: &[u8]) {
    check(&[&[1, 1, 0, 0], data].concat());
}

fn check(bytes: &[u8]) {
    let list = match NvList::decode(bytes) {
        Ok(list) => list,
        Err(why) => {
            assert!(why.offset <= bytes.len(), "{why} is beyond the end");
            return;
        }
    };
    let native = list.encode_native().expect("what was decoded can be encoded");
    let xdr = list.encode_xdr().expect("what was decoded can be encoded");
    for (encoding, encoded) in [("native", &native), ("xdr", &xdr)] {
        assert!(
            encoded.len() <= bytes.len() * GROWTH + 64,
            "{} bytes become {} in {encoding}",
            bytes.len(),
            encoded.len()
        );
        let again = NvList::decode(encoded).expect("what was encoded can be decoded");
        // Bytes are compared, for a list that holds no number (NaN) does not equal itself.
        assert_eq!(again.encode_native().as_ref(), Ok(&native), "through {encoding}");
        assert_eq!(again.encode_xdr().as_ref(), Ok(&xdr), "through {encoding}");
        assert_eq!(again == list, again == again.clone(), "through {encoding}");
    }
    // People read it.
    let (told, shown) = (list.to_string(), format!("{list:?}"));
    assert!(told.starts_with('{') && shown.starts_with('{'));
}

/// A string array of empty strings takes 4 bytes each in XDR and 9 in memory, a single byte 8 and 4 with its pair; no list gains more than that.
const GROWTH: usize = 4;
