//! Decides whether colour is used, and which tone a word has; colour only repeats the text.

use anstyle::{AnsiColor, Style};

/// What `--color` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourChoice {
    /// The environment decides, else whether the stream is a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

impl std::str::FromStr for ColourChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err("expected auto, always or never".to_owned()),
        }
    }
}

/// The variables that speak of colour, as read by whoever may read the environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColourEnvironment<'a> {
    /// `NO_COLOR`.
    pub no_color: Option<&'a str>,
    /// `FORCE_COLOR`.
    pub force_color: Option<&'a str>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<&'a str>,
    /// `TERM`.
    pub term: Option<&'a str>,
}

/// Decides for one stream: the flag, then the environment, then the stream itself.
///
/// A variable that is set to nothing is ignored. `NO_COLOR` wins over those that force colour, so
/// that who asked for none never gets any by accident; a forcing variable set to `0` forces nothing.
pub fn use_colour(
    choice: ColourChoice,
    environment: ColourEnvironment<'_>,
    stream_is_terminal: bool,
) -> bool {
    let is_set = |value: Option<&str>| value.is_some_and(|text| !text.is_empty());
    let forces = |value: Option<&str>| is_set(value) && value != Some("0");
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto => {
            if is_set(environment.no_color) {
                false
            } else if forces(environment.force_color) || forces(environment.clicolor_force) {
                true
            } else {
                stream_is_terminal
                    && environment.force_color != Some("0")
                    && environment.term != Some("dumb")
            }
        }
    }
}

/// What a word means, for the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Healthy, done.
    Good,
    /// Degraded, failed.
    Bad,
    /// Insufficient data, a warning.
    Unsure,
    /// The live version, a headline.
    Strong,
    /// What can be skipped while reading.
    Faint,
}

impl Tone {
    /// Gives the tone of a verdict, as spelt for people or in JSON; `None` for any other word.
    pub fn of_verdict(verdict: &str) -> Option<Self> {
        match verdict {
            "healthy" => Some(Self::Good),
            "degraded" => Some(Self::Bad),
            "insufficient data" | "insufficient_data" => Some(Self::Unsure),
            _ => None,
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Unsure => AnsiColor::Yellow.on_default(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Paints words, or leaves them alone where colour is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    enabled: bool,
}

impl Palette {
    /// Makes a palette for one stream; see [`use_colour`].
    pub const fn new(enabled: bool) -> Self {
        Self { enabled }
    }

    /// Makes a palette that never paints.
    pub const fn plain() -> Self {
        Self { enabled: false }
    }

    /// Paints the text in the tone.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if self.enabled && !text.is_empty() {
            let style = tone.style();
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// Paints a verdict in its own tone; another word stays plain.
    pub fn verdict(self, verdict: &str) -> String {
        match Tone::of_verdict(verdict) {
            Some(tone) => self.paint(tone, verdict),
            None => verdict.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(
        no_color: Option<&'a str>,
        force_color: Option<&'a str>,
        clicolor_force: Option<&'a str>,
    ) -> ColourEnvironment<'a> {
        ColourEnvironment {
            no_color,
            force_color,
            clicolor_force,
            term: Some("xterm"),
        }
    }

    #[test]
    fn the_flag_beats_the_environment() {
        let forbids = environment(Some("1"), None, None);
        let forces = environment(None, Some("1"), Some("1"));
        assert!(use_colour(ColourChoice::Always, forbids, false));
        assert!(!use_colour(ColourChoice::Never, forces, true));
    }

    #[test]
    fn the_environment_beats_the_terminal() {
        let cases = [
            (environment(None, None, None), true, true),
            (environment(None, None, None), false, false),
            (environment(Some("1"), None, None), true, false),
            (environment(Some("0"), None, None), true, false),
            (environment(Some(""), None, None), true, true),
            (environment(None, Some("1"), None), false, true),
            (environment(None, Some("3"), None), false, true),
            (environment(None, Some(""), None), false, false),
            (environment(None, Some("0"), None), false, false),
            (environment(None, Some("0"), None), true, false),
            (environment(None, None, Some("1")), false, true),
            (environment(None, None, Some("0")), false, false),
            (environment(None, None, Some("0")), true, true),
            (environment(None, None, Some("")), false, false),
            (environment(Some("1"), Some("1"), Some("1")), true, false),
            (environment(Some(""), Some("1"), None), false, true),
        ];
        for (environment, terminal, expected) in cases {
            assert_eq!(
                use_colour(ColourChoice::Auto, environment, terminal),
                expected,
                "{environment:?}, terminal: {terminal}"
            );
        }
    }

    #[test]
    fn a_dumb_terminal_gets_no_colour() {
        let dumb = ColourEnvironment {
            term: Some("dumb"),
            ..ColourEnvironment::default()
        };
        assert!(!use_colour(ColourChoice::Auto, dumb, true));
    }

    #[test]
    fn colour_only_repeats_the_text() {
        let painted = Palette::new(true).verdict("degraded");
        assert_eq!(
            anstream::adapter::strip_str(&painted).to_string(),
            "degraded"
        );
        assert_ne!(painted, "degraded");
        assert_eq!(Palette::plain().verdict("degraded"), "degraded");
        assert_eq!(Palette::new(true).verdict("unknown"), "unknown");
        assert_eq!(Palette::new(true).paint(Tone::Good, ""), "");
    }

    #[test]
    fn both_spellings_of_a_verdict_have_its_tone() {
        assert_eq!(Tone::of_verdict("healthy"), Some(Tone::Good));
        assert_eq!(Tone::of_verdict("insufficient data"), Some(Tone::Unsure));
        assert_eq!(Tone::of_verdict("insufficient_data"), Some(Tone::Unsure));
        assert_eq!(Tone::of_verdict("suspicious"), None);
    }

    #[test]
    fn the_flag_is_read_from_its_three_words() {
        assert_eq!("always".parse(), Ok(ColourChoice::Always));
        assert_eq!("never".parse(), Ok(ColourChoice::Never));
        assert_eq!("auto".parse(), Ok(ColourChoice::Auto));
        assert!("yes".parse::<ColourChoice>().is_err());
    }
}
