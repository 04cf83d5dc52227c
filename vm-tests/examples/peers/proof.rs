//! I see whether the copy has every snapshot of the source, by GUID.

use std::collections::BTreeSet;

use crate::{
    Result,
    run::run,
    world::{SOURCE, TARGET},
};

/// Fails unless the target has them all.
pub(crate) fn complete(who: &str) -> Result<()> {
    let missing = missing()?;
    match missing.first() {
        None => Ok(()),
        Some(first) => Err(format!("{who} left {} snapshots out, the first of which is {first}", missing.len()).into()),
    }
}

/// What the target lacks.
pub(crate) fn missing() -> Result<Vec<String>> {
    let there: BTreeSet<String> = snapshots(TARGET)?.into_iter().collect();
    let here = snapshots(SOURCE)?;
    if here.is_empty() {
        return Err("the source has no snapshot".into());
    }
    Ok(here.into_iter().filter(|snapshot| !there.contains(snapshot)).collect())
}

/// The snapshots below `root`: what comes behind its name, and the GUID.
fn snapshots(root: &str) -> Result<Vec<String>> {
    if run("zfs", &["list", "-H", root]).is_err() {
        return Ok(Vec::new());
    }
    let text = run("zfs", &["list", "-Hp", "-t", "snapshot", "-o", "name,guid", "-r", root])?;
    Ok(text.lines().filter_map(|line| line.strip_prefix(root)).map(str::to_owned).collect())
}
