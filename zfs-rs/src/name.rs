//! I am the proof that these bytes are a name.
//!
//! A name is checked once, where it enters the program; whoever owns a [`SnapshotName`] need not ask again. The rules are the kernel's
//! (`zfs_namecheck.c`, the same from OpenZFS 2.0 to 2.4), so a name that passes here is never refused for its spelling. Names with `%` or `$`
//! belong to the kernel itself and cannot be written down as one of these types.

use std::fmt;
use std::str::FromStr;

/// The longest full name in bytes, without the terminating zero.
pub const NAME_MAX: usize = 255;

/// The deepest a dataset may lie, counted in components.
pub const DEPTH_MAX: usize = 50;

/// The name of a pool, which is also the name of its root dataset.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolName(String);

/// The name of a filesystem or volume: `pool/path/of/components`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetName(String);

/// The name of a snapshot: `dataset@short`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotName(Version);

/// The name of a bookmark: `dataset#short`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookmarkName(Version);

/// The tag of a user hold: what tells one owner's hold from another's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldTag(String);

/// The name of a property, native (`compression`) or user-defined (`org.example:owner`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyName(String);

/// A text that cannot be the name it was given as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the name of a {kind}: {reason}")]
pub struct NameError {
    /// What was read.
    pub text: String,
    /// What it should have been: `dataset`, `snapshot`, …
    pub kind: &'static str,
    /// Which rule it breaks.
    pub reason: NameFault,
}

/// The rule a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// More bytes than the kernel keeps.
    #[error("it is longer than {NAME_MAX} bytes")]
    TooLong,
    /// More components than the kernel allows.
    #[error("it is deeper than {DEPTH_MAX} components")]
    TooDeep,
    /// Two separators in a row, or one at an end.
    #[error("a component is empty")]
    EmptyComponent,
    /// A component is `.` or `..`.
    #[error("a component is \".\" or \"..\"")]
    Dots,
    /// A character that names do not have.
    #[error("it contains {0:?}")]
    Character(char),
    /// A pool's name begins with a letter.
    #[error("a pool's name begins with a letter")]
    NoLetter,
    /// The separator between dataset and short name is missing.
    #[error("it has no {0:?}")]
    NoSeparator(char),
    /// A user property in capitals.
    #[error("property names are written in small letters")]
    Capital,
}

/// A dataset name, a separator, a short name: what snapshots and bookmarks have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Version {
    dataset: DatasetName,
    full: String,
}

impl PoolName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pool's root dataset.
    pub fn root(&self) -> DatasetName {
        DatasetName(self.0.clone())
    }
}

impl DatasetName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pool it lies in.
    pub fn pool(&self) -> PoolName {
        let pool = self.0.split('/').next().unwrap_or(&self.0);
        PoolName(pool.to_owned())
    }

    /// The dataset above, or nothing for a pool's root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The last component.
    pub fn last(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, last)| last)
    }

    /// How many components it has; 1 for a pool's root.
    pub fn depth(&self) -> usize {
        self.0.split('/').count()
    }

    /// The dataset below, by one or more components.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the whole is no dataset name.
    pub fn child(&self, path: &str) -> Result<Self, NameError> {
        format!("{self}/{path}").parse()
    }

    /// The snapshot of this dataset with that short name.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the whole is no snapshot name.
    pub fn snapshot(&self, short: &str) -> Result<SnapshotName, NameError> {
        format!("{self}@{short}").parse()
    }

    /// The bookmark of this dataset with that short name.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the whole is no bookmark name.
    pub fn bookmark(&self, short: &str) -> Result<BookmarkName, NameError> {
        format!("{self}#{short}").parse()
    }

    /// The path from `ancestor` down to here: empty for `ancestor` itself, nothing when this does not lie below it.
    ///
    /// Compared by component, so that `tank/backup2` is not below `tank/backup`.
    pub fn below(&self, ancestor: &Self) -> Option<&str> {
        let rest = self.0.strip_prefix(ancestor.as_str())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }
}

impl SnapshotName {
    /// The full name as text.
    pub fn as_str(&self) -> &str {
        &self.0.full
    }

    /// The dataset it is a snapshot of.
    pub fn dataset(&self) -> &DatasetName {
        &self.0.dataset
    }

    /// The part after the `@`.
    pub fn short(&self) -> &str {
        self.0.short()
    }
}

