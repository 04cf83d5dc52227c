//! I am the host of a tree that is killed and cut off: I boot the same disks again and again, and cut the power when the guest says so.

use std::{collections::BTreeMap, fmt};

use crate::{
    error::{Error, Result},
    host::{
        cargo,
        disk::PoolDisks,
        hardware::VmOptions,
        image::{Image, Suite},
        job::Job,
        libc::Programs,
        progress::Progress,
        qemu::Vm,
    },
};

/// What a changing tree has to live through, on one release.
#[derive(Clone, Debug)]
pub struct Crash {
    /// What everything is drawn from, but the speed of the machine.
    pub seed: u64,
    /// So many runs are killed, at least.
    pub kills: u64,
    /// So often the power is cut during a run.
    pub cuts: u64,
    /// The machine of each boot.
    pub options: VmOptions,
}

/// What came of it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Crashed {
    openzfs: String,
    counts: BTreeMap<String, u64>,
    failures: Vec<String>,
    wanted: Crash,
}

/// How a boot ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Cut,
    Well,
    Badly,
}

impl Crash {
    /// Lets it happen; each line that is for people goes to `each`. It ends with the first failure, as nothing after that could be believed.
    ///
    /// # Errors
    /// There is no image, or the programs do not compile. What happens in the guest is no error but a failure.
    pub fn run(&self, suite: Suite, progress: &mut Progress, mut each: impl FnMut(&str)) -> Result<Crashed> {
        let image = Image::ensure(suite, progress)?;
        progress.say("compiling what is killed and what kills it");
        let carried = [(cargo::product()?, cargo::PRODUCT), (cargo::crash()?, cargo::CRASH)];
        let programs = Programs::of(suite, progress)?;
        let disks = PoolDisks::blank(DISK)?;
        let mut crashed = Crashed::new(&image, self);
        let boots = self.cuts + 1;
        for boot in 0..boots {
            // Each boot has its share of the kills; the last one ends in order.
            let kills = self.kills * (boot + 1) / boots - self.kills * boot / boots;
            let is_last = boot == self.cuts;
            let end = if is_last { "end" } else { "cut" };
            let job = programs.carry(Job::new(), &carried)?;
            let words = [self.drawn(suite).to_string(), boot.to_string(), kills.to_string(), end.to_owned()];
            let ended = crashed.boot(&image, &job.program("./crash", words), &disks, &mut each);
            let due = if is_last { Ended::Well } else { Ended::Cut };
            progress.say(&format!("{suite}, boot {} of {boots}: {crashed}", boot + 1));
            if ended != due {
                crashed.failures.push(format!("boot {} of {boots} ended before its time", boot + 1));
                break;
            }
        }
        Ok(crashed)
    }

    /// Another tree on each release, and the same again when one release is asked for alone.
    fn drawn(&self, suite: Suite) -> u64 {
        let place = Suite::ALL.iter().take_while(|other| **other != suite).count();
        self.seed.wrapping_mul(8).wrapping_add(u64::try_from(place).unwrap_or_default())
    }
}

impl Crashed {
    fn new(image: &Image, wanted: &Crash) -> Self {
        Self {
            openzfs: image.facts.zfs_module.clone(),
            counts: BTreeMap::new(),
            failures: Vec::new(),
            wanted: wanted.clone(),
        }
    }

    /// Runs that a signal ended while they lived.
    #[must_use]
    pub fn killed(&self) -> u64 {
        self.counted(KILLED)
    }

    /// How often the power went.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.counted(CUT)
    }

    /// How often a run that nobody disturbed went on with what a killed one had half received.
    #[must_use]
    pub fn resumed(&self) -> u64 {
        self.counted(RESUMED)
    }

    /// What was wrong.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// All that was counted, by what it is.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// Whether nothing was wrong and it happened as often as it should; of many kills, some must have left something to go on with.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let has_happened = self.killed() >= self.wanted.kills && self.cut() == self.wanted.cuts;
        self.failures.is_empty() && has_happened && (self.wanted.kills < MANY || self.resumed() > 0)
    }

    fn counted(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn boot(&mut self, image: &Image, job: &Job, disks: &PoolDisks, each: &mut impl FnMut(&str)) -> Ended {
        self.listen(image, job, disks, each).unwrap_or_else(|why| {
            // A guest that dies or stands still has failed.
            self.fail(&why.to_string(), each);
            Ended::Badly
        })
    }

    fn listen(&mut self, image: &Image, job: &Job, disks: &PoolDisks, each: &mut impl FnMut(&str)) -> Result<Ended> {
        let mut vm = Vm::boot(image, job, disks, &self.wanted.options)?;
        while let Some(line) = vm.next_line()? {
            match line.split_once(' ') {
                None if line == "cut" => {
                    vm.cut_power()?;
                    self.count(CUT);
                    return Ok(Ended::Cut);
                }
                Some(("+", what)) => self.count(what),
                Some(("!", why)) => self.fail(why, each),
                _ => each(&line),
            }
        }
        let outcome = vm.wait(|_| {})?;
        if outcome.status == 0 {
            return Ok(Ended::Well);
        }
        Err(Error::Unusable(format!(
            "what runs in the guest ended with status {}",
            outcome.status
        )))
    }

    fn fail(&mut self, why: &str, each: &mut impl FnMut(&str)) {
        each(&format!("FAILED: {why}"));
        self.failures.push(why.to_owned());
    }
}

impl fmt::Display for Crashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = if self.failures.is_empty() { "no failure" } else { "FAILED" };
        write!(
            f,
            "OpenZFS {}: {} of {} kills, {} of {} power cuts, {} resumed, {failed}",
            self.openzfs,
            self.killed(),
            self.wanted.kills,
            self.cut(),
            self.wanted.cuts,
            self.resumed()
        )
    }
}

const KILLED: &str = "runs killed";
const CUT: &str = "power cuts";
const RESUMED: &str = "times settled by resuming a half receive";
/// From so many kills on, that none left anything to resume means that it was not looked for.
const MANY: u64 = 40;
/// The disk of each pool; sparse.
const DISK: u64 = 4 << 30;
