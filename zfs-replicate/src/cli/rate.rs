//! I turn what was written as a rate into bytes per second.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use bytesize::ByteSize;

/// Bytes per second: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate(pub(super) NonZeroU64);

/// Why a text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RateError {
    #[error("a rate of nothing would never end; leave the option out to have no limit")]
    Zero,
    #[error("a rate cannot be negative")]
    Negative,
    #[error("a rate is less than 16 EiB/s")]
    TooLarge,
    #[error("a rate is a number and a unit of bytes per second, such as 20MiB (1024), 20M (1000) or 20MiB/s")]
    Garbage,
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let size = text.trim();
        let size = size.strip_suffix("/s").unwrap_or(size).trim_end();
        if size.starts_with('-') {
            return Err(RateError::Negative);
        }
        let ByteSize(bytes) = size.parse().map_err(|_said_in_other_words: String| RateError::Garbage)?;
        // What is too large comes back as the largest.
        match NonZeroU64::new(bytes) {
            None => Err(RateError::Zero),
            Some(NonZeroU64::MAX) => Err(RateError::TooLarge),
            Some(rate) => Ok(Self(rate)),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", ByteSize::b(self.0.get()).display().iec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<u64, RateError> {
        text.parse::<Rate>().map(|rate| rate.0.get())
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        assert_eq!(read("20MiB"), Ok(20 << 20));
        assert_eq!(read("20MiB/s"), Ok(20 << 20));
        assert_eq!(read(" 20 MiB / s").ok(), None);
        assert_eq!(read("20 MiB /s"), Ok(20 << 20));
        assert_eq!(read("20M"), Ok(20_000_000));
        assert_eq!(read("1.5kB"), Ok(1500));
        assert_eq!(read("4096"), Ok(4096));
    }

    #[test]
    fn what_is_no_rate_is_refused_by_its_reason() {
        assert_eq!(read("0"), Err(RateError::Zero));
        assert_eq!(read("0.2B"), Err(RateError::Zero));
        assert_eq!(read("-1"), Err(RateError::Negative));
        assert_eq!(read("-20MiB/s"), Err(RateError::Negative));
        assert_eq!(read("99999999999999EiB"), Err(RateError::TooLarge));
        for garbage in ["", "/s", "fast", "20MiB/h", "20Mbit", "NaN", "inf", "1e9", "20MiB/s/s", "٣MiB"] {
            assert_eq!(read(garbage), Err(RateError::Garbage), "{garbage:?}");
        }
    }

    #[test]
    fn a_rate_is_shown_by_the_second() {
        assert_eq!("20M".parse::<Rate>().unwrap().to_string(), "19.1 MiB/s");
    }
}
