//! I carry lists into the library's memory and back, as bytes, and leave none behind.

#![expect(unsafe_code, reason = "lists live in the library's memory")]

use std::ffi::{c_char, c_int};
use std::ptr;

use zfs_sys::{Library, MissingSymbol, NV_ENCODE_NATIVE, nvlist_t, symbol};

use crate::backend::payload::items;
use crate::backend::{Outcome, Refusal};
use crate::errno::Errno;
use crate::nvlist::NvList;

/// The four functions of libnvpair a list needs on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier {
    unpack: unsafe extern "C" fn(*mut c_char, usize, *mut *mut nvlist_t, c_int) -> c_int,
    size: unsafe extern "C" fn(*mut nvlist_t, *mut usize, c_int) -> c_int,
    pack: unsafe extern "C" fn(*mut nvlist_t, *mut *mut c_char, *mut usize, c_int, c_int) -> c_int,
    free: unsafe extern "C" fn(*mut nvlist_t),
}

/// A list in the library's memory that is ours to free, or the null pointer where there is none.
///
/// Invariant: `raw` is null, or a live list that nobody else frees or keeps.
#[derive(Debug)]
pub(super) struct List {
    carrier: Carrier,
    raw: *mut nvlist_t,
}

impl Carrier {
    /// Looks the functions up in what libzfs_core itself was linked with.
    pub(super) fn of(library: &'static Library) -> Result<Self, MissingSymbol> {
        Ok(Self {
            unpack: symbol!(library, nvlist_unpack)?,
            size: symbol!(library, nvlist_size)?,
            pack: symbol!(library, nvlist_pack)?,
            free: symbol!(library, nvlist_free)?,
        })
    }

    /// No list: what the library takes for "none given", and a place for what it answers.
    pub(super) fn none(self) -> List {
        List {
            carrier: self,
            raw: ptr::null_mut(),
        }
    }

    /// A list of the library's with the same pairs.
    pub(super) fn import(self, list: &NvList) -> Outcome<List> {
        let mut bytes = list.encode_native().map_err(|_unwritable| Errno::EINVAL)?;
        if bytes.len() > LIST_MAX {
            return Err(Errno::EINVAL.into());
        }
        let mut imported = self.none();
        // SAFETY: the first two arguments are the start and length of `bytes`, which lives until the end of this function and is ours alone; the
        // library copies from it and keeps no pointer. The slot is that of a list that is null, so what is put there is freed once, by `List`.
        let errno = unsafe { (self.unpack)(bytes.as_mut_ptr().cast(), bytes.len(), imported.slot(), NO_FLAGS) };
        verdict(errno)?;
        Ok(imported)
    }

    /// As [`import`](Self::import), but an empty list is given as none, so that the library leaves its key out.
    pub(super) fn import_filled(self, list: &NvList) -> Outcome<List> {
        if list.is_empty() { Ok(self.none()) } else { self.import(list) }
    }
}

impl List {
    /// The pointer for a function that reads the list. Exclusive: even a look moves the list's cursor.
    pub(super) fn raw(&mut self) -> *mut nvlist_t {
        self.raw
    }

    /// The place for a function that answers a list. It must put there nothing, null, or a list that the caller frees; and this must be
    /// [`none`](Carrier::none) before.
    pub(super) fn slot(&mut self) -> *mut *mut nvlist_t {
        ptr::from_mut(&mut self.raw)
    }

    /// What the library's call brought: its list, or its number with the items the list names.
    pub(super) fn answer(mut self, errno: c_int) -> Outcome<NvList> {
        let list = self.export()?;
        verdict(errno).map_err(|refusal| Refusal {
            items: items(&list),
            ..refusal
        })?;
        Ok(list)
    }

    /// The same pairs in a list of ours; none where there is none.
    pub(super) fn export(&mut self) -> Outcome<NvList> {
        if self.raw.is_null() {
            return Ok(NvList::new());
        }
        let mut size = 0;
        // SAFETY: `raw` is a live list by the invariant, for nobody else to touch by `&mut self`; `size` is a live usize for one to be written to.
        let errno = unsafe { (self.carrier.size)(self.raw, ptr::from_mut(&mut size), NV_ENCODE_NATIVE) };
        verdict(errno)?;
        let mut bytes = vec![0_u8; size];
        let mut start = bytes.as_mut_ptr().cast::<c_char>();
        // SAFETY: the list as above. `start` is not null, so the library writes there instead of allocating, and at most `size` bytes, which it is
        // told and which `bytes` has; it refuses when the list is longer. `bytes` is not touched from here while that lasts.
        let errno = unsafe {
            (self.carrier.pack)(
                self.raw,
                ptr::from_mut(&mut start),
                ptr::from_mut(&mut size),
                NV_ENCODE_NATIVE,
                NO_FLAGS,
            )
        };
        verdict(errno)?;
        NvList::decode(&bytes).map_err(|_malformed| Errno::EFAULT.into())
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.raw.is_null() {
            // SAFETY: a live list by the invariant, and ours to free; this value, the only one that knows it, is gone afterwards.
            unsafe { (self.carrier.free)(self.raw) };
        }
    }
}

