//! I am three lines around the command line.

fn main() -> std::process::ExitCode {
    zfs_replicate::cli::main()
}
