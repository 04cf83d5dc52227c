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
        )
    }
}
