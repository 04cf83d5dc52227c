//! I ask what libzfs_core can be asked too.

use super::Play;

impl Play {
    pub(super) fn looks(&mut self) {
        let (first, last) = (self.at("a", "1"), self.at("a", "2"));
        self.call("room of a range of snapshots", |core| core.snapshot_range_space(&first, &last));
    }
}
