//! I stand behind a process and write down each word it says to `/dev/zfs`.
//!
//! The process stands still before every system call, so what I read in its memory is what the kernel reads there.

use std::{
    ffi::CStr,
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::fs::FileExt,
    process::{Child, Command, Stdio},
};

use nix::{
    sys::{
        ptrace::{self, Options},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::exchange::{Call, Exchange};

/// Runs a program that plays its calls when it is told to, and answers what it said to the kernel.
pub(super) fn record(program: &mut Command) -> Vec<Call> {
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let player = await_player(&mut child);
    let mut recorder = Recorder {
        player,
        memory: File::open(format!("/proc/{player}/mem")).unwrap(),
        calls: Vec::new(),
    };
    ptrace::seize(player, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL).unwrap();
    ptrace::interrupt(player).unwrap();
    child.stdin.take().unwrap().write_all(GO).unwrap();
    recorder.listen();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    recorder.calls
}

/// What the player does first: it says which thread will play, and waits until it is seen.
pub(super) fn present_myself() {
    let mut said = std::io::stdout();
    said.write_all(format!("\n{PLAYER}{}\n", nix::unistd::gettid()).as_bytes()).unwrap();
    said.flush().unwrap();
    let mut word = String::new();
    std::io::stdin().read_line(&mut word).unwrap();
    assert_eq!(word.as_bytes(), GO);
}

/// What the player does before each call: a system call that does nothing, for the sake of the name in it.
pub(super) fn announce(call: &str) {
    std::fs::read_link(format!("{CALL}{call}")).unwrap_err();
}

fn await_player(child: &mut Child) -> Pid {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the player never presented itself");
        if let Some(number) = line.strip_prefix(PLAYER) {
            return Pid::from_raw(number.trim().parse().unwrap());
        }
    }
}

struct Recorder {
    player: Pid,
    memory: File,
    calls: Vec<Call>,
}

impl Recorder {
    fn listen(&mut self) {
        loop {
            let signal = match waitpid(self.player, Some(WaitPidFlag::__WALL)).unwrap() {
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return,
                WaitStatus::PtraceSyscall(_) => {
                    self.at_the_gate();
                    None
                }
                WaitStatus::Stopped(_, signal) => Some(signal),
                _ => None,
            };
            ptrace::syscall(self.player, signal).unwrap();
        }
    }

    /// The player stands at the gate of the kernel, on its way in or out.
    fn at_the_gate(&mut self) {
        if ptrace::syscall_info(self.player).unwrap().op != PTRACE_SYSCALL_INFO_ENTRY {
            return;
        }
        let registers = ptrace::getregs(self.player).unwrap();
        let [first, second, third] = [registers.rdi, registers.rsi, registers.rdx];
        match registers.orig_rax {
            IOCTL if REQUESTS.contains(&second) => {
                let exchange = Exchange::read(second, third, |address, size| self.read(address, size));
                let call = self.calls.last_mut().expect("a request before the first call was announced");
                call.exchanges.push(exchange);
            }
            READLINK => {
                let path = self.read(first, LONGEST_NAME);
                let path = CStr::from_bytes_until_nul(&path).map(CStr::to_string_lossy).unwrap_or_default();
                if let Some(name) = path.strip_prefix(CALL) {
                    self.calls.push(Call::named(name));
                }
            }
            _ => {}
        }
    }

    /// So many bytes of the player's memory, or as many as there are.
    fn read(&self, address: u64, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        let mut filled = 0;
        while filled < size {
            let at = address + u64::try_from(filled).unwrap();
            match self.memory.read_at(&mut bytes[filled..], at) {
                Ok(0) | Err(_) => break,
                Ok(read) => filled += read,
            }
        }
        bytes.truncate(filled);
        bytes
    }
}

/// Where the names of the calls pretend to lie.
const CALL: &str = "/call/";
/// More than any of them, with what stands before it.
const LONGEST_NAME: usize = 256;
const PLAYER: &str = "player ";
const GO: &[u8] = b"go\n";

/// System calls by their numbers on x86_64, which the machine is.
const IOCTL: u64 = 16;
const READLINK: u64 = 89;
const PTRACE_SYSCALL_INFO_ENTRY: u8 = 1;

/// Every request to `/dev/zfs` there is or will be soon.
const REQUESTS: std::ops::RangeInclusive<u64> = 0x5a00..=0x5aff;
