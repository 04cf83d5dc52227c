//! I hand what libFuzzer makes up to the target `token`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (fuzz_targets::TOKEN.run)(data));
