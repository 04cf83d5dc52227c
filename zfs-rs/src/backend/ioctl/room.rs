//! I keep the room for answers between calls, so that it is not wiped anew for each.

use std::sync::{Mutex, PoisonError};

use super::ANSWER_START;

/// Room that nobody uses at the moment, of the usual size; none while a call has it.
///
/// What an earlier answer left there is not wiped: of an answer only as many bytes are read as the kernel says it wrote.
#[derive(Debug, Default)]
pub(super) struct Spare(Mutex<Vec<u8>>);

impl Spare {
    /// Room of at least the usual size: what was kept if it serves, else new.
    pub(super) fn take(&self, size: usize) -> Vec<u8> {
        let mut room = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if room.len() < size {
            room = vec![0; size];
        }
        room
    }

    /// Keeps the room for the next call, unless it has grown beyond the usual.
    pub(super) fn keep(&self, room: Vec<u8>) {
        if room.len() == ANSWER_START {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = room;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again_and_what_grew_is_given_back() {
        let spare = Spare::default();
        let mut room = spare.take(ANSWER_START);
        room[0] = 7;
        assert_eq!(spare.take(ANSWER_START)[0], 0, "two calls at once have their own");
        spare.keep(room);
        spare.keep(vec![9; 2 * ANSWER_START]);
        assert_eq!(spare.take(ANSWER_START)[0], 7);
        assert_eq!(spare.take(2 * ANSWER_START).len(), 2 * ANSWER_START);
    }
}
