//! A pool's devices are those of the oracle, and do as they are told.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use zfs_rs::{Activity, DeviceInfo, DeviceRole, DeviceState, Errno, ErrorKind, Guid, PoolName, VdevOrder, Zfs};

use crate::calls::items;
use crate::support::{
    files::{mountpoint, noise},
    oracle,
    pool::{Pool, unique},
    wait_until,
};

both!(
    the_devices_of_a_pool_are_those_of_the_oracle shows [pool_devices],
    a_device_is_initialized_suspended_and_given_up shows [initialize, wait_for_device],
    free_space_is_trimmed_away_from_a_file shows [trim],
    devices_that_refuse_are_named_and_the_others_obey shows [initialize, trim],
    properties_of_a_device_are_set_and_read shows [device_properties, set_device_properties] since 2.2,
    a_device_that_is_not_there_has_no_properties shows [device_properties] since 2.2,
);

fn name(pool: &Pool) -> PoolName {
    pool.name().parse().unwrap()
}

fn leaves(zfs: &Zfs, pool: &Pool) -> Vec<DeviceInfo> {
    let devices = zfs.pool_devices(&name(pool)).unwrap();
    devices.iter().flat_map(DeviceInfo::leaves).cloned().collect()
}

fn guids(zfs: &Zfs, pool: &Pool) -> Vec<Guid> {
    leaves(zfs, pool).iter().map(|leaf| leaf.guid).collect()
}

fn the_devices_of_a_pool_are_those_of_the_oracle(zfs: &Zfs) {
    let files: Vec<String> = (0..7).map(|_| format!("/dev/shm/{}", unique("file"))).collect();
    for file in &files {
        File::create(file).and_then(|made| made.set_len(128 << 20)).unwrap();
    }
    let pool = unique("many");
    let [a, b, log, special, cache, spare, _] = &files[..] else {
        panic!("seven files")
    };
    oracle::sh(&format!(
        "zpool create -f -o cachefile=none -O mountpoint=none {pool} mirror {a} {b} log {log} special {special} spare {spare}; \
         zpool offline {pool} {b}"
    ));
    let devices = zfs.pool_devices(&pool.parse().unwrap()).unwrap();
    let roles: Vec<_> = devices.iter().map(|device| (device.kind.as_str(), device.role)).collect();
    assert_eq!(
        roles,
        [
            ("mirror", DeviceRole::Data),
            ("file", DeviceRole::Log),
            ("file", DeviceRole::Special),
            ("file", DeviceRole::Spare)
        ]
    );
    let paths: Vec<&Path> = devices
        .iter()
        .flat_map(DeviceInfo::leaves)
        .filter_map(|leaf| leaf.path.as_deref())
        .collect();
    assert_eq!(paths, [a, b, log, special, spare].map(Path::new));
    // The oracle names devices by number if asked to.
    let status = oracle::zpool(&["status", "-g", &pool]);
    for device in devices.iter().flat_map(|device| [device].into_iter().chain(device.leaves())) {
        let line = status
            .lines()
            .find(|line| line.split_whitespace().next() == Some(&device.guid.to_string()));
        let line = line.unwrap_or_else(|| panic!("{device:?} is not in {status}"));
        let state = line.split_whitespace().nth(1).unwrap();
        assert!(
            state == device.state.to_string() || (state, device.role) == ("AVAIL", DeviceRole::Spare),
            "{line} {device:?}"
        );
    }
    assert_eq!(devices[0].state, DeviceState::Degraded);
    assert_eq!(devices[0].children[1].state, DeviceState::Offline);
    assert!(!Path::new(cache).exists() || fs::metadata(cache).unwrap().len() > 0);
    oracle::zpool(&["destroy", "-f", &pool]);
    for file in &files {
        fs::remove_file(file).unwrap();
    }
}

fn a_device_is_initialized_suspended_and_given_up(zfs: &Zfs) {
    let pool = Pool::in_memory(512);
    let (name, devices) = (name(&pool), guids(zfs, &pool));
    let status = || oracle::zpool(&["status", "-i", pool.name()]);
    assert!(!zfs.wait_for_device(&name, Activity::Initialize, devices[0]).unwrap());
    zfs.initialize(&name, VdevOrder::Start, &devices).unwrap();
    zfs.initialize(&name, VdevOrder::Suspend, &devices).unwrap();
    assert!(status().contains("suspended"), "{}", status());
    // What is suspended is not waited for.
    assert!(!zfs.wait(&name, Activity::Initialize).unwrap());
    zfs.initialize(&name, VdevOrder::Start, &devices).unwrap();
    zfs.initialize(&name, VdevOrder::Cancel, &devices).unwrap();
    assert!(status().contains("uninitialized"), "{}", status());

    zfs.initialize(&name, VdevOrder::Start, &devices).unwrap();
    assert!(zfs.wait_for_device(&name, Activity::Initialize, devices[0]).unwrap());
    assert!(status().contains("100% initialized"), "{}", status());
    let strange = zfs.wait_for_device(&name, Activity::Scrub, devices[0]).unwrap_err();
    assert_eq!(strange.kind(), ErrorKind::Invalid, "{strange}");
}

