//! I am what a program says to ZFS about the devices of a pool.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::backend::{Refusal, VdevOrder, request};
use crate::errno::Errno;
use crate::error::{Cause, Error, Operation, Result};
use crate::identity::Guid;
use crate::name::PoolName;
use crate::nvlist::{LookupError, NvList, Text, Value};
use crate::property::Properties;
use crate::zfs::Zfs;

/// A device of a pool: a disk or file, or several of them together.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// Its identity, by which it is named to the kernel.
    pub guid: Guid,
    /// What it is, in the kernel's own word: `disk`, `file`, `mirror`, `raidz`, `draid`, `replacing`, `spare`, `missing`, `hole`, `indirect`.
    pub kind: String,
    /// Where it lies, if it is one disk or file.
    pub path: Option<PathBuf>,
    /// What it is there for.
    pub role: DeviceRole,
    /// How it is.
    pub state: DeviceState,
    /// Reads that failed since it was opened or the count was cleared.
    pub read_errors: u64,
    /// Writes that failed.
    pub write_errors: u64,
    /// Blocks that came with a wrong checksum.
    pub checksum_errors: u64,
    /// What it is made of; nothing for one disk or file.
    pub children: Vec<Self>,
}

/// What a device is there for.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceRole {
    /// It holds data.
    Data,
    /// It holds the intent log.
    Log,
    /// It holds metadata and small blocks.
    Special,
    /// It holds the deduplication table.
    Dedup,
    /// It waits to take another's place.
    Spare,
    /// It holds what can be read elsewhere too.
    Cache,
}

/// How a device is (`vdev_state_t`).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceState {
    /// It works.
    Online,
    /// It works, but something of it does not.
    Degraded,
    /// It was taken out of use because it fails.
    Faulted,
    /// It cannot be opened.
    Unavailable,
    /// It was pulled out.
    Removed,
    /// It was taken out of use by an administrator.
    Offline,
    /// Anything else, by the kernel's number.
    Unknown(u64),
}

impl DeviceState {
    fn from_number(number: u64) -> Self {
        match number {
            2 => Self::Offline,
            3 => Self::Removed,
            4 => Self::Unavailable,
            5 => Self::Faulted,
            6 => Self::Degraded,
            7 => Self::Online,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for DeviceState {
    /// As `zpool status` says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Online => "ONLINE",
            Self::Degraded => "DEGRADED",
            Self::Faulted => "FAULTED",
            Self::Unavailable => "UNAVAIL",
            Self::Removed => "REMOVED",
            Self::Offline => "OFFLINE",
            Self::Unknown(number) => return write!(f, "state {number}"),
        })
    }
}

impl DeviceInfo {
    /// The single disks and files it is made of, itself if it is one: what can be initialized and trimmed.
    pub fn leaves(&self) -> Vec<&Self> {
        if self.children.is_empty() {
            return vec![self];
        }
        self.children.iter().flat_map(Self::leaves).collect()
    }

    fn read(config: &NvList, role: DeviceRole) -> Result<Self, LookupError> {
        let of = |at: usize, stats: &[u64]| stats.get(at).copied().unwrap_or_default();
        // `vdev_stat_t` as numbers: its first 23 are the same from OpenZFS 2.0 to 2.4.
        let stats = config.find::<&[u64]>("vdev_stats")?.unwrap_or_default();
        Ok(Self {
            guid: Guid(config.get("guid")?),
            kind: config.get::<&str>("type")?.to_owned(),
            path: config
                .find::<&Text>("path")?
                .map(|path| PathBuf::from(OsStr::from_bytes(path.as_bytes()))),
            role,
            state: DeviceState::from_number(of(1, stats)),
            read_errors: of(20, stats),
            write_errors: of(21, stats),
            checksum_errors: of(22, stats),
            children: Self::read_all(config, "children", role)?,
        })
    }

    fn read_all(config: &NvList, key: &str, role: DeviceRole) -> Result<Vec<Self>, LookupError> {
        let found = config.find::<&[NvList]>(key)?.unwrap_or_default();
        found.iter().map(|device| Self::read(device, role)).collect()
    }

    /// The devices right below the root of a pool.
    fn read_root(root: &NvList) -> Result<Vec<Self>, LookupError> {
        let mut found = Vec::new();
        for device in root.find::<&[NvList]>("children")?.unwrap_or_default() {
            let role = match (device.find::<u64>("is_log")?, device.find::<&str>("alloc_bias")?) {
                (Some(1), _) | (_, Some("log")) => DeviceRole::Log,
                (_, Some("special")) => DeviceRole::Special,
                (_, Some("dedup")) => DeviceRole::Dedup,
                _ => DeviceRole::Data,
            };
            found.push(Self::read(device, role)?);
        }
        found.extend(Self::read_all(root, "spares", DeviceRole::Spare)?);
        found.extend(Self::read_all(root, "l2cache", DeviceRole::Cache)?);
        Ok(found)
    }
}

