//! I check that what is written down comes back, as text and through serde, today's values and tomorrow's.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::identity::{Guid, Txg};
use crate::name::{BookmarkName, DatasetName, HoldTag, PropertyName, SnapshotName};
use crate::nvlist::NvList;
use crate::stream::fletcher::Checksum;
use crate::stream::inspect::Compression;
use crate::stream::token::{ResumePoint, ResumeToken};
use crate::stream::{BeginFlags, Features, ObjsetType, RecordType, Rule};
use crate::{Errno, PoolName};

/// Through a form for people and one for machines.
pub(crate) fn assert_survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    let back: T = serde_json::from_str(&json).unwrap_or_else(|why| panic!("{json}: {why}"));
    assert_eq!(&back, value, "{json}");
    let packed = postcard::to_stdvec(value).unwrap();
    let back: T = postcard::from_bytes(&packed).unwrap_or_else(|why| panic!("{value:?}: {why}"));
    assert_eq!(&back, value);
}

/// As text as well, which is what serde writes for people.
fn assert_spelled<T>(value: &T)
where
    T: Display + FromStr<Err: Debug> + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = value.to_string();
    assert_eq!(&text.parse::<T>().unwrap(), value, "{text}");
    assert_eq!(serde_json::to_value(value).unwrap(), json!(text));
    assert_survives(value);
}

fn of<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

proptest! {
    #[test]
    fn names_come_back(pool in "[a-zA-Z][a-z0-9_.: -]{0,9}", path in "(/[a-z0-9_:-]{1,9}){0,4}", short in "[a-zA-Z0-9_:-]{1,20}", tag in "[^\\pC]{1,40}") {
        assert_spelled(&of::<PoolName>(&pool));
        assert_spelled(&of::<DatasetName>(&format!("{pool}{path}")));
        assert_spelled(&of::<SnapshotName>(&format!("{pool}{path}@{short}")));
        assert_spelled(&of::<BookmarkName>(&format!("{pool}{path}#{short}")));
        assert_spelled(&of::<HoldTag>(&tag));
        assert_spelled(&of::<PropertyName>(&format!("org.example:{}", short.to_lowercase())));
    }

    #[test]
    fn numbers_flags_and_kinds_come_back_known_or_not(a in any::<u64>(), b in any::<u32>(), sums in any::<[u64; 4]>(), errno in any::<i32>()) {
        assert_spelled(&Guid(a));
        assert_spelled(&Txg(a));
        assert_spelled(&Features::from_bits(a));
        assert_spelled(&BeginFlags::from_bits(b));
        assert_spelled(&ObjsetType::from(b));
        assert_spelled(&Checksum(sums));
        assert_spelled(&Compression(b.to_be_bytes()[0]));
        assert_survives(&Errno(errno));
        prop_assert_eq!(of::<Errno>(&errno.to_string()), Errno(errno));
    }

    #[test]
    fn a_resume_point_comes_back(numbers in any::<[u64; 4]>(), from in any::<Option<u64>>(), flags in any::<[bool; 4]>(), redacted in any::<Option<Vec<u64>>>(), name in "[^\\pC]{0,20}") {
        let point = ResumePoint {
            object: numbers[0], offset: numbers[1], bytes: numbers[2], to_guid: numbers[3], to_name: name, from_guid: from, large_block_ok: flags[0],
            embed_ok: flags[1], compress_ok: flags[2], raw_ok: flags[3], redact_snaps: redacted, book_redact_snaps: None,
            other: NvList::new().with("from_the_future", numbers[0]),
        };
        assert_survives(&point);
        // A token spells "from nothing" with a zero.
        if from != Some(0) {
            assert_spelled(&point.encode().unwrap());
        }
    }
}

#[test]
fn every_known_number_is_read_by_its_symbol() {
    for number in 0..1100 {
        if let Some(name) = Errno(number).name() {
            assert_eq!(of::<Errno>(name), Errno(number));
        }
    }
    assert!("ENONSENSE".parse::<Errno>().is_err());
}

#[test]
fn a_type_of_record_or_a_rule_is_its_name() {
    RecordType::ALL.iter().for_each(assert_spelled);
    Rule::ALL.iter().for_each(assert_spelled);
}

#[test]
fn what_is_no_name_is_refused_on_reading() {
    let refusal = serde_json::from_str::<SnapshotName>("\"tank/a@b@c\"").unwrap_err().to_string();
    assert!(
        refusal.contains("\"tank/a@b@c\" is not the name of a snapshot: it contains '@'"),
        "{refusal}"
    );
    assert!(serde_json::from_str::<ResumeToken>("\"1-0-0-\"").is_err());
    assert!(serde_json::from_str::<Guid>("\"-1\"").is_err());
}

#[test]
fn numbers_of_identity_are_read_as_numbers_too() {
    assert_eq!(serde_json::from_str::<Guid>("18446744073709551615").unwrap(), Guid(u64::MAX));
}

#[test]
fn a_list_says_what_its_values_are() {
    let list = NvList::new()
        .with("guid", 5u64)
        .with("props", NvList::new().with("atime", "on"))
        .with("resume", ());
    let expected = json!({ "guid": { "u64": 5 }, "props": { "list": { "atime": { "string": "on" } } }, "resume": "flag" });
    assert_eq!(serde_json::to_value(&list).unwrap(), expected);
}

