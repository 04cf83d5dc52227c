//! I show that the guest has what every other test counts on: the module, its device, two blank disks.

use std::fs;

use crate::support::oracle::run;

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
        run("zpool", &["create", pool, disk]);
        assert_eq!(run("zpool", &["list", "-H", "-o", "health", pool]).trim(), "ONLINE");
        run("zpool", &["destroy", pool]);
    }
}
