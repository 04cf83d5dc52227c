//! I declare libzfs_core and open it while the program runs; what its functions mean is said elsewhere.
//!
//! Nothing of OpenZFS is needed to build: the declarations are checked in and the library is looked for when [`Library::open`] is called. A function
//! that the library of an older release lacks is a [`MissingSymbol`], never a panic.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let library = zfs_sys::Library::open()?;
//! let init = zfs_sys::symbol!(library, libzfs_core_init)?;
//! // SAFETY: it takes nothing, and counts its callers under a lock.
//! let errno = unsafe { init() };
//! # Ok(())
//! # }
//! ```
//!
//! # Before the first call
//!
//! `libzfs_core_init` opens `/dev/zfs` and answers an errno, 0 for success, as all `lzc_*` functions do. It counts: each success wants one
//! `libzfs_core_fini`, and the last one closes the device, also under a call that still runs in another thread. So a caller keeps its count until
//! its last call has come back. Before the first init an `lzc_*` call aborts the process or works on descriptor -1. Afterwards all of them may be
//! called from any thread.
//!
//! # Why the library stays loaded
//!
//! A function pointer, once looked up, is a plain address: it does not know that the library was closed. Here it cannot be. `open` answers a
//! `&'static Library`, the only one of the process, that nobody owns and nobody can drop.

use std::{
    error::Error,
    fmt::{self, Formatter},
    sync::OnceLock,
};

mod error;

#[rustfmt::skip]
#[cfg_attr(feature = "buildtime-bindgen", path = "installed.rs")]
#[expect(
    missing_docs, missing_debug_implementations, non_camel_case_types, unsafe_code,
    clippy::undocumented_unsafe_blocks, clippy::allow_attributes, clippy::allow_attributes_without_reason, clippy::use_self,
    clippy::missing_safety_doc, clippy::missing_errors_doc, clippy::too_many_lines, clippy::indexing_slicing, clippy::type_complexity,
    reason = "generated: C's own names, and one look-up per function, each with the type that its header gives it"
)]
mod bindings;

pub use bindings::*;
pub use error::{Attempt, LoadError, MissingSymbol};

/// The names looked for, newest first: OpenZFS 2.0 and later on Linux; FreeBSD's base system; what came before 2.0, which is found only to be refused
/// by its right name. The name without a version promises no binary interface, and where it exists it leads to one of these.
const NAMES: [&str; 3] = ["libzfs_core.so.3", "libzfs_core.so.2", "libzfs_core.so.1"];

/// The one libzfs_core of this process.
pub struct Library {
    name: &'static str,
    symbols: ZfsCore,
}

impl Library {
    /// Opens libzfs_core by its versioned names, once; later calls answer the same library.
    ///
    /// # Errors
    /// [`LoadError`] when none of the names leads to a library of OpenZFS 2.0 or later. The next call looks again.
    pub fn open() -> Result<&'static Self, LoadError> {
        static OPENED: OnceLock<Library> = OnceLock::new();
        if let Some(opened) = OPENED.get() {
            return Ok(opened);
        }
        let loaded = Self::load(&NAMES)?;
        // Of two threads that got here one sees its copy dropped. The system counts openings, so the other's stays; no pointer of it was given out.
        Ok(OPENED.get_or_init(|| loaded))
    }

    /// The name under which the library was found, such as `libzfs_core.so.3`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Every function bound, as a pointer or as the reason why there is none. [`symbol!`] turns one into a pointer or a typed error.
    #[must_use]
    pub fn symbols(&self) -> &ZfsCore {
        &self.symbols
    }

    /// What [`symbol!`] does when it has found the field.
    #[doc(hidden)]
    pub fn pointer<F: Copy>(&self, name: &'static str, field: &Result<F, libloading::Error>) -> Result<F, MissingSymbol> {
        field.as_ref().copied().or(Err(MissingSymbol { name, library: self.name }))
    }

    fn load(names: &[&'static str]) -> Result<Self, LoadError> {
        let mut tried = Vec::new();
        for &name in names {
            match Self::load_one(name) {
                Ok(library) => return Ok(library),
                Err(reason) => tried.push(Attempt { name, reason }),
            }
        }
        Err(LoadError { tried })
    }

    #[expect(unsafe_code, reason = "opening a library runs code that no compiler has seen")]
    fn load_one(name: &'static str) -> Result<Self, String> {
        // SAFETY: two things are asked. Its start-up code must be harmless: the name has no slash, so it is found where the system keeps its
        // libraries, by the same rules as if we were linked against it. And what is found under a name bound must have the type bound: the
        // version in the name is OpenZFS's promise of that since 2.0, older libraries are refused just below before a pointer is given out, and
        // tests/agreement.rs compares the types with the headers of the releases.
        let symbols = unsafe { ZfsCore::new(name) }.map_err(|error| reason(name, &error))?;
        if symbols.lzc_wait_fs.is_err() {
            return Err("older than OpenZFS 2.0: it has no function lzc_wait_fs".to_owned());
        }
        Ok(Self { name, symbols })
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Looks one function up: `symbol!(library, lzc_hold)` is `Result<unsafe extern "C" fn(…) -> c_int, MissingSymbol>`.
///
/// The pointer is good for as long as the process lives. A name that is not bound does not compile.
#[macro_export]
macro_rules! symbol {
    ($library:expr, $name:ident) => {{
        let library: &'static $crate::Library = $library;
        library.pointer(::core::stringify!($name), &library.symbols().$name)
    }};
}

/// The dynamic linker's sentence, which names the file and the cause; libloading's own says only that it did not work.
fn reason(name: &str, error: &libloading::Error) -> String {
    let said = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    said.strip_prefix(&format!("{name}: ")).unwrap_or(&said).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_is_an_error_that_names_each_attempt() {
        let error = Library::load(&["libzfs_core_absent.so.3", "libzfs_core_absent.so.2"]).unwrap_err();
        let names: Vec<_> = error.tried.iter().map(|attempt| attempt.name).collect();
        assert_eq!(names, ["libzfs_core_absent.so.3", "libzfs_core_absent.so.2"]);
        assert!(
            error
                .tried
                .iter()
                .all(|attempt| !attempt.reason.is_empty() && !attempt.reason.contains("dlopen")),
            "{error:?}"
        );
        let said = error.to_string();
        assert!(said.starts_with("libzfs_core is not loadable: libzfs_core_absent.so.3: "), "{said}");
        assert!(said.contains("; libzfs_core_absent.so.2: "), "{said}");
    }

    #[test]
    fn a_library_without_the_functions_of_2_0_is_refused() {
        let error = Library::load(&["libc.so.6"]).unwrap_err();
        assert!(error.tried[0].reason.starts_with("older than OpenZFS 2.0"), "{error}");
    }
}
