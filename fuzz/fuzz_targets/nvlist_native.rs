//! I hand what libFuzzer makes up to the target `nvlist_native`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (fuzz_targets::NVLIST_NATIVE.run)(data));