impl Zfs {
    /// The devices a pool is made of, its spares and caches among them, each with what it is made of.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// for device in zfs.pool_devices(&"tank".parse()?)? {
    ///     for disk in device.leaves() {
    ///         println!("{:?} is {}", disk.path, disk.state);
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "zpool status")]
    pub fn pool_devices(&self, pool: &PoolName) -> Result<Vec<DeviceInfo>> {
        let failed = |cause: Cause| Error::new(Operation::Read, pool.as_str(), cause);
        let config = self.device.pool_status(pool).map_err(|refusal| failed(refusal.into()))?;
        let root: &NvList = config.get("vdev_tree").map_err(|error| failed(error.into()))?;
        DeviceInfo::read_root(root).map_err(|error| failed(error.into()))
    }

    /// Starts, suspends or ends writing a pattern to the free space of single disks or files, so that all of it has been written once.
    ///
    /// Returns when the order is carried out; [`wait`](Self::wait) for [`Activity::Initialize`](crate::Activity::Initialize) waits for the
    /// end. What was begun goes on after an import. Needs root. Since OpenZFS 0.8.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when a device refuses; the others do as told. [`Error::items`] has the GUID of each with
    /// ENODEV for one that is not of the pool, EINVAL for one that is no single disk or file, EROFS for one that cannot be written, EBUSY for one
    /// that is being initialized, ESRCH for one where there is nothing to suspend or to end.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let tank = "tank".parse()?;
    /// let devices = zfs.pool_devices(&tank)?;
    /// let disks: Vec<_> = devices.iter().flat_map(|device| device.leaves()).map(|disk| disk.guid).collect();
    /// zfs.initialize(&tank, zfs_rs::VdevOrder::Start, &disks)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_initialize")]
    pub fn initialize(&self, pool: &PoolName, order: VdevOrder, devices: &[Guid]) -> Result<()> {
        self.device
            .initialize(pool, order, devices)
            .map_err(|refusal| Error::new(Operation::Initialize, pool.as_str(), refusal))
    }

    /// Begins an order to trim single disks or files: to tell them what of them is free.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let tank = "tank".parse()?;
    /// let devices = zfs.pool_devices(&tank)?;
    /// let disks: Vec<_> = devices.iter().flat_map(|device| device.leaves()).map(|disk| disk.guid).collect();
    /// zfs.trim(&tank, &disks).rate(64 << 20).order(zfs_rs::VdevOrder::Start)?;
    /// zfs.wait(&tank, zfs_rs::Activity::Trim)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_trim")]
    pub fn trim(&self, pool: &PoolName, devices: &[Guid]) -> TrimRequest<'_> {
        TrimRequest {
            zfs: self,
            pool: pool.clone(),
            devices: devices.to_vec(),
            rate: None,
            secure: false,
        }
    }

    /// Properties of one device, those that are named: `allocating`, `comment`, `read_errors`, user properties and so on; see `vdevprops(7)`.
    ///
    /// With no name, those that are kept on the pool. Where a value comes from is not told. Since OpenZFS 2.2.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is no such device or pool,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before OpenZFS 2.2.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let tank = "tank".parse()?;
    /// for device in zfs.pool_devices(&tank)? {
    ///     println!("{:?}", zfs.device_properties(&tank, device.guid, &["allocating"])?.number("allocating"));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_get_vdev_prop")]
    pub fn device_properties(&self, pool: &PoolName, device: Guid, names: &[&str]) -> Result<Properties> {
        self.core
            .device_properties(pool, device, names)
            .map(Properties::new)
            .map_err(|refusal| of_device(Operation::ReadDevice, pool, device, refusal))
    }

    /// Sets properties of one device: `allocating`, `failfast`, `checksum_n` and the like to `on`, `off`, `none` or a number, `comment`, `path`
    /// and user properties to a text. Blocks until it is on disk. Needs root. Since OpenZFS 2.2.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a value that cannot be, [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) for a
    /// property that is not to be set, [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is no such device or pool,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before OpenZFS 2.2.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let tank = "tank".parse()?;
    /// for device in zfs.pool_devices(&tank)? {
    ///     zfs.set_device_properties(&tank, device.guid, &[("comment", "third shelf")])?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_set_vdev_prop")]
    pub fn set_device_properties(&self, pool: &PoolName, device: Guid, properties: &[(&str, &str)]) -> Result<()> {
        let failed = |refusal| of_device(Operation::SetDevice, pool, device, refusal);
        let list = encode(properties).map_err(failed)?;
        self.core.set_device_properties(pool, device, &list).map_err(failed)
    }
}

