//! I am what can be asked of ZFS, and since when.

use std::fmt;
use std::str::FromStr;

use crate::release::Release;
use crate::word::{WordError, read_word, write_word};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $participle:literal, $since:ident;)*) => {
        /// What was asked of ZFS.
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The first release of OpenZFS whose kernel module can do it; what is older than 2.0 counts as of 2.0.
            pub const fn since(self) -> Release {
                match self {
                    $(Self::$name => Release::$since,)*
                }
            }

            /// `… cannot be `
            pub(crate) const fn participle(self) -> &'static str {
                match self {
                    $(Self::$name => $participle,)*
                }
            }
        }
    };
}

/// One word: `set_property`.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_word(f, self)
    }
}

impl FromStr for Operation {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        read_word(text, Self::ALL, "operation")
    }
}

operations! {
    /// Open the way to the kernel.
    Open = "opened", V2_0;
    /// Look at something: stats, properties, listings.
    Read = "read", V2_0;
    /// Create a filesystem or volume.
    Create = "created", V2_0;
    /// Create a filesystem or volume that grows from a snapshot.
    Clone = "cloned", V2_0;
    /// Make a clone the owner of its history.
    Promote = "promoted", V2_0;
    /// Destroy a filesystem, volume, snapshot or partial receive.
    Destroy = "destroyed", V2_0;
    /// Rename a filesystem, volume or snapshot.
    Rename = "renamed", V2_0;
    /// Take a dataset back to a snapshot.
    Rollback = "rolled back", V2_0;
    /// Set or inherit a property.
    SetProperty = "given these properties", V2_0;
    /// Create snapshots.
    Snapshot = "snapshotted", V2_0;
    /// Create bookmarks.
    Bookmark = "bookmarked", V2_0;
    /// Destroy bookmarks.
    DestroyBookmark = "destroyed", V2_0;
    /// Make a redaction bookmark.
    Redact = "redacted", V2_0;
    /// Hold a snapshot.
    Hold = "held", V2_0;
    /// Release a hold.
    Release = "released", V2_0;
    /// Write a stream.
    Send = "sent", V2_0;
    /// Estimate a stream.
    Estimate = "estimated", V2_0;
    /// Read a stream into a dataset.
    Receive = "received", V2_0;
    /// Mend a snapshot's damaged blocks from a stream of it.
    Heal = "healed", V2_2;
    /// Load or check a wrapping key.
    LoadKey = "unlocked", V2_0;
    /// Forget a wrapping key.
    UnloadKey = "locked", V2_0;
    /// Wrap a master key anew.
    ChangeKey = "given another key", V2_0;
    /// Find what differs between two snapshots.
    Diff = "compared", V2_0;
    /// Run a channel program.
    RunProgram = "worked on by the channel program", V2_0;
    /// Write a transaction group.
    Sync = "synced", V2_0;
    /// Wait for the end of an activity.
    Wait = "waited for", V2_0;
    /// Wait for the end of the expansion of a RAIDZ.
    WaitForExpansion = "waited for", V2_3;
    /// Write a pattern to free space.
    Initialize = "initialized", V2_0;
    /// Trim free space.
    Trim = "trimmed", V2_0;
    /// Scrub a pool.
    Scrub = "scrubbed", V2_2;
    /// Remember the state of a pool.
    Checkpoint = "checkpointed", V2_0;
    /// Give a remembered state up.
    DiscardCheckpoint = "freed of its checkpoint", V2_0;
    /// Open a pool's devices anew.
    Reopen = "reopened", V2_0;
    /// Write what is kept for boot loaders.
    SetBootEnvironment = "given this boot environment", V2_0;
    /// Read a device's properties.
    ReadDevice = "read", V2_2;
    /// Set a device's properties.
    SetDevice = "given these properties", V2_2;
    /// Read the deduplication table into memory.
    PrefetchDedup = "prefetched", V2_3;
    /// Prune the deduplication table.
    PruneDedup = "pruned", V2_3;
    /// Listen to the module's events.
    ReadEvents = "listened to", V2_0;
}
