//! I carry streams through libzfs_core: out, in, and how long they will be.

#![expect(unsafe_code, reason = "calls into C")]

use std::ffi::CString;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::ptr;

use zfs_sys::{boolean_t, lzc_send_flags, symbol};

use super::argument::{NO_DESCRIPTOR, flags, pointer, text, truth, wrapping_key};
use super::list::verdict;
use super::{Lzc, found};
use crate::backend::hear::hear;
use crate::backend::payload::items;
use crate::backend::request::{Receive, Send, SendSaved};
use crate::backend::{Base, BeginRecord, Outcome, Received, ResumeAt};

impl Lzc {
    /// Since OpenZFS 2.2 the library puts a pipe and a thread of its own before a descriptor that is no pipe; then
    /// [`send_progress`](crate::backend::Device::send_progress) does not find the send.
    pub(super) fn write_stream(&self, request: &Send<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        let ends = ends(request.snapshot.as_str(), request.from)?;
        let redaction = request.redaction.map(|bookmark| text(bookmark.short())).transpose()?;
        self.write(&ends, flags(request.flags), request.resume, redaction.as_ref(), to)
    }

    pub(super) fn write_saved(&self, request: &SendSaved<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        let ends = ends(request.dataset.as_str(), request.from)?;
        let how = flags(request.flags) | lzc_send_flags::LZC_SEND_FLAG_SAVED;
        self.write(&ends, how, request.resume, None, to)
    }

    fn write(
        &self,
        (name, from): &(CString, Option<CString>),
        how: lzc_send_flags,
        resume: Option<ResumeAt>,
        redaction: Option<&CString>,
        to: BorrowedFd<'_>,
    ) -> Outcome<()> {
        let send = found(symbol!(self.library, lzc_send_resume_redacted))?;
        let (object, offset) = resume.map_or((0, 0), |point| (point.object, point.offset));
        // SAFETY: as in `core.rs`; the base and the name of a redaction bookmark may be null.
        let errno = unsafe {
            send(
                name.as_ptr(),
                pointer(from.as_ref()),
                to.as_raw_fd(),
                how,
                object,
                offset,
                pointer(redaction),
            )
        };
        hear();
        verdict(errno)
    }

    pub(super) fn estimate_stream(&self, request: &Send<'_>) -> Outcome<u64> {
        let estimate = found(symbol!(self.library, lzc_send_space_resume_redacted))?;
        let (name, from) = ends(request.snapshot.as_str(), request.from)?;
        let redaction = request.redaction.map(|bookmark| text(bookmark.short())).transpose()?;
        let (object, offset, bytes) = request.resume.map_or((0, 0, 0), |point| (point.object, point.offset, point.bytes));
        let mut space = 0;
        // SAFETY: as in `core.rs`; the base and the name of a redaction bookmark may be null. `space` is a live u64 for one to be written to.
        let errno = unsafe {
            estimate(
                name.as_ptr(),
                pointer(from.as_ref()),
                flags(request.flags),
                object,
                offset,
                bytes,
                pointer(redaction.as_ref()),
                NO_DESCRIPTOR,
                ptr::from_mut(&mut space),
            )
        };
        verdict(errno)?;
        Ok(space)
    }

    pub(super) fn read_stream(&self, request: &Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received> {
        let snapshot = text(request.snapshot.as_str())?;
        let origin = request.origin.map(|origin| text(origin.as_str())).transpose()?;
        let mut received = self.carrier.import_filled(request.received)?;
        let mut local = self.carrier.import_filled(request.local)?;
        let mut key = request.key.copied();
        let (key, length) = wrapping_key(&mut key);
        let begin = Begin(*request.begin);
        let begin = ptr::from_ref(&begin).cast();
        let mut bytes = 0;
        let read = ptr::from_mut(&mut bytes);
        let mut errors = self.carrier.none();
        let (name, origin, from) = (snapshot.as_ptr(), pointer(origin.as_ref()), from.as_raw_fd());
        let (received, local) = (received.raw(), local.raw());
        let (force, resumable) = (truth(request.roll_back), truth(request.resumable));
        let nowhere = ptr::null_mut();
        // A kernel that cannot decompress a block fails without a number (see `Control::call` of the other backend); the library then takes the last one of
        // this thread, which would be 0, success. Where it looks for a target that is not there yet, it is ENOENT.
        nix::errno::Errno::EIO.set();
        let errno = if request.heal {
            let receive = found(symbol!(self.library, lzc_receive_with_heal))?;
            // SAFETY: as below.
            unsafe {
                receive(
                    name,
                    received,
                    local,
                    key,
                    length,
                    origin,
                    force,
                    boolean_t::B_TRUE,
                    resumable,
                    NEW_REQUEST,
                    from,
                    begin,
                    NO_DESCRIPTOR,
                    read,
                    nowhere,
                    nowhere,
                    errors.slot(),
                )
            }
        } else {
            let receive = found(symbol!(self.library, lzc_receive_with_cmdprops))?;
            // SAFETY: as in `core.rs`; the key, the origin and the places for error flags and action handle may be null, else the key has the length
            // beside it. `begin` has the size and alignment of the record that is copied from there (asserted at its type), and `read` is the place
            // of a live u64 for one to be written to.
            unsafe {
                receive(
                    name,
                    received,
                    local,
                    key,
                    length,
                    origin,
                    force,
                    resumable,
                    NEW_REQUEST,
                    from,
                    begin,
                    NO_DESCRIPTOR,
                    read,
                    nowhere,
                    nowhere,
                    errors.slot(),
                )
            }
        };
        hear();
        // A refused stream has no items: what the newest libraries name beside the refusal are properties.
        let errors = errors.answer(errno).map_err(|refusal| refusal.errno)?;
        let property_errors = items(&errors);
        Ok(Received { bytes, property_errors })
    }
}

/// The argument `raw` of a receive says nothing about the stream, which speaks for itself. It only makes the library use the newer of two requests, which
/// alone can carry what follows a first record.
const NEW_REQUEST: boolean_t = boolean_t::B_TRUE;

/// A stream's first record, where C looks for a `dmu_replay_record`.
#[repr(C, align(8))]
struct Begin(BeginRecord);

const _: () = assert!(size_of::<Begin>() == 312 && align_of::<Begin>() == 8);

/// What is sent, and its base.
fn ends(name: &str, from: Option<&Base>) -> Outcome<(CString, Option<CString>)> {
    let from = from.map(|base| text(base.as_str())).transpose()?;
    Ok((text(name)?, from))
}
