//! I am what happens in the kernel's module, one event after another.

use std::time::{Duration, SystemTime};

use crate::backend::{Cleanup, EventRead};
use crate::error::{Cause, Error, Operation, Result};
use crate::nvlist::{LookupError, NvList};
use crate::zfs::Zfs;

/// Something that happened in the module: a device failed, a scrub ended, a snapshot was made.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Its number, counted since the module was loaded.
    pub id: u64,
    /// What it was, such as `sysevent.fs.zfs.scrub_finish` or `ereport.fs.zfs.checksum`.
    pub class: String,
    /// When it was, by this machine's clock.
    pub time: SystemTime,
    /// In which pool, where it was in one.
    pub pool: Option<String>,
    /// How many events before this one were lost, because nobody read them in time or there were too many of a kind at once.
    pub lost: u64,
    /// All that the module says of it, each class its own.
    pub details: NvList,
}

impl Event {
    fn read(read: EventRead) -> Result<Self, LookupError> {
        let EventRead { list, lost } = read;
        let (seconds, nanoseconds) = match list.get::<&[i64]>("time")? {
            [seconds, nanoseconds] => (*seconds, *nanoseconds),
            _ => (0, 0),
        };
        let since_1970 = Duration::from_secs(seconds.cast_unsigned()).saturating_add(Duration::from_nanos(nanoseconds.cast_unsigned()));
        Ok(Self {
            id: list.get("eid")?,
            class: list.get::<&str>("class")?.to_owned(),
            time: SystemTime::UNIX_EPOCH.checked_add(since_1970).unwrap_or(SystemTime::UNIX_EPOCH),
            pool: list.find::<&str>("pool")?.map(str::to_owned),
            lost,
            details: list,
        })
    }
}

/// The events of the module; see [`Zfs::events`].
///
/// The iterator never ends by itself: where there is no event it blocks until there is one, or until a signal comes.
#[derive(Debug)]
pub struct Events {
    zfs: Zfs,
    through: Box<dyn Cleanup>,
}

impl Zfs {
    /// The events of the kernel's module, from the oldest it still has (some 500, `zfs_zevent_len_max`). Needs root. Since OpenZFS 0.6.
    ///
    /// Each call begins anew; what one reader has seen another sees as well.
    ///
    /// # Errors
    ///
    /// The system's, when `/dev/zfs` cannot be opened once more. That the events may not be read, the first of them says.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let mut events = zfs.events()?;
    /// while events.waiting()?.is_some() {} // what was before
    /// for event in events {
    ///     let event = event?;
    ///     println!("{} {:?}, {} lost before it", event.class, event.pool, event.lost);
    /// }
    /// # Ok::<(), zfs_rs::Error>(())
    /// ```
    #[doc(alias = "ZFS_IOC_EVENTS_NEXT")]
    #[doc(alias = "zpool events")]
    pub fn events(&self) -> Result<Events> {
        let through = self.device.cleanup().map_err(|refusal| failed(refusal.into()))?;
        Ok(Events {
            zfs: self.clone(),
            through,
        })
    }
}

impl Events {
    /// The next event if there is one already; never blocks.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission) without root.
    pub fn waiting(&mut self) -> Result<Option<Event>> {
        self.read(false)
    }

    fn read(&mut self, wait: bool) -> Result<Option<Event>> {
        let read = self
            .zfs
            .device
            .next_event(&*self.through, wait)
            .map_err(|refusal| failed(refusal.into()))?;
        read.map(Event::read).transpose().map_err(|error| failed(error.into()))
    }
}

impl Iterator for Events {
    type Item = Result<Event>;

    /// Blocks until there is an event. An error, such as [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) after a signal, loses none.
    fn next(&mut self) -> Option<Self::Item> {
        self.read(true).transpose()
    }
}

fn failed(cause: Cause) -> Error {
    Error::new(Operation::ReadEvents, "the module", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_what_it_was_and_when() {
        let list = NvList::new()
            .with("class", "sysevent.fs.zfs.scrub_finish")
            .with("eid", 7u64)
            .with("time", vec![5i64, 6])
            .with("pool", "tank");
        let event = Event::read(EventRead { list, lost: 3 }).unwrap();
        assert_eq!((event.id, event.lost, event.pool.as_deref()), (7, 3, Some("tank")));
        assert_eq!(event.time, SystemTime::UNIX_EPOCH + Duration::new(5, 6));
        assert!(
            Event::read(EventRead {
                list: NvList::new(),
                lost: 0
            })
            .is_err()
        );
    }
}
