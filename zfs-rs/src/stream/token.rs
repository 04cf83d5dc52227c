//! I am the place where an interrupted receive stopped, as the receiver's kernel spells it.
//!
//! A token is four parts joined by hyphens: the version 1, the first word of the Fletcher-4 sum of the compressed bytes, the size of the
//! unpacked list, both in hex, and the compressed bytes in hex: a native nvlist under zlib. In the kernel's `dsl_dataset.c`
//! `get_receive_resume_stats_impl` (`get_receive_resume_token_impl` since 2.2) writes it, in libzfs `zfs_send_resume_token_to_nvlist`
//! reads it (OpenZFS 2.0 to 2.4 alike). It carries no secret and no signature: anyone can make one, so each number in it is only a wish
//! until it is compared with what the sender holds.

mod misfit;

use std::fmt;
use std::str::FromStr;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use thiserror::Error;

pub use self::misfit::Misfit;
use super::fletcher::Fletcher4;
use crate::nvlist::{ByteOrder, DecodeError, EncodeError, EncodeFault, LookupError, NvList};

/// Where a partial receive stopped and what its stream was made of.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResumePoint {
    /// The object to go on with.
    pub object: u64,
    /// The byte within that object to go on with.
    pub offset: u64,
    /// Bytes of the stream that were received.
    pub bytes: u64,
    /// The GUID of the snapshot being received.
    #[cfg_attr(feature = "serde", serde(with = "super::guid"))]
    pub to_guid: u64,
    /// The name of that snapshot on the sender, as it was when the stream was made; unproved.
    pub to_name: String,
    /// The GUID of the snapshot or bookmark the stream starts from; nothing for a full stream.
    #[cfg_attr(feature = "serde", serde(with = "super::guid"))]
    pub from_guid: Option<u64>,
    /// Blocks above 128 KiB were sent whole.
    pub large_block_ok: bool,
    /// Embedded blocks were sent as such.
    pub embed_ok: bool,
    /// Blocks were sent as compressed on disk.
    pub compress_ok: bool,
    /// Blocks were sent encrypted as on disk.
    pub raw_ok: bool,
    /// GUIDs of the snapshots the dataset is redacted for.
    #[cfg_attr(feature = "serde", serde(with = "super::guid"))]
    pub redact_snaps: Option<Vec<u64>>,
    /// GUIDs of the snapshots of the redaction bookmark the stream starts from.
    #[cfg_attr(feature = "serde", serde(with = "super::guid"))]
    pub book_redact_snaps: Option<Vec<u64>>,
    /// What else the list holds: keys this release does not know.
    pub other: NvList,
}

impl ResumePoint {
    /// The token of this point, as a kernel of this machine's byte order writes it.
    ///
    /// # Errors
    /// The name holds a NUL, or the whole is longer than any token that is read.
    pub fn encode(&self) -> Result<ResumeToken, EncodeError> {
        let packed = self.to_list().encode_native()?;
        if packed.len() > MAX_PACKED {
            return Err(EncodeError {
                name: "receive_resume_token".to_owned(),
                what: EncodeFault::TooLarge,
            });
        }
        let compressed = compress_to_vec_zlib(&packed, LEVEL);
        let text = format!("{VERSION}-{:x}-{:x}-{}", checksum(&compressed), packed.len(), hex(&compressed));
        Ok(ResumeToken { text, point: self.clone() })
    }

    /// In the kernel's order.
    fn to_list(&self) -> NvList {
        let mut list = NvList::new();
        if let Some(from_guid) = self.from_guid {
            list.insert("fromguid", from_guid);
        }
        list = list
            .with("object", self.object)
            .with("offset", self.offset)
            .with("bytes", self.bytes)
            .with("toguid", self.to_guid)
            .with("toname", self.to_name.as_str())
            .with_flag("largeblockok", self.large_block_ok)
            .with_flag("embedok", self.embed_ok)
            .with_flag("compressok", self.compress_ok)
            .with_flag("rawok", self.raw_ok);
        for (name, guids) in [("redact_snaps", &self.redact_snaps), ("book_redact_snaps", &self.book_redact_snaps)] {
            if let Some(guids) = guids {
                list.insert(name, guids.clone());
            }
        }
        for (name, value) in &self.other {
            list.insert(name, value.clone());
        }
        list
    }

    fn from_list(list: NvList) -> Result<Self, LookupError> {
        // A stranger's list may have a name twice; what counts is the last, and the other is not to be written again.
        let mut list: NvList = list.into_iter().collect();
        let mut point = Self {
            object: list.get("object")?,
            offset: list.get("offset")?,
            bytes: list.get("bytes")?,
            to_guid: list.get("toguid")?,
            to_name: list.get::<&str>("toname")?.to_owned(),
            // Zero is how streams spell "from nothing".
            from_guid: list.find("fromguid")?.filter(|guid| *guid != 0),
            large_block_ok: list.has("largeblockok"),
            embed_ok: list.has("embedok"),
            compress_ok: list.has("compressok"),
            raw_ok: list.has("rawok"),
            redact_snaps: list.find::<&[u64]>("redact_snaps")?.map(<[u64]>::to_vec),
            book_redact_snaps: list.find::<&[u64]>("book_redact_snaps")?.map(<[u64]>::to_vec),
            other: NvList::new(),
        };
        for known in KNOWN {
            list.remove(known);
        }
        point.other = list;
        Ok(point)
    }
}

