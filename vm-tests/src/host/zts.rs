//! I run OpenZFS's own tests twice, with its zfs and with ours in front of it, and say where they differ.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
};

use crate::{
    error::{Doing, Error, Result},
    host::{
        cargo,
        disk::PoolDisks,
        hardware::VmOptions,
        image::{Image, Kit, Suite},
        job::Job,
        progress::Progress,
        qemu::Vm,
    },
};

/// Tests of package zfs-test by directory, in the order in which they are run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(Vec<(String, Vec<String>)>);

/// Whose `zfs` the tests find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The real one.
    Baseline,
    /// The example program `zfs-shim` of zfs-rs, which hands on what it does not serve.
    Shim,
}

/// What one run said of each test, by directory and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran(BTreeMap<(String, String), Entry>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    /// PASS, FAIL, SKIP or KILLED.
    verdict: String,
    took: String,
    calls: Vec<Call>,
}

/// One call of `zfs send` or `zfs receive`, as the shim tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Ours,
    HandedOn { why: String },
}

/// Both runs, side by side.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// Which tests are meant.
    pub table: &'a Table,
    /// With the real zfs.
    pub baseline: &'a Ran,
    /// With the shim.
    pub shim: &'a Ran,
}

impl Table {
    /// The tests that need streams of one dataset each and nothing else.
    #[must_use]
    pub fn class_a() -> Self {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        let rows = CLASS_A.lines().filter(|line| !line.starts_with('#'));
        for (group, test) in rows.filter_map(|line| line.split_once(' ')) {
            match groups.last_mut() {
                Some((last, tests)) if last == group => tests.push(test.to_owned()),
                _ => groups.push((group.to_owned(), vec![test.to_owned()])),
            }
        }
        Self(groups)
    }

    /// Only tests that have one of these words in their name or directory; all if there is no word.
    #[must_use]
    pub fn filter(self, words: &[String]) -> Self {
        self.retain(|group, test| words.is_empty() || words.iter().any(|word| test.contains(word) || group.contains(word)))
    }

    /// Without those that have run.
    #[must_use]
    pub fn without(self, ran: &Ran) -> Self {
        self.retain(|group, test| ran.entry(group, test).is_none())
    }

    /// How many tests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|(_, tests)| tests.len()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn retain(self, keep: impl Fn(&str, &str) -> bool) -> Self {
        let groups = self.0.into_iter().map(|(group, tests)| {
            let tests: Vec<String> = tests.into_iter().filter(|test| keep(&group, test)).collect();
            (group, tests)
        });
        Self(groups.filter(|(_, tests)| !tests.is_empty()).collect())
    }

    fn tests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .flat_map(|(group, tests)| tests.iter().map(move |test| (group.as_str(), test.as_str())))
    }

    /// What the suite's own runner reads.
    fn runfile(&self) -> String {
        let mut file = format!(
            "[DEFAULT]\npre = setup\npost = cleanup\nquiet = False\npre_user = root\nuser = root\npost_user = root\n\
             failsafe_user = root\nfailsafe = callbacks/zfs_failsafe\ntimeout = {TEST_LIMIT}\ntags = ['functional']\n"
        );
        for (group, tests) in &self.0 {
            file += &format!(
                "\n[tests/functional/{group}]\ntests = ['{}']\ntags = ['functional']\n",
                tests.join("', '")
            );
        }
        file
    }
}

