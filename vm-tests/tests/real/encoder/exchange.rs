//! I am one request to `/dev/zfs` as it went over the border, and I know where two of them differ.

use zfs_rs::nvlist::NvList;

/// A call of the seam, and all that was said to the kernel for it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) exchanges: Vec<Exchange>,
}

/// One ioctl.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request: u64,
    /// `zfs_cmd`, as it went in.
    pub(super) command: Vec<u8>,
    /// The packed list its source address points to.
    pub(super) source: Vec<u8>,
}

impl Call {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            exchanges: Vec::new(),
        }
    }

    /// How this call differs from the same one made in another way; empty where all bytes are equal but those that are masked.
    pub(super) fn differences(&self, from: &Self) -> Vec<String> {
        let requests = |call: &Self| call.exchanges.iter().map(|one| format!("{:#x}", one.request)).collect::<Vec<_>>();
        if requests(self) != requests(from) {
            return vec![format!("{}: requests {:?} and {:?}", self.name, requests(self), requests(from))];
        }
        let pairs = self.exchanges.iter().zip(&from.exchanges);
        pairs
            .flat_map(|(ours, theirs)| ours.differences(theirs))
            .map(|difference| format!("{}: {difference}", self.name))
            .collect()
    }
}

impl Exchange {
    /// A request whose command lies at `address` of a memory that `read` reads.
    pub(super) fn read(request: u64, address: u64, read: impl Fn(u64, usize) -> Vec<u8>) -> Self {
        let command = read(address, COMMAND_SIZE);
        assert_eq!(command.len(), COMMAND_SIZE, "a command of request {request:#x}");
        let size = usize::try_from(number(&command, SOURCE_SIZE)).unwrap();
        let source = if size == 0 {
            Vec::new()
        } else {
            read(number(&command, SOURCE), size)
        };
        assert_eq!(source.len(), size, "the source list of request {request:#x}");
        Self { request, command, source }
    }

    fn differences(&self, from: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let words = (0..COMMAND_SIZE)
            .step_by(8)
            .filter(|at| MASKED.iter().all(|(masked, _)| masked != at));
        for at in words {
            let (ours, theirs) = (&self.command[at..at + 8], &from.command[at..at + 8]);
            if ours != theirs {
                found.push(format!("{:#x} at {at} of zfs_cmd: {ours:x?} and {theirs:x?}", self.request));
            }
        }
        if self.source != from.source {
            let shown = |bytes: &[u8]| match NvList::decode(bytes) {
                Ok(list) => format!("{} bytes {list:?}", bytes.len()),
                Err(why) => format!("{} bytes ({why})", bytes.len()),
            };
            found.push(format!(
                "{:#x} source list:\n  ours   {}\n  theirs {}",
                self.request,
                shown(&self.source),
                shown(&from.source)
            ));
        }
        found
    }
}

fn number(command: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(command[at..at + 8].try_into().unwrap())
}

/// Bytes of `zfs_cmd` in every release.
pub(super) const COMMAND_SIZE: usize = 13_744;

const SOURCE: usize = 4096;
const SOURCE_SIZE: usize = 4104;
const DESTINATION: usize = 4112;
const DESTINATION_SIZE: usize = 4120;

/// What may differ in a command as it goes in, eight bytes at each place, and why. All else is equal, to the last byte of padding: descriptors too have
/// the same numbers on both sides.
const MASKED: [(usize, &str); 3] = [
    (SOURCE, "an address: each process has its own, and what lies there is compared"),
    (
        DESTINATION,
        "an address: each process has its own, and none where no answer is wanted",
    ),
    (DESTINATION_SIZE, "how much room an answer has, which each side chooses for itself"),
];
