use super::*;

fn items(count: usize) -> Vec<String> {
    let item =
        |number| format!("2026{number:04}_120000  accuracy 0.9{number}  漢字 and more words");
    (0..count).map(item).collect()
}

fn list(items: &[String], find: Find) -> List<'_> {
    List {
        title: "churn: 漢字 is live and the title is long",
        items,
        find,
        marked: 0,
    }
}

fn typed(choice: &mut Choice<'_>, text: &str) -> Vec<Step> {
    text.chars()
        .map(|letter| choice.take(&Key::Char(letter)))
        .collect()
}

fn marked(choice: &Choice<'_>) -> usize {
    choice.found[choice.mark]
}

#[test]
fn no_frame_is_wider_or_higher_than_its_window() {
    let many = items(500);
    for find in [Find::ByNumber, Find::ByText] {
        let list = list(&many, find);
        let mut choice = Choice::new(&list);
        for text in [
            "",
            "2026",
            " and quite a lot of text that matches nothing 漢字漢字漢字",
        ] {
            typed(&mut choice, text);
            for rows in 1..30 {
                for columns in 1..90 {
                    let frame = choice.frame((rows, columns));
                    assert!(frame.len() <= rows, "{rows} {columns} {frame:?}");
                    let room = columns.saturating_sub(2).max(1);
                    assert!(
                        Drawn::of(&frame).widest <= room,
                        "{rows} {columns} {frame:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_marked_item_is_always_seen() {
    let many = items(40);
    let list = list(&many, Find::ByText);
    let mut choice = Choice::new(&list);
    for key in [
        Key::ArrowDown,
        Key::PageDown,
        Key::ArrowUp,
        Key::PageUp,
        Key::End,
    ] {
        for _ in 0..45 {
            assert_eq!(choice.take(&key), Step::On);
            let frame = choice.frame((10, 60));
            let shown = frame.iter().filter(|line| line.starts_with("> "));
            let shown: Vec<_> = shown.collect();
            assert_eq!(shown.len(), 1, "{frame:?}");
            assert!(shown[0].contains(&many[marked(&choice)][..8]), "{frame:?}");
        }
    }
}

#[test]
fn arrows_go_round_and_pages_stop_at_the_ends() {
    let three = items(3);
    let list = list(&three, Find::ByText);
    let mut choice = Choice::new(&list);
    let mut after = |key: Key| {
        choice.take(&key);
        choice.mark
    };
    assert_eq!(after(Key::ArrowUp), 2);
    assert_eq!(after(Key::ArrowDown), 0);
    assert_eq!(after(Key::Tab), 1);
    assert_eq!(after(Key::BackTab), 0);
    assert_eq!(after(Key::PageUp), 0);
    assert_eq!(after(Key::PageDown), 2);
    assert_eq!(after(Key::Home), 0);
    assert_eq!(after(Key::End), 2);
}

#[test]
fn a_digit_moves_the_mark_and_only_enter_chooses() {
    let eight = items(8);
    let list = list(&eight, Find::ByNumber);
    let mut choice = Choice::new(&list);
    assert_eq!(typed(&mut choice, "3"), [Step::On]);
    assert_eq!(marked(&choice), 2);
    assert_eq!(typed(&mut choice, "09x "), [Step::On; 4]);
    assert_eq!(marked(&choice), 2);
    typed(&mut choice, "jjk");
    assert_eq!(choice.take(&Key::Enter), Step::End(Given::This(3)));
    assert_eq!(typed(&mut choice, "q"), [Step::End(Given::Left)]);
    assert_eq!(choice.take(&Key::Escape), Step::End(Given::Left));
}

#[test]
fn what_is_typed_narrows_the_list_and_q_is_a_letter_there() {
    let many = items(500);
    let list = list(&many, Find::ByText);
    let mut choice = Choice::new(&list);
    typed(&mut choice, "20260417");
    assert_eq!(choice.found[0], 417);
    assert_eq!(choice.take(&Key::Enter), Step::End(Given::This(417)));
    assert_eq!(typed(&mut choice, "q"), [Step::On]);
    assert!(choice.found.is_empty());
    assert_eq!(
        choice.take(&Key::Enter),
        Step::On,
        "there is nothing to choose"
    );
    assert_eq!(choice.take(&Key::ArrowDown), Step::On);
    choice.take(&Key::Backspace);
    assert_eq!(marked(&choice), 417);
}

#[test]
fn a_search_looks_for_words_first_and_for_letters_then() {
    let items: Vec<String> = ["b-a-d", "one Bad", "good", "bad two"]
        .map(str::to_owned)
        .into();
    assert_eq!(found(&items, "bad"), [1, 3, 0]);
    assert_eq!(found(&items, "BAD o"), [1, 3]);
    assert_eq!(found(&items, ""), [0, 1, 2, 3]);
    assert_eq!(found(&items, "x"), Vec::<usize>::new());
    assert_eq!(found(&items, "bw"), Vec::<usize>::new(), "of two words");
}

#[test]
fn a_window_that_became_too_small_is_cleared_as_a_whole() {
    let drawn = Drawn {
        lines: 5,
        widest: 30,
    };
    assert_eq!(drawn.erase((24, 30)), "\r\u{1b}[4A\u{1b}[J");
    assert_eq!(drawn.erase((24, 29)), "\u{1b}[H\u{1b}[2J");
    assert_eq!(drawn.erase((4, 80)), "\u{1b}[H\u{1b}[2J");
    assert_eq!(Drawn::default().erase((24, 80)), "\r\u{1b}[J");
}

#[test]
fn hostile_text_stays_on_its_line() {
    let hostile = vec!["a\nb\u{1b}[2J".to_owned()];
    let list = list(&hostile, Find::ByText);
    let frame = Choice::new(&list).frame((24, 80));
    assert_eq!(frame.len(), 3);
    assert!(!frame.join("").contains(['\n', '\u{1b}']), "{frame:?}");
}
