//! I run every target over its seeds, over what was found before, and over the same mutations each time; with little memory.

mod mutation;

use std::{fs, path::Path};

use fuzz_targets::{NAMES, NVLIST_NATIVE, NVLIST_XDR, READER, Recorded, TARGETS, TOKEN, Target, VERIFIER, WRITER};
use mutation::{Random, mutated};
use nix::sys::resource::{Resource, setrlimit};

#[test]
fn reader() {
    holds(&READER, 20_000);
}

#[test]
fn verifier() {
    holds(&VERIFIER, 20_000);
}

#[test]
fn writer() {
    holds(&WRITER, 20_000);
}

#[test]
fn nvlist_native() {
    holds(&NVLIST_NATIVE, 50_000);
}

#[test]
fn nvlist_xdr() {
    holds(&NVLIST_XDR, 50_000);
}

#[test]
fn token() {
    holds(&TOKEN, 20_000);
}

#[test]
fn names() {
    holds(&NAMES, 20_000);
}

/// Runs a target over what is known and over this many mutations. A failure says where the input lies.
fn holds(target: &Target, mutations: u32) {
    bound_memory();
    let known = known(target);
    for input in &known {
        run(target, input);
    }
    let mut random = Random::new(1);
    for _ in 0..mutations {
        run(target, &mutated(&known, &mut random));
    }
}

fn run(target: &Target, input: &[u8]) {
    let told = Told { target, input };
    (target.run)(input);
    std::mem::forget(told);
}

/// Keeps what a target was given when it panics.
struct Told<'a> {
    target: &'a Target,
    input: &'a [u8],
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(self.target.name);
        // The panic is what matters.
        fs::write(&file, self.input).ok();
        println!("{} breaks a promise over {}", self.target.name, file.display());
    }
}

/// Seeds, and what fuzzing has found.
fn known(target: &Target) -> Vec<Vec<u8>> {
    let recorded = Recorded::read(&top().join("../tests/data/streams")).unwrap();
    let mut known = (target.seeds)(&recorded);
    let folder = top().join("regressions").join(target.name);
    if folder.is_dir() {
        known.extend(fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()));
    }
    known
}

/// Lengths in the input are claims: whoever believes one gets no memory, and the test ends. The whole process has this much.
fn bound_memory() {
    setrlimit(Resource::RLIMIT_DATA, MEMORY, MEMORY).unwrap();
}

#[test]
fn memory_is_bounded_indeed() {
    bound_memory();
    let length = usize::try_from(MEMORY).unwrap();
    assert!(Vec::<u8>::new().try_reserve_exact(length).is_err());
}

#[test]
fn seeds_are_good_and_mutations_are_not_all_alike() {
    for target in TARGETS {
        let seeds = (target.seeds)(&Recorded::default());
        assert!(seeds.len() > 1, "{}", target.name);
        let mut random = Random::new(1);
        let made: std::collections::BTreeSet<_> = (0..100).map(|_| mutated(&seeds, &mut random)).collect();
        assert!(made.len() > 50, "{}", target.name);
    }
}

#[test]
fn every_target_has_a_program_and_every_finding_a_target() {
    let manifest = fs::read_to_string(top().join("Cargo.toml")).unwrap();
    for target in TARGETS {
        let path = format!("fuzz_targets/{}.rs", target.name);
        assert!(manifest.contains(&format!("path = \"{path}\"")), "{path}");
        let program = fs::read_to_string(top().join(path)).unwrap();
        assert!(
            program.contains(&format!("fuzz_targets::{}.run", target.name.to_uppercase())),
            "{program}"
        );
    }
    for folder in fs::read_dir(top().join("regressions")).into_iter().flatten() {
        let name = folder.unwrap().file_name();
        assert!(TARGETS.iter().any(|target| *target.name == *name), "{name:?} is no target");
    }
}

/// The folder `fuzz`.
fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

const MEMORY: u64 = 256 << 20;