/// A resume token: its text, and the point it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct ResumeToken {
    text: String,
    point: ResumePoint,
}

impl ResumeToken {
    /// The token as it was read, the value of the property `receive_resume_token`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the token says.
    #[must_use]
    pub const fn point(&self) -> &ResumePoint {
        &self.point
    }

    /// What the token says.
    #[must_use]
    pub fn into_point(self) -> ResumePoint {
        self.point
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for ResumeToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_TEXT {
            return Err(TokenError::TooLong { length: text.len() });
        }
        let parts: Vec<&str> = text.split('-').collect();
        let &[version, expected, size, payload] = parts.as_slice() else {
            return Err(TokenError::Shape { parts: parts.len() });
        };
        if version != VERSION {
            return Err(TokenError::Version { found: version.to_owned() });
        }
        let expected = number(expected, "checksum")?;
        let size = number(size, "size")?;
        let compressed = unhex(payload).ok_or(TokenError::Hex { part: "payload" })?;
        let found = checksum(&compressed);
        if found != expected {
            return Err(TokenError::Checksum { expected, found });
        }
        let packed = inflate(&compressed, size)?;
        let point = ResumePoint::from_list(NvList::decode(&packed)?)?;
        Ok(Self {
            text: text.to_owned(),
            point,
        })
    }
}

/// Why a text is not a resume token.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// The text is longer than any token.
    #[error("the resume token has {length} characters, more than a token can have")]
    TooLong {
        /// Characters of the text.
        length: usize,
    },
    /// A token has four parts joined by hyphens.
    #[error("the resume token has {parts} parts joined by hyphens, not 4")]
    Shape {
        /// Parts of the text.
        parts: usize,
    },
    /// Only version 1 is known.
    #[error("the resume token is of version {found:?}, only version 1 is known")]
    Version {
        /// The version as it stands in the text.
        found: String,
    },
    /// A part is not the hexadecimal number or bytes it must be.
    #[error("the {part} of the resume token is not hexadecimal")]
    Hex {
        /// The part's name.
        part: &'static str,
    },
    /// The payload is damaged, or a part of it is missing.
    #[error("the resume token is damaged: its checksum is {found:x} where it says {expected:x}")]
    Checksum {
        /// What the token says.
        expected: u64,
        /// What its payload sums up to.
        found: u64,
    },
    /// The payload claims or turns out to be larger than any token's.
    #[error("the resume token unpacks to more than {limit} bytes")]
    TooLarge {
        /// The most bytes a token's list may have.
        limit: usize,
    },
    /// The payload is not zlib's.
    #[error("the payload of the resume token does not decompress")]
    Compression,
    /// The payload unpacks to another size than the token says.
    #[error("the resume token unpacks to {found} bytes where it says {expected}")]
    Size {
        /// What the token says.
        expected: u64,
        /// What came out.
        found: usize,
    },
    /// The unpacked payload is not an nvlist.
    #[error("the resume token holds a {0}")]
    List(#[from] DecodeError),
    /// The list lacks a value a resume needs, or has it in another type.
    #[error("the resume token cannot be used: {0}")]
    Content(#[from] LookupError),
}

fn number(text: &str, part: &'static str) -> Result<u64, TokenError> {
    // `from_str_radix` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16)
        .ok()
        .filter(|_| digits)
        .ok_or(TokenError::Hex { part })
}

/// The kernel puts the first of four accumulators into the token, over words in its own byte order.
fn checksum(compressed: &[u8]) -> u64 {
    let mut sum = Fletcher4::new(ByteOrder::HOST);
    sum.update(compressed);
    let [first, ..] = sum.value().0;
    first
}

fn inflate(compressed: &[u8], size: u64) -> Result<Vec<u8>, TokenError> {
    let too_large = TokenError::TooLarge { limit: MAX_PACKED };
    let limit = usize::try_from(size).ok().filter(|size| *size <= MAX_PACKED).ok_or(too_large)?;
    // One byte more than claimed, to tell a larger payload from the claimed size.
    let unpacked = decompress_to_vec_zlib_with_limit(compressed, limit.saturating_add(1));
    match unpacked {
        Ok(packed) if packed.len() == limit => Ok(packed),
        Ok(packed) => Err(TokenError::Size {
            expected: size,
            found: packed.len(),
        }),
        Err(error) if error.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput => Err(TokenError::Size {
            expected: size,
            found: error.output.len(),
        }),
        Err(_damaged) => Err(TokenError::Compression),
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)?.wrapping_shl(4) | digit(*low)?))
        .collect();
    if rest.is_empty() { bytes } else { None }
}

const VERSION: &str = "1";
/// The kernel compresses at this level.
const LEVEL: u8 = 6;
/// A token's list has some 300 bytes; a redacted one adds 8 for each snapshot. This leaves room for thousands.
const MAX_PACKED: usize = 64 * 1024;
/// Compression never doubles; each byte is two digits.
const MAX_TEXT: usize = 4 * MAX_PACKED;
/// The names that `ResumePoint` has fields for.
const KNOWN: [&str; 12] = [
    "fromguid",
    "object",
    "offset",
    "bytes",
    "toguid",
    "toname",
    "largeblockok",
    "embedok",
    "compressok",
    "rawok",
    "redact_snaps",
    "book_redact_snaps",
];

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
