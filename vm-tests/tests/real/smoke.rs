//! I show that the guest has what every other test counts on: the module, its device, two blank disks.

use std::{fs, process::Command};

#[test]
fn the_device_opens_for_reading_and_writing() {
    fs::File::options().read(true).write(true).open("/dev/zfs").unwrap();
    println!("OpenZFS {}", fs::read_to_string("/sys/module/zfs/version").unwrap().trim());
}

#[test]
fn a_pool_can_be_made_on_each_disk() {
    for (pool, disk) in [
        ("smoke0", "/dev/disk/by-id/virtio-pool0"),
        ("smoke1", "/dev/disk/by-id/virtio-pool1"),
    ] {
        oracle("zpool", &["create", pool, disk]);
        assert_eq!(oracle("zpool", &["list", "-H", "-o", "health", pool]).trim(), "ONLINE");
        oracle("zpool", &["destroy", pool]);
    }
}

/// The administrator's own program, which tests may ask and products may not.
fn oracle(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
