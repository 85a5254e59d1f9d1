//! Reads any text as a policy: every problem names the file and points inside the text.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for problem in modelguard::policy::load::check_all(text, Path::new("fuzz.toml")) {
        assert_eq!(problem.path, Path::new("fuzz.toml"));
        if let Some(span) = problem.span() {
            assert!(span.end <= text.len());
        }
    }
});
