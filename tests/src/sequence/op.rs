//! I am one thing done to ZFS, in names that hold on every side.
//!
//! Names begin with `A` or `B`, which stand for a place in a pool of its own on each side: `A/x@1`, `B/y#m`. An operation is one line of JSON,
//! so that a sequence that told two sides apart can be kept as text.

use serde::{Deserialize, Serialize};

/// One operation of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Creates a filesystem or volume.
    Create {
        /// Its name.
        name: String,
        /// Whether it is a volume.
        #[serde(default, skip_serializing_if = "is_default")]
        volume: bool,
        /// Properties set at once.
        #[serde(default, skip_serializing_if = "is_default")]
        properties: Properties,
        /// What its wrapping key is made of; then it is an encryption root.
        #[serde(default, skip_serializing_if = "is_default")]
        key: Option<u8>,
    },
    /// Creates a dataset that grows from a snapshot.
    Clone {
        /// Its name.
        name: String,
        /// What it grows from.
        of: String,
        /// Properties set at once.
        #[serde(default, skip_serializing_if = "is_default")]
        properties: Properties,
    },
    /// Makes a clone the owner of what it grew from.
    Promote(String),
    /// Gives a snapshot another name.
    RenameSnapshot(String, String),
    /// Takes a dataset back to its newest snapshot, which is to be the one named if one is.
    Rollback(String, Option<String>),
    /// Asks what destroying the snapshots from the first to the last would free.
    RangeSpace(String, String),
    /// Loads a key, or only tries it.
    LoadKey {
        /// The encryption root.
        name: String,
        /// What the key is made of.
        key: u8,
        /// Whether it is only tried.
        #[serde(default, skip_serializing_if = "is_default")]
        check: bool,
    },
    /// Forgets a key.
    UnloadKey(String),
    /// Wraps a master key anew: with that key, or else with the parent's.
    ChangeKey(String, Option<u8>),
    /// Destroys one dataset, snapshot or, as `A/x/%recv`, partial receive.
    Destroy(String),
    /// Renames a dataset.
    Rename(String, String),
    /// Takes snapshots at once.
    Snapshot {
        /// Their names.
        names: Vec<String>,
        /// User properties of all of them.
        #[serde(default, skip_serializing_if = "is_default")]
        properties: Properties,
    },
    /// Destroys snapshots at once.
    DestroySnapshots {
        /// Their names.
        names: Vec<String>,
        /// Whether those in use go later.
        #[serde(default, skip_serializing_if = "is_default")]
        defer: bool,
    },
    /// Makes bookmarks: each new name with what it is made of.
    Bookmark(Vec<(String, String)>),
    /// Destroys bookmarks.
    DestroyBookmarks(Vec<String>),
    /// Holds snapshots: each with a tag.
    Hold {
        /// Snapshots and tags.
        holds: Vec<(String, String)>,
        /// The handle they are tied to, opened where it is not yet.
        #[serde(default, skip_serializing_if = "is_default")]
        handle: Option<u8>,
    },
    /// Closes a handle.
    Close(u8),
    /// Releases holds.
    Release(Vec<(String, String)>),
    /// Sets properties.
    Set(String, Properties),
    /// Takes a property's local value away; if true, back to what a stream brought.
    Inherit(String, String, bool),
    /// Writes into a file of a filesystem.
    Write {
        /// The filesystem.
        name: String,
        /// The file.
        file: u8,
        /// Blocks of 4 KiB.
        blocks: u8,
    },
    /// Removes a file of a filesystem.
    Remove {
        /// The filesystem.
        name: String,
        /// The file.
        file: u8,
    },
    /// Sends and receives.
    Pass(Pass),
    /// Goes on with what a broken receive left, as its token says.
    Resume(Pass),
    /// Estimates a stream.
    Space {
        /// The snapshot.
        of: String,
        /// The base.
        #[serde(default, skip_serializing_if = "is_default")]
        from: Option<String>,
    },
    /// Looks at something that may not be there: stats, bookmarks or holds.
    Look(String),
}

/// A stream from one place to another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pass {
    /// The snapshot that is sent.
    pub of: String,
    /// Its base.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from: Option<String>,
    /// Bits of `SendFlags`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub flags: u32,
    /// The snapshot that is received.
    pub to: String,
    /// The snapshot a clone grows from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub origin: Option<String>,
    /// Whether what breaks off is kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub resumable: bool,
    /// Whether the target is rolled back first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub force: bool,
    /// Properties that came along.
    #[serde(default, skip_serializing_if = "is_default")]
    pub received: Properties,
    /// Properties set here; without a value those that are inherited instead.
    #[serde(default, skip_serializing_if = "is_default")]
    pub local: Properties,
    /// Where the stream breaks off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cut: Cut,
}

/// Where a stream breaks off. Bytes differ from side to side, places do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Cut {
    /// Nowhere.
    #[default]
    Whole,
    /// In the first record behind the beginning.
    Early,
    /// In the last record, which says that it is the end.
    Late,
}

/// Names and values of properties.
pub type Properties = Vec<(String, Given)>;

/// The value of a property as the kernel takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// A number or the number of a word.
    Number(u64),
    /// A text.
    Text(String),
    /// None.
    Nothing,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_unwritable| std::fmt::Error)?)
    }
}

impl std::str::FromStr for Op {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}