impl Side {
    /// The name it has in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Shim => "shim",
        }
    }

    /// Runs the tests of `table` on this side in a fresh machine; each line goes to `each` and to the end of `log`.
    ///
    /// # Errors
    /// The image cannot be built, the shim does not compile, the guest breaks or runs out of time: what was said until then is in the log.
    pub fn run(
        self,
        table: &Table,
        suite: Suite,
        options: &VmOptions,
        log: &Path,
        progress: &mut Progress,
        mut each: impl FnMut(&str),
    ) -> Result<()> {
        let image = Image::ensure_with(suite, Kit::Zts, progress)?;
        let scratch = tempfile::tempdir().doing("making a directory")?;
        let carry = |name: &str, text: &str| -> Result<PathBuf> {
            let path = scratch.path().join(name);
            fs::write(&path, text).at("writing", &path)?;
            Ok(path)
        };
        let mut job = Job::new()
            .file(carry("zts.sh", SCRIPT)?, "zts.sh")
            .file(carry("zts.run", &table.runfile())?, "zts.run")
            .program("sh", ["./zts.sh", self.name()]);
        if self == Self::Shim {
            progress.say("compiling the shim");
            job = job.file(cargo::shim()?, cargo::SHIM);
        }
        let mut file = fs::File::options().append(true).create(true).open(log).at("opening", log)?;
        let disks = PoolDisks::blank(DISK)?;
        let vm = Vm::boot(&image, &job, &disks, options)?;
        progress.say(&format!(
            "{}: {} tests with OpenZFS {} on Linux {}",
            self.name(),
            table.len(),
            vm.zfs_version(),
            vm.kernel()
        ));
        let mut written = Ok(());
        let ended = vm.wait(|line| {
            if written.is_ok() {
                written = writeln!(file, "{line}");
            }
            each(line);
        });
        written.at("writing", log)?;
        // The status only says whether all tests passed, and some fail with the real zfs as well.
        let ended = ended?;
        let results = ended.results().join("test_results");
        if !results.exists() {
            return Err(Error::Unusable(format!("the tests did not begin; see {}", log.display())));
        }
        copy(&results, &log.with_extension("results"))
    }
}

/// The tests' own logs, one directory for each run.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let status = std::process::Command::new("cp")
        .args(["-r", "--backup=numbered", "-T"])
        .args([from, to])
        .status()
        .doing("starting cp")?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Unusable(format!("cannot copy {} to {}", from.display(), to.display())))
}

impl Ran {
    /// Reads what a run said. Of a test that ran twice the last counts.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut ran = BTreeMap::new();
        let mut calls = Vec::new();
        for line in text.lines() {
            if let Some(call) = Call::parse(line) {
                calls.push(call);
            } else if let Some((group, test, mut entry)) = result(line) {
                entry.calls = std::mem::take(&mut calls);
                ran.insert((group, test), entry);
            }
        }
        Self(ran)
    }

    /// Reads a log, or nothing where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(log: &Path) -> Result<Self> {
        if !log.exists() {
            return Ok(Self::default());
        }
        let bytes = fs::read(log).at("reading", log)?;
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    fn entry(&self, group: &str, test: &str) -> Option<&Entry> {
        self.0.get(&(group.to_owned(), test.to_owned()))
    }
}

impl Call {
    /// `zfs-shim: ours|handed TAB command TAB why`
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.strip_prefix("zfs-shim: ")?.split('\t');
        match fields.next()? {
            "ours" => Some(Self::Ours),
            "handed" => Some(Self::HandedOn {
                why: fields.nth(1).unwrap_or_default().to_owned(),
            }),
            _ => None,
        }
    }
}

/// `Test: …/functional/GROUP/NAME (run as root)    [01:02] [PASS]`
fn result(line: &str) -> Option<(String, String, Entry)> {
    let (_, rest) = line.split_once("Test: ")?;
    let (path, rest) = rest.split_once(" (run as ")?;
    let (_, rest) = rest.split_once('[')?;
    let (took, rest) = rest.split_once("] [")?;
    let (verdict, _) = rest.split_once(']')?;
    let (_, below) = path.split_once("/functional/")?;
    let (group, test) = below.rsplit_once('/')?;
    let entry = Entry {
        verdict: verdict.to_owned(),
        took: took.to_owned(),
        calls: Vec::new(),
    };
    Some((group.to_owned(), test.to_owned(), entry))
}

