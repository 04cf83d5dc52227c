//! I am what a program says to ZFS about properties.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::backend::Refusal;
use crate::delegation;
use crate::errno::Errno;
use crate::error::{Error, Operation, Result};
use crate::name::{DatasetName, PropertyName};
use crate::nvlist::{NvList, Text, Value};
use crate::word::WordError;
use crate::zfs::Zfs;

/// The properties of one object, as they were when asked.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq)]
pub struct Properties(NvList);

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Set here.
    Local,
    /// Set on a dataset above.
    Inherited(String),
    /// Came with a stream.
    Received,
    /// Computed by the kernel, or fixed.
    Computed,
}

/// As `zfs get` says it: `local`, `inherited from tank`, `received`; `computed` where it says `-` or `default`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.pad("local"),
            Self::Inherited(from) => write!(f, "inherited from {from}"),
            Self::Received => f.pad("received"),
            Self::Computed => f.pad("computed"),
        }
    }
}

impl FromStr for Source {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match (text, text.strip_prefix("inherited from ")) {
            ("local", _) => Ok(Self::Local),
            ("received", _) => Ok(Self::Received),
            ("computed", _) => Ok(Self::Computed),
            (_, Some(from)) => Ok(Self::Inherited(from.to_owned())),
            _ => Err(WordError::new(text, "source of a property")),
        }
    }
}

/// One property's value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PropertyValue<'a> {
    /// A size, count, time or the number behind a word.
    Number(u64),
    /// Text, possibly not in UTF-8.
    Text(&'a Text),
}

impl fmt::Display for PropertyValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Properties {
    pub(crate) fn new(list: NvList) -> Self {
        Self(list)
    }

    /// A value, whatever its type.
    pub fn value(&self, name: &str) -> Option<PropertyValue<'_>> {
        match self.entry(name)?.value("value")? {
            Value::UInt64(number) => Some(PropertyValue::Number(*number)),
            Value::String(text) => Some(PropertyValue::Text(text)),
            _ => None,
        }
    }

    /// A number: bytes for sizes, seconds since 1970 for times, the kernel's number for words.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            PropertyValue::Number(number) => Some(number),
            PropertyValue::Text(_) => None,
        }
    }

    /// A text. Bytes that are not UTF-8 are replaced; [`value`](Self::value) has them as they are.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.value(name)? {
            PropertyValue::Text(text) => Some(text.to_str_lossy()),
            PropertyValue::Number(_) => None,
        }
    }

    /// The word for a native property that takes words, such as `lz4`; nothing for others and for numbers this crate has no word for.
    pub fn word(&self, name: &str) -> Option<&'static str> {
        let number = self.number(name)?;
        words(name)?.iter().find(|(_, n)| *n == number).map(|(word, _)| *word)
    }

    /// Where a value comes from; `of` is the object the properties are of.
    pub fn source(&self, name: &str, of: &str) -> Option<Source> {
        let entry = self.entry(name)?;
        Some(match entry.value("source") {
            Some(Value::String(source)) => match source.to_str_lossy() {
                source if source == of => Source::Local,
                // The kernel's mark for a value that came with a stream (`ZPROP_SOURCE_VAL_RECVD`).
                source if source == "$recvd" => Source::Received,
                source if source.is_empty() => Source::Computed,
                source => Source::Inherited(source.into_owned()),
            },
            _ => Source::Computed,
        })
    }

    /// The names of all properties, native and user-defined.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.0.iter().map(|(name, _)| name.to_str_lossy())
    }

    fn entry(&self, name: &str) -> Option<&NvList> {
        self.0.get(name).ok()
    }
}

impl Zfs {
    /// Sets properties of a filesystem or volume: native ones by their usual words, sizes in bytes, or user properties.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a value that cannot be; each property refused is among
    /// [`Error::items`], the others are set.
    pub fn set_properties(&self, of: &DatasetName, properties: &[(&str, &str)]) -> Result<()> {
        let failed = |refusal: Refusal| Error::new(Operation::SetProperty, of.as_str(), refusal);
        let list = encode(properties).map_err(failed)?;
        self.device
            .set_properties(of, &list)
            .map_err(|refusal| failed(refusal).needing(|refused| delegation::setting(of, refused)))
    }

    /// Takes a property's local value away, so that the inherited or default one holds again, also where one came with a stream.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a property that is not inherited.
    pub fn inherit_property(&self, of: &DatasetName, property: &PropertyName) -> Result<()> {
        self.inherit_order(of, property, false)
    }

    /// Takes a property's local value away, so that the one that came with a stream holds again; without such a one, the inherited.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a property that can be neither received nor inherited.
    pub fn revert_property(&self, of: &DatasetName, property: &PropertyName) -> Result<()> {
        self.inherit_order(of, property, true)
    }

    /// The properties that came with streams, also those that a local value hides.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the dataset does not exist. One that never received properties has none.
    pub fn received_properties(&self, of: &DatasetName) -> Result<Properties> {
        match self.device.received_properties(of) {
            Ok(list) => Ok(Properties::new(list)),
            // `zfs_ioc_objset_recvd_props` of a dataset that has no place for them yet.
            Err(refusal) if refusal.errno == Errno::ENOTSUP => Ok(Properties::new(NvList::new())),
            Err(refusal) => Err(Error::new(Operation::Read, of.as_str(), refusal)),
        }
    }

