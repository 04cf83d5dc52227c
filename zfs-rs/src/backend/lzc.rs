//! I carry orders through libzfs_core.
//!
//! The library is a thin layer over the same ioctls; what it adds is a promise to stay as it is. It ends the process when memory runs out,
//! when a list it was given cannot be packed or when an answer of the kernel cannot be read, so what it is given are proved names and lists
//! that were encoded here. What OpenZFS 2.0 has must be there; a newer function that an older library lacks is answered as by a kernel that does
//! not know the request. Unlike the ioctls, `lzc_create` does not say which property was refused.

#![expect(unsafe_code, reason = "one of the four files that may, with its lists: calls into C")]

mod argument;
mod core;
mod key;
mod list;
mod stream;
mod upkeep;

use thiserror::Error;
use zfs_sys::{Library, LoadError, MissingSymbol, symbol};

use self::list::Carrier;
use crate::errno::Errno;

/// The kernel through libzfs_core.
///
/// While one lives, the library is initialised: each has its own count of `libzfs_core_init`, given back when it is dropped. Every call borrows it, so
/// none can be running then. May be used from many threads.
#[derive(Debug)]
pub struct Lzc {
    library: &'static Library,
    carrier: Carrier,
}

/// Why libzfs_core cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is not there, or is older than OpenZFS 2.0.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It lacks a function that is needed.
    #[error(transparent)]
    Symbol(#[from] MissingSymbol),
    /// It cannot open `/dev/zfs`.
    #[error("libzfs_core cannot open /dev/zfs: {0}")]
    Device(Errno),
}

impl Lzc {
    /// Loads libzfs_core, checks that it has all that is needed, and initialises it.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what is missing.
    pub fn open() -> Result<Self, OpenError> {
        let library = Library::open()?;
        let carrier = Carrier::of(library)?;
        need_all(library)?;
        let init = symbol!(library, libzfs_core_init)?;
        // SAFETY: it takes nothing, and counts its callers under a lock.
        match unsafe { init() } {
            0 => Ok(Self { library, carrier }),
            number => Err(OpenError::Device(Errno(number))),
        }
    }

    /// The name under which the library was found, such as `libzfs_core.so.3`.
    pub fn library(&self) -> &str {
        self.library.name()
    }
}

impl Drop for Lzc {
    fn drop(&mut self) {
        if let Ok(fini) = symbol!(self.library, libzfs_core_fini) {
            // SAFETY: gives back the count that `open` took, once. The last one closes the device; no call of ours is in the library then, because
            // each borrows a value like this, which still has its count.
            unsafe { fini() };
        }
    }
}

/// Looks up what the calls below look up, so that a library without it is refused before anything was done with it.
fn need_all(library: &'static Library) -> Result<(), MissingSymbol> {
    symbol!(library, libzfs_core_fini)?;
    symbol!(library, lzc_create)?;
    symbol!(library, lzc_clone)?;
    symbol!(library, lzc_promote)?;
    symbol!(library, lzc_destroy)?;
    symbol!(library, lzc_rename)?;
    symbol!(library, lzc_rollback)?;
    symbol!(library, lzc_rollback_to)?;
    symbol!(library, lzc_snapshot)?;
    symbol!(library, lzc_destroy_snaps)?;
    symbol!(library, lzc_snaprange_space)?;
    symbol!(library, lzc_bookmark)?;
    symbol!(library, lzc_destroy_bookmarks)?;
    symbol!(library, lzc_hold)?;
    symbol!(library, lzc_release)?;
    symbol!(library, lzc_send_resume_redacted)?;
    symbol!(library, lzc_send_space_resume_redacted)?;
    symbol!(library, lzc_receive_with_cmdprops)?;
    symbol!(library, lzc_redact)?;
    symbol!(library, lzc_load_key)?;
    symbol!(library, lzc_unload_key)?;
    symbol!(library, lzc_change_key)?;
    symbol!(library, lzc_channel_program)?;
    symbol!(library, lzc_channel_program_nosync)?;
    symbol!(library, lzc_sync)?;
    symbol!(library, lzc_wait)?;
    symbol!(library, lzc_wait_tag)?;
    symbol!(library, lzc_wait_fs)?;
    symbol!(library, lzc_trim)?;
    symbol!(library, lzc_pool_checkpoint)?;
    symbol!(library, lzc_pool_checkpoint_discard)?;
    symbol!(library, lzc_reopen)?;
    symbol!(library, lzc_get_bootenv)?;
    symbol!(library, lzc_set_bootenv)?;
    Ok(())
}

/// A function, or the answer of a kernel that does not know the request: what this library is too old for, its kernel is too.
fn found<F>(function: Result<F, MissingSymbol>) -> Result<F, Errno> {
    function.map_err(|_missing| Errno::ZFS_ERR_IOC_CMD_UNAVAIL)
}
