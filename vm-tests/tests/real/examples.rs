//! The example programs of zfs-rs and zfs-replicate do on real ZFS what they say.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use zfs_rs::DatasetName;

use crate::support::{
    files::{assortment, contents, mountpoint},
    oracle,
    pool::{home, other_place, unique},
};

/// What an example prints; it must succeed.
fn example(name: &str, args: &[&str]) -> String {
    let output = try_example(name, args);
    assert!(
        output.status.success(),
        "{name} {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn try_example(name: &str, args: &[&str]) -> Output {
    Command::new(format!("/job/{name}")).args(args).output().unwrap()
}

/// Its one line about what went wrong.
fn complaint(name: &str, args: &[&str]) -> String {
    let output = try_example(name, args);
    assert!(!output.status.success(), "{name} {args:?} succeeded");
    String::from_utf8(output.stderr).unwrap()
}

/// A filesystem with files and the snapshots `@one` and `@two`.
fn filled(purpose: &str) -> DatasetName {
    let name = home(purpose);
    for (seed, short) in [(1, "one"), (2, "two")] {
        assortment(&mountpoint(&name), seed);
        oracle::zfs(&["snapshot", &format!("{name}@{short}")]);
    }
    name
}

#[test]
fn list_prints_what_zfs_list_prints() {
    let root = filled("list");
    oracle::sh(&format!(
        "zfs create {root}/child; zfs bookmark {root}@one {root}#mark; zfs create -V 1m {root}/disk"
    ));
    let ours = example("list", &[root.as_str()]);
    let mut ours: Vec<&str> = ours.lines().collect();
    let theirs = oracle::zfs(&["list", "-Hp", "-r", "-t", "all", "-o", "name,type,guid", root.as_str()]);
    let mut theirs: Vec<&str> = theirs.lines().collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 6);
}

#[test]
fn snapshot_and_hold_holds_what_it_took_and_can_be_run_again() {
    let root = home("held");
    let snapshot = format!("{root}@now");
    example("snapshot-and-hold", &[&snapshot, "mine"]);
    assert!(oracle::zfs(&["holds", "-H", &snapshot]).starts_with(&format!("{snapshot}\tmine\t")));
    let guid = oracle::get(&snapshot, "guid");
    let again = example("snapshot-and-hold", &[&snapshot, "mine"]);
    assert!(again.contains("was there already") && again.contains("was held already"), "{again}");
    assert_eq!(oracle::get(&snapshot, "guid"), guid);
    oracle::zfs(&["release", "mine", &snapshot]);
}

#[test]
fn a_stream_in_a_file_is_received_with_all_files() {
    let (root, target) = (filled("filed"), other_place("unfiled"));
    let file = format!("/dev/shm/{}", unique("stream"));
    let sent = format!("{root}@two");
    example("send-to-file-and-verify", &[&sent, &file]);
    example("receive", &[&file, target.as_str()]);
    let arrived = format!("{target}@two");
    assert_eq!(oracle::get(&arrived, "guid"), oracle::get(&sent, "guid"));
    assert_eq!(contents(&arrived), contents(&sent));
    assert_eq!(oracle::get(target.as_str(), "canmount"), "noauto");

    let complaint = complaint("send-to-file-and-verify", &[&sent, &file]);
    assert!(complaint.contains(&file) && complaint.contains("exists"), "{complaint}");
    fs::remove_file(file).unwrap();
}

#[test]
fn a_damaged_file_is_not_received() {
    let (root, target) = (filled("damaged"), other_place("undamaged"));
    let file = format!("/dev/shm/{}", unique("stream"));
    example("send-to-file-and-verify", &[&format!("{root}@two"), &file]);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let complaint = complaint("receive", &[&file, target.as_str()]);
    assert!(complaint.contains(&file) && complaint.contains("damaged"), "{complaint}");
    assert!(!oracle::exists(target.as_str()));
    fs::remove_file(file).unwrap();
}

#[test]
fn watch_progress_sends_and_tells_how_far() {
    let (root, target) = (filled("watched"), other_place("watcher"));
    let sent = format!("{root}@two");
    let said = example("watch-progress", &[&sent, target.as_str()]);
    let arrived = format!("{target}@two");
    assert_eq!(oracle::get(&arrived, "guid"), oracle::get(&sent, "guid"));
    assert_eq!(contents(&arrived), contents(&sent));
    assert!(said.contains(&format!("received {arrived}, ")), "{said}");
}

