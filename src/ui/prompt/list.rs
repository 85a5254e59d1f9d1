//! Lets a person choose one of several lines: by the arrows, by its number, or by a part of its text.

use dialoguer::console::Key;

use super::keyboard::{Keyboard, Press, edit, tail};
use super::{Given, PromptError};
use crate::ui::interrupt::StopFlag;
use crate::ui::line::one_line;
use crate::ui::table::{cut, text_width};

/// So many items are shown at most; the others come as the mark moves.
const ITEMS_SHOWN: usize = 15;
/// What is drawn stays so far from the right edge.
const MARGIN: usize = 2;

/// How an item is found beside the arrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    /// A digit moves the mark; `q` leaves, as Esc does.
    ByNumber,
    /// What is typed narrows the list down.
    ByText,
}

/// Lines to choose from.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// The line above them.
    pub title: &'a str,
    pub items: &'a [String],
    pub find: Find,
    /// The one that is marked first.
    pub marked: usize,
}

/// Shows a list on stderr until one item is chosen, then takes it away again.
///
/// # Errors
///
/// Fails without a terminal, and on one that cannot be read or written.
pub fn choose(list: &List<'_>, stop: &StopFlag) -> Result<Given<usize>, PromptError> {
    let keyboard = Keyboard::open(stop)?;
    let mut choice = Choice::new(list);
    let mut drawn = Drawn::default();
    let chosen = loop {
        let size = keyboard.size();
        let frame = choice.frame(size);
        let erase = drawn.erase(size);
        keyboard.write(&format!("{erase}{}", frame.join("\r\n")))?;
        drawn = Drawn::of(&frame);
        let step = match keyboard.press()? {
            Press::Interrupted => Step::End(Given::Interrupted),
            Press::End => Step::End(Given::Left),
            Press::Resized => Step::On,
            Press::Key(key) => choice.take(&key),
        };
        if let Step::End(chosen) = step {
            break chosen;
        }
    };
    keyboard.write(&drawn.erase(keyboard.size()))?;
    // A signal that came with the last key still counts.
    Ok(if keyboard.is_stopped() {
        Given::Interrupted
    } else {
        chosen
    })
}

/// What is on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Drawn {
    lines: usize,
    widest: usize,
}

impl Drawn {
    fn of(frame: &[String]) -> Self {
        Self {
            lines: frame.len(),
            widest: frame.iter().map(|line| text_width(line)).max().unwrap_or(0),
        }
    }

    /// What takes it away in a window of this size, with the cursor in its last line.
    ///
    /// Where the window has become too small for it, nobody knows how many rows it takes: some
    /// terminals wrap what was there and some cut it. There the whole window is cleared. Where
    /// nothing is drawn yet, keys may have been echoed that came before anybody waited for them.
    fn erase(self, (rows, columns): (usize, usize)) -> String {
        if columns < self.widest || rows < self.lines {
            return "\u{1b}[H\u{1b}[2J".to_owned();
        }
        match self.lines.saturating_sub(1) {
            0 => "\r\u{1b}[J".to_owned(),
            above => format!("\r\u{1b}[{above}A\u{1b}[J"),
        }
    }
}

/// What a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    On,
    End(Given<usize>),
}

/// The state of a list.
struct Choice<'a> {
    list: &'a List<'a>,
    text: String,
    /// The items that the text leaves, the best first.
    found: Vec<usize>,
    /// Which of them is marked.
    mark: usize,
}

impl<'a> Choice<'a> {
    fn new(list: &'a List<'a>) -> Self {
        Self {
            list,
            text: String::new(),
            found: (0..list.items.len()).collect(),
            mark: list.marked.min(list.items.len().saturating_sub(1)),
        }
    }

    fn take(&mut self, key: &Key) -> Step {
        let last = self.found.len().saturating_sub(1);
        match (key, self.list.find) {
            (Key::Escape, _) | (Key::Char('q' | 'Q'), Find::ByNumber) => {
                return Step::End(Given::Left);
            }
            (Key::Enter, _) => {
                return match self.found.get(self.mark) {
                    Some(item) => Step::End(Given::This(*item)),
                    None => Step::On,
                };
            }
            (Key::ArrowUp | Key::BackTab, _) | (Key::Char('k'), Find::ByNumber) => {
                self.mark = self.mark.checked_sub(1).unwrap_or(last);
            }
            (Key::ArrowDown | Key::Tab, _) | (Key::Char('j'), Find::ByNumber) => {
                self.mark = if self.mark >= last { 0 } else { self.mark + 1 };
            }
            (Key::PageUp, _) => self.mark = self.mark.saturating_sub(ITEMS_SHOWN),
            (Key::PageDown, _) => self.mark = (self.mark + ITEMS_SHOWN).min(last),
            (Key::Home, _) => self.mark = 0,
            (Key::End, _) => self.mark = last,
            (Key::Char(digit), Find::ByNumber) => {
                let number = digit.to_digit(10).and_then(|number| number.checked_sub(1));
                if let Some(place) = number.and_then(|place| usize::try_from(place).ok())
                    && place <= last
                {
                    self.mark = place;
                }
            }
            (key, Find::ByText) => {
                let before = self.text.clone();
                edit(&mut self.text, key);
                if before != self.text {
                    self.found = found(self.list.items, &self.text);
                    self.mark = 0;
                }
            }
            _ => {}
        }
        Step::On
    }

    /// The lines to draw: the title, the items around the mark, and the line in which the cursor waits.
    fn frame(&self, (rows, columns): (usize, usize)) -> Vec<String> {
        let room = columns.saturating_sub(MARGIN).max(1);
        let mut frame = Vec::new();
        if rows > 2 {
            frame.push(cut(&one_line(self.list.title), room));
        }
        let height = rows.saturating_sub(frame.len() + 1).min(ITEMS_SHOWN);
        let highest = self.found.len().saturating_sub(height);
        let first = self.mark.saturating_sub(height / 2).min(highest);
        for (place, item) in self.found.iter().enumerate().skip(first).take(height) {
            let mark = if place == self.mark { '>' } else { ' ' };
            let item = one_line(&self.list.items[*item]);
            frame.push(cut(&format!("{mark} {item}"), room));
        }
        frame.push(self.prompt(room));
        frame
    }

    fn prompt(&self, room: usize) -> String {
        let count = self.list.items.len();
        match self.list.find {
            Find::ByNumber => cut(&format!("1-{count} or arrows, Enter; Esc leaves: "), room),
            Find::ByText => {
                let begin = format!("{} of {count}, type to search: ", self.found.len());
                let text = one_line(&self.text);
                let begin = cut(&begin, room.saturating_sub(text_width(&text).min(room / 2)));
                let rest = room.saturating_sub(text_width(&begin));
                cut(&format!("{begin}{}", tail(&text, rest)), room)
            }
        }
    }
}

/// The items in which every word of a text is found, the best first and else in their order.
fn found(items: &[String], text: &str) -> Vec<usize> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut ranked: Vec<(usize, usize)> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| {
            let item = item.to_lowercase();
            let ranks = words.iter().map(|word| rank(&item, word));
            Some((ranks.sum::<Option<usize>>()?, index))
        })
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, index)| index).collect()
}

/// 0 where the text stands in the item, 1 where one word of the item has its letters in their order.
fn rank(item: &str, text: &str) -> Option<usize> {
    if item.contains(text) {
        return Some(0);
    }
    let has_letters = |word: &str| {
        let mut letters = word.chars();
        text.chars()
            .all(|wanted| letters.any(|letter| letter == wanted))
    };
    item.split_whitespace().any(has_letters).then_some(1)
}

#[cfg(test)]
mod tests;
