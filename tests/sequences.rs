//! The model agrees with itself, and with what the kernel once said.

use ring_tests::sequence::{Depth, Recorded, Side, agree, agree::seeds, compare, record, run, sequence};

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

/// Lines of `cargo xtask vm differential --record`, of a file that RECORDED names.
#[test]
fn the_model_says_what_the_kernel_said() {
    let Some(file) = std::env::var_os("RECORDED") else { return };
    let text = std::fs::read_to_string(file).expect("the records");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text.lines().filter(|line| line.starts_with(record::MARK)) {
        let Recorded { seed, run: kernel } = line.parse().expect("a record");
        let ops = sequence(seed);
        let model = run(&mut Side::model(seed, "p/a", "q/b"), &ops, Depth::of(seed));
        count += 1;
        if let Err(mismatch) = compare(&ops, &[("sim", model), ("kernel", kernel)]) {
            let lines: Vec<String> = ops.iter().take(mismatch.after).map(ToString::to_string).collect();
            wrong.push(format!("seed {seed}: {mismatch}{}", lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n\n"));
}
