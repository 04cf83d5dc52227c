//! I am the play: what happens, in which order, and what must be true after each part.

use std::{path::Path, thread};

use nix::mount::MsFlags;

use crate::{
    Result, interruption, oracle,
    proof::{Listing, Manifest, Row, other_contents, other_guids, table},
    reading,
    tale::{self, Tale},
    tree::{self, SOURCE, TARGET},
};

/// Plays all of it; whether everything held.
pub(crate) fn play() -> Result<bool> {
    let mut tale = Tale::begin();
    stage(&mut tale)?;
    first(&mut tale)?;
    second(&mut tale)?;
    way_out(&mut tale)?;
    interruption::play(&mut tale)?;
    let rows = proof(&mut tale)?;
    doubt(&mut tale)?;
    println!("\n{}", table(&rows));
    Ok(tale.end())
}

fn stage(tale: &mut Tale) -> Result<()> {
    tale.act("Two pools, and a tree on one of them");
    tree::pools()?;
    tree::plant()?;
    tale.say("tank/data: 14 filesystems and a volume; two of the filesystems are encrypted. www/logs has three snapshots more than");
    tale.say("the rest. Text, noise, sparse files, 150 tiny ones, hard links, symlinks, extended attributes, names with spaces.");
    Ok(())
}

fn first(tale: &mut Tale) -> Result<()> {
    tale.act("Full replication: Monday's tree, to a pool that has nothing");
    tale.replicate(&[], 0, "all at the goal")?;
    same_guids(tale)?;
    let key = oracle::property("keystatus", "backup/data/vault")?;
    tale.check(
        key == "unavailable",
        "what is encrypted at the source lies on the target and cannot be read there",
    );
    Ok(())
}

fn second(tale: &mut Tale) -> Result<()> {
    tale.act("Tuesday: changes, three new children, one renamed, and two strangers on the target");
    tree::tuesday()?;
    tree::strangers()?;
    let strangers = ["backup/data/inbox@tuesday", "backup/data/projects/gamma@tuesday"];
    let before = strangers.map(|name| oracle::property("guid", name).ok());
    tale.say("tank/data/projects/alpha is now called omega; projects/gamma, home/dora and home/dora/pictures are new.");
    tale.say("Somebody took a snapshot inbox@tuesday on the target, and made a dataset projects/gamma there with a snapshot");
    tale.say("@tuesday: the names of what is to come, but other GUIDs. Increments must flow; these two must be refused, not overwritten.");
    let said = tale.replicate(&[], 1, "something is not at its goal")?;
    for name in ["tank/data/inbox", "tank/data/projects/gamma"] {
        tale.check(
            said.says(&[&format!("{name}: blocked")]),
            &format!("{name} is reported as blocked, with the reason"),
        );
    }
    tale.check(said.count("hint:") >= 2, "each with the way out");
    tale.check(
        strangers.map(|name| oracle::property("guid", name).ok()) == before && before.iter().all(Option::is_some),
        "the strangers are untouched",
    );
    tale.check(
        oracle::property("guid", "backup/data/projects/omega@monday")? == oracle::property("guid", "tank/data/projects/omega@monday")?,
        "the renamed dataset was recognised by its GUIDs, not sent again",
    );
    Ok(())
}

fn way_out(tale: &mut Tale) -> Result<()> {
    tale.act("The administrator follows the hints, and the same command goes on");
    tale.say("# zfs rollback -r backup/data/inbox@monday                           nobody needs the stranger's snapshot");
    oracle::zfs(["rollback", "-r", "backup/data/inbox@monday"])?;
    tale.say("# zfs rename backup/data/projects/gamma backup/gamma-aside           out of the tree, to be looked at later");
    oracle::zfs(["rename", "backup/data/projects/gamma", "backup/gamma-aside"])?;
    tale.replicate(&[], 0, "all at the goal")?;
    same_guids(tale).map(drop)
}

/// Both sides, and on each both who can say: the administrator's program and ours.
fn same_guids(tale: &mut Tale) -> Result<Listing> {
    let source = oracle::listing(SOURCE)?;
    let target = oracle::listing(TARGET)?;
    let found = [
        (
            "zfs list and zfs-replicate list name the same on the source",
            other_guids(&source, &ours(SOURCE)?),
        ),
        ("and on the target", other_guids(&target, &ours(TARGET)?)),
        (
            "the GUIDs of all snapshots are the same on both sides",
            other_guids(&source, &target),
        ),
    ];
    for (what, differences) in found {
        for difference in differences.iter().take(SHOWN) {
            tale.say(difference);
        }
        tale.check(differences.is_empty(), &format!("{what} ({})", source.snapshots()));
    }
    Ok(source)
}

