//! Lays rows out as a table that fits its terminal, and measures and cuts text by what is seen.

use tabled::builder::Builder;
use tabled::grid::util::string::get_string_width;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};

use super::colour::{Palette, Tone};
use super::fold::{NARROWEST, fold};
use super::line::one_line;

/// The spaces between two columns.
const GUTTER: usize = 2;
/// What stands for text that was cut off.
const ELLIPSIS: &str = "…";

/// On which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A column: its header, its side and how soon it may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Lower case, with the unit: `size MB`, `worse %`.
    pub header: String,
    pub align: Align,
    /// 0 is never left out; of the others the highest goes first.
    pub priority: u8,
    /// Whether its cells may be cut: a cut number reads as another number.
    pub may_be_cut: bool,
}

impl Column {
    /// Makes a column of words.
    pub fn words(header: impl Into<String>, priority: u8) -> Self {
        Self {
            header: header.into(),
            align: Align::Left,
            priority,
            may_be_cut: true,
        }
    }

    /// Makes a column of numbers beside words, such as a value and its interval.
    pub fn values(header: impl Into<String>, priority: u8) -> Self {
        Self {
            may_be_cut: false,
            ..Self::words(header, priority)
        }
    }

    /// Makes a column of numbers.
    pub fn numbers(header: impl Into<String>, priority: u8) -> Self {
        Self {
            header: header.into(),
            align: Align::Right,
            priority,
            may_be_cut: false,
        }
    }
}

/// A table without a box: two-space gutters, numbers on the right.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    tones: Vec<(usize, usize, Tone)>,
}

