//! What changed between two snapshots is what the oracle says.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::Path,
};

use zfs_rs::{Change, DatasetName, Difference, ErrorKind, FileKind, SnapshotName, Zfs};

use crate::support::{
    files::{assortment, mountpoint},
    oracle,
    pool::home,
};

both!(
    what_changed_in_a_filesystem_is_what_the_oracle_shows shows [diff],
    changed_objects_cover_what_was_written_and_freed shows [changed_objects],
    snapshots_of_no_common_history_are_refused shows [diff, changed_objects],
    a_difference_that_nobody_reads_to_its_end_is_given_up shows [diff],
);

fn snapshot(of: &DatasetName, name: &str) -> SnapshotName {
    oracle::zfs(&["snapshot", &format!("{of}@{name}")]);
    of.snapshot(name).unwrap()
}

fn what_changed_in_a_filesystem_is_what_the_oracle_shows(zfs: &Zfs) {
    let root = home("changed");
    let at = mountpoint(&root);
    assortment(&at, 1);
    for number in 0..300 {
        fs::write(at.join(format!("few{number}")), "few").unwrap();
    }
    let from = snapshot(&root, "from");

    fs::write(at.join("tiny1"), "other").unwrap();
    fs::rename(at.join("text1"), at.join("name with a space")).unwrap();
    fs::rename(at.join("directory1/deep"), at.join("shallow")).unwrap();
    fs::remove_file(at.join("holed1")).unwrap();
    fs::hard_link(at.join("noise1"), at.join("noise1 again")).unwrap();
    fs::set_permissions(at.join("empty1"), fs::Permissions::from_mode(0o600)).unwrap();
    for number in 40..260 {
        fs::remove_file(at.join(format!("few{number}"))).unwrap();
    }
    assortment(&at, 2);
    fs::write(at.join(OsStr::from_bytes(b"not \xff UTF-8")), "x").unwrap();
    symlink("nowhere", at.join("dangling")).unwrap();
    drop(UnixListener::bind(at.join("socket")).unwrap());
    oracle::run("mkfifo", &[at.join("fifo").to_str().unwrap()]);
    oracle::run("mknod", &[at.join("node").to_str().unwrap(), "b", "7", "0"]);
    let to = snapshot(&root, "to");

    let ours: Vec<Difference> = zfs.diff(&from, &to).unwrap().collect::<Result<_, _>>().unwrap();
    let lines: Vec<String> = ours.iter().map(|difference| line(&at, difference)).collect();
    let theirs = oracle::zfs(&["diff", "-FH", from.as_str(), to.as_str()]);
    let theirs: Vec<&str> = theirs.lines().collect();
    assert_eq!(lines, theirs);
    for sign in ["+", "-", "M", "R"] {
        assert!(theirs.iter().any(|line| line.starts_with(sign)), "no {sign}: {theirs:#?}");
    }
    for kind in ["F", "/", "@", "B", "|", "="] {
        assert!(theirs.iter().any(|line| line.split('\t').nth(1) == Some(kind)), "no {kind}");
    }
    assert!(theirs.len() > 230, "{} differences", theirs.len());

    // Unmounted, and from a clone back to what it grew from.
    oracle::sh(&format!(
        "zfs unmount {root}; zfs clone -o canmount=noauto {to} {root}clone; zfs snapshot {root}clone@later"
    ));
    assert_eq!(zfs.diff(&from, &to).unwrap().count(), theirs.len());
    let later = format!("{root}clone@later").parse().unwrap();
    assert_eq!(zfs.diff(&from, &later).unwrap().count(), theirs.len());
    assert_eq!(zfs.diff(&to, &later).unwrap().count(), 0);
}