/// Reads the number a function of the library answers.
pub(super) fn verdict(errno: c_int) -> Outcome<()> {
    match errno {
        0 => Ok(()),
        number => Err(Errno(number).into()),
    }
}

/// The kernel takes no larger list either and says the same; the library, which repacks lists, ends the process where sizes leave 31 bits.
const LIST_MAX: usize = 128 << 20;

/// Outside the kernel the last argument of pack and unpack chooses nothing.
const NO_FLAGS: c_int = 0;

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::slice;

    use super::*;
    use crate::nvlist::Value;

    thread_local! {
        /// Lists that live in the library's memory.
        static ALIVE: Cell<usize> = const { Cell::new(0) };
    }

    /// A libnvpair whose lists are their own bytes.
    const STAND_IN: Carrier = Carrier { unpack, size, pack, free };

    unsafe extern "C" fn unpack(bytes: *mut c_char, length: usize, slot: *mut *mut nvlist_t, _: c_int) -> c_int {
        // SAFETY: the caller owns that many bytes there.
        let bytes: &[u8] = unsafe { slice::from_raw_parts(bytes.cast(), length) };
        ALIVE.set(ALIVE.get() + 1);
        let list = Box::into_raw(Box::new(bytes.to_vec()));
        // SAFETY: the caller's place for one pointer.
        unsafe { slot.write(list.cast()) };
        0
    }

    unsafe extern "C" fn size(list: *mut nvlist_t, size: *mut usize, _: c_int) -> c_int {
        // SAFETY: only `unpack` makes lists.
        let list = unsafe { &*list.cast::<Vec<u8>>() };
        // SAFETY: the caller's place for one number.
        unsafe { size.write(list.len()) };
        0
    }

    unsafe extern "C" fn pack(list: *mut nvlist_t, start: *mut *mut c_char, size: *mut usize, _: c_int, _: c_int) -> c_int {
        // SAFETY: only `unpack` makes lists.
        let list = unsafe { &*list.cast::<Vec<u8>>() };
        // SAFETY: the caller's number.
        assert_eq!(unsafe { size.read() }, list.len());
        // SAFETY: the caller's pointer.
        let start = unsafe { start.read() };
        // SAFETY: the caller owns that many bytes there.
        unsafe { ptr::copy_nonoverlapping(list.as_ptr(), start.cast(), list.len()) };
        0
    }

    unsafe extern "C" fn refuse(_: *mut nvlist_t, _: *mut *mut c_char, _: *mut usize, _: c_int, _: c_int) -> c_int {
        Errno::ENOMEM.0
    }

    unsafe extern "C" fn free(list: *mut nvlist_t) {
        // SAFETY: only `unpack` makes lists, and nobody frees one twice, as the count at the end of each test shows.
        drop(unsafe { Box::from_raw(list.cast::<Vec<u8>>()) });
        ALIVE.set(ALIVE.get() - 1);
    }

    fn some() -> NvList {
        NvList::new().with("t@a", 2i32).with("t@b", "text")
    }

    #[test]
    fn a_list_comes_back_as_it_went_and_is_freed() {
        let mut list = STAND_IN.import(&some()).unwrap();
        assert_eq!(ALIVE.get(), 1);
        assert_eq!(list.export(), Ok(some()));
        assert_eq!(list.export(), Ok(some()));
        drop(list);
        assert_eq!(ALIVE.get(), 0);
    }

    #[test]
    fn a_refusal_names_its_items_and_leaves_nothing_behind() {
        let refusal = STAND_IN.import(&some()).unwrap().answer(Errno::EBUSY.0).unwrap_err();
        assert_eq!(
            (refusal.errno, refusal.items),
            (Errno::EBUSY, vec![("t@a".to_owned(), Errno::ENOENT)])
        );
        assert_eq!(ALIVE.get(), 0);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_freed_too() {
        let list = Carrier { pack: refuse, ..STAND_IN }.import(&some()).unwrap();
        assert_eq!(list.answer(0), Err(Errno::ENOMEM.into()));
        assert_eq!(ALIVE.get(), 0);
    }

    #[test]
    fn no_list_is_the_null_pointer() {
        assert!(STAND_IN.import_filled(&NvList::new()).unwrap().raw().is_null());
        assert_eq!(STAND_IN.none().answer(0), Ok(NvList::new()));
        assert_eq!(STAND_IN.none().answer(2), Err(Errno::ENOENT.into()));
    }

    #[test]
    fn what_the_kernel_would_find_too_large_never_reaches_the_library() {
        let large = NvList::new().with("a", Value::ByteArray(vec![0; LIST_MAX]));
        assert_eq!(STAND_IN.import(&large).map(drop), Err(Errno::EINVAL.into()));
        assert_eq!(ALIVE.get(), 0);
    }
}
