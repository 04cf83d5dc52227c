//! I check what is said of one object against what two snapshots know of it.

use super::*;

fn file(path: &str) -> ObjectStats {
    ObjectStats {
        path: Some(PathBuf::from(path)),
        mode: 0o10_0644,
        links: 1,
        generation: 5,
        changed: (7, 0),
    }
}

fn later(stats: ObjectStats) -> ObjectStats {
    ObjectStats { changed: (8, 0), ..stats }
}

/// Change and path of each difference.
fn told(before: Option<ObjectStats>, after: Option<ObjectStats>) -> Vec<(Change, String)> {
    let differences = differences(9, before, after).into_iter();
    differences
        .map(|difference| (difference.change, difference.path.unwrap_or_default().display().to_string()))
        .collect()
}

#[test]
fn what_is_in_one_snapshot_only_was_added_or_removed() {
    assert_eq!(told(None, Some(file("/a"))), [(Change::Added, "a".to_owned())]);
    assert_eq!(told(Some(file("/d/a")), None), [(Change::Removed, "d/a".to_owned())]);
    assert_eq!(told(None, None), []);
}

#[test]
fn what_has_not_changed_is_not_told_although_its_neighbour_has() {
    assert_eq!(told(Some(file("/a")), Some(file("/a"))), []);
}

#[test]
fn what_has_changed_is_modified_or_renamed() {
    let modified = Change::Modified { links: 0 };
    assert_eq!(told(Some(file("/a")), Some(later(file("/a")))), [(modified, "a".to_owned())]);
    let renamed = Change::Renamed { to: PathBuf::from("b") };
    assert_eq!(told(Some(file("/a")), Some(later(file("/b")))), [(renamed, "a".to_owned())]);
}

#[test]
fn a_number_that_was_used_again_is_one_thing_removed_and_another_added() {
    let again = ObjectStats {
        generation: 6,
        ..later(file("/b"))
    };
    let both = [(Change::Removed, "a".to_owned()), (Change::Added, "b".to_owned())];
    assert_eq!(told(Some(file("/a")), Some(again)), both);
    let directory = ObjectStats {
        mode: 0o04_0755,
        ..later(file("/b"))
    };
    assert_eq!(told(Some(file("/a")), Some(directory)), both);
}

#[test]
fn links_that_came_and_went_are_counted_but_not_those_of_directories() {
    let two = |stats| ObjectStats { links: 2, ..later(stats) };
    let more = Change::Modified { links: 1 };
    assert_eq!(told(Some(file("/a")), Some(two(file("/b")))), [(more, "a".to_owned())]);
    let fewer = Change::Modified { links: -1 };
    assert_eq!(told(Some(two(file("/a"))), Some(file("/b"))), [(fewer, "b".to_owned())]);
    let directory = |stats| ObjectStats { mode: 0o04_0755, ..stats };
    let as_before = Change::Modified { links: 0 };
    assert_eq!(
        told(Some(directory(file("/d"))), Some(directory(two(file("/d"))))),
        [(as_before, "d".to_owned())]
    );
}

#[test]
fn a_name_the_kernel_has_lost_is_taken_from_the_other_side() {
    let lost = ObjectStats {
        path: None,
        ..later(file("/"))
    };
    let fewer = Change::Modified { links: -1 };
    let two = ObjectStats { links: 2, ..file("/a") };
    assert_eq!(told(Some(two), Some(lost)), [(fewer, "a".to_owned())]);
}

#[test]
fn a_record_of_another_kind_is_refused() {
    let mut bytes = [0; RECORD];
    bytes[..8].copy_from_slice(&FREE.to_ne_bytes());
    bytes[8..16].copy_from_slice(&3u64.to_ne_bytes());
    bytes[16..].copy_from_slice(&4u64.to_ne_bytes());
    let range = read_record(bytes).unwrap();
    assert_eq!((range.first, range.last, range.is_free), (3, 4, true));
    bytes[0] = 9;
    assert_eq!(read_record(bytes), Err(Errno::EFAULT.into()));
}
