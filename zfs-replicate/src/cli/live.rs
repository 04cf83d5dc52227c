//! I tell people what is going on while it goes on: moving bars on a terminal, lines elsewhere, always on the standard error.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::text;
use super::words::{count, duration, guess, harmless, percent, short, size, speed};
use crate::event::{Event, Subject};
use crate::reason::Outcome;

/// Someone to tell what happens.
#[derive(Debug)]
pub(super) struct Live {
    began: Instant,
    tongue: Tongue,
}

#[derive(Debug)]
enum Tongue {
    Bars(Bars),
    Lines(Lines),
}

impl Live {
    /// Bars where the standard error is a terminal, lines where it is not.
    #[expect(clippy::disallowed_methods, reason = "progress is told by the reader's time")]
    pub(super) fn new() -> Self {
        let tongue = if io::stderr().is_terminal() {
            Tongue::Bars(Bars::default())
        } else {
            Tongue::Lines(Lines::default())
        };
        Self {
            began: Instant::now(),
            tongue,
        }
    }

    /// Tells of one event. A reader who went away is no reason to stop.
    pub(super) fn tell(&mut self, event: &Event) {
        match &mut self.tongue {
            Tongue::Bars(bars) => bars.tell(event),
            Tongue::Lines(lines) => {
                if let Some(line) = lines.say(event, self.began.elapsed()) {
                    writeln!(io::stderr(), "{}", harmless(&line)).ok();
                }
            }
        }
    }
}

/// Lines, for logs: what begins, what ends, and now and then how far it is.
#[derive(Debug, Default)]
struct Lines(BTreeMap<usize, Track>);

/// A transfer on its way.
#[derive(Debug)]
struct Track {
    to: String,
    estimate: Option<u64>,
    resumed: u64,
    told: Duration,
}

impl Lines {
    /// What to say of an event at a time, if anything.
    fn say(&mut self, event: &Event, now: Duration) -> Option<String> {
        match event {
            Event::StepStarted {
                dataset,
                from,
                to,
                estimate,
                resumed,
            } => {
                let to = short(to.as_str()).to_owned();
                let line = begun(dataset, from.as_deref(), &to, *estimate, *resumed);
                let track = Track {
                    to,
                    estimate: *estimate,
                    resumed: *resumed,
                    told: now,
                };
                self.0.insert(dataset.index, track);
                Some(line)
            }
            Event::Progress {
                dataset,
                bytes,
                bytes_per_second,
                left,
                ..
            } => {
                let track = self.0.get_mut(&dataset.index)?;
                if now.saturating_sub(track.told) < PAUSE {
                    return None;
                }
                track.told = now;
                Some(track.line(dataset, *bytes, (*bytes_per_second, *left)))
            }
            Event::StepProved {
                dataset, to, bytes, took, ..
            } => {
                self.0.remove(&dataset.index);
                let speed = speed(*bytes, *took).map_or_else(String::new, |speed| format!(", {speed}"));
                let (to, bytes, took) = (short(to.as_str()), size(*bytes), duration(*took));
                Some(format!("{}: {to} is there, proved: {bytes} in {took}{speed}", dataset.source))
            }
            Event::StepFailed { dataset, .. } => {
                self.0.remove(&dataset.index);
                aside(event)
            }
            _ => aside(event),
        }
    }
}

impl Track {
    fn line(&self, dataset: &Subject, bytes: u64, pace: (Option<u64>, Option<Duration>)) -> String {
        let there = self.resumed.saturating_add(bytes);
        let whole = self.estimate.map(|rest| rest.saturating_add(self.resumed).max(there));
        let far = whole.map_or_else(String::new, |whole| {
            format!(" of about {} ({} %)", size(whole), percent(there, whole))
        });
        format!("{}: {} {}{far}{}", dataset.source, self.to, size(there), how_fast(pace))
    }
}

/// Speed, and time to go, as far as they can be said.
fn how_fast((bytes_per_second, left): (Option<u64>, Option<Duration>)) -> String {
    let speed = bytes_per_second.map_or_else(String::new, |bytes| format!(", {}/s", size(bytes)));
    let left = left.map_or_else(String::new, |left| format!(", {} left", duration(left)));
    format!("{speed}{left}")
}

/// Bars, for eyes: one for each transfer on its way, and above them only what went another way than planned.
#[derive(Debug, Default)]
struct Bars {
    screen: MultiProgress,
    bars: BTreeMap<usize, (ProgressBar, u64)>,
}

impl Bars {
    fn tell(&mut self, event: &Event) {
        match event {
            Event::StepStarted {
                dataset,
                to,
                estimate,
                resumed,
                ..
            } => {
                let length = estimate.map(|rest| rest.saturating_add(*resumed));
                let bar = self.screen.add(bar(length, [MEASURED_MOVE, UNMEASURED_MOVE]));
                bar.set_prefix(harmless(&format!("{} {}", dataset.source, short(to.as_str()))));
                // What came earlier counts as done and not as fast.
                bar.set_position(*resumed);
                bar.tick();
                self.bars.insert(dataset.index, (bar, *resumed));
            }
            Event::Progress {
                dataset,
                bytes,
                bytes_per_second,
                left,
                ..
            } => {
                if let Some((bar, resumed)) = self.bars.get(&dataset.index) {
                    let there = resumed.saturating_add(*bytes);
                    if bar.length().is_some_and(|length| there > length) {
                        bar.set_length(there);
                    }
                    bar.set_position(there);
                    bar.set_message(how_fast((*bytes_per_second, *left)));
                }
            }
            Event::StepProved { dataset, .. } => self.take_away(dataset),
            Event::StepFailed { dataset, .. } => {
                self.take_away(dataset);
                self.line(event);
            }
            _ => self.line(event),
        }
    }

