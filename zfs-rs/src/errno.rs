//! I am the number the kernel gives when it refuses.

use std::fmt;
use std::str::FromStr;

use crate::word::WordError;

/// An error number of the kernel: the system's own, or one of OpenZFS's above 1023.
///
/// Every number can be represented, also those of releases to come; the known ones have names.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(pub i32);

macro_rules! numbers {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        impl Errno {
            $(#[doc = concat!($meaning, " (", stringify!($number), ").")] pub const $name: Self = Self($number);)*

            /// The symbol of the number, where it is known.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            fn of_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// What the number says by itself, without the call it answers.
            pub fn meaning(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($meaning),)*
                    _ => None,
                }
            }
        }
    };
}

// Linux numbers; OpenZFS uses EBADE for a failed checksum there.
numbers! {
    EPERM = 1, "not permitted";
    ENOENT = 2, "does not exist";
    ESRCH = 3, "nothing there";
    EINTR = 4, "interrupted";
    EIO = 5, "input/output error";
    ENXIO = 6, "no such device";
    E2BIG = 7, "too big";
    EBADF = 9, "bad file descriptor";
    EAGAIN = 11, "try again";
    ENOMEM = 12, "out of memory";
    EACCES = 13, "key not available";
    EFAULT = 14, "malformed";
    EBUSY = 16, "busy";
    EEXIST = 17, "already exists";
    EXDEV = 18, "not of the same history or pool";
    ENODEV = 19, "base not found";
    ENOTDIR = 20, "not a directory";
    EINVAL = 22, "invalid";
    ENOTTY = 25, "not this device";
    ETXTBSY = 26, "modified since";
    EFBIG = 27, "file too large";
    ENOSPC = 28, "out of space";
    EROFS = 30, "read-only";
    EPIPE = 32, "the reader went away";
    ERANGE = 34, "out of range";
    ENAMETOOLONG = 36, "name too long";
    ECHRNG = 44, "program failed";
    ECKSUM = 52, "checksum mismatch";
    ETIME = 62, "took too long";
    ENOTSUP = 95, "not supported";
    EALREADY = 114, "already being done";
    ESTALE = 116, "unlinked";
    EDQUOT = 122, "quota exceeded";
    ECANCELED = 125, "called off";
    ZFS_ERR_CHECKPOINT_EXISTS = 1024, "a checkpoint exists";
    ZFS_ERR_DISCARDING_CHECKPOINT = 1025, "a checkpoint is being discarded";
    ZFS_ERR_NO_CHECKPOINT = 1026, "no checkpoint";
    ZFS_ERR_DEVRM_IN_PROGRESS = 1027, "a device is being removed";
    ZFS_ERR_VDEV_TOO_BIG = 1028, "device too big";
    ZFS_ERR_IOC_CMD_UNAVAIL = 1029, "this kernel module does not know the request";
    ZFS_ERR_IOC_ARG_UNAVAIL = 1030, "this kernel module does not know an argument";
    ZFS_ERR_IOC_ARG_REQUIRED = 1031, "an argument is missing";
    ZFS_ERR_IOC_ARG_BADTYPE = 1032, "an argument has the wrong type";
    ZFS_ERR_WRONG_PARENT = 1033, "the parent cannot have such a child";
    ZFS_ERR_FROM_IVSET_GUID_MISSING = 1034, "the base lacks its IV set";
    ZFS_ERR_FROM_IVSET_GUID_MISMATCH = 1035, "the base has another IV set";
    ZFS_ERR_SPILL_BLOCK_FLAG_MISSING = 1036, "the stream lacks spill blocks";
    ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE = 1037, "the stream has an unknown feature";
    ZFS_ERR_EXPORT_IN_PROGRESS = 1038, "the pool is being exported";
    ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR = 1039, "the bookmark's source is of another history";
    ZFS_ERR_STREAM_TRUNCATED = 1040, "the stream ended too early";
    ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH = 1041, "the stream lacks the large blocks of its base";
    ZFS_ERR_RESILVER_IN_PROGRESS = 1042, "the pool is resilvering";
    ZFS_ERR_REBUILD_IN_PROGRESS = 1043, "the pool is rebuilding";
    ZFS_ERR_BADPROP = 1044, "a property was refused";
    ZFS_ERR_VDEV_NOTSUP = 1045, "device not supported";
    ZFS_ERR_NOT_USER_NAMESPACE = 1046, "not a user namespace";
    ZFS_ERR_RESUME_EXISTS = 1047, "the target to resume into exists already";
    ZFS_ERR_CRYPTO_NOTSUP = 1048, "cipher not supported";
    ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS = 1049, "a raidz is being expanded";
    ZFS_ERR_ASHIFT_MISMATCH = 1050, "ashift mismatch";
    ZFS_ERR_STREAM_LARGE_MICROZAP = 1051, "the stream needs large blocks for its directories";
    ZFS_ERR_TOO_MANY_SITOUTS = 1052, "too many devices sit out";
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.meaning(), self.name()) {
            (Some(meaning), Some(name)) => write!(f, "{meaning} ({name})"),
            _ => write!(f, "error {}", self.0),
        }
    }
}

impl std::error::Error for Errno {}

/// Reads the symbol of a known number, or any number: `EBUSY`, `16`.
impl FromStr for Errno {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let number = Self::of_name(text).or_else(|| text.parse().ok().map(Self));
        number.ok_or_else(|| WordError::new(text, "error number"))
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Errno({})", self.0),
        }
    }
}

#[cfg(feature = "calls")]
impl From<nix::errno::Errno> for Errno {
    fn from(number: nix::errno::Errno) -> Self {
        Self(std::io::Error::from(number).raw_os_error().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_have_names_and_unknown_ones_survive() {
        assert_eq!(Errno::ZFS_ERR_STREAM_TRUNCATED.name(), Some("ZFS_ERR_STREAM_TRUNCATED"));
        assert_eq!(Errno(2).to_string(), "does not exist (ENOENT)");
        assert_eq!(Errno(9999).to_string(), "error 9999");
        assert_eq!(format!("{:?} {:?}", Errno::EBUSY, Errno(77)), "EBUSY Errno(77)");
    }
}
