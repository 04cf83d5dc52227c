//! I am a string as ZFS keeps it: bytes without a NUL, which need not be UTF-8.

use std::borrow::Cow;
use std::fmt;
use std::str::Utf8Error;

/// A string of an nvlist.
///
/// ZFS puts no encoding on strings: a user property or a hold tag set under a foreign locale is kept byte for byte. One such
/// property must not make a whole dataset unreadable, so the bytes are kept as they are and UTF-8 is a view that may be refused.
///
/// [`Display`](fmt::Display) is for people: bytes that are not UTF-8 appear as U+FFFD and control characters are escaped, so that
/// a foreign value cannot steer a terminal. The value itself is [`to_str`](Self::to_str) or [`as_bytes`](Self::as_bytes).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<u8>);

impl Text {
    /// The bytes, without the final NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as UTF-8.
    ///
    /// # Errors
    /// The place of the first byte that is not UTF-8.
    pub fn to_str(&self) -> Result<&str, Utf8Error> {
        str::from_utf8(&self.0)
    }

    /// The text as UTF-8, with U+FFFD for what is not.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The bytes, without the final NUL.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Whether the text can be written: a NUL inside would end it early for the kernel.
    pub(super) fn has_nul(&self) -> bool {
        self.0.contains(&0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&Self> for Text {
    fn from(text: &Self) -> Self {
        text.clone()
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.to_str_lossy().chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn bytes_that_are_not_utf8_are_kept_and_shown_harmlessly() {
        let text = Text::from(&b"caf\xe9 \x1b[2J"[..]);
        assert_eq!(text.as_bytes(), b"caf\xe9 \x1b[2J");
        assert!(text.to_str().is_err());
        assert_eq!(text.to_string(), "caf\u{fffd} \\u{1b}[2J");
        assert_eq!(format!("{text:?}"), r#""caf\xe9 \x1b[2J""#);
    }
}
