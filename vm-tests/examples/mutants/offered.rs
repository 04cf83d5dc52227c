//! I have one stream received, and see that its target is complete then, or as it was before.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
};

use ring_tests::mutants::Offer;
use zfs_rs::{
    Base, DatasetName, Errno, Error, ErrorKind, Receipt, SendFlags, SnapshotName, Zfs,
    nvlist::NvList,
    stream::{Begin, ByteOrder, Features, ObjsetType, Profile, Rule, Verifier},
};

use super::{Result, guest::count, oracle::run};

/// A stream on its way to a target.
pub(crate) struct Offered<'a> {
    zfs: &'a Zfs,
    pub(crate) offer: Offer,
    begin: Begin,
    order: ByteOrder,
    profile: &'a Profile,
    pub(crate) target: DatasetName,
    /// Where the base of a clone is.
    beside: DatasetName,
    /// Whether what was received of it may stay when the rest is refused.
    is_resumable: bool,
}

/// What a receive may change of its target.
#[derive(Debug, PartialEq, Eq)]
struct State {
    is_inconsistent: bool,
    token: Option<String>,
    /// By name, with their GUIDs.
    snapshots: BTreeMap<String, u64>,
}

impl<'a> Offered<'a> {
    pub(crate) fn new(zfs: &'a Zfs, target: &str, offer: Offer, is_resumable: bool, profile: &'a Profile) -> Result<Self> {
        let first = offer.stream.first_chunk().ok_or("no stream")?;
        Ok(Self {
            zfs,
            begin: Begin::read(first)?,
            order: Begin::order(first)?,
            is_resumable: is_resumable || offer.part.is_some(),
            offer,
            profile,
            beside: format!("{target}-base").parse()?,
            target: target.parse()?,
        })
    }

    /// Receives it; the snapshot that is there then, if it was received.
    pub(crate) fn receive(&self) -> Result<Option<SnapshotName>> {
        let (base, bare) = self.prepare()?;
        let received = self.give(&self.target, MUTANT, &self.offer.stream, base.as_ref());
        count(&format!("{}: {}", self.kind(), said(&received)));
        match received {
            Ok(receipt) => self.is_complete(bare, &receipt).map(|()| Some(receipt.snapshot)),
            Err(_) => self.is_unchanged(bare.as_ref()).map(|()| None),
        }
    }

    fn give(&self, target: &DatasetName, short: &str, bytes: &[u8], origin: Option<&SnapshotName>) -> std::result::Result<Receipt, Error> {
        let mut order = self.zfs.receive(target).named(short).resumable(self.is_resumable);
        if let Some(origin) = origin.filter(|_| self.offer.is_clone) {
            order = order.origin(origin.clone());
        }
        let mut receiving = order.spawn()?;
        // The receiver may be gone before it was given everything.
        receiving.write_all(bytes).ok();
        receiving.finish()
    }

    fn kind(&self) -> String {
        let has = |feature| self.begin.features.contains(feature);
        let mut words = vec![match (&self.offer.base, self.offer.is_clone) {
            (None, _) => "full",
            (Some(_), false) => "increment",
            (Some(_), true) => "clone",
        }];
        words.extend((self.begin.objset == ObjsetType::Volume).then_some("volume"));
        words.extend(self.is_raw().then_some("raw"));
        words.extend(has(Features::RESUMING).then_some("resumed"));
        words.extend(has(Features::REDACTED).then_some("redacted"));
        words.join(" ")
    }

    fn is_raw(&self) -> bool {
        self.begin.features.contains(Features::RAW)
    }

    /// Has the kernel receive what the stream wants to find, its base and the start of it; the base, and the target without the start.
    fn prepare(&self) -> Result<(Option<SnapshotName>, Option<State>)> {
        let mut base = None;
        if let Some(bytes) = &self.offer.base {
            let at = if self.offer.is_clone { &self.beside } else { &self.target };
            let given = self.give(at, BASE, bytes, None);
            count(&format!("(bases: {})", said(&given)));
            base = given.ok().map(|receipt| receipt.snapshot);
            if base.is_none() {
                self.zfs.abort_receive(at).ok();
            }
        }
        let bare = self.state()?;
        if let Some(bytes) = &self.offer.part {
            // It has no end: what becomes of it is known by the token alone.
            self.give(&self.target, MUTANT, bytes, base.as_ref()).err();
            let is_saved = self.state()?.is_some_and(|state| state.token.is_some());
            count(if is_saved {
                "(starts of resumed ones: saved)"
            } else {
                "(starts of resumed ones: not saved)"
            });
        }
        Ok((base, bare))
    }

    /// The target, if it is there.
    fn state(&self) -> Result<Option<State>> {
        let (zfs, target) = (self.zfs, &self.target);
        if !zfs.exists(target)? {
            return Ok(None);
        }
        let snapshots = zfs
            .snapshots(target)
            .map(|found| found.map(|found| (found.name.to_string(), found.guid.0)));
        Ok(Some(State {
            is_inconsistent: zfs.dataset(target)?.inconsistent,
            token: zfs.receive_resume_token(target)?,
            snapshots: snapshots.collect::<std::result::Result<_, _>>()?,
        }))
    }

