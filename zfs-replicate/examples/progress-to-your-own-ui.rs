//! I replicate beside a user interface, here one that prints, and let it end the run: it says so by a line on the standard input.
//!
//! `cargo run -p zfs-replicate --example progress-to-your-own-ui -- tank/home backup/home`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it did")]

use std::error::Error;
use std::process::ExitCode;
use std::{io, thread};

use tokio::sync::oneshot;
use zfs_replicate::Replicator;
use zfs_replicate::event::Event;
use zfs_rs::Zfs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("progress-to-your-own-ui: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(source), Some(target)) = (args.next(), args.next()) else {
        return Err("say what and where to: progress-to-your-own-ui DATASET DATASET".into());
    };
    let replicator = Replicator::local(Zfs::open()?, source.parse()?, target.parse()?).recursive(true);
    let mut run = replicator.run(replicator.plan()?);
    let mut stop = stop_button();
    loop {
        tokio::select! {
            Ok(()) = &mut stop, if !run.is_cancelled() => run.cancel(),
            event = run.next_event() => match event {
                Some(event) => show(&event),
                None => break,
            },
        }
    }
    let report = run.finish().await;
    println!("{} bytes in {:?}", report.bytes, report.took);
    Ok(report.complete)
}

/// Tells when somebody wants the run to end; an input that is closed wants nothing.
fn stop_button() -> oneshot::Receiver<()> {
    let (press, pressed) = oneshot::channel();
    thread::spawn(move || {
        let mut line = String::new();
        if io::stdin().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            press.send(()).ok();
        }
        // Without this the sender would be gone, and with it the button.
        loop {
            thread::park();
        }
    });
    pressed
}

fn show(event: &Event) {
    match event {
        Event::StepStarted { to, estimate, .. } => println!("{to}: about {estimate:?} bytes"),
        Event::Progress {
            dataset,
            bytes,
            bytes_per_second,
            left,
            ..
        } => println!("{}: {bytes} bytes, {bytes_per_second:?} a second, {left:?} left", dataset.source),
        Event::StepProved { to, took, .. } => println!("{to}: there, after {took:?}"),
        Event::StepFailed { to, why, .. } => println!("{to}: {why}"),
        Event::Cancelled => println!("ending; what has arrived is kept"),
        _ => {}
    }
}