#[test]
fn flags_are_words() {
    let features = Features::RAW.with(Features::LARGE_BLOCKS).with(Features::from_bits(1 << 50));
    assert_eq!(serde_json::to_value(features).unwrap(), json!("large_blocks+raw+0x4000000000000"));
    assert!("raw+nonsense".parse::<Features>().is_err() && "+".parse::<Features>().is_err());
    assert!("0x100000000".parse::<BeginFlags>().is_err());
}

#[cfg(feature = "calls")]
mod calls {
    use super::*;
    use crate::backend::{Refusal, SendProgress};
    use crate::{
        Backend, Base, BookmarkInfo, DatasetInfo, DatasetKind, EncryptionInfo, Error, ErrorKind, HoldInfo, KeyFormat, Operation, PoolInfo,
        Release, SendFlags, SnapshotEntry, SnapshotInfo, Source, Wish,
    };

    proptest! {
        #[test]
        fn what_the_kernel_may_say_tomorrow_comes_back(bits in any::<u32>(), kind in any::<u32>()) {
            assert_spelled(&SendFlags::from_bits_retain(bits));
            assert_spelled(&DatasetKind::from_number(kind));
        }
    }

    #[test]
    fn words_come_back() {
        for word in ["filesystem", "volume", "9"] {
            assert_eq!(of::<DatasetKind>(word).to_string(), word);
        }
        assert_eq!((SendFlags::RAW | SendFlags::LARGE_BLOCK).to_string(), "large_block+raw");
        [Wish::Auto, Wish::LibzfsCore, Wish::Ioctl].iter().for_each(assert_spelled);
        for base in ["tank/a@b", "tank/a#b"] {
            assert_spelled(&of::<Base>(base));
        }
        for source in [
            Source::Local,
            Source::Received,
            Source::Computed,
            Source::Inherited("tank/a b".to_owned()),
        ] {
            assert_spelled(&source);
        }
        assert!("tank/a".parse::<Base>().is_err() && "elsewhere".parse::<Source>().is_err());
    }

    #[test]
    fn what_was_listed_comes_back() {
        assert_survives(&PoolInfo {
            name: of("tank"),
            guid: Guid(1),
        });
        let dataset = DatasetInfo {
            name: of("tank/a"),
            guid: Guid(u64::MAX),
            createtxg: Txg(7),
            kind: DatasetKind::Unknown(17),
            inconsistent: false,
            origin: Some(of("tank/b@c")),
        };
        assert_survives(&dataset);
        let expected = json!({
            "name": "tank/a", "guid": "18446744073709551615", "createtxg": "7", "kind": "17", "inconsistent": false, "origin": "tank/b@c"
        });
        assert_eq!(serde_json::to_value(&dataset).unwrap(), expected);
        assert_survives(&SnapshotInfo {
            name: of("tank/a@b"),
            guid: Guid(2),
            createtxg: Txg(8),
            clones: 1,
        });
        assert_survives(&BookmarkInfo {
            name: of("tank/a#b"),
            guid: Guid(2),
            createtxg: Txg(8),
            creation: 1,
        });
        assert_survives(&EncryptionInfo {
            root: of("tank/a"),
            cipher: Some("aes-256-gcm".to_owned()),
            key_format: KeyFormat::Passphrase,
            is_unlocked: true,
        });
        assert_spelled(&KeyFormat::from(9));
        assert_survives(&SnapshotEntry {
            name: of("tank/a@b"),
            guid: Guid(2),
            createtxg: Txg(8),
            properties: None,
        });
        assert_survives(&HoldInfo { tag: of("mine"), since: 9 });
        assert_survives(&SendProgress { bytes: 1, blocks: 2 });
        assert_survives(&Backend::Ioctl { instead: None });
    }

    #[test]
    fn a_kind_of_tomorrow_is_unknown_today() {
        assert_survives(&ErrorKind::NotFound);
        let unsupported = ErrorKind::Unsupported {
            needs: Some(Release::V2_2),
        };
        assert_survives(&unsupported);
        assert_eq!(unsupported.to_string(), "unsupported");
        assert_eq!(
            serde_json::to_value(ErrorKind::NotFound).unwrap(),
            json!(ErrorKind::NotFound.to_string())
        );
        Operation::ALL.iter().for_each(assert_spelled);
        assert_spelled(&Release::V2_3);
        assert_eq!(of::<Release>("2.3"), Release::V2_3);
        assert_eq!(serde_json::from_str::<ErrorKind>("\"too_warm\"").unwrap(), ErrorKind::Unknown);
    }

    #[test]
    fn an_error_is_written_with_all_it_knows() {
        let refusal = Refusal {
            errno: Errno::EBUSY,
            items: vec![("tank/a@b".to_owned(), Errno::EBUSY)],
        };
        let error = Error::new(Operation::Destroy, "tank/a@b", refusal);
        let expected = json!({
            "kind": "busy", "operation": "destroy", "object": "tank/a@b", "errno": 16, "items": [["tank/a@b", 16]], "message": error.to_string()
        });
        assert_eq!(serde_json::to_value(&error).unwrap(), expected);
    }
}
