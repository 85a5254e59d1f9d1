//! Which versions of modelguard a policy asks for: comparisons that must all hold.

use std::str::FromStr;

/// A list of comparisons such as `>=0.1, <0.3`.
///
/// Only as many numbers are compared as were written, so `=0.1` and `<=0.1` hold for 0.1.7 and `>0.1` does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange(Vec<(Comparison, Vec<u64>)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Two characters before one, so that `>=` is not read as `>`.
const SIGNS: [(&str, Comparison); 5] = [
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

/// The text is no version range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no version range; write comparisons with =, >, >=, < or <= such as \">=0.1, <0.3\""
)]
pub struct RangeSyntax(pub String);

impl VersionRange {
    /// Whether `version` (`0.1.0`, perhaps with `-dev` or `+build`, which do not count) meets every comparison.
    #[must_use]
    pub fn allows(&self, version: &str) -> bool {
        let numbers = version.split(['-', '+']).next().and_then(numbers);
        let Some(mut version) = numbers else {
            return false;
        };
        version.resize(3, 0);
        self.0.iter().all(|(comparison, wanted)| {
            let have = &version[..wanted.len()];
            match comparison {
                Comparison::Equal => have == wanted,
                Comparison::Greater => have > wanted.as_slice(),
                Comparison::GreaterOrEqual => have >= wanted.as_slice(),
                Comparison::Less => have < wanted.as_slice(),
                Comparison::LessOrEqual => have <= wanted.as_slice(),
            }
        })
    }
}

/// One to three numbers between dots.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let numbers: Vec<u64> = text
        .split('.')
        .map(|number| {
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| number.parse().ok()).flatten()
        })
        .collect::<Option<_>>()?;
    (numbers.len() <= 3).then_some(numbers)
}

impl FromStr for VersionRange {
    type Err = RangeSyntax;

    fn from_str(text: &str) -> Result<Self, RangeSyntax> {
        text.split(',')
            .map(|part| {
                let part = part.trim();
                SIGNS.iter().find_map(|(sign, comparison)| {
                    let wanted = numbers(part.strip_prefix(sign)?.trim())?;
                    Some((*comparison, wanted))
                })
            })
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| RangeSyntax(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_look_at_the_numbers_that_were_written() {
        for (range, version, allowed) in [
            (">=0.1", "0.1.0", true),
            (">=0.1, <0.3", "0.2.9", true),
            (">=0.1, <0.3", "0.3.0", false),
            (">=0.2", "0.1.9", false),
            ("=0.1", "0.1.7", true),
            ("=0.1.7", "0.1.8", false),
            (">0.1", "0.1.7", false),
            (">0.1", "0.2.0", true),
            ("<=0.1", "0.1.7", true),
            ("<=0.1", "0.2.0", false),
            (">=1", "0.10.0", false),
            (">=0.9", "0.10.0", true),
            ("< 1", "0.1.0-dev", true),
            (">=0", "0.1.0+abc", true),
            (">=0", "nonsense", false),
        ] {
            let parsed: VersionRange = range.parse().unwrap();
            assert_eq!(parsed.allows(version), allowed, "{range} {version}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "0.1",
            "^0.1",
            "~0.1",
            ">=",
            ">=a",
            ">=0.1.2.3",
            ">=0.1,",
            ">= 0. 1",
            "==0.1",
            ">=+1",
            ">=99999999999999999999",
            ">=*",
            ">=0.1 <0.3",
        ] {
            assert!(text.parse::<VersionRange>().is_err(), "{text}");
        }
    }
}
