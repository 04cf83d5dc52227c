//! I make one first cause of what send, link and receive each said.

use crate::reason::{Broken, Failure, FailureKind, Part};

/// Finds the first cause among the failures of one transfer; nothing where all three went well.
///
/// An *echo* is what one part says because another went away: a send or link whose reader is gone, a receive whose stream ends early. It is
/// blamed only when nobody else failed. Where the transfer was cut off because the run was, that is the cause, and what would not wait then is an echo too.
pub(crate) fn first_cause(
    send: Option<Failure>,
    link: Option<Failure>,
    receive: Option<Failure>,
    cut: Option<Failure>,
) -> Result<(), Broken> {
    let mut failures: Vec<Failure> = [send, link, receive].into_iter().flatten().collect();
    if failures.is_empty() {
        return Ok(());
    }
    let cause = failures.iter().position(|failure| !is_echo(failure, cut.is_some()));
    let cause = match (cause, cut) {
        (Some(at), _) => failures.remove(at),
        (None, Some(cut)) => cut,
        (None, None) => failures.remove(0),
    };
    Err(Broken { cause, echoes: failures })
}

fn is_echo(failure: &Failure, is_cut: bool) -> bool {
    match (failure.part, failure.kind) {
        (Part::Send | Part::Link, FailureKind::Interrupted) | (Part::Receive, FailureKind::Truncated) => true,
        (Part::Send | Part::Receive, FailureKind::TryAgain) => is_cut,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Side;

    fn failure(side: Side, part: Part, kind: FailureKind) -> Option<Failure> {
        Some(Failure {
            side,
            part,
            object: "tank/a@b".to_owned(),
            kind,
            errno: None,
            detail: String::new(),
        })
    }

    fn cause(result: Result<(), Broken>) -> (FailureKind, usize) {
        let broken = result.unwrap_err();
        (broken.cause.kind, broken.echoes.len())
    }

    #[test]
    fn all_well_is_no_cause() {
        assert_eq!(first_cause(None, None, None, None), Ok(()));
    }

    #[test]
    fn a_broken_pipe_never_hides_the_receivers_error() {
        let send = failure(Side::Source, Part::Send, FailureKind::Interrupted);
        let link = failure(Side::Source, Part::Link, FailureKind::Interrupted);
        let receive = failure(Side::Target, Part::Receive, FailureKind::NoSpace);
        assert_eq!(cause(first_cause(send, link, receive, None)), (FailureKind::NoSpace, 2));
    }

    #[test]
    fn a_truncated_stream_never_hides_the_senders_error() {
        let send = failure(Side::Source, Part::Send, FailureKind::Io);
        let receive = failure(Side::Target, Part::Receive, FailureKind::Truncated);
        assert_eq!(cause(first_cause(send, None, receive, None)), (FailureKind::Io, 1));
    }

    #[test]
    fn an_echo_alone_is_blamed_rather_than_nobody() {
        let send = failure(Side::Source, Part::Send, FailureKind::Interrupted);
        assert_eq!(cause(first_cause(send, None, None, None)), (FailureKind::Interrupted, 0));
        let receive = failure(Side::Target, Part::Receive, FailureKind::Truncated);
        assert_eq!(cause(first_cause(None, None, receive, None)), (FailureKind::Truncated, 0));
    }
    #[test]
    fn whoever_was_cut_off_only_echoes_that_and_hides_no_real_failure() {
        let cut = || failure(Side::Source, Part::Run, FailureKind::Cancelled);
        let send = || failure(Side::Source, Part::Send, FailureKind::Interrupted);
        for kind in [FailureKind::Truncated, FailureKind::TryAgain] {
            let receive = failure(Side::Target, Part::Receive, kind);
            assert_eq!(cause(first_cause(send(), None, receive, cut())), (FailureKind::Cancelled, 2));
        }
        let receive = failure(Side::Target, Part::Receive, FailureKind::NoSpace);
        assert_eq!(cause(first_cause(send(), None, receive, cut())), (FailureKind::NoSpace, 1));
        let receive = failure(Side::Target, Part::Receive, FailureKind::TryAgain);
        assert_eq!(cause(first_cause(send(), None, receive, None)), (FailureKind::TryAgain, 1));
        assert_eq!(first_cause(None, None, None, cut()), Ok(()), "it was through before");
    }
}