/// A difference as `zfs diff -FH` writes it.
fn line(at: &Path, difference: &Difference) -> String {
    let shown = |path: &Path| escaped(&at.join(path));
    let path = shown(difference.path.as_deref().unwrap());
    let kind = match difference.kind {
        FileKind::File => "F",
        FileKind::Directory => "/",
        FileKind::Symlink => "@",
        FileKind::BlockDevice => "B",
        FileKind::CharacterDevice => "C",
        FileKind::Pipe => "|",
        FileKind::Socket => "=",
        other => panic!("{other}"),
    };
    match &difference.change {
        Change::Added => format!("+\t{kind}\t{path}"),
        Change::Removed => format!("-\t{kind}\t{path}"),
        Change::Modified { links: 0 } => format!("M\t{kind}\t{path}"),
        Change::Modified { links } => format!("M\t{kind}\t{path}\t({links:+})"),
        Change::Renamed { to } => format!("R\t{kind}\t{path}\t{}", shown(to)),
        other => panic!("{other:?}"),
    }
}

/// Bytes other than the visible ones of ASCII in octal, as the oracle writes them.
fn escaped(path: &Path) -> String {
    let one = |byte: &u8| match byte {
        b'\\' => "\\0134".to_owned(),
        b'!'..=b'~' => char::from(*byte).to_string(),
        byte => format!("\\{byte:04o}"),
    };
    path.as_os_str().as_bytes().iter().map(one).collect()
}

fn changed_objects_cover_what_was_written_and_freed(zfs: &Zfs) {
    use std::os::unix::fs::MetadataExt as _;
    let root = home("objects");
    let at = mountpoint(&root);
    for number in 0..200 {
        fs::write(at.join(format!("few{number}")), "few").unwrap();
    }
    let from = snapshot(&root, "from");
    let object = |name: &str| fs::metadata(at.join(name)).unwrap().ino();
    let (written, freed) = (object("few5"), object("few150"));
    fs::write(at.join("few5"), "more").unwrap();
    for number in 100..200 {
        fs::remove_file(at.join(format!("few{number}"))).unwrap();
    }
    let to = snapshot(&root, "to");
    let ranges: Vec<_> = zfs.changed_objects(&from, &to).unwrap().map(Result::unwrap).collect();
    let covers = |number, is_free| {
        let holds = |range: &&zfs_rs::ObjectRange| range.first <= number && number <= range.last;
        ranges.iter().find(holds).is_some_and(|range| range.is_free == is_free)
    };
    assert!(covers(written, false) && covers(freed, true), "{written} {freed} {ranges:?}");
    assert!(ranges.windows(2).all(|two| two[0].last < two[1].first), "{ranges:?}");
    let again = snapshot(&root, "again");
    let nothing: Vec<_> = zfs.changed_objects(&to, &again).unwrap().collect();
    assert!(nothing.is_empty(), "{nothing:?}");
}

fn snapshots_of_no_common_history_are_refused(zfs: &Zfs) {
    let (one, other) = (home("one"), home("other"));
    let (a, b) = (snapshot(&one, "a"), snapshot(&one, "b"));
    let foreign = snapshot(&other, "a");
    for (from, to, kind) in [
        (&foreign, &b, ErrorKind::NotAncestor),
        (&b, &a, ErrorKind::NotAncestor),
        (&one.snapshot("none").unwrap(), &b, ErrorKind::NotFound),
        (&a, &one.snapshot("none").unwrap(), ErrorKind::NotFound),
    ] {
        let ranges: Vec<_> = zfs.changed_objects(from, to).unwrap().collect();
        assert_eq!(ranges.len(), 1);
        let error = ranges[0].as_ref().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let error = zfs.diff(from, to).unwrap().next().unwrap().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

fn a_difference_that_nobody_reads_to_its_end_is_given_up(zfs: &Zfs) {
    let root = home("dropped");
    let at = mountpoint(&root);
    let from = snapshot(&root, "from");
    for number in 0..50 {
        fs::write(at.join(format!("few{number}")), "few").unwrap();
    }
    let to = snapshot(&root, "to");
    let mut diff = zfs.diff(&from, &to).unwrap();
    assert!(diff.next().unwrap().is_ok());
    drop(diff);
    // Nothing holds the later snapshot any more.
    oracle::zfs(&["destroy", to.as_str()]);
}
