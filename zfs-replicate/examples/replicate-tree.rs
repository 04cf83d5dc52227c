//! I bring a dataset and all below it, with every snapshot, to another place, and say how each ended.
//!
//! `cargo run -p zfs-replicate --example replicate-tree -- tank/home backup/home`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it did")]

use std::error::Error;
use std::process::ExitCode;

use zfs_replicate::Replicator;
use zfs_replicate::reason::Outcome;
use zfs_rs::Zfs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("replicate-tree: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(source), Some(target)) = (args.next(), args.next()) else {
        return Err("say what and where to: replicate-tree DATASET DATASET".into());
    };
    let replicator = Replicator::local(Zfs::open()?, source.parse()?, target.parse()?).recursive(true);
    let plan = replicator.plan()?;
    let report = replicator.run(plan).finish().await;
    for dataset in &report.datasets {
        let how = match &dataset.outcome {
            Outcome::AtGoal => "was there".to_owned(),
            Outcome::Replicated => format!("{} snapshots, {} bytes", dataset.steps_done, dataset.bytes),
            Outcome::StoodIn => "has a placeholder".to_owned(),
            Outcome::Blocked { why } => format!("blocked: {why}"),
            Outcome::NotBegun { why } => format!("not begun: {why}"),
            Outcome::Failed { why, .. } => format!("failed: {why}"),
        };
        println!("{}: {how}", dataset.source);
    }
    Ok(report.complete)
}