impl BookmarkName {
    /// The full name as text.
    pub fn as_str(&self) -> &str {
        &self.0.full
    }

    /// The dataset it is a bookmark of.
    pub fn dataset(&self) -> &DatasetName {
        &self.0.dataset
    }

    /// The part after the `#`.
    pub fn short(&self) -> &str {
        self.0.short()
    }
}

impl HoldTag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PropertyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether somebody else than OpenZFS gives it its meaning.
    pub fn is_user(&self) -> bool {
        self.0.contains(':')
    }
}

impl Version {
    fn parse(text: &str, separator: char) -> Result<Self, NameFault> {
        check_length(text)?;
        let (dataset, short) = text.split_once(separator).ok_or(NameFault::NoSeparator(separator))?;
        check_dataset(dataset)?;
        check_component(short)?;
        Ok(Self {
            dataset: DatasetName(dataset.to_owned()),
            full: text.to_owned(),
        })
    }

    fn short(&self) -> &str {
        self.full.get(self.dataset.0.len() + 1..).unwrap_or_default()
    }
}

fn check_length(text: &str) -> Result<(), NameFault> {
    match text.len() {
        0 => Err(NameFault::Empty),
        1..=NAME_MAX => Ok(()),
        _ => Err(NameFault::TooLong),
    }
}

fn check_dataset(text: &str) -> Result<(), NameFault> {
    check_length(text)?;
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err(text
            .chars()
            .next()
            .filter(|first| !is_name_character(*first))
            .map_or(NameFault::NoLetter, NameFault::Character));
    }
    if text.split('/').count() > DEPTH_MAX {
        return Err(NameFault::TooDeep);
    }
    text.split('/').try_for_each(check_component)
}

fn check_component(text: &str) -> Result<(), NameFault> {
    match text {
        "" => Err(NameFault::EmptyComponent),
        "." | ".." => Err(NameFault::Dots),
        _ => text
            .chars()
            .find(|c| !is_name_character(*c))
            .map_or(Ok(()), |c| Err(NameFault::Character(c))),
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | ' ')
}

fn check_tag(text: &str) -> Result<(), NameFault> {
    check_length(text)?;
    text.chars()
        .find(|c| c.is_control())
        .map_or(Ok(()), |c| Err(NameFault::Character(c)))
}

fn check_property(text: &str) -> Result<(), NameFault> {
    check_length(text)?;
    // `userquota@Joe` and the like carry a name of somebody else's choice after the @.
    let word = text.split_once('@').map_or(text, |(word, _)| word);
    if word.is_empty() {
        return Err(NameFault::EmptyComponent);
    }
    match text.chars().find(|c| !c.is_ascii_graphic()) {
        Some(c) => Err(NameFault::Character(c)),
        None if word.contains(|c: char| c.is_ascii_uppercase()) => Err(NameFault::Capital),
        None => Ok(()),
    }
}

