//! Counts the lines of a file, those of its tests apart.

use super::names::{attributes_of, is_test_only};
use syn::spanned::Spanned;

pub const LONGEST_FILE: usize = 500;

pub struct Lines {
    pub code: usize,
    pub tests: usize,
}

/// Counts every line, blank ones and comments too. A file that cannot be parsed is all code.
pub fn lines_of(text: &str) -> Lines {
    let all = text.lines().count();
    let tests = match syn::parse_file(text) {
        Ok(syntax) if is_test_only(&syntax.attrs) => all,
        Ok(syntax) => syntax
            .items
            .iter()
            .filter(|item| is_test_only(attributes_of(item)))
            .map(|item| 1 + item.span().end().line - item.span().start().line)
            .sum(),
        Err(_) => 0,
    };
    Lines {
        code: all - tests,
        tests,
    }
}

#[test]
fn tests_are_counted_apart() {
    let Lines { code, tests } =
        lines_of("fn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\nfn h() {}\n");
    assert_eq!((code, tests), (3, 4));
}
