//! I say how long to wait so that a rate is kept; I never touch a byte.

use std::num::NonZeroU64;
use std::time::Duration;

/// A limit shared by all streams of a run: what is booked too early is paid by waiting.
///
/// Time comes in as an argument. Debt is kept exactly, so the mean rate is kept however large a booking is.
#[derive(Debug)]
pub(crate) struct Limit {
    rate: NonZeroU64,
    /// When everything booked so far would have gone through at the rate.
    paid_at: Duration,
}

impl Limit {
    /// A limit of that many bytes a second.
    pub(crate) fn new(rate: NonZeroU64) -> Self {
        Self {
            rate,
            paid_at: Duration::ZERO,
        }
    }

    /// Books bytes that are about to go and says how long to wait before sending them.
    pub(crate) fn book(&mut self, bytes: u64, now: Duration) -> Duration {
        // A pause earns no more than the burst: after an hour of silence nothing floods the line.
        let start = self.paid_at.max(now.saturating_sub(BURST));
        self.paid_at = start.saturating_add(self.cost(bytes));
        self.paid_at.saturating_sub(now)
    }

    fn cost(&self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes).saturating_mul(1_000_000_000) / u128::from(self.rate.get());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// What may go at once after a pause, as time at the full rate.
const BURST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(rate: u64) -> Limit {
        Limit::new(NonZeroU64::new(rate).unwrap())
    }

    #[test]
    fn a_second_of_bytes_takes_a_second() {
        let mut limit = limit(1000);
        let start = Duration::from_secs(10);
        assert_eq!(limit.book(1000, start), Duration::from_millis(900));
        assert_eq!(limit.book(1000, start), Duration::from_millis(1900));
    }

    #[test]
    fn silence_is_not_saved_up() {
        let mut limit = limit(1000);
        limit.book(1, Duration::from_secs(1));
        assert_eq!(limit.book(1000, Duration::from_secs(3600)), Duration::from_millis(900));
    }

    proptest! {
        #[test]
        fn the_mean_rate_is_never_exceeded_by_more_than_the_burst(bookings in prop::collection::vec(1_u64..5000, 1..200)) {
            let mut limit = limit(10_000);
            let mut now = Duration::from_secs(5);
            let begun = now;
            let mut sent = 0;
            for bytes in bookings {
                now += limit.book(bytes, now);
                sent += bytes;
            }
            // 10,000 bytes a second are 10 a millisecond; the last one may be broken off.
            let allowed = ((now - begun + BURST).as_millis() + 1) * 10;
            prop_assert!(u128::from(sent) <= allowed, "{sent} bytes in {:?}", now - begun);
        }
    }
}
