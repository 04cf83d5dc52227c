//! I am the way to the kernel that a program opens once and keeps.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::apart::Table;
#[cfg(feature = "ioctl")]
use crate::backend::ioctl::Ioctl;
#[cfg(feature = "lzc")]
use crate::backend::lzc::Lzc;
#[cfg(feature = "sim")]
use crate::backend::sim::{Process, Sim};
use crate::backend::{Core, Device};
#[cfg(feature = "ioctl")]
use crate::error::{Cause, Error, Operation, Result};
use crate::word::WordError;

/// An open way to ZFS: cheap to clone, usable from many threads.
///
/// Nothing is cached: every question is put to the kernel.
///
/// ```no_run
/// let zfs = zfs_rs::Zfs::open()?;
/// for pool in zfs.pools()? {
///     println!("{} by {}", pool.name, zfs.backend());
/// }
/// # Ok::<(), zfs_rs::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Zfs {
    pub(crate) core: Arc<dyn Core>,
    pub(crate) device: Arc<dyn Device>,
    backend: Backend,
}

/// Which way to the kernel is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Wish {
    /// libzfs_core where it loads, else the ioctls.
    #[default]
    Auto,
    /// libzfs_core or nothing.
    LibzfsCore,
    /// The ioctls, whatever is installed.
    Ioctl,
}

/// `auto`, `libzfs_core` or `ioctl`.
impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::LibzfsCore => "libzfs_core",
            Self::Ioctl => "ioctl",
        })
    }
}

impl FromStr for Wish {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text {
            "auto" => Ok(Self::Auto),
            "libzfs_core" => Ok(Self::LibzfsCore),
            "ioctl" => Ok(Self::Ioctl),
            _ => Err(WordError::new(text, "way to the kernel")),
        }
    }
}

/// Which way to the kernel was taken, and why.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// Through libzfs_core; listing and properties by ioctl.
    LibzfsCore {
        /// The file that was loaded.
        library: String,
    },
    /// By ioctls alone.
    Ioctl {
        /// Why not through libzfs_core; nothing where the ioctls were asked for.
        instead: Option<String>,
    },
    /// Given by the caller: a model, or a decorator.
    Given,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LibzfsCore { library } => write!(f, "libzfs_core ({library})"),
            Self::Ioctl { instead: None } => f.write_str("ioctl"),
            Self::Ioctl { instead: Some(reason) } => write!(f, "ioctl ({reason})"),
            Self::Given => f.write_str("given"),
        }
    }
}

impl Zfs {
    /// Opens the way to the kernel: libzfs_core where it loads, else the ioctls.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoModule`](crate::ErrorKind::NoModule) when `/dev/zfs` is not there,
    /// [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission) when it may not be opened.
    #[cfg(feature = "ioctl")]
    pub fn open() -> Result<Self> {
        Self::open_by(Wish::Auto)
    }

    /// Opens a demanded way.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`ErrorKind::NoLibrary`](crate::ErrorKind::NoLibrary) when libzfs_core is demanded and does not load.
    #[cfg(feature = "ioctl")]
    pub fn open_by(wish: Wish) -> Result<Self> {
        let ioctl = Ioctl::open().map_err(|error| Error::new(Operation::Open, "/dev/zfs", error))?;
        let device: Arc<dyn Device> = Arc::new(ioctl.clone());
        let by_ioctl = |instead| Self {
            core: Arc::new(ioctl.clone()),
            device: Arc::clone(&device),
            backend: Backend::Ioctl { instead },
        };
        if wish == Wish::Ioctl {
            return Ok(by_ioctl(None));
        }
        match (library(), wish) {
            (Ok((core, library)), _) => Ok(Self {
                core,
                device,
                backend: Backend::LibzfsCore { library },
            }),
            (Err(reason), Wish::LibzfsCore) => Err(Error::new(Operation::Open, "libzfs_core", Cause::Library(reason))),
            (Err(reason), _) => Ok(by_ioctl(Some(reason))),
        }
    }

    /// Takes both faces of the kernel from the caller: the model in a test, or a decorator that confines.
    pub fn of(core: Arc<dyn Core>, device: Arc<dyn Device>) -> Self {
        Self {
            core,
            device,
            backend: Backend::Given,
        }
    }

    /// Which way was taken, and why.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Whether what is called is the caller's own: a model or a decorator sees calls one after the other, with the program's descriptors.
    pub(crate) fn is_given(&self) -> bool {
        self.backend == Backend::Given
    }

    /// Whose descriptors a call has that uses a pipe.
    pub(crate) fn table(&self) -> Table {
        if self.is_given() { Table::Shared } else { Table::Own }
    }
}

#[cfg(feature = "sim")]
impl Process {
    /// The way to the simulated kernel.
    pub fn zfs(&self) -> Zfs {
        Zfs::of(Arc::new(self.clone()), Arc::new(self.clone()))
    }
}

#[cfg(feature = "sim")]
impl Sim {
    /// A way to the kernel for a program of its own, to which nothing happens; see [`start`](Self::start).
    pub fn zfs(&self) -> Zfs {
        self.start().zfs()
    }
}

/// libzfs_core and the name it was found under, or why not.
#[cfg(feature = "lzc")]
fn library() -> Result<(Arc<dyn Core>, String), String> {
    let lzc = Lzc::open().map_err(|error| error.to_string())?;
    let name = lzc.library().to_owned();
    Ok((Arc::new(lzc), name))
}

#[cfg(all(feature = "ioctl", not(feature = "lzc")))]
fn library() -> Result<(Arc<dyn Core>, String), String> {
    Err("built without libzfs_core".to_owned())
}
