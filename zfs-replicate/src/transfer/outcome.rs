//! I make one first cause of what send, link and receive each said.

use crate::reason::{Broken, Failure, FailureKind, Part};

/// Finds the first cause among the failures of one transfer; nothing where all three went well.
///
/// An *echo* is what one part says because another went away: a send or link whose reader is gone, a receive whose stream ends early. It is
/// blamed only when nobody else failed.
pub(crate) fn first_cause(send: Option<Failure>, link: Option<Failure>, receive: Option<Failure>) -> Result<(), Broken> {
    let mut failures: Vec<Failure> = [send, link, receive].into_iter().flatten().collect();
    let Some(cause) = failures
        .iter()
        .position(|failure| !is_echo(failure))
        .or((!failures.is_empty()).then_some(0))
    else {
        return Ok(());
    };
    let cause = failures.remove(cause);
    Err(Broken { cause, echoes: failures })
}

fn is_echo(failure: &Failure) -> bool {
    matches!(
        (failure.part, failure.kind),
        (Part::Send | Part::Link, FailureKind::Interrupted) | (Part::Receive, FailureKind::Truncated)
    )
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
        assert_eq!(first_cause(None, None, None), Ok(()));
    }

    #[test]
    fn a_broken_pipe_never_hides_the_receivers_error() {
        let send = failure(Side::Source, Part::Send, FailureKind::Interrupted);
        let link = failure(Side::Source, Part::Link, FailureKind::Interrupted);
        let receive = failure(Side::Target, Part::Receive, FailureKind::NoSpace);
        assert_eq!(cause(first_cause(send, link, receive)), (FailureKind::NoSpace, 2));
    }

    #[test]
    fn a_truncated_stream_never_hides_the_senders_error() {
        let send = failure(Side::Source, Part::Send, FailureKind::Io);
        let receive = failure(Side::Target, Part::Receive, FailureKind::Truncated);
        assert_eq!(cause(first_cause(send, None, receive)), (FailureKind::Io, 1));
    }

    #[test]
    fn an_echo_alone_is_blamed_rather_than_nobody() {
        let send = failure(Side::Source, Part::Send, FailureKind::Interrupted);
        assert_eq!(cause(first_cause(send, None, None)), (FailureKind::Interrupted, 0));
        let receive = failure(Side::Target, Part::Receive, FailureKind::Truncated);
        assert_eq!(cause(first_cause(None, None, receive)), (FailureKind::Truncated, 0));
    }
}