fn of_device(operation: Operation, pool: &PoolName, device: Guid, refusal: Refusal) -> Error {
    Error::new(operation, format!("device {device} of {pool}"), refusal)
}

/// An order to trim; see [`Zfs::trim`].
#[derive(Debug, Clone)]
#[must_use = "nothing is trimmed before `order` is called"]
pub struct TrimRequest<'a> {
    zfs: &'a Zfs,
    pool: PoolName,
    devices: Vec<Guid>,
    rate: Option<u64>,
    secure: bool,
}

impl TrimRequest<'_> {
    /// Trims at most so many bytes a second on each device, in place of as many as it takes.
    pub fn rate(mut self, bytes_a_second: u64) -> Self {
        self.rate = Some(bytes_a_second);
        self
    }

    /// Demands that what is trimmed cannot be read again; few devices can do that.
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Starts, suspends or ends it, and returns when the order is carried out; [`wait`](Zfs::wait) for
    /// [`Activity::Trim`](crate::Activity::Trim) waits for the end. What was begun goes on after an import. Needs root. Since OpenZFS 0.8.
    ///
    /// # Errors
    ///
    /// As [`Zfs::initialize`]; a device that cannot be trimmed, or not securely, refuses with ENOTSUP.
    pub fn order(self, order: VdevOrder) -> Result<()> {
        let request = request::Trim {
            pool: &self.pool,
            order,
            devices: &self.devices,
            rate: self.rate,
            secure: self.secure,
        };
        self.zfs
            .core
            .trim(&request)
            .map_err(|refusal| Error::new(Operation::Trim, self.pool.as_str(), refusal))
    }
}

/// Words and numbers as the kernel wants them. The first that cannot be is refused by name.
fn encode(properties: &[(&str, &str)]) -> Result<NvList, Refusal> {
    let mut list = NvList::new();
    for (name, value) in properties {
        let encoded = match *value {
            text if name.contains(':') || matches!(*name, "comment" | "path") => Value::from(text),
            "on" => Value::UInt64(1),
            "off" => Value::UInt64(0),
            // How the kernel keeps "no threshold" (`vdev_prop_default_numeric`).
            "none" => Value::UInt64(u64::MAX),
            number => Value::UInt64(number.parse().map_err(|_no_number| Refusal {
                errno: Errno::EINVAL,
                items: vec![((*name).to_owned(), Errno::EINVAL)],
            })?),
        };
        list.insert(*name, encoded);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(kind: &str, guid: u64) -> NvList {
        NvList::new().with("type", kind).with("guid", guid)
    }

    #[test]
    fn the_devices_of_a_pool_are_told_apart_by_what_they_are_for() {
        let stats: Vec<u64> = (0..30).map(|at| if at == 1 { 6 } else { at }).collect();
        let disks = vec![device("disk", 2).with("path", "/dev/a"), device("file", 3)];
        let mirror = device("mirror", 1).with("children", disks).with("vdev_stats", stats);
        let log = device("disk", 4).with("is_log", 1u64).with("alloc_bias", "log");
        let root = device("root", 9)
            .with("children", vec![mirror, log, device("disk", 5).with("alloc_bias", "special")])
            .with("l2cache", vec![device("disk", 6)]);
        let found = DeviceInfo::read_root(&root).unwrap();
        let roles: Vec<_> = found.iter().map(|device| (device.guid.0, device.role)).collect();
        assert_eq!(
            roles,
            [
                (1, DeviceRole::Data),
                (4, DeviceRole::Log),
                (5, DeviceRole::Special),
                (6, DeviceRole::Cache)
            ]
        );
        let [mirror, log, ..] = &found[..] else { panic!("{found:?}") };
        assert_eq!(mirror.state, DeviceState::Degraded);
        assert_eq!((mirror.read_errors, mirror.write_errors, mirror.checksum_errors), (20, 21, 22));
        let leaves: Vec<_> = mirror.leaves().iter().map(|leaf| leaf.guid.0).collect();
        assert_eq!((leaves, log.leaves()), (vec![2, 3], vec![log]));
        assert_eq!(mirror.children[0].path, Some(PathBuf::from("/dev/a")));
    }

    #[test]
    fn what_is_no_text_must_be_a_word_or_a_number() {
        let list = encode(&[
            ("allocating", "off"),
            ("comment", "5"),
            ("checksum_n", "none"),
            ("org.example:a", "on"),
        ])
        .unwrap();
        assert_eq!(list.get::<u64>("allocating"), Ok(0));
        assert_eq!(list.get::<&str>("comment"), Ok("5"));
        assert_eq!(list.get::<u64>("checksum_n"), Ok(u64::MAX));
        assert_eq!(list.get::<&str>("org.example:a"), Ok("on"));
        assert_eq!(encode(&[("allocating", "perhaps")]).unwrap_err().items[0].0, "allocating");
    }
}
