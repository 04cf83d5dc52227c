//! I tell what is done and why, show what the program says itself, and keep count of what had to hold.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::Instant,
};

use crate::Result;

/// The story so far.
pub(crate) struct Tale {
    begun: Instant,
    acts: u32,
    held: u32,
    broken: Vec<String>,
}

/// What one run of the program said and how it ended.
pub(crate) struct Said {
    /// Its exit status; nothing when a signal ended it.
    pub(crate) status: Option<i32>,
    /// Every line, standard output and error alike.
    pub(crate) lines: Vec<String>,
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    voice: JoinHandle<Vec<String>>,
}

impl Tale {
    /// An empty one.
    pub(crate) fn begin() -> Self {
        Self {
            begun: Instant::now(),
            acts: 0,
            held: 0,
            broken: Vec::new(),
        }
    }

    /// The next part and what it is for.
    pub(crate) fn act(&mut self, title: &str) {
        self.acts += 1;
        println!("\n{}. {title}   [{} s]", self.acts, self.begun.elapsed().as_secs());
    }

    /// One thing worth knowing.
    pub(crate) fn say(&self, what: &str) {
        println!("   {what}");
    }

    /// Something that must hold. One that does not is told at once and again at the end.
    pub(crate) fn check(&mut self, holds: bool, what: &str) {
        if holds {
            self.held += 1;
            println!("   [ok] {what}");
        } else {
            println!("   [NOT] {what}");
            self.broken.push(what.to_owned());
        }
    }

    /// Replicates the tree, with these options, to the end; the status is one of the things that must hold.
    pub(crate) fn replicate(&mut self, options: &[&str], status: i32, meaning: &str) -> Result<Said> {
        let said = Self::start(options)?.wait()?;
        let found = said.status.map_or_else(|| "by a signal".to_owned(), |status| status.to_string());
        self.check(
            said.status == Some(status),
            &format!("it ended with status {found}; due was {status}: {meaning}"),
        );
        Ok(said)
    }

    /// Starts to replicate the tree, with these options.
    pub(crate) fn start(options: &[&str]) -> Result<Running> {
        let mut words = vec!["replicate", crate::tree::SOURCE, crate::tree::TARGET, "--recursive", "--raw"];
        words.extend(options);
        println!("   $ zfs-replicate {}", words.join(" "));
        Running::start(&words)
    }

    /// The last words: whether everything held.
    pub(crate) fn end(self) -> bool {
        for what in &self.broken {
            println!("did NOT hold: {what}");
        }
        let all = self.held.saturating_add(u32::try_from(self.broken.len()).unwrap_or(u32::MAX));
        println!(
            "{} of {all} checks held, {} s in the guest",
            self.held,
            self.begun.elapsed().as_secs()
        );
        self.broken.is_empty() && self.held > 0
    }
}

impl Said {
    /// Whether it said a line with all of these words.
    pub(crate) fn says(&self, words: &[&str]) -> bool {
        self.lines.iter().any(|line| words.iter().all(|word| line.contains(word)))
    }

    /// How many lines it said with this word.
    pub(crate) fn count(&self, word: &str) -> usize {
        self.lines.iter().filter(|line| line.contains(word)).count()
    }
}

impl Running {
    fn start(words: &[&str]) -> Result<Self> {
        let (ear, mouth) = std::io::pipe()?;
        let child = Command::new(PRODUCT)
            .args(words)
            .stdin(Stdio::null())
            .stdout(mouth.try_clone()?)
            .stderr(mouth)
            .spawn()?;
        let voice = thread::spawn(move || {
            let lines = BufReader::new(ear).lines().map_while(std::io::Result::ok);
            lines.inspect(|line| println!("   | {line}")).collect()
        });
        Ok(Self { child, voice })
    }

    /// Whether it has come to its end.
    pub(crate) fn is_over(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// SIGKILL: it learns nothing of it and can clean nothing up.
    pub(crate) fn kill(mut self) -> Result<Said> {
        self.child.kill()?;
        self.wait()
    }

    fn wait(mut self) -> Result<Said> {
        let status = self.child.wait()?.code();
        let lines = self.voice.join().map_err(|_| "what the program said was lost")?;
        Ok(Said { status, lines })
    }
}

/// What the program answers with one JSON document.
pub(crate) fn document(words: &[&str]) -> Result<serde_json::Value> {
    Ok(serde_json::from_str(&crate::oracle::run(PRODUCT, words)?)?)
}

/// Where the host puts it.
const PRODUCT: &str = "./zfs-replicate";