/// What a side has, as the program itself lists it.
fn ours(root: &str) -> Result<Listing> {
    let document = tale::document(&["list", "--recursive", "--json", root])?;
    let word = |value: &serde_json::Value, key: &str| value.get(key).and_then(|word| word.as_str()).unwrap_or_default().to_owned();
    let each = |value: &serde_json::Value, key: &str| value.get(key).and_then(|list| list.as_array()).cloned().unwrap_or_default();
    let mut listing = Listing::new(root);
    for dataset in each(&document, "datasets") {
        let name = word(&dataset, "name");
        listing.dataset(&name);
        for version in each(&dataset, "versions") {
            let full = word(&version, "name");
            let short = full.split_once('@').map_or(full.as_str(), |(_, short)| short);
            listing.snapshot(&name, short, word(&version, "guid").parse()?);
        }
    }
    Ok(listing)
}

fn proof(tale: &mut Tale) -> Result<Vec<Row>> {
    tale.act("The proof: every file of every snapshot, read on both sides");
    let listing = same_guids(tale)?;
    let tokens = oracle::zfs([
        "get",
        "-Hp",
        "-r",
        "-t",
        "filesystem,volume",
        "-o",
        "value",
        "receive_resume_token",
        TARGET,
    ])?;
    tale.check(tokens.lines().all(|token| token == "-"), "the target has no unfinished receive");
    tale.say("The key comes to the target for the proof alone.");
    let vaults = ["backup/data/vault", "backup/data/vault/letters"];
    for vault in vaults {
        if oracle::property("keystatus", vault)? != "available" {
            oracle::zfs(["load-key", "-L", &format!("file://{}", tree::KEY), vault])?;
        }
    }
    let mut rows = Vec::new();
    for (dataset, snapshots) in listing.each() {
        let row = compare(tale, dataset, &snapshots)?;
        tale.check(
            row.equal,
            &format!("{}: {} files in {} snapshots are the same", row.dataset, row.files, row.snapshots),
        );
        rows.push(row);
    }
    for vault in vaults.iter().rev() {
        oracle::zfs(["unload-key", vault])?;
    }
    Ok(rows)
}

/// Reads all snapshots of a dataset on both sides at once.
fn compare(tale: &Tale, dataset: &str, snapshots: &[&str]) -> Result<Row> {
    let mut row = Row {
        dataset: format!("{SOURCE}{dataset}"),
        snapshots: snapshots.len(),
        equal: !snapshots.is_empty(),
        ..Row::default()
    };
    let is_volume = oracle::property("type", &row.dataset)? == "volume";
    for snapshot in snapshots {
        let (ours, theirs) = thread::scope(|scope| {
            let other = scope.spawn(|| read(&format!("{TARGET}{dataset}@{snapshot}"), "backup", is_volume));
            let ours = read(&format!("{SOURCE}{dataset}@{snapshot}"), "tank", is_volume);
            (ours, other.join().unwrap_or_else(|_| Err("reading broke".into())))
        });
        let (ours, theirs) = (ours?, theirs?);
        let differences = other_contents(&ours, &theirs);
        for difference in differences.iter().take(SHOWN) {
            tale.say(&format!("{}@{snapshot}: {difference}", row.dataset));
        }
        row.equal &= differences.is_empty();
        row.files += ours.files;
        row.bytes += ours.bytes;
    }
    Ok(row)
}

fn read(snapshot: &str, pool: &str, is_volume: bool) -> Result<Manifest> {
    if is_volume {
        return reading::volume(snapshot, &format!("{pool}/proof"));
    }
    reading::filesystem(snapshot, &Path::new("/run/proof").join(pool))
}

/// A proof that cannot fail proves nothing: one byte is changed, and it has to be noticed.
fn doubt(tale: &mut Tale) -> Result<()> {
    tale.act("Would the proof notice? One byte is changed in a clone of the target");
    let at = Path::new("/run/proof/doubt");
    let good = read("tank/data/home/ada@tuesday", "tank", false)?;
    oracle::zfs([
        "clone",
        "-o",
        "readonly=off",
        "-o",
        "canmount=noauto",
        "backup/data/home/ada@tuesday",
        "backup/doubt",
    ])?;
    let (same, bent) = reading::mounted("backup/doubt", at, MsFlags::empty(), |root| {
        let same = reading::tree(root)?;
        tree::bend(&root.join("the same letter"))?;
        Ok((same, reading::tree(root)?))
    })?;
    oracle::destroy("backup/doubt")?;
    tale.check(
        other_contents(&good, &same).is_empty(),
        "the clone is as the source's snapshot before the change",
    );
    let found = other_contents(&good, &bent);
    for difference in found.iter().take(1) {
        tale.say(difference);
    }
    // The letter has two names.
    tale.check(found.len() == 2, "and differs in that file, by both its names, after it");
    Ok(())
}

/// How many differences are shown of many.
const SHOWN: usize = 5;
