//! Reads any text as a policy: an error must name the file.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = modelguard::policy::parse(text, Path::new("fuzz.toml")) {
        assert!(error.to_string().contains("fuzz.toml"));
    }
});
