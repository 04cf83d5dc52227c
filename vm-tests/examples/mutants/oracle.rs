//! I am the administrator's own programs, and what the kernel wrote to its log.

use std::process::Command;

use super::Result;

/// What a program prints; it must succeed.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Empties the kernel's log.
pub(crate) fn forget() -> Result<()> {
    run("dmesg", &["--clear"]).map(drop)
}

/// The kernel's log, where it has lines that no healthy kernel writes; else nothing.
pub(crate) fn complaints() -> Result<String> {
    let log = run("dmesg", &[])?;
    let is_bad = BAD.iter().any(|word| log.contains(word));
    Ok(if is_bad && !log.contains(LARGE) { log } else { String::new() })
}

/// What a kernel says when a list behind a `BEGIN` takes much memory at once; it gets it.
const LARGE: &str = "Large kmem_alloc";
const BAD: [&str; 9] = [
    "PANIC",
    "VERIFY",
    "ASSERT",
    "BUG",
    "Oops",
    "WARNING",
    "blocked for more than",
    "general protection",
    "Call Trace",
];
