//! I give a number its meaning, once, for all ways to the kernel.
//!
//! What an errno means depends on what was asked: ENOENT after a send is a missing snapshot, after a receive a missing parent. The one table
//! is in `kind.rs`.

use std::fmt;
use std::io;

use crate::backend::Refusal;
use crate::delegation;
use crate::errno::Errno;
use crate::name::{DatasetName, NameError};
use crate::nvlist;
use crate::stream::Fault;

mod kind;

pub use self::kind::ErrorKind;
pub use crate::delegation::{Delegation, Missing};
pub use crate::operation::Operation;
use crate::release::Release;

/// The result of every call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was asked, of what, and why it was not done.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    operation: Operation,
    object: String,
    cause: Cause,
    // What operation and object do not tell of the permissions needed.
    needs: Vec<Delegation>,
}

/// Where a refusal comes from.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The kernel said no.
    Kernel(Refusal),
    /// The system said no before the kernel module was asked.
    System(io::Error),
    /// The kernel named something that this crate does not take for a name.
    Name(NameError),
    /// The kernel's answer lacks something or has it in another type.
    Answer(nvlist::LookupError),
    /// What should be a stream does not begin like one.
    Begin(Fault),
    /// libzfs_core could not be used although it was demanded.
    Library(String),
    /// A channel program ended with an error of its own.
    Program {
        /// ECHRNG for an error at run time, EINVAL for one of syntax, ETIME for too many instructions, ENOSPC for too much memory.
        errno: Errno,
        /// What it says itself.
        message: String,
    },
}

impl Error {
    pub(crate) fn new(operation: Operation, object: impl Into<String>, cause: impl Into<Cause>) -> Self {
        Self(Box::new(Inner {
            operation,
            object: object.into(),
            cause: cause.into(),
            needs: Vec::new(),
        }))
    }

    /// Adds what the call needs to be permitted, where its operation and object alone do not tell; asked for only where that is what was missing.
    ///
    /// `needs` is given the names of the items that were refused for that, if the kernel named any.
    pub(crate) fn needing(mut self, needs: impl FnOnce(&[&str]) -> Vec<Delegation>) -> Self {
        if self.kind() == ErrorKind::NoPermission {
            let is_it = |errno: &Errno| ErrorKind::of(self.0.operation, *errno) == ErrorKind::NoPermission;
            let items = self.items().iter().filter(|(_, errno)| is_it(errno));
            let names: Vec<&str> = items.map(|(name, _)| name.as_str()).collect();
            self.0.needs = needs(&names);
        }
        self
    }