    /// There is one snapshot more, of the stream's GUID, and nothing else.
    fn is_complete(&self, bare: Option<State>, receipt: &Receipt) -> Result<()> {
        let mut snapshots = bare.map_or_else(BTreeMap::new, |state| state.snapshots);
        snapshots.insert(receipt.snapshot.to_string(), self.begin.to_guid);
        let wanted = Some(State {
            is_inconsistent: false,
            token: None,
            snapshots,
        });
        let found = self.state()?;
        if found == wanted {
            return Ok(());
        }
        Err(format!("it was received, and there is {found:?} where {wanted:?} should be").into())
    }

    /// All is as it was, but perhaps for what can be resumed; that is thrown away.
    fn is_unchanged(&self, bare: Option<&State>) -> Result<()> {
        match self.zfs.abort_receive(&self.target) {
            Ok(()) if !self.is_resumable => return Err("it was refused and left something".into()),
            Ok(()) => count("(refused ones that could be resumed)"),
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => return Err(why.into()),
        }
        let found = self.state()?;
        if found.as_ref() == bare {
            return Ok(());
        }
        Err(format!("it was refused, and there is {found:?} where {bare:?} was").into())
    }

    /// Sends what was received again, all that is in it, and what is since its base; the verifier finds nothing wrong with that.
    pub(crate) fn again(&self, snapshot: &SnapshotName) -> Result<()> {
        let mut flags = SendFlags::LARGE_BLOCK | SendFlags::COMPRESS | SendFlags::EMBED;
        if self.is_raw() {
            flags |= SendFlags::RAW;
        }
        let order = self.zfs.send(snapshot).flags(flags);
        let mut orders = vec![order.clone()];
        if self.offer.base.is_some() {
            let at = if self.offer.is_clone { &self.beside } else { &self.target };
            orders.push(order.since(Base::Snapshot(at.snapshot(BASE)?)));
        }
        for order in orders {
            let mut sending = order.spawn()?;
            let mut bytes = Vec::new();
            sending.read_to_end(&mut bytes)?;
            match sending.finish() {
                Ok(()) => self.verify(&bytes)?,
                // A filesystem that does not say its version is none that a kernel sends.
                Err(why) if why.errno() == Some(Errno::EINVAL) && self.has_no_version()? => count("(not sent again: no version)"),
                // It says that it has large directories, has nothing large, and stays where it is.
                Err(why) if why.errno() == Some(Errno::ZFS_ERR_STREAM_LARGE_MICROZAP) => count("(not sent again: no large block)"),
                Err(why) => return Err(why.into()),
            }
        }
        Ok(())
    }

    /// Whether no kernel finds in it what every filesystem has.
    pub(crate) fn has_no_version(&self) -> Result<bool> {
        Ok(run("zfs", &["get", "-Hpo", "value", "version", self.target.as_str()])?.trim() == "-")
    }

    fn verify(&self, mut bytes: &[u8]) -> Result<()> {
        let mut verifier = Verifier::new(self.profile.clone());
        while !bytes.is_empty() {
            match verifier.step(bytes) {
                Ok((_, used)) => bytes = bytes.get(used..).unwrap_or_default(),
                // Redacted ones are sent on without saying all that should be said.
                Err(refused) if refused.rule() == Some(Rule::BeginRedacted) => return Ok(()),
                // So is what is embedded, and lies in another order than it came in.
                Err(refused) if refused.rule() == Some(Rule::VolumeSize) && self.order != ByteOrder::HOST => return Ok(()),
                // Nothing but the target knows the blocks of an object that is not announced: SHORTCOMINGS.md says so.
                Err(refused) if refused.rule() == Some(Rule::EmbeddedSize) && self.may_not_announce()? => {
                    count("(embedded blocks of another size: a known limit)");
                    return Ok(());
                }
                Err(refused) => return Err(format!("sent again, the verifier refuses it: {refused}").into()),
            }
        }
        verifier.finish()?;
        Ok(())
    }

    /// Whether it resumes, or fills in what its base left out, and so may write to objects without saying what they are.
    fn may_not_announce(&self) -> Result<bool> {
        let (record, rest) = self.offer.stream.split_first_chunk::<312>().ok_or("no stream")?;
        let length = usize::try_from(Begin::read(record)?.payload_len)?;
        let list = NvList::decode(rest.get(..length).ok_or("no list")?).unwrap_or_default();
        Ok(self.begin.features.contains(Features::RESUMING) || list.has("redact_from_snaps"))
    }

    /// Destroys all that was made.
    pub(crate) fn destroy(&self) -> Result<()> {
        for dataset in [&self.target, &self.beside] {
            if !self.zfs.exists(dataset)? {
                continue;
            }
            let names = self.zfs.snapshots(dataset).map(|found| found.map(|found| found.name));
            let names: Vec<SnapshotName> = names.collect::<std::result::Result<_, _>>()?;
            self.zfs.destroy_snapshots(&names)?;
            self.zfs.destroy_dataset(dataset)?;
        }
        Ok(())
    }
}

/// What the kernel said: the name of the number it refused with, if it did.
fn said(received: &std::result::Result<Receipt, Error>) -> String {
    let number = |error: &Error| {
        error.errno().map_or_else(
            || error.to_string(),
            |errno| errno.name().map_or_else(|| errno.0.to_string(), str::to_owned),
        )
    };
    received
        .as_ref()
        .map_or_else(|error| format!("refused ({})", number(error)), |_| "received".to_owned())
}

const BASE: &str = "base";
const MUTANT: &str = "mutant";
