//! Shows how far long work has come: a bar on a terminal, else a line now and then.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::line::one_line;
use super::number;

/// Work that is done sooner shows nothing.
const BAR_AFTER: Duration = Duration::from_millis(300);
/// How often a log that is no terminal gets a line.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often the bar moves.
const BAR_EVERY: Duration = Duration::from_millis(80);

/// How progress is shown in one run of the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A bar that is cleared when the work ends.
    Bar,
    /// A line on stderr every ten seconds.
    Lines,
    Off,
}

impl Mode {
    /// Chooses by the stream, `--no-progress`, `CI` and `-q`.
    pub const fn choose(
        stderr_is_terminal: bool,
        no_progress: bool,
        ci: bool,
        quiet: bool,
    ) -> Self {
        if no_progress || ci || quiet {
            Self::Off
        } else if stderr_is_terminal {
            Self::Bar
        } else {
            Self::Lines
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Things,
    Bytes,
}

/// The progress of one piece of work. Dropping it clears the bar, also on the way of an error.
#[derive(Debug)]
pub struct Progress {
    label: String,
    total: Option<u64>,
    unit: Unit,
    mode: Mode,
    started: Instant,
    pace: Pace,
    next_line: Duration,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts to count things, such as rows: `reading rows`.
    pub fn new(label: &str, total: Option<u64>, mode: Mode) -> Self {
        Self {
            label: one_line(label).into_owned(),
            total,
            unit: Unit::Things,
            mode,
            started: Instant::now(),
            pace: Pace::default(),
            next_line: LINE_EVERY,
            bar: None,
        }
    }

    /// Counts bytes instead of things.
    #[must_use]
    pub fn in_bytes(mut self) -> Self {
        self.unit = Unit::Bytes;
        self
    }

    /// Says how much is done; cheap enough to be called for every row.
    pub fn tick(&mut self, done: u64) {
        if self.mode == Mode::Off || !self.pace.looks() {
            return;
        }
        let elapsed = self.started.elapsed();
        self.pace.looked(elapsed);
        if let Some(line) = self.advance(done, elapsed) {
            // Progress that cannot be written is no reason to stop the work.
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }

    /// Ends the work and clears the bar.
    pub fn finish(mut self) {
        self.clear();
    }

    /// Moves the bar, or gives the line that is due.
    fn advance(&mut self, done: u64, elapsed: Duration) -> Option<String> {
        match self.mode {
            Mode::Off => None,
            Mode::Bar => {
                if elapsed >= BAR_AFTER {
                    let text = self.amount(done);
                    let bar = self
                        .bar
                        .get_or_insert_with(|| undrawn_bar(&self.label, self.total));
                    bar.set_position(done);
                    bar.set_message(text);
                    if bar.is_hidden() {
                        // Drawn only now, so that it never shows without its numbers.
                        bar.set_draw_target(ProgressDrawTarget::stderr());
                    }
                }
                None
            }
            Mode::Lines => {
                if elapsed < self.next_line {
                    return None;
                }
                self.next_line = elapsed + LINE_EVERY;
                let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
                let time = number::duration(micros);
                Some(format!("{}: {}, {time}", self.label, self.amount(done)))
            }
        }
    }

    /// Writes `1,731 of 12,431 (14 %)`.
    fn amount(&self, done: u64) -> String {
        let show = |amount| match self.unit {
            Unit::Things => number::count(amount),
            Unit::Bytes => number::bytes(amount),
        };
        match self.total {
            Some(total) if total > 0 => {
                // Work that grows while it is done is never more than done.
                let pct = u128::from(done) * 100 / u128::from(total);
                format!("{} of {} ({} %)", show(done), show(total), pct.min(100))
            }
            _ => show(done),
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn undrawn_bar(label: &str, total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
    let template = if total.is_some() {
        "{prefix} {wide_bar} {msg}"
    } else {
        "{prefix} {msg}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(label.to_owned());
    bar
}

/// Chooses the calls that look at the clock, since that costs more than counting a row.
#[derive(Debug)]
struct Pace {
    skip: u32,
    stride: u32,
    last: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            skip: 0,
            stride: 1,
            last: Duration::ZERO,
        }
    }
}

impl Pace {
    const LARGEST_STRIDE: u32 = 4096;

    fn looks(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        true
    }

    /// Looks less often where calls follow fast, and at once more often where they slow down.
    fn looked(&mut self, elapsed: Duration) {
        let since = elapsed.saturating_sub(self.last);
        self.last = elapsed;
        if since < BAR_EVERY / 4 {
            self.stride = (self.stride * 2).min(Self::LARGEST_STRIDE);
        } else if since > BAR_EVERY {
            self.stride = (self.stride / 8).max(1);
        }
        self.skip = self.stride - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn progress_is_off_where_nobody_wants_it() {
        assert_eq!(Mode::choose(true, false, false, false), Mode::Bar);
        assert_eq!(Mode::choose(false, false, false, false), Mode::Lines);
        for terminal in [true, false] {
            assert_eq!(Mode::choose(terminal, true, false, false), Mode::Off);
            assert_eq!(Mode::choose(terminal, false, true, false), Mode::Off);
            assert_eq!(Mode::choose(terminal, false, false, true), Mode::Off);
        }
    }

    #[test]
    fn a_log_gets_one_line_every_ten_seconds() {
        let mut progress = Progress::new("reading rows", Some(12_431), Mode::Lines);
        assert_eq!(progress.advance(10, seconds(9)), None);
        assert_eq!(
            progress.advance(1_731, seconds(10)).as_deref(),
            Some("reading rows: 1,731 of 12,431 (13 %), 10 s")
        );
        assert_eq!(progress.advance(1_800, seconds(19)), None);
        assert!(progress.advance(1_900, seconds(20)).is_some());
    }

    #[test]
    fn an_unknown_total_is_not_guessed() {
        let mut progress = Progress::new("reading", None, Mode::Lines).in_bytes();
        assert_eq!(
            progress.advance(18_400_000, seconds(120)).as_deref(),
            Some("reading: 18.4 MB, 2 min")
        );
        assert_eq!(Progress::new("x", Some(0), Mode::Lines).amount(0), "0");
        assert_eq!(
            Progress::new("x", Some(2), Mode::Lines).amount(3),
            "3 of 2 (100 %)"
        );
    }

    #[test]
    fn a_bar_comes_only_after_300_ms_and_goes_at_the_end() {
        let mut progress = Progress::new("reading", Some(10), Mode::Bar);
        assert_eq!(progress.advance(1, Duration::from_millis(299)), None);
        assert!(progress.bar.is_none());
        assert_eq!(progress.advance(2, Duration::from_millis(300)), None);
        let bar = progress.bar.clone().expect("because it is late enough");
        assert_eq!(
            (bar.position(), bar.message().as_str()),
            (2, "2 of 10 (20 %)")
        );
        progress.finish();
        assert!(bar.is_finished());
    }

    #[test]
    fn a_bar_goes_also_when_the_work_is_given_up() {
        let mut progress = Progress::new("reading", None, Mode::Bar);
        progress.advance(1, seconds(1));
        let bar = progress.bar.clone().expect("because it is late enough");
        drop(progress);
        assert!(bar.is_finished());
    }

    #[test]
    fn fast_calls_rarely_look_at_the_clock_and_slow_ones_always() {
        let mut pace = Pace::default();
        let mut looks = 0;
        for call in 0..1_000_000_u64 {
            if pace.looks() {
                looks += 1;
                pace.looked(Duration::from_nanos(call * 200));
            }
        }
        assert!(looks < 1_000, "{looks}");
        let mut slow = Pace::default();
        for call in 1..100 {
            assert!(slow.looks());
            slow.looked(seconds(call));
        }
    }

    #[test]
    fn a_label_from_outside_stays_on_its_line() {
        let mut progress = Progress::new("reading a\nb", None, Mode::Lines);
        assert_eq!(
            progress.advance(1, seconds(10)).as_deref(),
            Some("reading a\\nb: 1, 10 s")
        );
    }
}