    /// As [`needing`](Self::needing) for a call on several datasets: all are named, as the kernel does not say which of them it refused.
    pub(crate) fn on_each<'a>(self, datasets: impl IntoIterator<Item = &'a DatasetName>) -> Self {
        let operation = self.operation();
        self.needing(|_| delegation::each(operation, &[], datasets))
    }

    /// What was asked.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// Of what, by name.
    pub fn object(&self) -> &str {
        &self.0.object
    }

    /// Why not.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The kernel's number, where the kernel was asked and refused.
    pub fn errno(&self) -> Option<Errno> {
        match &self.0.cause {
            Cause::Kernel(refusal) => Some(refusal.errno),
            Cause::System(error) => error.raw_os_error().map(Errno),
            Cause::Program { errno, .. } => Some(*errno),
            _ => None,
        }
    }

    /// For calls on lists: the items that were refused and why each.
    pub fn items(&self) -> &[(String, Errno)] {
        match &self.0.cause {
            Cause::Kernel(refusal) => &refusal.items,
            _ => &[],
        }
    }

    /// For [`ErrorKind::NoPermission`]: what would have let the call through, with the command that grants it.
    ///
    /// Nothing where permissions of ZFS are not the matter: for other kinds, and where `/dev/zfs` itself may not be opened.
    ///
    /// ```no_run
    /// use zfs_rs::{Missing, Zfs};
    ///
    /// let refused = Zfs::open()?.create_snapshots(&["tank/a@now".parse()?], &[]).unwrap_err();
    /// if let Some(Missing::Delegations(all)) = refused.missing() {
    ///     all.iter().for_each(|one| println!("as root: {one}")); // zfs allow -u 1000 snapshot tank/a
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn missing(&self) -> Option<Missing> {
        if self.kind() != ErrorKind::NoPermission {
            return None;
        }
        delegation::missing(self.0.operation, &self.0.object, self.errno(), &self.0.needs)
    }

    /// What kind of no it was.
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Kernel(refusal) => ErrorKind::of(self.0.operation, refusal.errno),
            Cause::System(error) if self.0.operation == Operation::Open => match error.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::NoPermission,
                _ => ErrorKind::NoModule,
            },
            Cause::System(error) => error
                .raw_os_error()
                .map_or(ErrorKind::Io, |number| ErrorKind::of(self.0.operation, Errno(number))),
            Cause::Begin(_) => ErrorKind::Corrupt,
            Cause::Library(_) => ErrorKind::NoLibrary,
            Cause::Program { .. } => ErrorKind::ProgramFailed,
            Cause::Name(_) | Cause::Answer(_) => ErrorKind::BadAnswer,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            operation, object, cause, ..
        } = &*self.0;
        write!(f, "{object} cannot be {}: ", operation.participle())?;
        if let ErrorKind::Unsupported { needs: Some(release) } = self.kind() {
            return write!(f, "it needs {release} or later");
        }
        match cause {
            Cause::Kernel(Refusal { errno, items }) => {
                match (self.kind().meaning(*operation), errno.name()) {
                    (Some(meaning), Some(name)) => write!(f, "{meaning} ({name})")?,
                    (Some(meaning), None) => write!(f, "{meaning} ({})", errno.0)?,
                    (None, _) => write!(f, "{errno}")?,
                }
                if let Some(missing) = self.missing() {
                    return write!(f, "; {missing}");
                }
                let others = items.iter().filter(|(name, _)| name != object);
                others
                    .clone()
                    .take(ITEMS_SHOWN)
                    .try_for_each(|(name, errno)| write!(f, "; {name}: {errno}"))?;
                match others.count().saturating_sub(ITEMS_SHOWN) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more"),
                }
            }
            Cause::System(error) => error.fmt(f),
            Cause::Name(error) => error.fmt(f),
            Cause::Answer(error) => error.fmt(f),
            Cause::Begin(fault) => fault.fmt(f),
            Cause::Library(reason) => f.write_str(reason),
            Cause::Program { message, .. } => f.write_str(message),
        }
    }
}

/// Items beyond these are counted, not shown; [`Error::items`] has all.
const ITEMS_SHOWN: usize = 3;

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::System(error) => Some(error),
            Cause::Name(error) => Some(error),
            Cause::Answer(error) => Some(error),
            Cause::Begin(fault) => Some(fault),
            Cause::Kernel(_) | Cause::Library(_) | Cause::Program { .. } => None,
        }
    }
}

macro_rules! causes {
    ($($source:ty => $variant:ident;)*) => {$(
        impl From<$source> for Cause {
            fn from(source: $source) -> Self {
                Self::$variant(source)
            }
        }
    )*};
}

causes! {
    Refusal => Kernel;
    io::Error => System;
    NameError => Name;
    nvlist::LookupError => Answer;
    Fault => Begin;
}

/// Makes "not there" one call away from nothing.
pub trait OptionalExt<T> {
    /// `None` where the object was not found; every other error stays.
    ///
    /// # Errors
    ///
    /// Any kind but [`ErrorKind::NotFound`].
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExt<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(operation: Operation, errno: Errno) -> Error {
        Error::new(operation, "tank/a@b", Refusal::from(errno))
    }

    #[test]
    fn the_same_number_means_what_was_asked() {
        assert_eq!(refused(Operation::Receive, Errno::ENODEV).kind(), ErrorKind::BaseMissing);
        assert_eq!(refused(Operation::Hold, Errno::ENODEV).kind(), ErrorKind::Unknown);
        assert_eq!(refused(Operation::Send, Errno::EXDEV).kind(), ErrorKind::NotAncestor);
        assert_eq!(refused(Operation::Estimate, Errno::EXDEV).kind(), ErrorKind::NotAncestor);
        assert_eq!(refused(Operation::Snapshot, Errno::EXDEV).kind(), ErrorKind::Invalid);
    }

