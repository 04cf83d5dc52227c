//! I am what happens between two boots, drawn by chance.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::Path,
    thread,
    time::Duration,
};

use ring_tests::chance::Chance;
use serde::{Deserialize, Serialize};

use super::{
    Result,
    contents::{self, Pair, unlocked},
    count,
    listing::Listing,
    oracle::{complaints, forget, run},
    proof,
    run::{Ended, Run},
    tree::{SOURCE, TARGET, Tree},
};

/// A boot's life.
#[derive(Debug)]
pub(crate) struct Life {
    chance: Chance,
    tree: Tree,
    /// Identities of what the target had when all was well: nothing may take from it.
    arrived: BTreeSet<u64>,
    /// How long a run takes, as far as is known: instants are drawn from it.
    span: Duration,
    /// The same for one with a limit: only in these does anything flow for long, so that a half receive has something.
    slow_span: Duration,
    /// A run that was told to die, and may still be about it.
    dying: Option<Run>,
    /// Runs that a signal ended.
    killed: u64,
    /// What was compared by its contents.
    proved: BTreeSet<u64>,
}

impl Life {
    /// Makes the tree, or finds it as the power left it.
    pub(crate) fn begin(seed: u64, boot: u64) -> Result<Self> {
        forget()?;
        let mut chance = Chance(seed ^ boot.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let tree = if boot == 0 {
            Tree::plant(&mut chance)?
        } else {
            Tree::import(boot)?
        };
        println!("boot {boot}: the tree is there");
        let mut life = Self {
            chance,
            tree,
            arrived: BTreeSet::new(),
            span: Duration::from_secs(6),
            slow_span: SPAN_MAX,
            dying: None,
            killed: 0,
            proved: BTreeSet::new(),
        };
        if boot == 0 {
            life.note()?;
            return Ok(life);
        }
        let noted: Ledger = serde_json::from_slice(&fs::read(LEDGER)?)?;
        if noted.source != life.tree.known.names() {
            return Err(format!("the source was {:#?} and is {:#?}", noted.source, life.tree.known.names()).into());
        }
        life.arrived = noted.target;
        if life.chance.percent(34) {
            life.settle(Some(SAMPLE))?;
        }
        Ok(life)
    }

    /// Kills that many runs.
    pub(crate) fn shoot(&mut self, kills: u64) -> Result<()> {
        while self.killed + u64::from(self.dying.is_some()) < kills {
            self.change()?;
            if let Some(mut run) = self.run_to_an_instant("SIGKILL")? {
                run.kill()?;
                let settles = self.chance.percent(if run.is_slow { 60 } else { 10 });
                self.dying = Some(run);
                if self.chance.percent(50) {
                    self.bury()?;
                }
                if settles {
                    self.settle(Some(SAMPLE))?;
                }
            }
        }
        self.bury()?;
        // A run that ended by itself in the last instant was not killed.
        if self.killed < kills { self.shoot(kills) } else { Ok(()) }
    }

    /// Has the power cut during a run.
    pub(crate) fn cut(mut self) -> Result<()> {
        loop {
            self.change()?;
            if self.run_to_an_instant("the power goes")?.is_some() {
                println!("cut");
                thread::sleep(Duration::MAX);
            }
        }
    }

    /// Proves everything, and that the proofs can fail.
    pub(crate) fn end(mut self) -> Result<()> {
        self.settle(None)?;
        let (source, target) = Listing::of_both(SOURCE, TARGET)?;
        proof::finds_what_is_planted(&source, &target)?;
        contents::finds_what_is_planted(&self.tree.zfs, &Pair::all(&source, &target))?;
        count("times all planted faults were found");
        for pool in ["source", "target"] {
            run("zpool", &["scrub", "-w", pool])?;
            let status = run("zpool", &["status", pool])?;
            if !status.contains("with 0 errors") || !status.contains("No known data errors") {
                return Err(status.into());
            }
        }
        is_kernel_well()
    }

    /// The tree changes; now and then a run finds what the one before it left, and nothing else.
    fn change(&mut self) -> Result<()> {
        if self.chance.percent(75) {
            self.tree.change(&mut self.chance)?;
            self.note()?;
            // There may be more to send again than the last slow run had.
            self.slow_span = self.slow_span.saturating_mul(2).min(SPAN_MAX);
        }
        Ok(())
    }

    /// Writes down what there is, where no cut of the power reaches it.
    fn note(&self) -> Result<()> {
        let ledger = Ledger {
            source: self.tree.known.names(),
            target: self.arrived.clone(),
        };
        let new = Path::new(LEDGER).with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(&ledger)?)?;
        file.sync_all()?;
        fs::rename(&new, LEDGER)?;
        Ok(File::open("/source")?.sync_all()?)
    }

    /// A run that is alive at an instant, if it lives so long.
    fn run_to_an_instant(&mut self, what: &str) -> Result<Option<Run>> {
        let mut run = Run::start(&mut self.chance)?;
        let span = if run.is_slow { self.slow_span } else { self.span };
        let span = usize::try_from(span.as_millis())?;
        // Some early ones in any case: what comes first in a run is over soon.
        let span = if self.chance.percent(20) { span / 5 } else { span };
        let instant = Duration::from_millis(u64::try_from(self.chance.below(span))?);
        let meddles = self.chance.percent(30);
        self.bury()?;
        if meddles {
            self.tree.meddle(&mut self.chance)?;
            self.note()?;
        }
        let meddled = if meddles { ", and somebody meddles" } else { "" };
        let ended = run.reaches(instant)?;
        println!("{what} after {} of {span} ms: {}{meddled}", instant.as_millis(), run.words);
        if let Err(took) = ended {
            println!("too late: it took {} ms", took.as_millis());
            count("runs that ended before their instant");
            let took = took.clamp(SPAN_MIN, SPAN_MAX);
            if run.is_slow {
                self.slow_span = took;
            } else {
                self.span = took;
            }
            return Ok(None);
        }
        Ok(Some(run))
    }

