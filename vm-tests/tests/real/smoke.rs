//! I show that the guest has what every other test counts on: the module, its device, two blank disks.

use std::fs;

use crate::support::{oracle, pool::Pool};

#[test]
fn the_device_opens_for_reading_and_writing() {
    fs::File::options().read(true).write(true).open("/dev/zfs").unwrap();
    println!("OpenZFS {}", fs::read_to_string("/sys/module/zfs/version").unwrap().trim());
}

#[test]
fn a_pool_can_be_made_on_each_disk() {
    for disk in [0, 1] {
        let pool = Pool::on_disk(disk);
        assert_eq!(oracle::zpool(&["list", "-H", "-o", "health", pool.name()]).trim(), "ONLINE");
    }
}