#[test]
fn a_tree_is_replicated_and_a_second_time_it_is_there() {
    let (root, target) = (filled("tree"), other_place("treecopy"));
    oracle::sh(&format!("zfs create {root}/child; zfs snapshot {root}/child@one"));
    let args = [root.as_str(), target.as_str()];
    let said = example("replicate-tree", &args);
    assert!(said.contains(&format!("{root}: 2 snapshots, ")), "{said}");
    assert!(said.contains(&format!("{root}/child: 1 snapshots, ")), "{said}");
    assert_eq!(contents(format!("{target}@two")), contents(format!("{root}@two")));
    let said = example("replicate-tree", &args);
    assert_eq!(said, format!("{root}: was there\n{root}/child: was there\n"));
    oracle::sh(&format!("zfs create {root}/empty"));
    let output = try_example("replicate-tree", &args);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stdout).contains("blocked: "));
}

#[test]
fn a_plan_is_kept_and_applied_unless_it_does_not_hold_any_more() {
    let (root, target) = (filled("kept"), other_place("keptcopy"));
    let place = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| place.path().join(name).to_str().unwrap().to_owned());
    let said = example("plan-and-apply", &["plan", &first, root.as_str(), target.as_str()]);
    assert!(said.starts_with(&format!("{root}@one to {target}@one, about Some(")), "{said}");
    assert!(!oracle::exists(target.as_str()), "it is only planned");
    example("plan-and-apply", &["plan", &second, root.as_str(), target.as_str()]);
    assert!(example("plan-and-apply", &["apply", &first]).contains(" bytes in "));
    assert_eq!(contents(format!("{target}@two")), contents(format!("{root}@two")));
    let complaint = complaint("plan-and-apply", &["apply", &second]);
    assert!(complaint.contains("something else by now"), "{complaint}");
}

#[test]
fn an_interface_hears_of_a_run() {
    let (root, target) = (filled("shown"), other_place("showncopy"));
    let args = [root.as_str(), target.as_str()];
    let said = example("progress-to-your-own-ui", &args);
    for words in [format!("{root}@two: there, after "), " bytes in ".to_owned()] {
        assert!(said.contains(&words), "{said}");
    }
    assert_eq!(contents(format!("{target}@two")), contents(format!("{root}@two")));
}

#[test]
fn a_user_may_what_is_delegated_and_hears_what_is_not() {
    let root = home("delegated");
    let snapshot = format!("{root}@theirs");
    let as_nobody = || oracle::run("setpriv", &["--reuid=65534", "--clear-groups", "--", PROGRAM, &snapshot]);
    // The job's directory is root's; what nobody runs lies where all may.
    fs::copy("/job/delegated-user", PROGRAM).unwrap();

    let said = as_nobody();
    assert!(said.contains("snapshot: ") && said.contains("permission denied"), "{said}");
    assert!(!oracle::exists(&snapshot));

    oracle::sh(&format!("zfs allow -u 65534 snapshot,hold,mount {root}"));
    let said = as_nobody();
    assert!(said.contains("snapshot: allowed") && said.contains("hold: allowed"), "{said}");
    assert!(said.contains("bookmark: ") && !said.contains("bookmark: allowed"), "{said}");
    assert!(oracle::exists(&snapshot));
    fs::remove_file(PROGRAM).unwrap();
}

const PROGRAM: &str = "/usr/local/bin/delegated-user";

#[test]
fn an_example_names_what_it_cannot_do() {
    let root = home("missing");
    for (name, args) in [
        ("list", vec![format!("{root}/none")]),
        ("snapshot-and-hold", vec![format!("{root}/none@a"), "mine".to_owned()]),
        ("watch-progress", vec![format!("{root}@none"), format!("{root}/copy")]),
        ("delegated-user", vec![format!("{root}/none@a")]),
        ("receive", vec![format!("/none/{root}"), format!("{root}/copy")]),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let complaint = complaint(name, &args);
        // A snapshot that cannot be is told by its dataset.
        let dataset = args[0].split('@').next().unwrap();
        assert!(complaint.starts_with(&format!("{name}: {dataset}")), "{complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
    assert!(complaint("list", &["no name/"]).contains("is not the name of a dataset"));
    assert!(!Path::new(PROGRAM).exists());
}
