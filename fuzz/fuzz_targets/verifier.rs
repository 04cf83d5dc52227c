//! I hand what libFuzzer makes up to the target `verifier`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (fuzz_targets::VERIFIER.run)(data));
