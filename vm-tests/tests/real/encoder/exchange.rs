//! I am one request to `/dev/zfs` as it went over the border, and I know where two of them differ.

use std::ops::Range;

use zfs_rs::{
    nvlist::NvList,
    stream::{Begin, BeginFlags},
};

/// A call of the seam, and all that was said to the kernel for it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) exchanges: Vec<Exchange>,
}

/// One ioctl.
#[derive(Clone, Debug)]
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

    /// How this call differs from the same one made by the C library; empty where all bytes are equal but those that are masked.
    pub(super) fn differences(&self, from: &Self) -> Vec<String> {
        let wanted = from.without_needless_question();
        let requests = |exchanges: &[Exchange]| exchanges.iter().map(|one| format!("{:#x}", one.request)).collect::<Vec<_>>();
        if requests(&self.exchanges) != requests(&wanted) {
            let [ours, theirs] = [&self.exchanges, &wanted].map(|exchanges| requests(exchanges));
            return vec![format!("{}: requests {ours:?} and {theirs:?}", self.name)];
        }
        self.exchanges
            .iter()
            .zip(&wanted)
            .flat_map(|(ours, theirs)| ours.differences(theirs))
            .map(|difference| format!("{}: {difference}", self.name))
            .collect()
    }

    /// What we are to say where the C library says this: the same, but before an increment it asks whether the target is there, and names the parent
    /// where it is not. We name the target, unasked.
    fn without_needless_question(&self) -> Vec<Exchange> {
        match self.exchanges.as_slice() {
            [question, receive] if question.request == OBJSET_STATS && receive.is_receive_of_increment() => {
                let mut receive = receive.clone();
                receive.command[NAME].copy_from_slice(&question.command[NAME]);
                vec![receive]
            }
            exchanges => exchanges.to_vec(),
        }
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

    /// Whether a dataset that is there is to change; a clone has a base too, and makes one.
    fn is_receive_of_increment(&self) -> bool {
        let increment = |list: &NvList| {
            let begin = Begin::read(list.get::<&[u8]>("begin_record").unwrap().try_into().unwrap()).unwrap();
            begin.from_guid.is_some() && !begin.flags.contains(BeginFlags::CLONE) && list.get::<&str>("origin").is_err()
        };
        self.request == RECV_NEW && increment(&NvList::decode(&self.source).unwrap())
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

const OBJSET_STATS: u64 = 0x5a12;
const RECV_NEW: u64 = 0x5a46;

/// Bytes of `zfs_cmd` in every release.
pub(super) const COMMAND_SIZE: usize = 13_744;

/// Where the name of what a request is about lies.
const NAME: Range<usize> = 0..SOURCE;

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