macro_rules! name {
    ($type:ident, $kind:literal, $parse:expr) => {
        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let parse: fn(&str) -> Result<Self, NameFault> = $parse;
                parse(text).map_err(|reason| NameError {
                    text: text.to_owned(),
                    kind: $kind,
                    reason,
                })
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}

name!(PoolName, "pool", |text| {
    check_dataset(text)?;
    if text.contains('/') {
        Err(NameFault::Character('/'))
    } else {
        Ok(Self(text.to_owned()))
    }
});
name!(DatasetName, "dataset", |text| check_dataset(text).map(|()| Self(text.to_owned())));
name!(SnapshotName, "snapshot", |text| Version::parse(text, '@').map(Self));
name!(BookmarkName, "bookmark", |text| Version::parse(text, '#').map(Self));
name!(HoldTag, "hold tag", |text| check_tag(text).map(|()| Self(text.to_owned())));
name!(PropertyName, "property", |text| check_property(text)
    .map(|()| Self(text.to_owned())));

#[cfg(test)]
mod tests {
    use super::*;

    fn fault<T: FromStr<Err = NameError>>(text: &str) -> Option<NameFault> {
        text.parse::<T>().err().map(|error| error.reason)
    }

    #[test]
    fn a_dataset_name_knows_its_place() {
        let name: DatasetName = "tank/home/ada lovelace".parse().unwrap();
        assert_eq!(name.pool().as_str(), "tank");
        assert_eq!(name.parent().unwrap().as_str(), "tank/home");
        assert_eq!(name.last(), "ada lovelace");
        assert_eq!(name.depth(), 3);
        assert_eq!(name.pool().root().parent(), None);
    }

    #[test]
    fn below_compares_components_not_letters() {
        let of = |text: &str| text.parse::<DatasetName>().unwrap();
        assert_eq!(of("tank/backup/a/b").below(&of("tank/backup")), Some("a/b"));
        assert_eq!(of("tank/backup").below(&of("tank/backup")), Some(""));
        assert_eq!(of("tank/backup2").below(&of("tank/backup")), None);
    }

    #[test]
    fn snapshots_and_bookmarks_split_at_their_separator() {
        let snapshot: SnapshotName = "tank/a@day-1".parse().unwrap();
        assert_eq!((snapshot.dataset().as_str(), snapshot.short()), ("tank/a", "day-1"));
        let bookmark: BookmarkName = "tank/a#day-1".parse().unwrap();
        assert_eq!((bookmark.dataset().as_str(), bookmark.short()), ("tank/a", "day-1"));
    }

    #[test]
    fn the_kernels_own_names_and_tricks_are_refused() {
        assert_eq!(fault::<DatasetName>("tank/a/%recv"), Some(NameFault::Character('%')));
        assert_eq!(fault::<DatasetName>("tank/$ORIGIN"), Some(NameFault::Character('$')));
        assert_eq!(fault::<DatasetName>("tank/a/../b"), Some(NameFault::Dots));
        assert_eq!(fault::<DatasetName>("tank//b"), Some(NameFault::EmptyComponent));
        assert_eq!(fault::<DatasetName>("/tank"), Some(NameFault::Character('/')));
        assert_eq!(fault::<DatasetName>("tank/"), Some(NameFault::EmptyComponent));
        assert_eq!(fault::<DatasetName>("tank@a"), Some(NameFault::Character('@')));
        assert_eq!(fault::<DatasetName>("tank\0"), Some(NameFault::Character('\0')));
        assert_eq!(fault::<DatasetName>("tänk"), Some(NameFault::Character('ä')));
        assert_eq!(fault::<DatasetName>("1tank"), Some(NameFault::NoLetter));
        assert_eq!(fault::<DatasetName>(""), Some(NameFault::Empty));
        assert_eq!(fault::<PoolName>("tank/a"), Some(NameFault::Character('/')));
        assert_eq!(fault::<SnapshotName>("tank/a"), Some(NameFault::NoSeparator('@')));
        assert_eq!(fault::<SnapshotName>("tank/a@b@c"), Some(NameFault::Character('@')));
        assert_eq!(fault::<SnapshotName>("tank/a@b/c"), Some(NameFault::Character('/')));
        assert_eq!(fault::<BookmarkName>("tank/a#"), Some(NameFault::EmptyComponent));
    }

    #[test]
    fn length_and_depth_end_where_the_kernels_end() {
        assert_eq!(fault::<DatasetName>(&"t".repeat(NAME_MAX)), None);
        assert_eq!(fault::<DatasetName>(&"t".repeat(NAME_MAX + 1)), Some(NameFault::TooLong));
        let deep = |depth: usize| vec!["t"; depth].join("/");
        assert_eq!(fault::<DatasetName>(&deep(DEPTH_MAX)), None);
        assert_eq!(fault::<DatasetName>(&deep(DEPTH_MAX + 1)), Some(NameFault::TooDeep));
        let dataset: DatasetName = "t".repeat(250).parse().unwrap();
        assert!(dataset.snapshot("1234").is_ok());
        assert_eq!(dataset.snapshot("12345").unwrap_err().reason, NameFault::TooLong);
    }

    #[test]
    fn property_names_are_small_but_for_the_part_after_the_at() {
        assert_eq!(fault::<PropertyName>("org.example:owner"), None);
        assert_eq!(fault::<PropertyName>("userquota@Joe"), None);
        assert_eq!(fault::<PropertyName>("Compression"), Some(NameFault::Capital));
        assert_eq!(fault::<PropertyName>("a b"), Some(NameFault::Character(' ')));
    }

    #[test]
    fn an_error_says_what_was_read_and_why_not() {
        let error = "tank/a".parse::<SnapshotName>().unwrap_err();
        assert_eq!(error.to_string(), "\"tank/a\" is not the name of a snapshot: it has no '@'");
    }
}
