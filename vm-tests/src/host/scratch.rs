//! I am a directory that is gone when its owner is, however the owner went.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::error::{Doing, Result};

/// A temporary directory with a small shell beside it that waits for us to vanish.
///
/// Dropped in order it removes the directory itself. When this process is killed (Ctrl-C, SIGKILL, a closed terminal) the shell reads the end
/// of its input, ends the programs it was told to watch, and removes the directory.
#[derive(Debug)]
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
    keeper: Child,
}

impl Scratch {
    /// A directory where temporary files live on this host.
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        Self::inside(&std::env::temp_dir(), purpose)
    }

    /// A directory inside `parent`.
    pub(crate) fn inside(parent: &Path, purpose: &str) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix(&format!("zfs-rs-{purpose}-"))
            .tempdir_in(parent)
            .at("making a directory in", parent)?;
        let keeper = Command::new("sh")
            .arg("-c")
            .arg(KEEPER)
            .arg("sh")
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Its own group: the Ctrl-C that ends us must not end it.
            .process_group(0)
            .spawn()
            .doing("starting sh")?;
        Ok(Self { dir, keeper })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Ends this child too when we vanish. Its command line must name the directory: that is how a reused process id is told apart.
    pub(crate) fn watch(&mut self, child: &Child) {
        self.tell(&format!("watch {}", child.id()));
    }

    fn tell(&mut self, line: &str) {
        if let Some(input) = self.keeper.stdin.as_mut() {
            // A keeper that is gone cannot help any more; the directory is still removed in order.
            writeln!(input, "{line}").ok();
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.tell("done");
        self.keeper.wait().ok();
    }
}

const KEEPER: &str = r#"
watched=
while read -r word value; do
    case $word in
        watch) watched="$watched $value" ;;
        done) exit 0 ;;
    esac
done
ours() { tr '\0' ' ' <"/proc/$2/cmdline" 2>/dev/null | grep -qF -- "$1"; }
for pid in $watched; do
    ours "$1" "$pid" && kill "$pid"
    tries=0
    while ours "$1" "$pid" && [ $tries -lt 50 ]; do sleep 0.2; tries=$((tries + 1)); done
    ours "$1" "$pid" && kill -9 "$pid"
done
rm -rf --one-file-system -- "$1"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_outlives_neither_its_owner_nor_a_lost_one() {
        let kept = Scratch::new("test").unwrap();
        let path = kept.path().to_owned();
        drop(kept);
        assert!(!path.exists());

        // Closing the pipe without a word is what the death of the owner looks like.
        let mut lost = Scratch::new("test").unwrap();
        let mut sleeper = Command::new("sh")
            .args(["-c", "sleep 60; :", "sh"])
            .arg(lost.path())
            .process_group(0)
            .spawn()
            .unwrap();
        lost.watch(&sleeper);
        drop(lost.keeper.stdin.take());
        lost.keeper.wait().unwrap();
        assert!(!lost.path().exists());
        assert!(!sleeper.wait().unwrap().success());
    }
}
