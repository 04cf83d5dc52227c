//! I know the number of every request and what it does to the world.

/// A request to `/dev/zfs`, by its number on Linux (`zfs_ioc_t` counted from `'Z' << 8`); numbers never moved since OpenZFS 0.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// Imported pools and their configurations.
    PoolConfigs,
    /// Identity and properties of one object.
    ObjsetStats,
    /// Next child dataset.
    DatasetListNext,
    /// Next snapshot.
    SnapshotListNext,
    /// Set properties.
    SetProp,
    /// Drop a property's local value.
    InheritProp,
    /// Create a filesystem or volume.
    Create,
    /// Destroy one object.
    Destroy,
    /// Rename a filesystem, volume or snapshot.
    Rename,
    /// Create snapshots.
    Snapshot,
    /// Destroy snapshots.
    DestroySnaps,
    /// Properties of a pool.
    PoolGetProps,
    /// Hold snapshots.
    Hold,
    /// Release holds.
    Release,
    /// Holds of a snapshot.
    GetHolds,
    /// Progress of a send.
    SendProgress,
    /// Send.
    SendNew,
    /// Estimate a send.
    SendSpace,
    /// Create bookmarks.
    Bookmark,
    /// Bookmarks of a dataset.
    GetBookmarks,
    /// Destroy bookmarks.
    DestroyBookmarks,
    /// Receive.
    RecvNew,
    /// Configuration and state of a pool.
    PoolStats,
    /// Take a dataset back to its newest snapshot.
    Rollback,
    /// Make a clone the owner of its history.
    Promote,
    /// Values that came with streams.
    ObjsetRecvdProps,
    /// Objects that differ.
    Diff,
    /// The object after one.
    NextObj,
    /// Facts of one object.
    ObjToStats,
    /// What a range of snapshots holds.
    SpaceSnaps,
    /// Open a pool's devices anew.
    PoolReopen,
    /// Create a clone.
    Clone,
    /// Write a transaction group.
    PoolSync,
    /// Run a channel program.
    ChannelProgram,
    /// Load a wrapping key.
    LoadKey,
    /// Forget a wrapping key.
    UnloadKey,
    /// Wrap a master key anew.
    ChangeKey,
    /// Remember a pool's state.
    PoolCheckpoint,
    /// Give a remembered state up.
    PoolDiscardCheckpoint,
    /// Write a pattern to free space.
    PoolInitialize,
    /// Trim free space.
    PoolTrim,
    /// Make a redaction bookmark.
    Redact,
    /// Properties of a bookmark.
    GetBookmarkProps,
    /// Wait for a pool's activity.
    Wait,
    /// Wait for a filesystem's activity.
    WaitFs,
    /// Properties of a device.
    VdevGetProps,
    /// Set properties of a device.
    VdevSetProps,
    /// Scrub.
    PoolScrub,
    /// Read a table into memory.
    PoolPrefetch,
    /// Prune the deduplication table.
    DdtPrune,
    /// Next event.
    EventsNext,
    /// Write what is kept for boot loaders.
    SetBootenv,
    /// Read what is kept for boot loaders.
    GetBootenv,
}

impl Request {
    /// The number ioctl(2) wants.
    pub(crate) fn number(self) -> u64 {
        let index = match self {
            Self::PoolConfigs => 0x04,
            Self::ObjsetStats => 0x12,
            Self::DatasetListNext => 0x14,
            Self::SnapshotListNext => 0x15,
            Self::SetProp => 0x16,
            Self::Create => 0x17,
            Self::Destroy => 0x18,
            Self::Rename => 0x1a,
            Self::Snapshot => 0x23,
            Self::PoolGetProps => 0x27,
            Self::InheritProp => 0x2b,
            Self::Hold => 0x30,
            Self::Release => 0x31,
            Self::GetHolds => 0x32,
            Self::DestroySnaps => 0x3b,
            Self::SendProgress => 0x3e,
            Self::SendNew => 0x40,
            Self::SendSpace => 0x41,
            Self::Bookmark => 0x43,
            Self::GetBookmarks => 0x44,
            Self::DestroyBookmarks => 0x45,
            Self::RecvNew => 0x46,
            Self::PoolStats => 0x05,
            Self::Rollback => 0x19,
            Self::Promote => 0x22,
            Self::ObjsetRecvdProps => 0x33,
            Self::NextObj => 0x35,
            Self::Diff => 0x36,
            Self::ObjToStats => 0x38,
            Self::SpaceSnaps => 0x3a,
            Self::PoolReopen => 0x3d,
            Self::Clone => 0x42,
            Self::PoolSync => 0x47,
            Self::ChannelProgram => 0x48,
            Self::LoadKey => 0x49,
            Self::UnloadKey => 0x4a,
            Self::ChangeKey => 0x4b,
            Self::PoolCheckpoint => 0x4d,
            Self::PoolDiscardCheckpoint => 0x4e,
            Self::PoolInitialize => 0x4f,
            Self::PoolTrim => 0x50,
            Self::Redact => 0x51,
            Self::GetBookmarkProps => 0x52,
            Self::Wait => 0x53,
            Self::WaitFs => 0x54,
            Self::VdevGetProps => 0x55,
            Self::VdevSetProps => 0x56,
            Self::PoolScrub => 0x57,
            Self::PoolPrefetch => 0x58,
            Self::DdtPrune => 0x59,
            Self::EventsNext => 0x81,
            Self::SetBootenv => 0x87,
            Self::GetBootenv => 0x88,
        };
        0x5a00 + index
    }

    /// Whether it only looks. Such a request may be asked again with a larger buffer; any other has been carried out by then.
    pub(crate) fn only_looks(self) -> bool {
        matches!(
            self,
            Self::PoolConfigs
                | Self::PoolGetProps
                | Self::ObjsetStats
                | Self::DatasetListNext
                | Self::SnapshotListNext
                | Self::GetHolds
                | Self::GetBookmarks
                | Self::SendSpace
                | Self::SendProgress
                | Self::PoolStats
                | Self::ObjsetRecvdProps
                | Self::ObjToStats
                | Self::SpaceSnaps
                | Self::GetBookmarkProps
                | Self::VdevGetProps
                | Self::GetBootenv
                | Self::EventsNext
        )
    }
}

#[cfg(test)]
mod tests {
    /// `PoolConfigs` is `ZFS_IOC_POOL_CONFIGS` there.
    fn name_in_c(variant: &str) -> String {
        let mut name = "ZFS_IOC".to_owned();
        for letter in variant.chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
        }
        name
    }

    #[test]
    fn every_request_has_the_number_of_layout_txt() {
        // The arms of `number`, read here so that none is forgotten.
        let arms = include_str!("request.rs")
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Self::")?.strip_suffix(',')?.split_once(" => 0x"));
        let mut ours: Vec<String> = arms.map(|(variant, index)| format!("{} 0x5a{index}", name_in_c(variant))).collect();
        let mut written: Vec<&str> = include_str!("layout.txt")
            .lines()
            .filter(|line| line.starts_with("ZFS_IOC_"))
            .map(|line| line.split(" since ").next().unwrap_or(line))
            .collect();
        ours.sort();
        written.sort_unstable();
        assert!(ours.len() > 20, "{ours:?}");
        assert_eq!(ours, written);
        assert_eq!(super::Request::PoolConfigs.number(), 0x5a04);
    }
}