impl Table {
    /// Makes a table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            rows: Vec::new(),
            tones: Vec::new(),
        }
    }

    /// Adds a row; cells that are missing are empty, and those beyond the columns are dropped.
    pub fn row(&mut self, cells: Vec<String>) -> &mut Self {
        let mut row: Vec<String> = cells
            .iter()
            .map(|cell| one_line(cell).into_owned())
            .collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
        self
    }

    /// Gives a cell of the newest row a tone; it shows only through [`Table::render_painted`].
    pub fn tone(&mut self, column: usize, tone: Option<Tone>) -> &mut Self {
        if let (Some(tone), Some(row)) = (tone, self.rows.len().checked_sub(1)) {
            self.tones.push((row, column, tone));
        }
        self
    }

    /// Is true where no row was added.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table, each line with its line feed.
    ///
    /// `width` is that of the terminal; `None` is a pipe, where nothing is ever cut. No line is
    /// wider than `width`: the least important columns go first, then words are cut with `…`.
    /// Where that would leave less than two thirds of a column, each row stands in lines of its own.
    pub fn render(&self, width: Option<usize>) -> String {
        self.render_painted(width, Palette::plain())
    }

    /// Writes the table with the tones of its cells.
    pub fn render_painted(&self, width: Option<usize>, palette: Palette) -> String {
        if self.columns.is_empty() {
            return String::new();
        }
        let layout = match (self.layout(width), width) {
            ((_, true), Some(width)) if width >= NARROWEST && !self.rows.is_empty() => {
                return self.render_rows_apart(width, palette);
            }
            ((layout, _), _) => layout,
        };
        let mut builder = Builder::default();
        builder.push_record(
            layout
                .iter()
                .map(|place| cut(&one_line(&self.columns[place.column].header), place.width)),
        );
        for row in &self.rows {
            builder.push_record(
                layout
                    .iter()
                    .map(|place| cut(&row[place.column], place.width)),
            );
        }
        let mut table = builder.build();
        table
            .with(Style::empty())
            .with(Padding::new(0, GUTTER, 0, 0))
            .with(Alignment::left());
        for (index, place) in layout.iter().enumerate() {
            if self.columns[place.column].align == Align::Right {
                table.modify(Columns::one(index), Alignment::right());
            }
        }
        let mut text = String::new();
        for (index, line) in table.to_string().lines().enumerate() {
            let line = line.trim_end();
            let line = width.map_or_else(|| line.to_owned(), |limit| cut(line, limit));
            match index.checked_sub(1) {
                Some(row) => text.push_str(&self.paint(row, &line, &layout, palette)),
                None => text.push_str(&palette.paint(Tone::Faint, &line)),
            }
            text.push('\n');
        }
        text
    }

    /// Writes each row as a line with its first cells and one line for each further cell.
    fn render_rows_apart(&self, width: usize, palette: Palette) -> String {
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let mut headed = false;
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let cell = match self.tone_of(index, column) {
                    Some(tone) => palette.paint(tone, cell),
                    None => cell.clone(),
                };
                let header = one_line(&self.columns[column].header).into_owned();
                let line = match (header.as_str(), headed) {
                    // A mark before the row's name.
                    ("", false) => {
                        text.push_str(&format!("{cell} "));
                        continue;
                    }
                    ("", true) => format!("  {cell}"),
                    (header, true) => {
                        format!(
                            "  {} {cell}",
                            palette.paint(Tone::Faint, &format!("{header}:"))
                        )
                    }
                    (_, false) => cell,
                };
                headed = true;
                text.push_str(&line);
                text.push('\n');
            }
        }
        fold(&text, width)
    }

    fn tone_of(&self, row: usize, column: usize) -> Option<Tone> {
        let mut tones = self.tones.iter().rev();
        let found = tones.find(|(r, c, _)| (*r, *c) == (row, column));
        found.map(|(_, _, tone)| *tone)
    }

    /// Chooses the columns that are shown and how wide each may be, and says whether one of them is cut to pieces.
    fn layout(&self, width: Option<usize>) -> (Vec<Place>, bool) {
        let mut layout: Vec<Place> = (0..self.columns.len())
            .map(|column| Place {
                column,
                width: self.natural_width(column),
            })
            .collect();
        let Some(limit) = width else {
            return (layout, false);
        };
        let mut left_out = Vec::new();
        while total_width(&layout) > limit {
            // Of equally unimportant columns the right-most goes first.
            let least = (0..layout.len())
                .filter(|index| self.columns[layout[*index].column].priority > 0)
                .max_by_key(|index| (self.columns[layout[*index].column].priority, *index));
            match least {
                Some(index) if layout.len() > 1 => left_out.push(layout.remove(index)),
                _ => break,
            };
        }
        // A narrow one may fit where a more important one did not.
        while let Some(place) = left_out.pop() {
            if total_width(&layout) + GUTTER + place.width <= limit {
                layout.push(place);
            }
        }
        layout.sort_by_key(|place| place.column);
        let mut excess = total_width(&layout).saturating_sub(limit);
        while excess > 0 {
            let widest = layout
                .iter_mut()
                .filter(|place| self.columns[place.column].may_be_cut && place.width > 1)
                .max_by_key(|place| place.width);
            match widest {
                Some(place) => place.width -= 1,
                None => break,
            }
            excess -= 1;
        }
        let is_in_pieces =
            |place: &Place| 3 * place.width < 2 * self.natural_width(place.column) || excess > 0;
        let in_pieces = layout.iter().any(is_in_pieces);
        (layout, in_pieces)
    }

    fn natural_width(&self, column: usize) -> usize {
        self.rows
            .iter()
            .map(|row| text_width(&row[column]))
            .chain([text_width(&one_line(&self.columns[column].header))])
            .max()
            .unwrap_or(0)
    }

    /// Paints the cells of one finished line, which are found by their place in it.
    fn paint(&self, row: usize, line: &str, layout: &[Place], palette: Palette) -> String {
        let mut painted = String::new();
        let mut rest = line;
        for place in layout {
            let (cell, after) = split_at_width(rest, place.width + GUTTER);
            match self.tone_of(row, place.column) {
                Some(tone) => {
                    let start = cell.len() - cell.trim_start().len();
                    let word = cell.trim();
                    painted.push_str(&cell[..start]);
                    painted.push_str(&palette.paint(tone, word));
                    painted.push_str(&cell[start + word.len()..]);
                }
                None => painted.push_str(cell),
            }
            rest = after;
        }
        painted.push_str(rest);
        painted
    }
}

/// A column that is shown, and its width.
struct Place {
    column: usize,
    width: usize,
}

fn total_width(layout: &[Place]) -> usize {
    let gutters = GUTTER * layout.len().saturating_sub(1);
    layout.iter().map(|place| place.width).sum::<usize>() + gutters
}

/// Measures how many columns of a terminal the text takes.
pub fn text_width(text: &str) -> usize {
    get_string_width(text)
}

/// Cuts the text to a width, with `…` where something is missing.
pub fn cut(text: &str, width: usize) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    if width == 0 {
        return String::new();
    }
    let (kept, _) = split_at_width(text, width - 1);
    format!("{kept}{ELLIPSIS}")
}

/// Splits before the character that would pass the width.
fn split_at_width(text: &str, width: usize) -> (&str, &str) {
    let mut end = 0;
    for (index, character) in text.char_indices() {
        // The whole prefix is measured: joined emoji are narrower than the sum of their parts.
        let next = index + character.len_utf8();
        if text_width(&text[..next]) > width {
            break;
        }
        end = next;
    }
    text.split_at(end)
}

/// How many columns the terminal has; `None` where stdout is none.
pub fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests;
