//! I make places on real pools, fill them with files, and ask the administrator's own programs what is true.

pub(crate) mod files;
pub(crate) mod oracle;
pub(crate) mod pool;
pub(crate) mod release;

use std::{
    env,
    sync::Mutex,
    time::{Duration, Instant},
};

use zfs_rs::{Backend, Wish, Zfs};

/// Makes a test of each function for each way to the kernel; `functions/mod.rs` says what `shows` and `since` are for.
macro_rules! both {
    ($($test:ident $(shows [$($function:ident),+ $(,)?] $(since $release:literal)?)?),+ $(,)?) => {
        mod ioctl {
            $(#[test]
            fn $test() {
                both!(@run super::$test, Ioctl $(, [$($function),+] $($release)?)?);
            })+
        }
        mod lzc {
            $(#[test]
            fn $test() {
                both!(@run super::$test, LibzfsCore $(, [$($function),+] $($release)?)?);
            })+
        }
    };
    (@run $test:path, $wish:ident) => {
        $crate::support::release::show(&[], None, zfs_rs::Wish::$wish, $test)
    };
    (@run $test:path, $wish:ident, [$($function:ident),+]) => {
        $crate::support::release::show(&[$(stringify!($function)),+], None, zfs_rs::Wish::$wish, $test)
    };
    (@run $test:path, $wish:ident, [$($function:ident),+] $release:literal) => {
        $crate::support::release::show(&[$(stringify!($function)),+], Some(stringify!($release)), zfs_rs::Wish::$wish, $test)
    };
}

/// That way to the kernel and no other.
pub(crate) fn by(wish: Wish) -> Zfs {
    let zfs = Zfs::open_by(wish).unwrap();
    match (wish, zfs.backend()) {
        (Wish::Ioctl, Backend::Ioctl { instead: None }) | (Wish::LibzfsCore, Backend::LibzfsCore { .. }) => zfs,
        (wish, other) => panic!("{wish:?} was asked for, {other} was taken"),
    }
}

/// The module the tests of this way live in.
pub(crate) fn module(zfs: &Zfs) -> &'static str {
    match zfs.backend() {
        Backend::LibzfsCore { .. } => "lzc",
        _ => "ioctl",
    }
}

/// The number that who started the tests gave by this name.
pub(crate) fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// The next of what several threads have to do.
pub(crate) fn next<T>(left: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    left.lock().unwrap().next()
}

/// Waits until it is so, and fails when that takes longer than anything here should.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An emulated machine on a busy host is slow; nothing awaited here takes a tenth of this on a real one.
const PATIENCE: Duration = Duration::from_secs(60);
