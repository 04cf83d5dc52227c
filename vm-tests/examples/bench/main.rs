//! I measure zfs-rs on real OpenZFS, in the guest, by `cargo xtask vm bench`. I print; nobody asserts on time.

mod overhead;

use std::{env, error::Error, process::ExitCode};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let measured = match words.as_slice() {
        ["overhead", calls] => calls.parse().map_err(Into::into).and_then(overhead::measure),
        _ => Err("want 'overhead CALLS'".into()),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::from(2)
        }
    }
}
