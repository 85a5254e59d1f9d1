//! Which words a policy key chooses between, and what each means.

use std::fmt;
use std::str::FromStr;

use crate::domain::names::{Reference, ReferenceTarget};
use crate::domain::time::Length;

/// A word that the key does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is none of {}", choices.join(", "))]
pub struct UnknownChoice {
    pub given: String,
    /// Every word that the key knows, in the order of the documentation.
    pub choices: &'static [&'static str],
}

macro_rules! choice {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type {
            $($(#[$variant_doc])* $variant),+
        }

        impl $type {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Their words, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word for it in the policy, on the command line and in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownChoice;

            fn from_str(text: &str) -> Result<Self, UnknownChoice> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(UnknownChoice { given: other.to_owned(), choices: Self::WORDS }),
                }
            }
        }
    };
}

choice! {
    /// How a check decides that a version became worse.
    Mode {
        /// A deciding metric is worse than its baseline by more than `check.threshold_pct`.
        Threshold = "threshold",
    }
}

choice! {
    /// What a check looks at.
    EvidenceKind {
        /// Predictions of the live version and what turned out true.
        Live = "live",
        /// The metrics that were recorded when the versions were registered.
        Recorded = "recorded",
    }
}

choice! {
    /// What a channel of `[[notify]]` can be told of.
    EventKind {
        /// The live version became worse, and what was done about it.
        Degraded = "degraded",
        /// A rollback is wanted and there is nowhere to go.
        Blocked = "blocked",
        /// For too long no check could decide.
        Blind = "blind",
        /// Healthy again.
        Recovered = "recovered",
        /// An alert is still open.
        Reminder = "reminder",
        /// A file of the inbox was refused.
        RefusedFile = "refused_file",
    }
}

choice! {
    /// How the connection to a mail server is protected.
    Encryption {
        /// Plain at first, then upgraded; a server that can't upgrade is refused.
        StartTls = "starttls",
        /// From the first byte.
        Tls = "tls",
        /// Not at all; only to this machine.
        None = "none",
    }
}

choice! {
    /// What `monitor` does about a degraded version.
    OnDegraded {
        /// It tells people.
        Alert = "alert",
        /// It also goes back to another version.
        Rollback = "rollback",
    }
}

choice! {
    /// Which version an automatic rollback goes back to.
    TargetChoice {
        /// The newest entry below the live one that is not bad.
        Previous = "previous",
        /// The newest entry below the live one whose last verdict was healthy.
        LastGood = "last-good",
    }
}

choice! {
    /// Whose probability the mapped score column holds.
    ScoreIs {
        /// That of the positive class, which `columns.positive` names.
        Positive = "positive",
        /// That of the predicted class; log loss, ROC AUC and Brier are then unavailable.
        Predicted = "predicted",
    }
}

/// What a version is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselineChoice {
    /// The version's reference sample, else its recorded metrics, else the previous version.
    Auto,
    /// The version's own reference sample.
    Reference,
    /// The version's own recorded metrics.
    Recorded,
    /// The newest entry below the version that is not bad.
    Previous,
    /// The version that the reference names.
    Version(Reference),
}

impl BaselineChoice {
    /// The words that are not a reference.
    pub const WORDS: &'static [&'static str] = &["auto", "reference", "recorded", "previous"];

    /// Whether it names the live version itself, so that recorded metrics would be compared with themselves.
    #[must_use]
    pub fn is_the_version_itself(&self) -> bool {
        match self {
            Self::Reference | Self::Recorded => true,
            Self::Auto | Self::Previous => false,
            Self::Version(reference) => matches!(
                &reference.target,
                ReferenceTarget::Alias { alias, below: 0 } if alias.is_production()
            ),
        }
    }
}

impl fmt::Display for BaselineChoice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => out.write_str("auto"),
            Self::Reference => out.write_str("reference"),
            Self::Recorded => out.write_str("recorded"),
            Self::Previous => out.write_str("previous"),
            Self::Version(reference) => reference.fmt(out),
        }
    }
}

/// The text is neither a word for a baseline nor a reference to a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no baseline; write auto, reference, recorded, previous or a version such as 20260105_143022 or @ALIAS"
)]
pub struct UnknownBaseline(pub String);

impl FromStr for BaselineChoice {
    type Err = UnknownBaseline;

    fn from_str(text: &str) -> Result<Self, UnknownBaseline> {
        Ok(match text {
            "auto" => Self::Auto,
            "reference" => Self::Reference,
            "recorded" => Self::Recorded,
            "previous" => Self::Previous,
            other => Self::Version(
                other
                    .parse()
                    .map_err(|_| UnknownBaseline(other.to_owned()))?,
            ),
        })
    }
}

/// Which labelled live rows of the tenure a check looks at, the newest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest so many rows.
    Rows(u64),
    /// The rows whose label is at most this old.
    Age(Length),
    /// Every row of the tenure.
    All,
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(count) => write!(out, "n={count}"),
            Self::Age(length) => length.fmt(out),
            Self::All => out.write_str("all"),
        }
    }
}

/// The text is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no window; write n=1000 for rows, 7d for a length of time, or all")]
pub struct UnknownWindow(pub String);

impl FromStr for Window {
    type Err = UnknownWindow;

    fn from_str(text: &str) -> Result<Self, UnknownWindow> {
        let wrong = || UnknownWindow(text.to_owned());
        if text == "all" {
            return Ok(Self::All);
        }
        match text.strip_prefix("n=") {
            Some(count) if count.bytes().all(|byte| byte.is_ascii_digit()) => {
                count.parse().map(Self::Rows).map_err(|_| wrong())
            }
            Some(_) => Err(wrong()),
            None => text.parse().map(Self::Age).map_err(|_| wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<T: FromStr + fmt::Display>(words: &[&str]) {
        for word in words {
            assert_eq!(
                word.parse::<T>().ok().map(|choice| choice.to_string()),
                Some((*word).to_owned())
            );
        }
    }

    #[test]
    fn every_word_reads_back_as_written() {
        round_trip::<Mode>(Mode::WORDS);
        round_trip::<EvidenceKind>(EvidenceKind::WORDS);
        round_trip::<OnDegraded>(OnDegraded::WORDS);
        round_trip::<TargetChoice>(TargetChoice::WORDS);
        round_trip::<ScoreIs>(ScoreIs::WORDS);
        round_trip::<BaselineChoice>(BaselineChoice::WORDS);
        round_trip::<BaselineChoice>(&["@winter~2", "churn:20260105_143022", "latest"]);
        round_trip::<Window>(&["n=1000", "7d", "90m", "all"]);
    }

    #[test]
    fn another_word_is_refused_with_the_choices() {
        let refusal = "lively".parse::<EvidenceKind>().unwrap_err().to_string();
        assert_eq!(refusal, "\"lively\" is none of live, recorded");
        for text in [
            "",
            "1000",
            "n=",
            "n=-1",
            "n=+5",
            "n=1.5",
            "7",
            "ALL",
            "n=99999999999999999999",
        ] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
        assert!("a b".parse::<BaselineChoice>().is_err());
    }

    #[test]
    fn the_live_version_itself_is_recognised() {
        for (text, itself) in [
            ("reference", true),
            ("recorded", true),
            ("@production", true),
            ("@production~0", true),
            ("@production~1", false),
            ("@winter", false),
            ("auto", false),
            ("previous", false),
        ] {
            let choice: BaselineChoice = text.parse().unwrap();
            assert_eq!(choice.is_the_version_itself(), itself, "{text}");
        }
    }
}
