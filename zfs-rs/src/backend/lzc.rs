//! I carry orders through libzfs_core.
//!
//! The library is a thin layer over the same ioctls; what it adds is a promise to stay as it is. It ends the process when memory runs out,
//! when a list it was given cannot be packed or when an answer of the kernel cannot be read, so what it is given are proved names and lists
//! that were encoded here. Only functions that OpenZFS 2.0 has are called. Unlike the ioctls, `lzc_create` does not say which property was
//! refused.

#![expect(unsafe_code, reason = "one of the four files that may, with its lists: calls into C")]

mod list;

use std::ffi::{CString, c_char};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use thiserror::Error;
use zfs_sys::{Library, LoadError, MissingSymbol, boolean_t, lzc_dataset_type, lzc_send_flags, symbol};

use self::list::{Carrier, verdict};
use super::payload::{self, items, whole};
use super::request::{Create, DestroySnapshots, Receive, Send, Snapshot};
use super::{Base, BeginRecord, Cleanup, Core, Object, Outcome, Received, SendFlags};
use crate::errno::Errno;
use crate::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};

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
    symbol!(library, lzc_destroy)?;
    symbol!(library, lzc_rename)?;
    symbol!(library, lzc_snapshot)?;
    symbol!(library, lzc_destroy_snaps)?;
    symbol!(library, lzc_bookmark)?;
    symbol!(library, lzc_destroy_bookmarks)?;
    symbol!(library, lzc_hold)?;
    symbol!(library, lzc_release)?;
    symbol!(library, lzc_send_resume)?;
    symbol!(library, lzc_send_space_resume_redacted)?;
    symbol!(library, lzc_receive_with_cmdprops)?;
    Ok(())
}

/// A function that `need_all` has seen. Should it be missing, it is answered as by a kernel that does not know the request.
fn found<F>(function: Result<F, MissingSymbol>) -> Result<F, Errno> {
    function.map_err(|_missing| Errno::ZFS_ERR_IOC_CMD_UNAVAIL)
}

// What is true of every call below. The library is initialised, since `self` has its count. Pointers to names are those of `CString`s that live to the
// end of the method, so they are NUL-terminated; or null, where the function's declaration in libzfs_core.h allows it. Lists are those of `List`s that
// live as long, lent exclusively. The library copies what it keeps beyond the call: nothing. What it puts into the slot for its answer is null or a list
// that is the caller's to free, and the slot's owner frees it. Descriptors are borrowed, so open for the whole call.
impl Core for Lzc {
    fn create(&self, request: &Create<'_>) -> Outcome<()> {
        let create = found(symbol!(self.library, lzc_create))?;
        let name = text(request.name.as_str())?;
        let kind = lzc_dataset_type(request.kind.number());
        let mut properties = self.carrier.import_filled(request.properties)?;
        // A copy, because the library wants to be allowed to write there.
        let mut key = request.key.copied();
        let (start, length) = match &mut key {
            Some(key) => (key.as_mut_ptr(), WRAPPING_KEY),
            None => (ptr::null_mut(), 0),
        };
        // SAFETY: as above; `start` is null, or points to `length` bytes of `key`, which lives to the end of this method.
        verdict(unsafe { create(name.as_ptr(), kind, properties.raw(), start, length) })
    }

