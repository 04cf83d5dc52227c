//! The model agrees with itself, and with what the kernel once said.

use ring_tests::sequence::{Depth, Recorded, Side, agree, agree::seeds, compare, run, sequence};

#[test]
fn a_sequence_ends_the_same_in_every_machine_of_the_model() {
    for seed in seeds(1).take(2000) {
        let ops = sequence(seed);
        let mut sides = [Side::model(1, "p/a", "q/b"), Side::model(2, "left/pool", "right/other")];
        if let Err(mismatch) = agree(&mut sides, &ops, Depth::of(seed)) {
            let lines: Vec<String> = ops.iter().map(ToString::to_string).collect();
            panic!("seed {seed}: {mismatch}{}", lines.join("\n"));
        }
    }
}

/// What is kept in `recorded/` was chosen to show every answer to every kind of order that was ever seen; `examples/choose-recorded.rs` says how.
#[test]
fn the_model_says_what_the_kernel_said() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/recorded")).expect("the records") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a file of records");
        for line in text.lines() {
            let Recorded { seed, ops, run: kernel } = line.parse().expect("a record");
            let model = run(&mut Side::model(seed, "p/a", "q/b"), &ops, Depth::of(seed));
            count += 1;
            if let Err(mismatch) = compare(&ops, &[("sim", model), ("kernel", kernel)]) {
                let lines: Vec<String> = ops.iter().take(mismatch.after).map(ToString::to_string).collect();
                wrong.push(format!("seed {seed}: {mismatch}{}", lines.join("\n")));
            }
        }
    }
    assert!(count > 100, "only {count} sequences are recorded");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n\n"));
}
