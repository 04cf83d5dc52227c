//! I kill the program in the middle of a large step, let it begin again, and count what it need not send twice.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Result, oracle, tale, tale::Tale, tree};

/// The large step: born, killed at half, resumed.
pub(crate) fn play(tale: &mut Tale) -> Result<()> {
    tale.act("A large step, and SIGKILL in the middle of it");
    tale.say("Wednesday brings a film of 224 MiB that nothing can compress, in records of 1 MiB.");
    tree::wednesday(FILM)?;
    let whole = estimate()?;
    tale.say(&format!(
        "zfs send estimates {} MiB for it. A limit on the rate leaves time to aim.",
        whole >> 20
    ));
    let Some(arrived) = shoot(tale, whole)? else {
        tale.check(false, "the program could be killed before the step was through");
        return Ok(());
    };
    tale.check(
        within(arrived, whole, 40, 75),
        &format!(
            "it was killed with {} of {} MiB on the target, and they stay there",
            arrived >> 20,
            whole >> 20
        ),
    );

    tale.act("The same command again resumes");
    let begun = Instant::now();
    let said = tale.replicate(&[], 0, "all at the goal")?;
    let (moved, saved) = said.lines.iter().find_map(|line| sum(line)).unwrap_or_default();
    tale.say(&format!(
        "{:.1} s: {} MiB moved, {} MiB saved.",
        begun.elapsed().as_secs_f32(),
        moved >> 20,
        saved >> 20
    ));
    tale.check(
        within(saved, arrived, 90, 101),
        "what was on the target at the kill was not sent again",
    );
    tale.check(within(moved, whole, 1, 60), "less than 60 % of the step went over the line");
    tale.check(
        oracle::property("receive_resume_token", FILM_TARGET)? == "-",
        "no interrupted receive is left",
    );

    tale.act("Once more, with nothing to do");
    let said = tale.replicate(&[], 0, "all at the goal")?;
    tale.check(said.lines.iter().any(|line| sum(line) == Some((0, 0))), "not one byte was moved");
    Ok(())
}

/// Kills the program when the target's resume token says half; returns how many bytes the target kept.
fn shoot(tale: &mut Tale, whole: u64) -> Result<Option<u64>> {
    let mut running = Tale::start(&["--bwlimit", RATE])?;
    while !running.is_over()? {
        thread::sleep(Duration::from_millis(300));
        // What a token says is as old as the last transaction group.
        oracle::zpool(["sync", "backup"])?;
        if arrived()?.is_some_and(|bytes| within(bytes, whole, 45, 100)) {
            let said = running.kill()?;
            tale.say("SIGKILL.");
            tale.check(said.status.is_none(), "a signal ended it");
            oracle::zpool(["sync", "backup"])?;
            return arrived();
        }
    }
    Ok(None)
}

/// The bytes that the resume token of the target says are there, as the program reads it.
fn arrived() -> Result<Option<u64>> {
    let token = oracle::property("receive_resume_token", FILM_TARGET)?;
    if token == "-" {
        return Ok(None);
    }
    let document = tale::document(&["token", "--json", &token])?;
    let bytes = document.get("bytes").and_then(serde_json::Value::as_u64);
    bytes.map(Some).ok_or_else(|| format!("the token says no bytes: {document}").into())
}

/// The size of the step as the administrator's program estimates it.
fn estimate() -> Result<u64> {
    let text = oracle::zfs(["send", "-nPLec", "-i", "@tuesday", "tank/data/media@wednesday"])?;
    let size = text.lines().find_map(|line| line.strip_prefix("size")?.trim().parse().ok());
    size.ok_or_else(|| format!("zfs send -nP says {text:?}").into())
}

/// Bytes moved and bytes saved, from the last line of a report that says all is complete.
fn sum(line: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix("complete: ")?.split_once("; ")?.1;
    let mut parts = rest.split(", ");
    let moved = bytes(parts.next()?.split_once(" in ")?.0)?;
    let saved = match parts.next() {
        None => 0,
        Some(part) => bytes(part.strip_suffix(" saved by resuming")?)?,
    };
    Some((moved, saved))
}

/// A size as people read it: `112.5 MiB`.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ')?;
    let unit = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
    let tenth = |text: &str| text.get(..1)?.parse::<u64>().ok();
    Some(whole.parse::<u64>().ok()? * unit + tenth(tenths)? * unit / 10)
}

/// Whether a part is between two hundredths of a whole.
fn within(part: u64, whole: u64, least: u64, most: u64) -> bool {
    (whole * least..=whole * most).contains(&(part * 100))
}

const FILM: u64 = 224 << 20;
const FILM_TARGET: &str = "backup/data/media";

/// Slow enough that half the film takes several looks, even where the machine is emulated.
const RATE: &str = "12MiB";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_report_is_read() {
        let line = "complete: 16 of 16 datasets at the goal; 112.5 MiB in 5.2 s, 111 MiB saved by resuming";
        assert_eq!(sum(line), Some((112 * (1 << 20) + (1 << 19), 111 << 20)));
        assert_eq!(sum("complete: 1 of 1 dataset at the goal; 0 B in 0.1 s"), Some((0, 0)));
        assert_eq!(sum("NOT complete: 1 of 2 datasets at the goal; 0 B in 0.1 s"), None);
        assert_eq!(sum("note: something; else"), None);
    }

    #[test]
    fn a_part_is_weighed_in_hundredths() {
        assert!(within(50, 100, 40, 60));
        assert!(!within(39, 100, 40, 60));
        assert!(!within(61, 100, 40, 60));
    }
}
