//! I make an image: packages into a directory, the directory into a disk, all or nothing.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use crate::{
    error::{Doing, Error, Result, tail},
    host::{
        disk::sparse,
        image::{FACTS, Facts, KERNEL, Kit, MODULES, ROOT, Suite, label},
        modules::Modules,
        packages,
        progress::Progress,
        scratch::Scratch,
    },
};

/// Builds the image of `suite` with `kit` beside `place` and renames it there.
pub(crate) fn build(suite: Suite, kit: Kit, cache: &Path, place: &Path, progress: &mut Progress) -> Result<()> {
    let begun = progress.elapsed();
    progress.say(&format!("building the image of {}: 5 to 12 minutes, once", label(suite, kit)));
    let hands = Hands::of_this_user()?;
    let workshop = format!("build-of-{}", label(suite, kit));
    sweep(cache, &workshop, &hands)?;
    let mut scratch = Scratch::inside(cache, &workshop)?;
    // The owner of a user namespace is a stranger to this directory, and must be let through.
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).at("opening", scratch.path())?;
    let tree = scratch.path().join("tree");
    let log = cache.join(format!("{}-build.log", label(suite, kit)));
    progress.say(&format!("installing packages and building the zfs module (log: {})", log.display()));
    install(suite, kit, &tree, &log, &hands, &mut scratch, progress)?;

    progress.say("taking out the kernel and what it needs to find its disk");
    let image = scratch.path().join("image");
    fs::create_dir(&image).at("making", &image)?;
    let noted = fs::read_to_string(tree.join("etc/zfs-rs-image")).doing("reading what the image holds")?;
    let fact = |name: &str| {
        let found = noted.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found
            .map(str::to_owned)
            .ok_or_else(|| Error::Unusable(format!("the image does not say its {name}")))
    };
    let kernel = fact("kernel")?;
    take_modules(&tree.join("lib/modules").join(&kernel), &image.join(MODULES))?;
    let vmlinuz = tree.join(format!("boot/vmlinuz-{kernel}"));
    fs::copy(&vmlinuz, image.join(KERNEL)).at("copying", &vmlinuz)?;

    progress.say("writing the disk");
    let root = image.join(ROOT);
    sparse(&root, ROOT_SIZE)?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o666)).at("opening", &root)?;
    let mut mke2fs = hands.command("mke2fs");
    mke2fs
        .args(["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d"])
        .args([&tree, &root]);
    run(&mut mke2fs, "mke2fs", &log, &mut scratch, progress)?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o444)).at("closing", &root)?;

    let build_seconds = progress.elapsed().saturating_sub(begun).as_secs();
    let facts = Facts {
        suite,
        kit,
        kernel,
        zfs_module: fact("zfs_module")?,
        zfs_package: fact("zfs_package")?,
        build_seconds,
    };
    let text = serde_json::to_string_pretty(&facts).map_err(|why| Error::Unusable(why.to_string()))?;
    fs::write(image.join(FACTS), text).at("writing", &image.join(FACTS))?;
    fs::rename(&image, place).at("moving the image to", place)?;
    remove_tree(&tree, &hands)?;
    progress.say(&format!(
        "image of {} ready: OpenZFS {} on Linux {}",
        label(suite, kit),
        facts.zfs_module,
        facts.kernel
    ));
    Ok(())
}

/// As whom the tree is made: root as itself, others as the root of a user namespace.
struct Hands {
    direct: bool,
}

impl Hands {
    /// Whoever we are, as we are.
    const OWN: Self = Self { direct: true };

    fn of_this_user() -> Result<Self> {
        let me = fs::metadata("/proc/self").doing("looking at this process")?;
        Ok(Self { direct: me.uid() == 0 })
    }

    /// mmdebstrap where its mounts are nobody else's and its processes end with it.
    fn mmdebstrap(&self) -> Command {
        if !self.direct {
            let mut command = Command::new("mmdebstrap");
            command.arg("--mode=unshare");
            return command;
        }
        let mut command = Command::new("unshare");
        command.args(["--mount-proc", "--pid", "--fork", "--kill-child", "mmdebstrap", "--mode=root"]);
        command
    }

    fn command(&self, program: &str) -> Command {
        if self.direct {
            return Command::new(program);
        }
        let mut command = Command::new("mmdebstrap");
        command.args(["--unshare-helper", program]);
        command
    }
}

/// What a build that was killed together with its keeper left behind. The suite's lock is held: nobody else is at it.
fn sweep(cache: &Path, workshop: &str, hands: &Hands) -> Result<()> {
    for entry in fs::read_dir(cache).at("reading", cache)? {
        let path = entry.at("reading", cache)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let left = name.strip_prefix(&format!("zfs-rs-{workshop}-"));
        // What goes on with a hyphen is the workshop of another image, whose name begins alike.
        if left.is_some_and(|mark| !mark.contains('-')) {
            remove_tree(&path, hands)?;
            remove_tree(&path, &Hands::OWN)?;
        }
    }
    Ok(())
}

/// Never across a mount: a build that was killed may have left the host's own devices bound inside.
fn remove_tree(tree: &Path, hands: &Hands) -> Result<()> {
    let mut rm = hands.command("rm");
    // The root of a namespace cannot remove what is ours, nor we what is its: each tries, and says nothing of the rest.
    rm.args(["-rf", "--one-file-system", "--"]).arg(tree).stderr(Stdio::null());
    rm.status().doing("starting rm")?;
    Ok(())
}