    #[test]
    fn an_error_names_the_thing_and_keeps_the_number() {
        let error = refused(Operation::Receive, Errno::ETXTBSY);
        assert_eq!(
            error.to_string(),
            "tank/a@b cannot be received: the target was modified after the base of the increment (ETXTBSY)"
        );
        assert_eq!(error.errno(), Some(Errno::ETXTBSY));
        assert_eq!(
            refused(Operation::Create, Errno(4242)).to_string(),
            "tank/a@b cannot be created: error 4242"
        );
    }

    #[test]
    fn what_a_kernel_is_too_old_for_says_which_it_needs() {
        let error = refused(Operation::Scrub, Errno::ZFS_ERR_IOC_CMD_UNAVAIL);
        assert_eq!(
            error.kind(),
            ErrorKind::Unsupported {
                needs: Some(Release::V2_2)
            }
        );
        assert_eq!(error.to_string(), "tank/a@b cannot be scrubbed: it needs OpenZFS 2.2 or later");
        let error = refused(Operation::Heal, Errno::ZFS_ERR_IOC_ARG_UNAVAIL);
        assert_eq!(
            error.kind(),
            ErrorKind::Unsupported {
                needs: Some(Release::V2_2)
            }
        );
        let error = refused(Operation::Receive, Errno::ENOTSUP);
        assert_eq!(error.kind(), ErrorKind::Unsupported { needs: None });
    }

    #[test]
    fn refused_items_are_shown_until_there_are_too_many() {
        let items = (0..5).map(|n| (format!("tank/{n}@b"), Errno::EEXIST)).collect();
        let error = Error::new(
            Operation::Snapshot,
            "tank",
            Refusal {
                errno: Errno::EEXIST,
                items,
            },
        );
        assert!(
            error.to_string().ends_with("tank/2@b: already exists (EEXIST); and 2 more"),
            "{error}"
        );
        assert_eq!(error.items().len(), 5);
    }

    #[test]
    fn a_missing_permission_comes_with_the_command_that_grants_it() {
        let user = nix::unistd::geteuid();
        assert_eq!(
            refused(Operation::Send, Errno::EPERM).to_string(),
            format!("tank/a@b cannot be sent: permission denied (EPERM); `zfs allow -u {user} send tank/a` grants it")
        );
        assert_eq!(
            refused(Operation::Redact, Errno::EPERM).to_string(),
            "tank/a@b cannot be redacted: permission denied (EPERM); only root may, it cannot be delegated"
        );
        assert_eq!(refused(Operation::Send, Errno::EIO).missing(), None);
        assert_eq!(refused(Operation::Send, Errno::ECANCELED).kind(), ErrorKind::NoPermission);
        assert_eq!(refused(Operation::Trim, Errno::ECANCELED).kind(), ErrorKind::Unknown);
    }

    #[test]
    fn a_call_on_many_names_each_dataset_and_asks_for_nothing_when_it_failed_otherwise() {
        let (a, b) = ("tank/a".parse().unwrap(), "tank/b".parse().unwrap());
        let Some(Missing::Delegations(all)) = refused(Operation::Hold, Errno::EPERM).on_each([&a, &b, &a]).missing() else {
            panic!("it can be delegated");
        };
        assert_eq!(all.iter().map(|one| &one.on).collect::<Vec<_>>(), [&a, &b]);
        refused(Operation::Hold, Errno::EBUSY).needing(|_| unreachable!());
    }

    #[test]
    fn not_found_becomes_nothing_and_nothing_else_does() {
        assert!(Err::<(), _>(refused(Operation::Read, Errno::ENOENT)).optional().unwrap().is_none());
        assert!(Err::<(), _>(refused(Operation::Read, Errno::EIO)).optional().is_err());
    }
}
