//! I keep a plan in a file, to be looked at, and carry it out later if both sides still ask for the same.
//!
//! `cargo run -p zfs-replicate --example plan-and-apply -- plan plan.json tank/home backup/home`
//! `cargo run -p zfs-replicate --example plan-and-apply -- apply plan.json`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it did")]

use std::error::Error;
use std::fs::{self, File};
use std::process::ExitCode;

use zfs_replicate::Replicator;
use zfs_replicate::plan::{Plan, Step};
use zfs_rs::Zfs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plan-and-apply: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["plan", file, source, target] => plan(file, source, target),
        ["apply", file] => apply(file).await,
        _ => Err("say plan FILE DATASET DATASET, or apply FILE".into()),
    }
}

fn plan(file: &str, source: &str, target: &str) -> Result<(), Box<dyn Error>> {
    let plan = Replicator::local(Zfs::open()?, source.parse()?, target.parse()?)
        .recursive(true)
        .plan()?;
    for dataset in &plan.datasets {
        for step in dataset.steps() {
            if let Step::Transfer(transfer) = step {
                println!("{} to {}, about {:?} bytes", transfer.to.name, transfer.target, transfer.estimate);
            }
        }
    }
    Ok(serde_json::to_writer_pretty(File::create_new(file)?, &plan)?)
}

async fn apply(file: &str) -> Result<(), Box<dyn Error>> {
    let kept: Plan = serde_json::from_str(&fs::read_to_string(file)?)?;
    let replicator = Replicator::local(Zfs::open()?, kept.source.clone(), kept.target.clone()).wish(kept.wish.clone());
    let plan = replicator.plan()?;
    if !kept.moved(&plan).is_empty() {
        return Err("both sides ask for something else by now".into());
    }
    let report = replicator.run(plan).finish().await;
    println!("{} bytes in {:?}", report.bytes, report.took);
    if report.complete {
        Ok(())
    } else {
        Err("not everything is there".into())
    }
}
