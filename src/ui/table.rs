//! Lays rows out as a table that fits its terminal, and measures and cuts text by what is seen.

use tabled::builder::Builder;
use tabled::grid::util::string::get_string_width;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};

use super::colour::{Palette, Tone};
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
}

impl Column {
    /// Makes a column of words.
    pub fn words(header: impl Into<String>, priority: u8) -> Self {
        Self {
            header: header.into(),
            align: Align::Left,
            priority,
        }
    }

    /// Makes a column of numbers.
    pub fn numbers(header: impl Into<String>, priority: u8) -> Self {
        Self {
            header: header.into(),
            align: Align::Right,
            priority,
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
    pub fn render(&self, width: Option<usize>) -> String {
        self.render_painted(width, Palette::plain())
    }

    /// Writes the table with the tones of its cells.
    pub fn render_painted(&self, width: Option<usize>, palette: Palette) -> String {
        if self.columns.is_empty() {
            return String::new();
        }
        let layout = self.layout(width);
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

    /// Chooses the columns that are shown and how wide each may be.
    fn layout(&self, width: Option<usize>) -> Vec<Place> {
        let mut layout: Vec<Place> = (0..self.columns.len())
            .map(|column| Place {
                column,
                width: self.natural_width(column),
            })
            .collect();
        let Some(limit) = width else {
            return layout;
        };
        while total_width(&layout) > limit {
            // Of equally unimportant columns the right-most goes first.
            let least = (0..layout.len())
                .filter(|index| self.columns[layout[*index].column].priority > 0)
                .max_by_key(|index| (self.columns[layout[*index].column].priority, *index));
            match least {
                Some(index) if layout.len() > 1 => layout.remove(index),
                _ => break,
            };
        }
        let mut excess = total_width(&layout).saturating_sub(limit);
        while excess > 0 {
            // A cut number reads as another number, so only words give way here.
            let widest = layout
                .iter_mut()
                .filter(|place| self.columns[place.column].align == Align::Left && place.width > 1)
                .max_by_key(|place| place.width);
            match widest {
                Some(place) => place.width -= 1,
                None => break,
            }
            excess -= 1;
        }
        layout
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
            let tone = self
                .tones
                .iter()
                .rev()
                .find(|(r, c, _)| (*r, *c) == (row, place.column));
            match tone {
                Some((_, _, tone)) => {
                    let start = cell.len() - cell.trim_start().len();
                    let word = cell.trim();
                    painted.push_str(&cell[..start]);
                    painted.push_str(&palette.paint(*tone, word));
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn versions() -> Table {
        let mut table = Table::new(vec![
            Column::words("", 0),
            Column::words("version", 0),
            Column::numbers("size MB", 1),
            Column::words("verdict", 0),
            Column::words("note", 2),
        ]);
        table.row(
            ["*", "20260105_143022", "18.4", "healthy", "after the fix"]
                .map(String::from)
                .into(),
        );
        table.row(
            ["", "20260101_080000", "1,731", "degraded", ""]
                .map(String::from)
                .into(),
        );
        table
    }

    #[test]
    fn a_pipe_gets_every_column_and_no_trailing_space() {
        let expected = concat!(
            "   version          size MB  verdict   note\n",
            "*  20260105_143022     18.4  healthy   after the fix\n",
            "   20260101_080000    1,731  degraded\n",
        );
        assert_eq!(versions().render(None), expected);
        assert_eq!(versions().render(Some(200)), expected);
    }

    #[test]
    fn a_narrow_terminal_loses_the_least_important_column_first() {
        let expected = concat!(
            "   version          size MB  verdict\n",
            "*  20260105_143022     18.4  healthy\n",
            "   20260101_080000    1,731  degraded\n",
        );
        assert_eq!(versions().render(Some(40)), expected);
    }

    #[test]
    fn then_words_are_cut_the_widest_first() {
        let expected = concat!(
            "   version     verdict\n",
            "*  20260105_…  healthy\n",
            "   20260101_…  degraded\n",
        );
        assert_eq!(versions().render(Some(23)), expected);
    }

    #[test]
    fn numbers_that_matter_are_cut_last() {
        let mut table = Table::new(vec![Column::words("path", 0), Column::numbers("rows", 0)]);
        table.row(vec!["a/long/path.csv".into(), "12,431".into()]);
        assert_eq!(table.render(Some(12)), "path    rows\na/l…  12,431\n");
        assert_eq!(table.render(Some(5)), "…   …\n…  1…\n");
    }

    #[test]
    fn width_is_what_is_seen() {
        let mut table = Table::new(vec![Column::words("name", 0), Column::words("end", 0)]);
        table.row(vec!["予測".into(), "|".into()]);
        table.row(vec!["größe".into(), "|".into()]);
        assert_eq!(table.render(None), "name   end\n予測   |\ngröße  |\n");
        assert_eq!(cut("予測値", 4), "予…");
        assert_eq!(cut("予測", 4), "予測");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut("👩\u{200d}🔬 x", 4), "👩\u{200d}🔬 x");
        assert_eq!(cut("❤\u{fe0f}❤\u{fe0f}", 3), "❤\u{fe0f}…");
    }

    #[test]
    fn a_cell_stays_on_its_line() {
        let mut table = Table::new(vec![Column::words("path", 0), Column::words("next", 0)]);
        table.row(vec![
            "a\nb\u{1b}[31m".into(),
            "x".into(),
            "one too many".into(),
        ]);
        table.row(vec!["short".into()]);
        let text = table.render(None);
        assert_eq!(text, "path            next\na\\nb\\u{1b}[31m  x\nshort\n");
    }

    #[test]
    fn colour_repeats_the_text_and_moves_nothing() {
        let mut table = versions();
        table.tone(3, Tone::of_verdict("degraded"));
        let painted = table.render_painted(Some(40), Palette::new(true));
        assert_eq!(
            anstream::adapter::strip_str(&painted).to_string(),
            table.render(Some(40))
        );
        assert!(painted.contains(&Palette::new(true).paint(Tone::Bad, "degraded")));
        assert!(!painted.contains(&Palette::new(true).paint(Tone::Good, "healthy")));
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        let table = Table::new(vec![Column::words("alias", 0), Column::words("version", 0)]);
        assert!(table.is_empty());
        assert_eq!(table.render(None), "alias  version\n");
        assert_eq!(Table::new(Vec::new()).render(Some(10)), "");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            cells in proptest::collection::vec(proptest::collection::vec(".{0,12}", 4), 0..5),
            priorities in proptest::collection::vec(0_u8..3, 4),
            width in 1_usize..60,
        ) {
            let columns = priorities.iter().enumerate().map(|(index, priority)| Column {
                header: format!("column {index}"),
                align: if index % 2 == 0 { Align::Left } else { Align::Right },
                priority: *priority,
            });
            let mut table = Table::new(columns.collect());
            let rows = cells.len();
            for row in cells {
                table.row(row);
            }
            let text = table.render(Some(width));
            prop_assert_eq!(text.lines().count(), rows + 1);
            for line in text.lines() {
                prop_assert!(text_width(line) <= width, "{:?}", line);
            }
            for line in table.render(None).lines() {
                prop_assert!(!line.ends_with(' '));
            }
        }
    }
}
