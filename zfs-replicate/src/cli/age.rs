//! I turn what was written as an age into seconds, and say what time it is.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{Span, SpanRelativeTo};

use super::complaint::Complaint;
use crate::policy::PropertyWish;
use crate::policy::age::Ages;

/// Which snapshots, by what they are and not by what they are called.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Kinds {
    /// Take only snapshots that were made less than so long ago: 30d, 2w, 36h, 90min
    #[arg(long, value_name = "AGE", allow_hyphen_values = true)]
    pub(super) snapshots_newer_than: Option<Age>,
    /// Take only snapshots that were made more than so long ago
    #[arg(long, value_name = "AGE", allow_hyphen_values = true)]
    pub(super) snapshots_older_than: Option<Age>,
    /// Take only snapshots on which this user property, their own or inherited, has this value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) snapshot_property: Option<PropertyWish>,
}

/// A length of time in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age(u64);

/// Why a text is no age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AgeError {
    #[error("an age of nothing leaves nothing to choose; leave the option out to take snapshots of any age")]
    Zero,
    #[error("an age cannot be negative")]
    Negative,
    #[error("months and years differ in length; say it in days or weeks")]
    Uneven,
    #[error("an age is a number and a unit of time, such as 30d, 2w, 36h, 90min or 45s")]
    Garbage,
}

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let span: Span = text.trim().parse().map_err(|_said_in_other_words: jiff::Error| AgeError::Garbage)?;
        if span.is_negative() {
            return Err(AgeError::Negative);
        }
        if span.get_months() != 0 || span.get_years() != 0 {
            return Err(AgeError::Uneven);
        }
        let long = span.to_duration(SpanRelativeTo::days_are_24_hours());
        let seconds = long.map_err(|_said_in_other_words: jiff::Error| AgeError::Garbage)?.as_secs();
        match u64::try_from(seconds) {
            Ok(0) => Err(AgeError::Zero),
            Ok(seconds) => Ok(Self(seconds)),
            Err(_) => Err(AgeError::Negative),
        }
    }
}

impl Kinds {
    /// How old snapshots may be, from now on; nothing where that was left open.
    ///
    /// # Errors
    ///
    /// A complaint when no snapshot could ever be that old.
    pub(super) fn ages(&self) -> Result<Option<Ages>, Complaint> {
        let (newer_than, older_than) = (self.snapshots_newer_than, self.snapshots_older_than);
        if let (Some(newer_than), Some(older_than)) = (newer_than, older_than)
            && newer_than <= older_than
        {
            return Err(Complaint::no_such_age());
        }
        Ok((newer_than.is_some() || older_than.is_some()).then(|| Ages {
            now: now(),
            newer_than: newer_than.map(|Age(seconds)| seconds),
            older_than: older_than.map(|Age(seconds)| seconds),
        }))
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "whoever asks for ages asks for the clock, once")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<u64, AgeError> {
        text.parse::<Age>().map(|Age(seconds)| seconds)
    }

    #[test]
    fn ages_are_read_as_people_write_them() {
        assert_eq!(read("30d"), Ok(30 * 86_400));
        assert_eq!(read(" 2 weeks "), Ok(14 * 86_400));
        assert_eq!(read("1d 12h"), Ok(36 * 3600));
        assert_eq!(read("90min"), Ok(90 * 60));
        assert_eq!(read("45s"), Ok(45));
    }

    #[test]
    fn what_is_no_age_is_refused_by_its_reason() {
        assert_eq!(read("0d"), Err(AgeError::Zero));
        assert_eq!(read("5ms"), Err(AgeError::Zero));
        assert_eq!(read("-1d"), Err(AgeError::Negative));
        assert_eq!(read("3h ago"), Err(AgeError::Negative));
        assert_eq!(read("1mo"), Err(AgeError::Uneven));
        assert_eq!(read("1y"), Err(AgeError::Uneven));
        for garbage in ["", "30", "d", "yesterday", "30days30", "99999999999999999999d", "2026-01-01"] {
            assert_eq!(read(garbage), Err(AgeError::Garbage), "{garbage:?}");
        }
    }

    #[test]
    fn ages_that_leave_nothing_are_a_complaint() {
        let kinds = |newer: Option<&str>, older: Option<&str>| Kinds {
            snapshots_newer_than: newer.map(|age| age.parse().unwrap()),
            snapshots_older_than: older.map(|age| age.parse().unwrap()),
            snapshot_property: None,
        };
        assert!(kinds(Some("1h"), Some("1h")).ages().is_err());
        assert!(kinds(None, None).ages().unwrap().is_none());
        let ages = kinds(Some("1d"), Some("1h")).ages().unwrap().unwrap();
        assert_eq!((ages.newer_than, ages.older_than), (Some(86_400), Some(3600)));
        assert!(ages.now > 1_700_000_000);
    }
}
