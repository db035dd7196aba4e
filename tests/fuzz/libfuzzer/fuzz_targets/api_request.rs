#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rosterd_fuzz_targets::api_request(bytes));
