//! Both verifiers say the same of every stream.

use ring_tests::mutants::flips::{all_of_headers, some};
use ring_tests::mutants::{Round, long_package};
use ring_tests::plain::RULES;
use zfs_rs::stream::{ByteOrder, Rule};

/// A short round; `cargo xtask mutants` runs long ones.
#[test]
fn mutants_are_judged_alike_and_break_every_rule() {
    let round = Round {
        seed: 1,
        blind: 10_000,
        mutants: 25_000,
    };
    let tally = round.run(None, |_, _| {});
    assert!(tally.failures.is_empty(), "{}\n{tally}", tally.failures.join("\n"));
    assert!(
        tally.never_broken().is_empty(),
        "no mutant broke {:?}\n{tally}",
        tally.never_broken()
    );
}

#[test]
fn every_flipped_bit_of_a_record_is_seen() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let flips = all_of_headers(&long_package(1, order, 200_000));
        assert!(flips.missed.is_empty(), "{}", flips.missed.join("\n"));
        assert!(
            flips.tried > 100_000 && flips.seen == flips.tried,
            "{} of {}",
            flips.seen,
            flips.tried
        );
    }
}

#[test]
fn flipped_bits_of_a_longer_stream_are_seen() {
    let flips = some(&long_package(2, ByteOrder::HOST, 2_000_000), 3, 10_000);
    assert_eq!((flips.missed, flips.seen), (Vec::new(), flips.tried));
}

#[test]
fn the_plain_verifier_has_every_rule() {
    let mut plain: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    // Some look at a record first and then at its payload.
    plain.dedup();
    let all: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(plain, all);
}