impl Comparison<'_> {
    /// How many tests ended alike on both sides.
    #[must_use]
    pub fn equal(&self) -> usize {
        self.table.tests().filter(|(group, test)| self.is_equal(group, test)).count()
    }

    fn is_equal(&self, group: &str, test: &str) -> bool {
        let (baseline, shim) = (self.baseline.entry(group, test), self.shim.entry(group, test));
        baseline.is_some_and(|one| shim.is_some_and(|other| one.verdict == other.verdict))
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut total = (0, 0);
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        writeln!(f, "{:<45} {:<14} {:<14} {:<6} calls by ours", "test", "baseline", "shim", "equal")?;
        for (group, test) in self.table.tests() {
            let said = |ran: &Ran| {
                ran.entry(group, test)
                    .map_or("-".to_owned(), |entry| format!("{} {}", entry.verdict, entry.took))
            };
            let calls = self
                .shim
                .entry(group, test)
                .map_or(Default::default(), |entry| entry.calls.as_slice());
            let ours = calls.iter().filter(|call| **call == Call::Ours).count();
            total = (total.0 + ours, total.1 + calls.len());
            for call in calls {
                if let Call::HandedOn { why } = call {
                    *reasons.entry(why).or_default() += 1;
                }
            }
            let name = format!("{} {test}", group.rsplit('/').next().unwrap_or_default());
            writeln!(
                f,
                "{name:<45} {:<14} {:<14} {:<6} {ours} of {}",
                said(self.baseline),
                said(self.shim),
                if self.is_equal(group, test) { "yes" } else { "NO" },
                calls.len()
            )?;
        }
        writeln!(f, "served by ours {} of {} calls", total.0, total.1)?;
        for (why, count) in &reasons {
            writeln!(f, "  handed on {count}: {why}")?;
        }
        write!(f, "{} of {} tests equal to the baseline", self.equal(), self.table.len())
    }
}

const CLASS_A: &str = include_str!("../../zts/class-a");
const SCRIPT: &str = include_str!("../../guest/zts.sh");

/// Seconds for one test: upstream's 600 are for machines that do not emulate.
const TEST_LIMIT: u32 = 1500;

/// Room for the three disks that the harness makes of sparse files.
const DISK: u64 = 24 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
Test: /usr/share/zfs/zfs-tests/tests/functional/rsend/setup (run as root) [00:03] [PASS]
zfs-shim: ours\tsend\t
zfs-shim: handed\treceive\ta compound stream
Test: /usr/share/zfs/zfs-tests/tests/functional/rsend/rsend_019_pos (run as root)   [02:40] [PASS]
Test: /usr/share/zfs/zfs-tests/tests/functional/rsend/send_invalid (run as root) [00:01] [FAIL]
";

    #[test]
    fn the_table_has_the_58_tests_each_once() {
        let table = Table::class_a();
        assert_eq!(table.len(), 58);
        let mut tests: Vec<_> = table.tests().collect();
        tests.sort_unstable();
        tests.dedup();
        assert_eq!(tests.len(), 58);
        assert_eq!(table.0.len(), 4, "each directory is set up once");
    }

    #[test]
    fn words_choose_by_test_and_by_directory() {
        let table = Table::class_a();
        assert_eq!(table.clone().filter(&["redacted_send".into()]).0.len(), 1);
        assert_eq!(table.clone().filter(&["rsend_019".into(), "rsend_021".into()]).len(), 2);
        assert_eq!(table.clone().filter(&[]), table);
        assert!(table.filter(&["nothing".into()]).is_empty());
    }

    #[test]
    fn what_has_run_is_not_run_again() {
        let table = Table::class_a();
        let left = table.clone().without(&Ran::parse(LOG));
        assert_eq!(left.len(), table.len() - 2);
        assert!(!left.runfile().contains("rsend_019_pos"));
    }

    #[test]
    fn only_a_result_on_both_sides_is_equal() {
        let table = Table::class_a().filter(&["rsend_019".into(), "send_invalid".into(), "rsend_021".into()]);
        let baseline = Ran::parse(&LOG.replace("[FAIL]", "[PASS]"));
        let shim = Ran::parse(LOG);
        let compared = Comparison {
            table: &table,
            baseline: &baseline,
            shim: &shim,
        };
        assert_eq!(compared.equal(), 1);
        let text = compared.to_string();
        assert!(
            text.contains("served by ours 1 of 2 calls\n  handed on 1: a compound stream\n"),
            "{text}"
        );
        assert!(text.ends_with("1 of 3 tests equal to the baseline"), "{text}");
    }
}
