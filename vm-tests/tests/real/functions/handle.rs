//! The way to the kernel is the one that was asked for, and says so.

use zfs_rs::{Backend, Zfs};

use crate::support::module;

both!(a_handle_names_its_way_to_the_kernel shows [backend]);

fn a_handle_names_its_way_to_the_kernel(zfs: &Zfs) {
    match zfs.backend() {
        Backend::LibzfsCore { library } => {
            assert_eq!(module(zfs), "lzc");
            assert!(library.starts_with("libzfs_core.so"), "{library}");
            assert_eq!(zfs.backend().to_string(), format!("libzfs_core ({library})"));
        }
        other => assert_eq!((module(zfs), other.to_string().as_str()), ("ioctl", "ioctl")),
    }
}
