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
fn what_is_narrow_stays_where_something_wide_went() {
    let mut table = Table::new(vec![
        Column::words("version", 0),
        Column::words("live", 1),
        Column::numbers("rmse", 2),
    ]);
    table.row(["v1", "4 Nov – 13 Nov", "10.1"].map(String::from).into());
    assert_eq!(table.render(Some(20)), "version  rmse\nv1       10.1\n");
}

#[test]
fn an_interval_is_never_cut() {
    let mut table = Table::new(vec![
        Column::words("metric", 0),
        Column::values("v1 [95 %]", 0),
        Column::words("says", 0),
    ]);
    let row = ["accuracy", "0.779 [0.752, 0.803]", "no difference"];
    table.row(row.map(String::from).into());
    assert_eq!(
        table.render(Some(42)),
        concat!(
            "metric    v1 [95 %]             says\n",
            "accuracy  0.779 [0.752, 0.803]  no differ…\n",
        )
    );
    assert_eq!(
        table.render(Some(36)),
        "accuracy\n  v1 [95 %]: 0.779 [0.752, 0.803]\n  says: no difference\n"
    );
}

#[test]
fn a_row_is_lines_where_its_columns_would_be_cut_to_pieces() {
    let mut table = Table::new(vec![
        Column::words("", 0),
        Column::words("metric", 0),
        Column::words("20131104_090000 [95 %]", 0),
        Column::words("says", 0),
        Column::numbers("n", 1),
    ]);
    let says = "20131101_090000 is better";
    for row in [
        ["*", "accuracy", "0.779 [0.752, 0.803]", says, "1,000"],
        ["", "log_loss", "0.31", "", "12"],
    ] {
        table.row(row.map(String::from).into());
    }
    let expected = concat!(
        "* accuracy\n",
        "  20131104_090000 [95 %]:\n",
        "      0.779 [0.752, 0.803]\n",
        "  says: 20131101_090000 is\n",
        "      better\n",
        "  n: 1,000\n",
        "log_loss\n",
        "  20131104_090000 [95 %]: 0.31\n",
        "  n: 12\n",
    );
    assert_eq!(table.render(Some(30)), expected);
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
        cells in proptest::collection::vec(proptest::collection::vec("[^`]{0,12}", 4), 0..5),
        priorities in proptest::collection::vec(0_u8..3, 4),
        width in 1_usize..60,
    ) {
        let columns = priorities.iter().enumerate().map(|(index, priority)| Column {
            header: format!("column {index}"),
            align: if index % 2 == 0 { Align::Left } else { Align::Right },
            priority: *priority,
            may_be_cut: index % 2 == 0,
        });
        let mut table = Table::new(columns.collect());
        let rows = cells.len();
        for row in &cells {
            table.row(row.clone());
        }
        let text = table.render(Some(width));
        if text.lines().count() != rows + 1 {
            // Row by row nothing is left out and nothing is cut.
            prop_assert!(width >= NARROWEST);
            let bare = |text: &str| text.replace([' ', '\n'], "");
            let bare_text = bare(&text);
            for cell in cells.iter().flatten() {
                prop_assert!(bare_text.contains(&bare(&one_line(cell))), "{:?} in {}", cell, text);
            }
        }
        for line in text.lines() {
            prop_assert!(text_width(line) <= width, "{:?}", line);
        }
        for line in table.render(None).lines() {
            prop_assert!(!line.ends_with(' '));
        }
    }
}
