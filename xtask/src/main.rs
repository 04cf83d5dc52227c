//! Every tool of this repository is this program.

mod api;
mod bench;
mod demo;
mod drill;
mod fuzz;
mod mutants;
mod sanitize;
mod sim;
mod test;
mod tidy;
mod vm;
mod zts;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tools of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, Subcommand)]
enum Tool {
    /// Compare what zfs-rs offers with zfs-rs/api.txt, where every change of it is deliberate
    #[command(after_help = "Examples:\n  cargo xtask api\n  cargo xtask api --update")]
    Api(api::Command),
    /// Show a replication on real OpenZFS, killed in the middle and resumed, and prove the result file by file
    ///
    /// In a fresh virtual machine: a tree of filesystems and a volume goes from one pool to another. Changes, new children, a renamed one and strangers
    /// on the target follow. Status 0 only when everything that was checked held.
    #[command(after_help = "Example:\n  cargo xtask demo")]
    Demo(demo::Command),
    /// Race 700 MB against `zfs send -Lec | zfs receive -u`, in turn in one machine, and print the ratio
    #[command(
        after_help = "Examples:\n  cargo xtask bench --repetitions 5\n  cargo xtask bench peers --icount\n  cargo xtask bench streams\n  cargo xtask bench stream-verify"
    )]
    Bench(bench::Command),
    /// Damage streams and make them break rules, and see that the verifier and a second, plain one say the same of each
    #[command(after_help = "Examples:\n  cargo xtask mutants\n  cargo xtask mutants --blind 10000 --mutants 10000 --seed 7")]
    Mutants(mutants::Command),
    /// Let the engine live in worlds of the model in which faults strike, and see that no invariant breaks
    #[command(
        after_help = "Examples:\n  cargo xtask sim --seeds 100000\n  cargo xtask sim --seeds 1 --seed 4711\n  cargo xtask sim --each"
    )]
    Sim(sim::Command),
    /// Plant bugs in a copy of the engine, one at a time, and see that the worlds of `sim` notice each
    #[command(after_help = "Examples:\n  cargo xtask drill\n  cargo xtask drill --seeds 1000 cursor")]
    Drill(drill::Command),
    /// Look for bytes that break a promise of the pure formats: streams, lists, tokens, names (libFuzzer, nightly)
    #[command(after_help = "Examples:\n  cargo xtask fuzz\n  cargo xtask fuzz reader verifier --seconds 600")]
    Fuzz(fuzz::Command),
    /// Run the tests of the unsafe places under valgrind and AddressSanitizer
    #[command(after_help = "Example:\n  cargo xtask sanitize")]
    Sanitize(sanitize::Command),
    /// Check what the compiler does not: who imports whom, where unsafe is, what tests cite
    #[command(after_help = "Example:\n  cargo xtask tidy --json")]
    Tidy(tidy::Command),
    /// Run every check: format, house rules, lints, licences, tests, documentation, real OpenZFS in a virtual machine
    #[command(after_help = "Examples:\n  cargo xtask test\n  cargo xtask test --no-vm\n  cargo xtask test --only clippy --only unit")]
    Test(test::Command),
    /// Real OpenZFS in a virtual machine
    #[command(subcommand)]
    Vm(vm::Command),
}

/// Why a tool failed; printed as it is.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let ended = match Cli::parse().tool {
        Tool::Api(command) => command.run(),
        Tool::Demo(command) => command.run(),
        Tool::Bench(command) => command.run(),
        Tool::Mutants(command) => command.run(),
        Tool::Sim(command) => command.run(),
        Tool::Drill(command) => command.run(),
        Tool::Fuzz(command) => command.run(),
        Tool::Sanitize(command) => command.run(),
        Tool::Tidy(command) => command.run(),
        Tool::Test(command) => command.run(),
        Tool::Vm(command) => command.run(),
    };
    ended.unwrap_or_else(|why| {
        eprintln!("error: {why}");
        ExitCode::from(2)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_is_well_formed_and_gives_an_example() {
        let mut cli = Cli::command();
        cli.build();
        assert_examples(&cli);
    }

    fn assert_examples(command: &clap::Command) {
        if command.get_name() == "help" {
            return;
        }
        if !command.has_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("cargo xtask "), "{} has no example", command.get_name());
        }
        command.get_subcommands().for_each(assert_examples);
    }
}
