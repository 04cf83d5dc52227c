//! I am how fast something goes of late, by the times at which somebody told how far it was.

use std::collections::VecDeque;
use std::time::Duration;

/// The speed of the last few seconds: one stall does not make it nothing, and what was long ago does not count.
#[derive(Debug, Default)]
pub(super) struct Speed {
    /// When how many bytes had been moved, oldest first.
    heard: VecDeque<(Duration, u64)>,
}

impl Speed {
    /// Hears how many bytes have been moved by now. The first time is the beginning.
    pub(super) fn hear(&mut self, now: Duration, bytes: u64) {
        // The newest one that is older than the window stays: what came since then is what the window holds.
        while self.heard.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW) || self.heard.len() >= MOST {
            self.heard.pop_front();
        }
        self.heard.push_back((now, bytes));
    }

    /// Bytes a second; nothing before enough was heard.
    pub(super) fn bytes_per_second(&self) -> Option<u64> {
        let ((from, before), (to, bytes)) = (self.heard.front()?, self.heard.back()?);
        let took = to.saturating_sub(*from);
        if took < LEAST {
            return None;
        }
        let moved = u128::from(bytes.saturating_sub(*before));
        u64::try_from(moved.saturating_mul(1000).checked_div(took.as_millis())?).ok()
    }

    /// How long that many bytes will take at this speed; nothing where it stands still.
    pub(super) fn time_for(&self, bytes: u64) -> Option<Duration> {
        Some(Duration::from_secs(
            bytes.div_ceil(self.bytes_per_second().filter(|speed| *speed > 0)?),
        ))
    }
}

/// Longer than the five seconds between two transaction groups, in whose rhythm a receive takes and stops.
const WINDOW: Duration = Duration::from_secs(10);
/// Before that, a full pipe would look like a fast one.
const LEAST: Duration = Duration::from_secs(1);
/// Bounds what is remembered, whoever tells how often.
const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(all: &[(u64, u64)]) -> Speed {
        let mut speed = Speed::default();
        for (millis, bytes) in all {
            speed.hear(Duration::from_millis(*millis), *bytes);
        }
        speed
    }

    #[test]
    fn a_speed_is_what_was_moved_of_late() {
        assert_eq!(heard(&[]).bytes_per_second(), None);
        assert_eq!(heard(&[(0, 0), (500, 1 << 20)]).bytes_per_second(), None, "too early to say");
        assert_eq!(heard(&[(0, 0), (2000, 3000)]).bytes_per_second(), Some(1500));
        // Fast long ago, slow now.
        assert_eq!(
            heard(&[(0, 0), (1000, 1 << 30), (15_000, (1 << 30) + 1400)]).bytes_per_second(),
            Some(100)
        );
        // A stall is averaged in, not taken for the end.
        assert_eq!(heard(&[(0, 0), (5000, 10_000), (8000, 10_000)]).bytes_per_second(), Some(1250));
        assert_eq!(heard(&[(0, 5), (5000, 5)]).time_for(7), None, "it stands still");
        assert_eq!(heard(&[(0, 0), (2000, 3000)]).time_for(4000), Some(Duration::from_secs(3)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut speed = Speed::default();
        for millis in 0..10_000 {
            speed.hear(Duration::from_millis(millis), millis);
        }
        assert!(speed.heard.len() <= MOST);
    }
}
