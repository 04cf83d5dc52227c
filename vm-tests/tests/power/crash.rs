//! I let a changing tree be killed and cut off a few times: little of what `cargo xtask vm crash` does for hours, so that it stays able to.

use vm_tests::{Crash, Progress, Suite, VmOptions};

#[test]
fn a_few_kills_and_a_cut_lose_nothing() {
    let crash = Crash {
        seed: 1,
        kills: 4,
        cuts: 1,
        options: VmOptions {
            cpus: 1,
            ..VmOptions::default()
        },
    };
    let crashed = crash
        .run(Suite::default(), &mut Progress::to_stderr(), |line| println!("{line}"))
        .unwrap();
    println!("{crashed}");
    assert!(crashed.is_good(), "{:#?}", crashed.failures());
}
