//! I run programs to their end.

use std::process::{Command, Stdio};

use crate::Result;

/// Runs a program and returns what it wrote.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<String> {
    done(Command::new(program).args(args), &format!("{program} {}", args.join(" ")))
}

/// Has a shell run a line, as all racers are run.
pub(crate) fn shell(line: &str) -> Result<String> {
    done(Command::new("sh").args(["-c", line]), line)
}

fn done(command: &mut Command, what: &str) -> Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{what}: {}\n{}", output.status, String::from_utf8_lossy(&said).trim_end()).into())
}