fn install(suite: Suite, kit: Kit, tree: &Path, log: &Path, hands: &Hands, scratch: &mut Scratch, progress: &mut Progress) -> Result<()> {
    let customize = scratch.path().join("customize.sh");
    fs::write(&customize, CUSTOMIZE).at("writing", &customize)?;
    let mirror = packages::mirror()?;
    let (release, zfs_from) = suite.sources();
    let mut command = hands.mmdebstrap();
    if hands.direct {
        // Its own temporary files go with the rest, however it ends.
        command.env("TMPDIR", scratch.path());
    }
    command.args(["--verbose", "--format=directory", "--variant=apt", "--components=main,contrib"]);
    let packages = [PACKAGES, suite.more_packages(), kit.packages()].join(" ");
    command.arg(format!("--include={}", packages.split_whitespace().collect::<Vec<_>>().join(",")));
    command.args(["--aptopt=APT::Install-Recommends \"false\"", "--aptopt=Acquire::Languages \"none\""]);
    for useless in ["doc", "man", "locale", "info"] {
        command.arg(format!("--dpkgopt=path-exclude=/usr/share/{useless}/*"));
    }
    if let Some(other) = zfs_from {
        let pin = format!("Package: src:zfs-linux\\nPin: release n={other}\\nPin-Priority: 990\\n");
        command.arg(format!(
            "--setup-hook=mkdir -p \"$1\"/etc/apt/preferences.d && printf '{pin}' >\"$1\"/etc/apt/preferences.d/zfs"
        ));
    }
    command.arg(format!("--customize-hook=chroot \"$1\" sh -s <'{}'", customize.display()));
    command.arg(release).arg(tree);
    command.arg(format!("deb {mirror} {release} main contrib"));
    if let Some(other) = zfs_from {
        command.arg(format!("deb {mirror} {other} main contrib"));
    }
    // No initial ramdisk of Debian's: we boot by our own.
    command.env("INITRD", "No");
    fs::write(log, "").at("writing", log)?;
    run(&mut command, "mmdebstrap", log, scratch, progress)
}

/// Runs a program with its words in the log and its stages told; a sign of life every half minute.
fn run(command: &mut Command, name: &str, log: &Path, scratch: &mut Scratch, progress: &mut Progress) -> Result<()> {
    let mut file = fs::File::options().append(true).create(true).open(log).at("opening", log)?;
    let (reader, writer) = std::io::pipe().doing("making a pipe")?;
    let other = writer.try_clone().doing("making a pipe")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(other)
        .stderr(writer)
        .spawn()
        .doing(format!("starting {name}"))?;
    scratch.watch(&child);
    // The command holds the pipe's other end and would keep it open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (tell, heard) = sync_channel(1024);
    let reading = thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
            if tell.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                break;
            }
            line.clear();
        }
    });
    let mut last = String::new();
    loop {
        match heard.recv_timeout(Duration::from_secs(30)) {
            Ok(line) => {
                writeln!(file, "{line}").at("writing", log)?;
                if let Some(stage) = stage(&line) {
                    progress.say(&format!("  {stage}"));
                }
                last = line;
            }
            Err(RecvTimeoutError::Timeout) => progress.say(&format!("  … still at: {}", last.chars().take(100).collect::<String>())),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    reading.join().ok();
    let status = child.wait().doing(format!("waiting for {name}"))?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    Err(Error::Program {
        program: name.into(),
        status: format!("{status}; log: {}", log.display()),
        tail: tail(&text, 30),
    })
}

/// The lines of mmdebstrap's log a person wants to see.
fn stage(line: &str) -> Option<&str> {
    let told = [
        "I: downloading",
        "I: extracting",
        "I: installing",
        "I: running",
        "I: cleaning",
        "Setting up zfs-dkms",
        "Setting up linux-image",
    ];
    let dkms = ["Building module", "Building initial module", "Installing /lib/modules"];
    told.iter()
        .chain(&dkms)
        .any(|start| line.starts_with(start))
        .then(|| line.trim_start_matches("I: "))
}

fn take_modules(from: &Path, to: &Path) -> Result<()> {
    let read = |name: &str| fs::read_to_string(from.join(name)).at("reading", &from.join(name));
    let modules = Modules::parse(&read("modules.dep")?, &read("modules.builtin")?);
    let order = modules
        .closure(&BOOT_MODULES)
        .map_err(|name| Error::Unusable(format!("this kernel has no module {name}")))?;
    fs::create_dir(to).at("making", to)?;
    for (turn, path) in order.iter().enumerate() {
        let file = PathBuf::from(path);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        fs::copy(from.join(&file), to.join(format!("{turn:02}-{name}"))).at("copying", &from.join(&file))?;
    }
    Ok(())
}

/// Everything an image depends on; a change of any makes another image.
pub(crate) fn ingredients(suite: Suite) -> String {
    [PACKAGES, CUSTOMIZE, "layout 1", suite.more_packages()].concat()
}

const PACKAGES: &str = "linux-image-cloud-amd64 linux-headers-cloud-amd64 zfs-dkms zfsutils-linux udev kmod iproute2 procps strace e2fsprogs dmsetup \
                        attr acl zstd xz-utils";

const CUSTOMIZE: &str = include_str!("../../guest/customize.sh");

/// To read a disk and to speak.
const BOOT_MODULES: [&str; 5] = ["virtio_pci", "virtio_blk", "ext4", "crc32c_generic", "virtio_console"];

/// Sparse: room for what a job installs or writes outside its pools.
const ROOT_SIZE: u64 = 16 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_the_stages_and_not_every_package() {
        assert_eq!(
            stage("I: installing remaining packages inside the chroot..."),
            Some("installing remaining packages inside the chroot...")
        );
        assert_eq!(
            stage("Setting up zfs-dkms (2.3.9-1) ..."),
            Some("Setting up zfs-dkms (2.3.9-1) ...")
        );
        assert_eq!(stage("Setting up libc6 (2.41) ..."), None);
    }
}
