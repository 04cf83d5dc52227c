//! I am what of a stream has come so far, as far as rules ask for it.

use zfs_rs::nvlist::NvList;

use super::bytes::Rec;
use super::fields::{begin, embedded, free, object, range, redact, write};
use super::receiver::Receiver;

/// What has come so far, since the latest `BEGIN`.
#[derive(Clone, Debug)]
pub struct Past {
    /// For whom it is.
    pub receiver: Receiver,
    /// Features of the stream.
    pub features: u64,
    /// Flags of the stream.
    pub flags: u64,
    /// Whether it is of a filesystem.
    pub is_filesystem: bool,
    /// What a full stream of a volume brought; nothing for other streams.
    pub volume: Option<Brought>,
    /// GUID of the snapshot.
    pub guid: u64,
    /// GUID that the first record behind `BEGIN` named.
    pub named: Option<u64>,
    /// Where a resuming stream goes on: object and offset.
    pub resumes: Option<(u64, u64)>,
    /// Whether it fills in what its base, a redacted one, left out.
    pub fills_in: bool,
    /// The latest `OBJECT`.
    pub object: Option<Latest>,
    /// The first object of the latest `OBJECT_RANGE`.
    pub range: Option<u64>,
    /// Where the latest dnode ends: the first object that is behind all of them.
    pub dnodes_end: u64,
    /// Where what was written or freed last ends: object and byte.
    pub data_end: (u64, u128),
    /// The object that was written or freed last.
    pub touched: u64,
}

/// What has come of a volume, or need not come because the stream goes on behind it.
#[derive(Clone, Copy, Debug)]
pub struct Brought {
    /// Object 1.
    pub data: bool,
    /// Object 2.
    pub properties: bool,
    /// The block of object 2.
    pub size: bool,
}

/// The latest `OBJECT`, as far as others refer to it.
#[derive(Clone, Copy, Debug)]
pub struct Latest {
    /// Its number.
    pub object: u64,
    /// Its type.
    pub kind: u64,
    /// The type of its bonus buffer.
    pub bonus: u64,
    /// Bytes of its blocks.
    pub block: u64,
    /// Whether beside its bonus buffer and one pointer there is room for another pointer.
    pub has_room: bool,
    /// Whether it says that it has a spill block.
    pub has_spill: bool,
}

impl Past {
    pub(super) const fn new(receiver: Receiver) -> Self {
        Self {
            receiver,
            features: 0,
            flags: 0,
            is_filesystem: false,
            volume: None,
            guid: 0,
            named: None,
            resumes: None,
            fills_in: false,
            object: None,
            range: None,
            dnodes_end: 0,
            data_end: (0, 0),
            touched: 0,
        }
    }

    /// Whether the stream announces the feature of that bit.
    #[must_use]
    pub const fn has(&self, feature: u32) -> bool {
        self.features & 1 << feature != 0
    }

    /// How long the blocks of an object are, where it is the latest.
    #[must_use]
    pub fn block_of(&self, object: u64) -> Option<u64> {
        let latest = self.object.filter(|latest| latest.object == object);
        latest.map(|latest| latest.block)
    }

    /// Remembers a record.
    pub(super) fn take(&mut self, record: &Rec<'_>) {
        if record.kind() != begin::NUMBER && self.named.is_none() {
            self.named = record.guid();
        }
        self.brings(record);
        match record.kind() {
            begin::NUMBER => self.begin(record),
            object::NUMBER => {
                self.object = Some(Latest {
                    object: record.get(object::OBJECT),
                    kind: record.get(object::TYPE),
                    bonus: record.get(object::BONUS_TYPE),
                    block: record.get(object::BLOCK_SIZE),
                    has_room: 64 + 128 + record.get(object::BONUS_LEN) + 128 <= record.get(object::SLOTS).max(1) * 512,
                    has_spill: record.get(object::FLAGS) & 4 != 0,
                });
                self.dnodes_end = record.get(object::OBJECT) + record.get(object::SLOTS).max(1);
            }
            range::NUMBER => self.range = Some(record.get(range::FIRST)),
            free::NUMBER => self.gap(record.get(free::OBJECT), record.get(free::OFFSET), record.get(free::LENGTH)),
            redact::NUMBER => self.gap(record.get(redact::OBJECT), record.get(redact::OFFSET), record.get(redact::LENGTH)),
            write::NUMBER => self.data(record.get(write::OBJECT), record.get(write::OFFSET), record.get(write::SIZE)),
            embedded::NUMBER => self.data(
                record.get(embedded::OBJECT),
                record.get(embedded::OFFSET),
                record.get(embedded::SIZE),
            ),
            _ => {}
        }
    }

    fn begin(&mut self, record: &Rec<'_>) {
        *self = Self::new(self.receiver);
        self.features = features_of(record);
        self.flags = record.get(begin::FLAGS);
        self.is_filesystem = record.get(begin::OBJSET) == 2;
        self.guid = record.get(begin::GUID);
        if let Ok(list) = NvList::decode(record.payload) {
            let resumes = |name| list.get::<u64>(name).ok();
            self.resumes = resumes("resume_object").zip(resumes("resume_offset"));
            self.fills_in = list.has("redact_from_snaps");
        }
        if record.get(begin::OBJSET) == 3 {
            let is_full = record.is_zero(begin::BASE);
            let behind = |object, offset| self.resumes.is_some_and(|resumes| resumes > (object, offset));
            self.volume = Some(Brought {
                data: !is_full || self.resumes.is_some(),
                properties: !is_full || self.resumes.is_some_and(|(object, _)| object >= 2),
                size: !is_full || behind(2, 0),
            });
        }
    }

    fn brings(&mut self, record: &Rec<'_>) {
        let Some(volume) = &mut self.volume else { return };
        match record.kind() {
            object::NUMBER => {
                volume.data |= record.get(object::OBJECT) == 1;
                volume.properties |= record.get(object::OBJECT) == 2;
            }
            write::NUMBER => volume.size |= record.get(write::OBJECT) == 2,
            embedded::NUMBER => volume.size |= record.get(embedded::OBJECT) == 2,
            _ => {}
        }
    }

    /// What goes on to the end does not count.
    fn gap(&mut self, object: u64, offset: u64, length: u64) {
        let is_part = offset.checked_add(length).is_some_and(|end| end < u64::MAX);
        if is_part {
            self.data(object, offset, length);
        }
        self.touched = object;
    }

    fn data(&mut self, object: u64, offset: u64, length: u64) {
        self.touched = object;
        self.data_end = (object, u128::from(offset) + u128::from(length));
    }
}

/// The features that a `BEGIN` says.
pub(super) fn features_of(record: &Rec<'_>) -> u64 {
    record.get(begin::VERSION) >> 2 & ((1 << 56) - 1)
}