fn free_space_is_trimmed_away_from_a_file(zfs: &Zfs) {
    let pool = Pool::in_memory(512);
    let (name, devices) = (name(&pool), leaves(zfs, &pool));
    let allocated = || fs::metadata(devices[0].path.as_ref().unwrap()).unwrap().blocks() * 512;
    let file = mountpoint(pool.name()).join("large");
    noise(&file, 1, 100 << 20);
    zfs.sync(&name).unwrap();
    fs::remove_file(&file).unwrap();
    zfs.sync(&name).unwrap();
    zfs.wait(&name, Activity::Free).unwrap();
    let full = allocated();
    assert!(full > 100 << 20, "{full}");
    let guids = guids(zfs, &pool);
    // The thread of a trim that is done is there a little longer, and lets none in beside it.
    let start = |rate| {
        wait_until("the trim before is gone", || {
            zfs.trim(&name, &guids).rate(rate).order(VdevOrder::Start).is_ok()
        });
    };
    // What was freed lately is not trimmed until it has left the transaction groups that could be rewound to.
    wait_until("most is trimmed", || {
        zfs.sync_all(&name).unwrap();
        start(u64::MAX);
        zfs.wait(&name, Activity::Trim).unwrap();
        allocated() < full / 2
    });
    let status = oracle::zpool(&["status", "-t", pool.name()]);
    assert!(status.contains("100% trimmed"), "{status}");

    start(1 << 20);
    zfs.trim(&name, &guids).order(VdevOrder::Suspend).unwrap();
    let status = oracle::zpool(&["status", "-t", pool.name()]);
    assert!(status.contains("suspended"), "{status}");
    zfs.trim(&name, &guids).order(VdevOrder::Cancel).unwrap();
    let status = oracle::zpool(&["status", "-t", pool.name()]);
    assert!(status.contains("untrimmed"), "{status}");
    let secure = zfs.trim(&name, &guids).secure().order(VdevOrder::Start).unwrap_err();
    assert_eq!(items(&secure), [(guids[0].to_string().as_str(), Errno::ENOTSUP)], "{secure}");
}

fn devices_that_refuse_are_named_and_the_others_obey(zfs: &Zfs) {
    let pool = Pool::in_memory(512);
    let (name, mut devices) = (name(&pool), guids(zfs, &pool));
    let nothing = zfs.initialize(&name, VdevOrder::Cancel, &devices).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Invalid, "{nothing}");
    assert_eq!(items(&nothing), [(devices[0].to_string().as_str(), Errno::ESRCH)]);
    devices.push(Guid(4711));
    let stranger = zfs.initialize(&name, VdevOrder::Start, &devices).unwrap_err();
    assert_eq!(items(&stranger), [("4711", Errno::ENODEV)], "{stranger}");
    assert!(zfs.wait(&name, Activity::Initialize).unwrap() || oracle::zpool(&["status", "-i", pool.name()]).contains("100%"));
    let stranger = zfs.trim(&name, &devices).order(VdevOrder::Start).unwrap_err();
    assert_eq!(
        (stranger.kind(), items(&stranger)),
        (ErrorKind::Invalid, vec![("4711", Errno::ENODEV)]),
        "{stranger}"
    );
    let nowhere = zfs
        .initialize(&"nosuchpool".parse().unwrap(), VdevOrder::Start, &devices)
        .unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound, "{nowhere}");
}

fn properties_of_a_device_are_set_and_read(zfs: &Zfs) -> zfs_rs::Result<()> {
    let pool = Pool::in_memory(256);
    let (name, device) = (name(&pool), leaves(zfs, &pool).remove(0));
    let path = device.path.as_ref().unwrap().to_str().unwrap();
    zfs.set_device_properties(&name, device.guid, &[("comment", "third shelf"), ("org.example:bought", "today")])?;
    zfs.set_device_properties(&name, device.guid, &[("checksum_n", "12")])?;
    let properties = zfs.device_properties(&name, device.guid, &["comment", "checksum_n", "org.example:bought", "guid"])?;
    assert_eq!(properties.text("comment").as_deref(), Some("third shelf"));
    assert_eq!(properties.text("org.example:bought").as_deref(), Some("today"));
    assert_eq!(properties.number("checksum_n"), Some(12));
    assert_eq!(properties.number("guid"), Some(device.guid.0));
    for (property, value) in [("comment", "third shelf"), ("checksum_n", "12"), ("org.example:bought", "today")] {
        let theirs = oracle::zpool(&["get", "-Hp", "-o", "value", property, pool.name(), path]);
        assert_eq!(theirs.trim_end(), value, "{property}");
    }
    let kept = zfs.device_properties(&name, device.guid, &[])?;
    assert_eq!(kept.text("comment").as_deref(), Some("third shelf"));

    let fixed = zfs.set_device_properties(&name, device.guid, &[("guid", "5")]).unwrap_err();
    assert_eq!(fixed.kind(), ErrorKind::ReadOnly, "{fixed}");
    let strange = zfs
        .set_device_properties(&name, device.guid, &[("allocating", "perhaps")])
        .unwrap_err();
    assert_eq!(
        (strange.kind(), items(&strange)),
        (ErrorKind::Invalid, vec![("allocating", Errno::EINVAL)])
    );
    Ok(())
}

fn a_device_that_is_not_there_has_no_properties(zfs: &Zfs) -> zfs_rs::Result<()> {
    let pool = Pool::in_memory(256);
    match zfs.device_properties(&name(&pool), Guid(4711), &["guid"]) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) => panic!("{found:?}"),
    }
}
