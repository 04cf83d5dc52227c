//! I put what a call is given into the shapes C takes.

use std::ffi::{CString, c_char};
use std::ptr;

use zfs_sys::{boolean_t, lzc_send_flags};

use crate::backend::{SendFlags, WrappingKey};
use crate::errno::Errno;

/// Where a descriptor may be left out.
pub(super) const NO_DESCRIPTOR: i32 = -1;

/// Bytes of a wrapping key.
pub(super) const WRAPPING_KEY: u32 = 32;

pub(super) fn text(name: &str) -> Result<CString, Errno> {
    CString::new(name).map_err(|_nul| Errno::EINVAL)
}

pub(super) fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

/// Start and length of a wrapping key, for functions that want to be allowed to write there; null where there is none.
pub(super) fn wrapping_key(key: &mut Option<WrappingKey>) -> (*mut u8, u32) {
    key.as_mut().map_or((ptr::null_mut(), 0), |key| (key.as_mut_ptr(), WRAPPING_KEY))
}

pub(super) fn truth(value: bool) -> boolean_t {
    boolean_t(u32::from(value))
}

pub(super) fn flags(flags: SendFlags) -> lzc_send_flags {
    let pairs = [
        (SendFlags::EMBED, lzc_send_flags::LZC_SEND_FLAG_EMBED_DATA),
        (SendFlags::LARGE_BLOCK, lzc_send_flags::LZC_SEND_FLAG_LARGE_BLOCK),
        (SendFlags::COMPRESS, lzc_send_flags::LZC_SEND_FLAG_COMPRESS),
        (SendFlags::RAW, lzc_send_flags::LZC_SEND_FLAG_RAW),
    ];
    let set = pairs.into_iter().filter(|(ours, _)| flags.contains(*ours));
    set.fold(lzc_send_flags(0), |all, (_, theirs)| all | theirs)
}

/// Room for a name that a function answers.
pub(super) struct Room([c_char; 256]);

impl Room {
    /// What fits, as C counts: the longest name and the zero behind it.
    pub(super) const LENGTH: i32 = 256;

    pub(super) const fn new() -> Self {
        Self([0; 256])
    }

    pub(super) const fn start(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    /// What was written, up to its zero.
    pub(super) fn text(&self) -> String {
        let bytes = self.0.iter().map(|byte| byte.cast_unsigned()).take_while(|byte| *byte != 0);
        String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
    }
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