    fn inherit_order(&self, of: &DatasetName, property: &PropertyName, to_received: bool) -> Result<()> {
        self.device.inherit(of, property, to_received).map_err(|refusal| {
            Error::new(Operation::SetProperty, of.as_str(), refusal).needing(|_| delegation::setting(of, &[property.as_str()]))
        })
    }
}

/// Words and sizes as the kernel wants them. The first that cannot be is refused by name.
pub(crate) fn encode<T: AsRef<str>>(properties: &[(T, T)]) -> Result<NvList, Refusal> {
    let mut list = NvList::new();
    for (name, value) in properties {
        let (name, value) = (name.as_ref(), value.as_ref());
        let refused = || Refusal {
            errno: Errno::EINVAL,
            items: vec![(name.to_owned(), Errno::EINVAL)],
        };
        let encoded = match words(name) {
            Some(words) => Value::UInt64(
                words
                    .iter()
                    .find(|(word, _)| *word == value)
                    .map(|(_, number)| *number)
                    .ok_or_else(refused)?,
            ),
            None if is_size(name) => Value::UInt64(size(value).ok_or_else(refused)?),
            None => Value::from(value),
        };
        list.insert(name, encoded);
    }
    Ok(list)
}

fn size(value: &str) -> Option<u64> {
    if value == "none" { Some(0) } else { value.parse().ok() }
}

fn is_size(name: &str) -> bool {
    matches!(
        name,
        "volsize"
            | "volblocksize"
            | "recordsize"
            | "quota"
            | "refquota"
            | "reservation"
            | "refreservation"
            | "copies"
            | "special_small_blocks"
    ) || name.starts_with("userquota@")
        || name.starts_with("groupquota@")
}

/// The numbers behind the words of native properties (`zfs_prop.c`; the same from OpenZFS 2.0 to 2.4).
fn words(name: &str) -> Option<&'static [(&'static str, u64)]> {
    Some(match name {
        "readonly" | "atime" | "relatime" | "exec" | "setuid" | "devices" | "overlay" | "nbmand" => &[("off", 0), ("on", 1)],
        "canmount" => &[("off", 0), ("on", 1), ("noauto", 2)],
        "volmode" => &[("default", 0), ("full", 1), ("dev", 2), ("none", 3)],
        "snapdir" => &[("hidden", 0), ("visible", 1)],
        "sync" => &[("standard", 0), ("always", 1), ("disabled", 2)],
        "xattr" => &[("off", 0), ("dir", 1), ("sa", 2)],
        "primarycache" | "secondarycache" => &[("none", 0), ("metadata", 1), ("all", 2)],
        "logbias" => &[("latency", 0), ("throughput", 1)],
        "compression" => &[
            ("on", 1),
            ("off", 2),
            ("lzjb", 3),
            ("gzip", 10),
            ("zle", 14),
            ("lz4", 15),
            ("zstd", 16),
        ],
        "checksum" => &[
            ("on", 1),
            ("off", 2),
            ("fletcher2", 6),
            ("fletcher4", 7),
            ("sha256", 8),
            ("sha512", 11),
            ("skein", 12),
            ("edonr", 13),
        ],
        "encryption" => &[
            ("on", 1),
            ("off", 2),
            ("aes-128-ccm", 3),
            ("aes-192-ccm", 4),
            ("aes-256-ccm", 5),
            ("aes-128-gcm", 6),
            ("aes-192-gcm", 7),
            ("aes-256-gcm", 8),
        ],
        "keyformat" => &[("none", 0), ("raw", 1), ("hex", 2), ("passphrase", 3)],
        "keystatus" => &[("none", 0), ("unavailable", 1), ("available", 2)],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_numbers_and_user_properties_stay_text() {
        let list = encode(&[("canmount", "noauto"), ("org.example:a", "on"), ("quota", "none")]).unwrap();
        assert_eq!(list.get::<u64>("canmount"), Ok(2));
        assert_eq!(list.get::<&str>("org.example:a"), Ok("on"));
        assert_eq!(list.get::<u64>("quota"), Ok(0));
        let refusal = encode(&[("readonly", "maybe")]).unwrap_err();
        assert_eq!(refusal.items, [("readonly".to_owned(), Errno::EINVAL)]);
    }

    #[test]
    fn a_value_knows_where_it_comes_from() {
        let entry = |source: &str| NvList::new().with("value", 2u64).with("source", source);
        let list = NvList::new()
            .with("canmount", entry("tank/a"))
            .with("readonly", entry("tank"))
            .with("atime", entry("$recvd"))
            .with("used", NvList::new().with("value", 5u64));
        let properties = Properties::new(list);
        let source = |name| properties.source(name, "tank/a");
        assert_eq!(source("canmount"), Some(Source::Local));
        assert_eq!(source("readonly"), Some(Source::Inherited("tank".to_owned())));
        assert_eq!(source("atime"), Some(Source::Received));
        assert_eq!(source("used"), Some(Source::Computed));
        assert_eq!(source("quota"), None);
        assert_eq!(properties.word("canmount"), Some("noauto"));
        assert_eq!(properties.number("used"), Some(5));
    }
}
