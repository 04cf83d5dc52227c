//! I hand what libFuzzer makes up to the target `nvlist_xdr`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (fuzz_targets::NVLIST_XDR.run)(data));