    /// What was told to die has died.
    fn bury(&mut self) -> Result<()> {
        if let Some(run) = self.dying.take()
            && run.was_killed()?
        {
            self.killed += 1;
            count("runs killed");
        }
        Ok(())
    }

    /// At most two runs that nobody disturbs, and all is as it should be; one more changes nothing.
    fn settle(&mut self, sample: Option<usize>) -> Result<()> {
        // Before the first run there is no target.
        let halves = Listing::of(TARGET).map_or(0, |target| target.half_received());
        let first = Ended::run(&mut self.chance)?;
        self.bury()?;
        self.span = first.took.clamp(SPAN_MIN, SPAN_MAX);
        let mut runs = vec![first];
        let (source, target) = loop {
            let newest = runs.last().ok_or("there was no run")?;
            match self.settled(newest) {
                Ok(sides) => break sides,
                Err(why) if runs.len() < 2 => println!("after one run: {why}"),
                Err(why) => return Err(format!("not settled after two runs: {why}").into()),
            }
            runs.push(Ended::run(&mut self.chance)?);
        };
        count(&format!("times settled by {} undisturbed runs", runs.len()));
        if halves > 0 {
            count("times there was a half receive when it was settled");
        }
        if runs.iter().any(|run| run.saved > 0) {
            count("times settled by resuming a half receive");
        } else if halves > 0 {
            println!(
                "{halves} half received, and nothing resumed: {}",
                runs.first().map_or("", |run| &run.said)
            );
        }
        let last = Ended::run(&mut self.chance)?;
        let is_still = Listing::of_both(SOURCE, TARGET)? == (source.clone(), target.clone());
        if !last.complete || last.bytes != 0 || !is_still {
            return Err(format!("a run that had nothing to do did something: {}", last.said).into());
        }
        self.compare(&source, &target, sample)?;
        println!(
            "settled: {} datasets and {} snapshots, by runs of {:?} and {} ms",
            source.datasets.len(),
            source.guids().len(),
            runs.iter().map(|run| run.took.as_millis()).collect::<Vec<_>>(),
            last.took.as_millis()
        );
        self.arrived = target.guids();
        self.tree.known = source;
        self.note()?;
        is_kernel_well()
    }

    /// Both sides, if a run has brought them where they should be.
    fn settled(&self, ended: &Ended) -> Result<(Listing, Listing)> {
        let (source, target) = Listing::of_both(SOURCE, TARGET)?;
        let mut wrong = proof::wrong(&source, &target);
        if !ended.complete {
            wrong.push("the report says that it is not complete".to_owned());
        }
        if source.names() != self.tree.known.names() {
            wrong.push(format!("the source was {:?} and is {:?}", self.tree.known.names(), source.names()));
        }
        let lost: Vec<_> = self.arrived.difference(&target.guids()).copied().collect();
        if !lost.is_empty() {
            wrong.push(format!("the target lost the snapshots {lost:?}"));
        }
        if wrong.is_empty() {
            Ok((source, target))
        } else {
            Err(format!("{}\n{}", wrong.join("\n"), ended.said).into())
        }
    }

    /// By their contents: so many of the snapshots that were not yet compared and take no key and no device, or all.
    fn compare(&mut self, source: &Listing, target: &Listing, sample: Option<usize>) -> Result<()> {
        let mut pairs = Pair::all(source, target);
        pairs.retain(|pair| !self.proved.contains(&pair.guid));
        if let Some(sample) = sample {
            pairs.retain(Pair::is_plain);
            while pairs.len() > sample {
                pairs.swap_remove(self.chance.below(pairs.len()));
            }
        }
        let compare = || {
            for pair in &pairs {
                pair.is_same(&self.tree.zfs)?;
                count("snapshots compared by SHA-256");
            }
            Ok(())
        };
        if pairs.iter().all(Pair::is_plain) {
            compare()?;
        } else {
            unlocked(&self.tree.zfs, target, compare)?;
        }
        self.proved.extend(pairs.iter().map(|pair| pair.guid));
        Ok(())
    }
}

/// What there was, for the next boot.
#[derive(Debug, Serialize, Deserialize)]
struct Ledger {
    /// Names: nobody but the tree's own people may take from it or add to it.
    source: BTreeSet<String>,
    /// Identities.
    target: BTreeSet<u64>,
}

/// The kernel wrote nothing to its log that a healthy one does not.
fn is_kernel_well() -> Result<()> {
    let complaints = complaints()?;
    if complaints.is_empty() { Ok(()) } else { Err(complaints.into()) }
}

/// Beside the tree and not in it.
const LEDGER: &str = "/source/ledger";
const SPAN_MIN: Duration = Duration::from_millis(500);
const SPAN_MAX: Duration = Duration::from_secs(10);
/// In an emulated machine each takes a second; in the end all are compared.
const SAMPLE: usize = 4;
