//! Each public function of zfs-rs does on every release what its documentation says, or says which release it needs.
//!
//! `cargo xtask vm matrix` makes a table of function, backend and release from what the tests of `tests/real` say while they run. Every method of
//! `impl Zfs` is a row of it, whether a test shows it or not: a row without a test is a row of `-`, and the matrix has failed.
//!
//! # How a function gets into the table
//!
//! By a test in any module of `tests/real` that says so in `both!`:
//!
//! ```ignore
//! both!(
//!     a_tree_is_listed,                                       // shows no function
//!     snapshots_are_held_and_released shows [hold, release],  // each is "ok" when the test passes, FAIL when it does not
//!     a_damaged_file_is_healed shows [heal] since 2.2,        // "2.2" where the running release is older and the refusal says so
//! );
//!
//! fn snapshots_are_held_and_released(zfs: &Zfs) { … }
//!
//! fn a_damaged_file_is_healed(zfs: &Zfs) -> zfs_rs::Result<()> {
//!     let damaged = …;                    // preparations, which work on every release
//!     zfs.heal(&damaged)?;                // what an older release lacks comes up by `?`
//!     assert_eq!(…);                      // and the oracle is asked after it
//!     Ok(())
//! }
//! ```
//!
//! With `since`, on a release older than that, the test must end in an `Err` of the kind `Unsupported` that needs that very release;
//! anything else, success too, fails. One function may be shown by several tests: the worst of them is in the table. What is no method of `Zfs`
//! but has a life of its own (a flag of a send, a property of a receive) gets a row by any name that no method has: `send_progress`.
//! A test that does the same on all releases needs none of this; one that must differ asks `support::release::running()`.
//!
//! Functions that come with no other test have theirs in a module here, one noun a file.

mod channel;
mod diff;
mod event;
mod feature;
mod handle;
mod pool;
mod vdev;