    fn destroy(&self, object: Object<'_>) -> Outcome<()> {
        let destroy = found(symbol!(self.library, lzc_destroy))?;
        let name = text(&object.path())?;
        // SAFETY: as above.
        verdict(unsafe { destroy(name.as_ptr()) })
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Outcome<()> {
        let rename = found(symbol!(self.library, lzc_rename))?;
        let (from, to) = (text(from.as_str())?, text(to.as_str())?);
        // SAFETY: as above.
        verdict(unsafe { rename(from.as_ptr(), to.as_ptr()) })
    }

    fn snapshot(&self, request: &Snapshot<'_>) -> Outcome<()> {
        let snapshot = found(symbol!(self.library, lzc_snapshot))?;
        let mut names = self.carrier.import(&payload::names(request.names))?;
        let mut properties = self.carrier.import_filled(request.properties)?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { snapshot(names.raw(), properties.raw(), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn destroy_snapshots(&self, request: &DestroySnapshots<'_>) -> Outcome<()> {
        let destroy = found(symbol!(self.library, lzc_destroy_snaps))?;
        let mut names = self.carrier.import(&payload::names(request.names))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { destroy(names.raw(), truth(request.defer), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn bookmark(&self, bookmarks: &[(BookmarkName, Base)]) -> Outcome<()> {
        let bookmark = found(symbol!(self.library, lzc_bookmark))?;
        let mut wanted = self.carrier.import(&payload::bookmarks(bookmarks))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { bookmark(wanted.raw(), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn destroy_bookmarks(&self, bookmarks: &[BookmarkName]) -> Outcome<()> {
        let destroy = found(symbol!(self.library, lzc_destroy_bookmarks))?;
        let mut names = self.carrier.import(&payload::names(bookmarks))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { destroy(names.raw(), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn hold(&self, holds: &[(SnapshotName, HoldTag)], until: Option<&dyn Cleanup>) -> Outcome<()> {
        let hold = found(symbol!(self.library, lzc_hold))?;
        let mut wanted = self.carrier.import(&payload::holds(holds))?;
        let cleanup = until.map_or(NO_DESCRIPTOR, |until| until.descriptor().as_raw_fd());
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { hold(wanted.raw(), cleanup, refused.slot()) };
        whole(&refused.answer(errno)?)
    }

    fn release(&self, holds: &[(SnapshotName, HoldTag)]) -> Outcome<()> {
        let release = found(symbol!(self.library, lzc_release))?;
        let mut wanted = self.carrier.import(&payload::releases(holds))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { release(wanted.raw(), refused.slot()) };
        whole(&refused.answer(errno)?)
    }

    /// Since OpenZFS 2.2 the library puts a pipe and a thread of its own before a descriptor that is no pipe; then
    /// [`send_progress`](super::Device::send_progress) does not find the send.
    fn send(&self, request: &Send<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        let send = found(symbol!(self.library, lzc_send_resume))?;
        let (name, from) = ends(request)?;
        let (object, offset) = request.resume.map_or((0, 0), |point| (point.object, point.offset));
        // SAFETY: as above; the base may be null.
        let errno = unsafe {
            send(
                name.as_ptr(),
                pointer(from.as_ref()),
                to.as_raw_fd(),
                flags(request.flags),
                object,
                offset,
            )
        };
        verdict(errno)
    }

    fn send_space(&self, request: &Send<'_>) -> Outcome<u64> {
        let estimate = found(symbol!(self.library, lzc_send_space_resume_redacted))?;
        let (name, from) = ends(request)?;
        let (object, offset, bytes) = request.resume.map_or((0, 0, 0), |point| (point.object, point.offset, point.bytes));
        let mut space = 0;
        // SAFETY: as above; the base and the name of a redaction bookmark may be null. `space` is a live u64 for one to be written to.
        let errno = unsafe {
            estimate(
                name.as_ptr(),
                pointer(from.as_ref()),
                flags(request.flags),
                object,
                offset,
                bytes,
                ptr::null(),
                NO_DESCRIPTOR,
                ptr::from_mut(&mut space),
            )
        };
        verdict(errno)?;
        Ok(space)
    }

    fn receive(&self, request: &Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received> {
        let receive = found(symbol!(self.library, lzc_receive_with_cmdprops))?;
        let snapshot = text(request.snapshot.as_str())?;
        let origin = request.origin.map(|origin| text(origin.as_str())).transpose()?;
        let mut received = self.carrier.import_filled(request.received)?;
        let mut local = self.carrier.import_filled(request.local)?;
        let begin = Begin(*request.begin);
        let mut bytes = 0;
        let mut errors = self.carrier.none();
        // SAFETY: as above; the key, the origin and the places for error flags and action handle may be null. `begin` has the size and alignment of the
        // record that is copied from there (asserted at its type), and `bytes` is a live u64 for one to be written to.
        let errno = unsafe {
            receive(
                snapshot.as_ptr(),
                received.raw(),
                local.raw(),
                ptr::null_mut(),
                0,
                pointer(origin.as_ref()),
                boolean_t::B_FALSE,
                truth(request.resumable),
                NEW_REQUEST,
                from.as_raw_fd(),
                ptr::from_ref(&begin).cast(),
                NO_DESCRIPTOR,
                ptr::from_mut(&mut bytes),
                ptr::null_mut(),
                ptr::null_mut(),
                errors.slot(),
            )
        };
        // A refused stream has no items: what the newest libraries name beside the refusal are properties.
        let errors = errors.answer(errno).map_err(|refusal| refusal.errno)?;
        let property_errors = items(&errors);
        Ok(Received { bytes, property_errors })
    }
}

/// The argument `raw` of a receive says nothing about the stream, which speaks for itself. It only makes the library use the newer of two requests, which
/// alone can carry what follows a first record.
const NEW_REQUEST: boolean_t = boolean_t::B_TRUE;

const NO_DESCRIPTOR: i32 = -1;

/// Bytes of a wrapping key.
const WRAPPING_KEY: u32 = 32;

/// A stream's first record, where C looks for a `dmu_replay_record`.
#[repr(C, align(8))]
struct Begin(BeginRecord);

const _: () = assert!(size_of::<Begin>() == 312 && align_of::<Begin>() == 8);

/// Snapshot and base of a send.
fn ends(request: &Send<'_>) -> Outcome<(CString, Option<CString>)> {
    let from = request.from.map(|base| text(base.as_str())).transpose()?;
    Ok((text(request.snapshot.as_str())?, from))
}

fn text(name: &str) -> Result<CString, Errno> {
    CString::new(name).map_err(|_nul| Errno::EINVAL)
}

fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

fn truth(value: bool) -> boolean_t {
    boolean_t(u32::from(value))
}

fn flags(flags: SendFlags) -> lzc_send_flags {
    let pairs = [
        (SendFlags::EMBED, lzc_send_flags::LZC_SEND_FLAG_EMBED_DATA),
        (SendFlags::LARGE_BLOCK, lzc_send_flags::LZC_SEND_FLAG_LARGE_BLOCK),
        (SendFlags::COMPRESS, lzc_send_flags::LZC_SEND_FLAG_COMPRESS),
        (SendFlags::RAW, lzc_send_flags::LZC_SEND_FLAG_RAW),
    ];
    let set = pairs.into_iter().filter(|(ours, _)| flags.contains(*ours));
    set.fold(lzc_send_flags(0), |all, (_, theirs)| all | theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_keep_their_meaning() {
        assert_eq!(flags(SendFlags::empty()).0, 0);
        assert_eq!(flags(SendFlags::LARGE_BLOCK | SendFlags::RAW).0, 2 | 8);
        assert_eq!(flags(SendFlags::all()).0, 15);
    }

    #[test]
    fn a_name_that_c_would_cut_is_refused() {
        assert_eq!(text("t@a\0b"), Err(Errno::EINVAL));
        assert_eq!(text("t@a").unwrap().as_bytes_with_nul(), b"t@a\0");
    }
}