    fn take_away(&mut self, dataset: &Subject) {
        if let Some((bar, _)) = self.bars.remove(&dataset.index) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    fn line(&self, event: &Event) {
        if let Some(line) = aside(event) {
            self.screen.println(harmless(&line)).ok();
        }
    }
}

/// A bar for a stream that is read, where there is a terminal to show it on and enough to read to wait for.
pub(super) fn reading(name: &str, length: Option<u64>) -> Option<ProgressBar> {
    let is_long = length.is_none_or(|length| length >= LONG);
    if !is_long || !io::stderr().is_terminal() {
        return None;
    }
    let bar = bar(length, [MEASURED, UNMEASURED]);
    bar.set_prefix(harmless(name));
    Some(bar)
}

fn bar(length: Option<u64>, [measured, unmeasured]: [&str; 2]) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), measured),
        None => (ProgressBar::no_length(), unmeasured),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn begun(dataset: &Subject, from: Option<&str>, to: &str, estimate: Option<u64>, resumed: u64) -> String {
    let from = from.map_or_else(|| "in full".to_owned(), |from| format!("from {}", short(from)));
    let far = match resumed {
        0 => guess(estimate),
        there => format!("resumed after {}, {} to go", size(there), guess(estimate)),
    };
    format!("{}: sending {to} {from}, {far}", dataset.source)
}

/// What is worth a line on any screen.
fn aside(event: &Event) -> Option<String> {
    match event {
        Event::Renamed { dataset, from, to } => Some(format!("{}: the target's {from} is now {to}", dataset.source)),
        Event::SetAside { dataset, from, to } => Some(format!("{}: the target's {from} is set aside as {to}", dataset.source)),
        Event::RolledBack { dataset, to, lost } => Some(format!(
            "{}: the target is back at {}, and {} destroyed",
            dataset.source,
            short(to.as_str()),
            count(*lost, "newer snapshot")
        )),
        Event::PartialAborted { dataset, why } => Some(format!("{}: an interrupted receive is given up: {why}", dataset.source)),
        Event::StepFailed { dataset, to, bytes, why } => Some(format!(
            "{}: {} failed after {}: {}",
            dataset.source,
            short(to.as_str()),
            size(*bytes),
            text::failure(&why.cause)
        )),
        Event::DatasetFinished { dataset, outcome } => match outcome {
            // A transfer that failed has been told of.
            Outcome::Failed { to: None, why, .. } => Some(format!("{}: failed: {}", dataset.source, text::failure(&why.cause))),
            Outcome::NotBegun { why } => Some(format!("{}: not begun: {why}", dataset.source)),
            Outcome::Failed { to: Some(_), .. } | Outcome::Blocked { .. } | Outcome::AtGoal | Outcome::Replicated | Outcome::StoodIn => {
                None
            }
        },
        Event::Retrying { dataset, why, after } => Some(format!(
            "{}: tried again in {}: {}",
            dataset.source,
            duration(*after),
            text::failure(&why.cause)
        )),
        Event::Cancelled => Some("cancelled: what is on its way is cut off and kept; a second signal ends the program at once".to_owned()),
        // The plan was told before and the report is told after.
        Event::Planned { .. }
        | Event::DatasetStarted { .. }
        | Event::StepStarted { .. }
        | Event::Progress { .. }
        | Event::StepProved { .. }
        | Event::Finished { .. } => None,
    }
}

/// The least time between two lines on the same transfer.
const PAUSE: Duration = Duration::from_secs(10);
/// Less than that is read before a bar is seen.
const LONG: u64 = 256 << 20;
const MEASURED: &str = "{prefix} [{wide_bar}] {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
/// A transfer's speed and time are the engine's.
const MEASURED_MOVE: &str = "{prefix} [{wide_bar}] {percent:>3} %  {binary_bytes} of {binary_total_bytes}{msg}";
const UNMEASURED_MOVE: &str = "{prefix} {binary_bytes}{msg}";
const UNMEASURED: &str = "{prefix} {binary_bytes}  {binary_bytes_per_sec}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample;

    #[test]
    fn a_transfer_is_told_of_every_ten_seconds_and_no_more() {
        let mut lines = Lines::default();
        let mut said = String::new();
        for (seconds, event) in sample::events() {
            if let Some(line) = lines.say(&event, Duration::from_secs(seconds)) {
                said.push_str(&format!("{seconds:>3} s  {line}\n"));
            }
        }
        insta::assert_snapshot!(said);
    }

    #[test]
    fn the_templates_of_the_bars_can_be_read() {
        assert!(ProgressStyle::with_template(MEASURED).is_ok());
        assert!(ProgressStyle::with_template(UNMEASURED).is_ok());
        assert!(ProgressStyle::with_template(MEASURED_MOVE).is_ok());
        assert!(ProgressStyle::with_template(UNMEASURED_MOVE).is_ok());
    }

    #[test]
    fn bars_take_every_event() {
        let mut bars = Bars {
            screen: MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::hidden()),
            bars: BTreeMap::new(),
        };
        for (_, event) in sample::events() {
            bars.tell(&event);
        }
        assert!(bars.bars.is_empty(), "a bar is left on the screen: {bars:?}");
    }
}
