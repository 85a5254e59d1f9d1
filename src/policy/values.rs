//! Reads one value of the policy file: the right type and unit, or what it should have been.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::DeValue;

use super::diagnose::nearest;
use super::mask::{is_token, is_variable};
use crate::domain::metric::Metric;
use crate::domain::names::{AliasName, NameSyntax, ReferenceTarget};
use crate::domain::policy::{BaselineChoice, is_mail_host, port_behind};
use crate::domain::time::Length;
use crate::domain::verdict::Severity;

/// A value that the key can't have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Follows the key's name, after a blank unless it begins with a colon.
    pub message: String,
    pub span: Range<usize>,
    pub suggestion: Vec<String>,
    /// What else is wrong with a list.
    pub others: Vec<Wrong>,
    /// The rest of a list could be read, so that the rules hold for it.
    pub is_partial: bool,
}

/// A value where it stands in the text.
pub(super) struct Value<'a, 'text>(pub &'a Spanned<DeValue<'text>>);

/// A type as a person calls it.
pub(super) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Value<'_, '_> {
    fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong {
            message: message.into(),
            span: self.0.span(),
            suggestion: Vec::new(),
            others: Vec::new(),
            is_partial: false,
        }
    }

    fn mistyped(&self, wanted: &str) -> Wrong {
        self.wrong(format!(
            "takes {wanted}, not {}",
            type_name(self.0.get_ref())
        ))
    }

    fn text_like(&self, wanted: &str) -> Result<&str, Wrong> {
        self.0
            .get_ref()
            .as_str()
            .ok_or_else(|| self.mistyped(wanted))
    }

    /// Any text.
    pub fn text(&self) -> Result<String, Wrong> {
        self.text_like("a text in quotes").map(str::to_owned)
    }

    /// A text that names something.
    pub fn name(&self) -> Result<String, Wrong> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return Err(self.wrong("is empty: leave the key out instead"));
        }
        Ok(text)
    }

    /// A text that the type reads.
    pub fn parsed<T>(&self, wanted: &str) -> Result<T, Wrong>
    where
        T: FromStr<Err: Display>,
    {
        let text = self.text_like(wanted)?;
        text.parse()
            .map_err(|error: T::Err| self.wrong(format!(": {error}")))
    }

    /// The key's own last part as the name of an alias. Two spellings of one alias would be two keys.
    pub fn alias(&self, part: &str) -> Result<AliasName, Wrong> {
        let alias: AliasName = part
            .parse()
            .map_err(|error: NameSyntax| self.wrong(format!(": {error}")))?;
        if alias.as_str() == part {
            Ok(alias)
        } else {
            Err(self.wrong(format!("has to be written in lower case: {alias}")))
        }
    }

    /// One of a few words.
    pub fn choice<T: FromStr>(&self, words: &'static [&'static str]) -> Result<T, Wrong> {
        let wanted = match words {
            [one] => format!("{one:?}, the only choice"),
            [first @ .., last] => {
                let first: Vec<_> = first.iter().map(|word| format!("{word:?}")).collect();
                format!("{} or {last:?}", first.join(", "))
            }
            [] => String::new(),
        };
        let text = self.text_like(&wanted)?;
        text.parse().map_err(|_| Wrong {
            suggestion: owned(nearest(text, words.iter().copied())),
            ..self.wrong(format!("takes {wanted}, not {text:?}"))
        })
    }

    /// A metric that modelguard computes.
    pub fn metric(&self) -> Result<Metric, Wrong> {
        const OTHER_NAMES: [(&str, Metric); 6] = [
            ("auc", Metric::RocAuc),
            ("logloss", Metric::LogLoss),
            ("mse", Metric::Rmse),
            ("r2_score", Metric::R2),
            ("brier_score", Metric::Brier),
            ("bias", Metric::MeanError),
        ];
        let text = self.text_like("the name of a metric")?;
        text.parse().map_err(|_| {
            let names = Metric::ALL.map(Metric::name);
            let lower = text.to_ascii_lowercase();
            let known = OTHER_NAMES.iter().find(|(other, _)| *other == lower);
            let suggestion = match known {
                Some((_, metric)) => vec![metric.name()],
                None => nearest(text, names),
            };
            Wrong {
                suggestion: owned(suggestion),
                ..self.wrong(format!(
                    "names {text:?}, not one of the metrics {}",
                    names.join(", ")
                ))
            }
        })
    }

    /// A list of metrics, as far as it can be read: every name that is none is told.
    pub fn metrics(&self, place: &mut Option<Vec<Metric>>) -> Result<(), Wrong> {
        let list = self.0.get_ref().as_array();
        let list =
            list.ok_or_else(|| self.mistyped("a list of metrics such as [\"rmse\", \"r2\"]"))?;
        let (mut metrics, mut wrong) = (Vec::new(), Vec::new());
        for value in list {
            match Value(value).metric() {
                Ok(metric) => metrics.push(metric),
                Err(one) => wrong.push(one),
            }
        }
        let is_partial = !metrics.is_empty();
        if is_partial || wrong.is_empty() {
            *place = Some(metrics);
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let first = wrong.remove(0);
        Err(Wrong {
            others: wrong,
            is_partial,
            ..first
        })
    }

    /// A length of time with its unit.
    pub fn length(&self) -> Result<Length, Wrong> {
        let wanted = "a length of time such as \"7d\", \"36h\" or \"90s\"";
        if let DeValue::Integer(number) = self.0.get_ref() {
            let suggestion = ["d", "h", "s"].map(|unit| format!("\"{number}{unit}\""));
            return Err(Wrong {
                suggestion: suggestion.into(),
                ..self.wrong(format!("takes {wanted}, not a number without unit"))
            });
        }
        let text = self.text_like(wanted)?;
        text.parse()
            .map_err(|_| self.wrong(format!("takes {wanted}, not {text:?}")))
    }

    /// A number, whole or not; range rules are the domain's.
    pub fn percent(&self) -> Result<f64, Wrong> {
        let number = match self.0.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => i32::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(f64::from),
            _ => return Err(self.mistyped("a number of percent such as 5.0")),
        };
        number.ok_or_else(|| self.wrong("is too large a number"))
    }

    /// A whole number of rows.
    pub fn rows(&self) -> Result<u64, Wrong> {
        let DeValue::Integer(number) = self.0.get_ref() else {
            return Err(self.mistyped("a whole number of rows such as 200"));
        };
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(rows) => u64::try_from(rows)
                .map_err(|_| self.wrong(format!("is {rows}: it can't be negative"))),
            Err(_) => Err(self.wrong("is too large a number")),
        }
    }

    /// One of a few words, which is given back.
    pub fn word(&self, words: &'static [&'static str]) -> Result<&'static str, Wrong> {
        let text = self.text_like("a text in quotes")?;
        let known = words.iter().find(|word| **word == text);
        known.copied().ok_or_else(|| Wrong {
            suggestion: owned(nearest(text, words.iter().copied())),
            ..self.wrong(format!("takes one of {}, not {text:?}", words.join(", ")))
        })
    }

    /// A severity.
    pub fn severity(&self) -> Result<Severity, Wrong> {
        let word = self.word(&["low", "medium", "high", "critical"])?;
        Severity::from_name(word).ok_or_else(|| self.wrong("is no severity"))
    }

    /// True or false.
    pub fn boolean(&self) -> Result<bool, Wrong> {
        let value = self.0.get_ref().as_bool();
        value.ok_or_else(|| self.mistyped("true or false"))
    }

    /// A port of a server.
    pub fn port(&self) -> Result<u16, Wrong> {
        let DeValue::Integer(number) = self.0.get_ref() else {
            return Err(self.mistyped("a port such as 587"));
        };
        u16::from_str_radix(number.as_str(), number.radix())
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| self.wrong("is no port: they go from 1 to 65535"))
    }

    /// The name of an environment variable; what is none may be a secret, and is not repeated.
    pub fn variable(&self) -> Result<String, Wrong> {
        let name = self.name()?;
        if is_token(&name) {
            return Err(self.wrong("names a variable that holds a secret, and this looks like one"));
        }
        if is_variable(&name) {
            return Ok(name);
        }
        Err(self.wrong("is no name of an environment variable"))
    }

    /// A mail server; what is more than that may hold a password, and is not repeated.
    pub fn mail_host(&self) -> Result<String, Wrong> {
        let host = self.name()?;
        if is_mail_host(&host) {
            return Ok(host);
        }
        if let Some(port) = port_behind(&host) {
            return Err(self.wrong(format!(
                "names a server alone, and its port is a key of its own: `port = {port}`"
            )));
        }
        Err(self.wrong(
            "names a server alone, such as \"mail.example.org\": without user, password, path or blanks",
        ))
    }

    /// The name of a file; an address or a token may be a secret, and is not repeated.
    pub fn file(&self) -> Result<String, Wrong> {
        let name = self.name()?;
        if name.contains("://") {
            return Err(
                self.wrong("names a file whose first line is the address, and is not the address")
            );
        }
        if is_token(&name) {
            return Err(self.wrong(
                "names a file, and this looks like a secret: write ./ before the name if a file is called so",
            ));
        }
        Ok(name)
    }

    /// A list of texts that is not empty.
    pub fn texts(&self, wanted: &str) -> Result<Vec<String>, Wrong> {
        let list = self.0.get_ref().as_array();
        let list = list.ok_or_else(|| self.mistyped(wanted))?;
        if list.is_empty() {
            return Err(self.wrong("is empty: leave the key out instead"));
        }
        list.iter().map(|value| Value(value).name()).collect()
    }

    /// A list that is not empty, of what the type reads.
    pub fn list<T>(&self, wanted: &str) -> Result<Vec<T>, Wrong>
    where
        T: FromStr<Err: Display>,
    {
        self.texts(wanted)?;
        let list = self.0.get_ref().as_array();
        let values = list.into_iter().flatten();
        values.map(|value| Value(value).parsed(wanted)).collect()
    }

    /// A list that is not empty, of a few words.
    pub fn choices<T: FromStr>(&self, words: &'static [&'static str]) -> Result<Vec<T>, Wrong> {
        self.texts("a list of words")?;
        let list = self.0.get_ref().as_array();
        let values = list.into_iter().flatten();
        values.map(|value| Value(value).choice(words)).collect()
    }

    /// A word for a baseline, or a version. A slip in a word is not taken for a version's name.
    pub fn baseline(&self) -> Result<BaselineChoice, Wrong> {
        let words = BaselineChoice::WORDS;
        let choice =
            self.parsed("\"auto\", \"reference\", \"recorded\", \"previous\" or a version")?;
        if let BaselineChoice::Version(reference) = &choice
            && let ReferenceTarget::Version(version) = &reference.target
            && reference.model.is_none()
        {
            let meant = nearest(version, words.iter().copied());
            if !meant.is_empty() {
                return Err(Wrong {
                    suggestion: owned(meant),
                    ..self.wrong(format!(
                        "is {version:?}, nearly one of {}; a version of that name is written MODEL:{version}",
                        words.join(", ")
                    ))
                });
            }
        }
        Ok(choice)
    }
}

fn owned(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
