//! Worlds with faults, some of them on every change.

use ring_tests::simulation::simulate;

#[test]
fn no_invariant_is_broken_in_any_world() {
    // I1 I2 I4 I7 I8
    for seed in 0..300 {
        if let Err(broken) = simulate(seed) {
            panic!("seed {seed}: {}\n{}", broken.why, broken.tale.log);
        }
    }
}

#[test]
fn the_same_seed_tells_the_same_tale() {
    for seed in 0..20 {
        let tale = simulate(seed).map_err(|broken| broken.why);
        assert_eq!(tale, simulate(seed).map_err(|broken| broken.why), "seed {seed}");
    }
}
