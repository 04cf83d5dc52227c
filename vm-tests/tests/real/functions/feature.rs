//! A pool's features are in the states the oracle says.

use zfs_rs::{FeatureState, Zfs};

use crate::support::{oracle, pool::Pool};

both!(features_have_the_states_of_the_oracle shows [pool_features]);

fn features_have_the_states_of_the_oracle(zfs: &Zfs) {
    let pool = Pool::in_memory(256);
    let name = pool.name().parse().unwrap();
    // What its first mount makes active is so when it is on disk.
    oracle::zpool(&["sync", pool.name()]);
    let features = zfs.pool_features(&name).unwrap();
    let text = oracle::zpool(&["get", "-H", "-o", "property,value", "all", pool.name()]);
    let mut seen = Vec::new();
    for line in text.lines() {
        let (property, value) = line.split_once('\t').unwrap();
        if let Some(feature) = property.strip_prefix("feature@") {
            assert_eq!(features.state(feature).to_string(), value, "{feature}");
            seen.push(value);
        }
    }
    assert!(seen.len() > 30 && seen.contains(&"active") && seen.contains(&"enabled"), "{seen:?}");
    assert_eq!(features.iter().count(), seen.iter().filter(|value| **value != "disabled").count());

    // The first bookmark makes its feature active, by its short and its full name.
    assert_eq!(features.users("bookmarks"), Some(0));
    oracle::sh(&format!("zfs snapshot {name}@a; zfs bookmark {name}@a {name}#a; zpool sync {name}"));
    let features = zfs.pool_features(&name).unwrap();
    assert_eq!(features.state("com.delphix:bookmarks"), FeatureState::Active);
    assert_eq!(features.state("no_such_feature"), FeatureState::Disabled);
}
