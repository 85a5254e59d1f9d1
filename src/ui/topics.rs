//! Holds the texts of `help TOPIC`.

/// Every topic: its name, what it answers in one line, its text.
const TOPICS: [(&str, &str, &str); 8] = [
    (
        "refs",
        "how a version is named",
        include_str!("topics/refs.txt"),
    ),
    (
        "words",
        "what the words of this tool mean",
        include_str!("topics/words.txt"),
    ),
    (
        "exit-codes",
        "what $? says",
        include_str!("topics/exit-codes.txt"),
    ),
    (
        "environment",
        "variables, files and folders",
        include_str!("topics/environment.txt"),
    ),
    (
        "json",
        "the documents of --json",
        include_str!("topics/json.txt"),
    ),
    (
        "policy",
        "the policy file and its keys",
        include_str!("topics/policy.txt"),
    ),
    (
        "time",
        "how times are read and shown",
        include_str!("topics/time.txt"),
    ),
    (
        "statistics",
        "how a verdict comes about",
        include_str!("topics/statistics.txt"),
    ),
];

/// Gives the names in the order of the help.
pub fn names() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|(name, _, _)| *name)
}

/// Finds the text of a topic.
pub fn find(name: &str) -> Option<&'static str> {
    TOPICS
        .iter()
        .find(|(topic, _, _)| *topic == name)
        .map(|(_, _, text)| *text)
}

/// Lists the topics, one a line with what each answers.
pub fn list() -> String {
    TOPICS
        .iter()
        .map(|(name, answers, _)| format!("  {name:<12} {answers}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::exit::ExitStatus;

    #[test]
    fn every_topic_fits_a_screen() {
        for name in names() {
            let text = find(name).expect("because the topic is listed");
            assert!(text.lines().count() <= 40, "{name}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name}");
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{name}: {line}");
                assert_eq!(line.trim_end(), line, "{name}");
            }
        }
        assert_eq!(find("nothing"), None);
        assert_eq!(list().lines().count(), names().count());
    }

    #[test]
    fn the_exit_codes_are_all_there_in_the_words_of_the_program() {
        let text = find("exit-codes").expect("because the topic is listed");
        for status in ExitStatus::ALL {
            let line = format!(
                "{:>5}  {:<12}  {}",
                status.code(),
                status.name(),
                status.meaning()
            );
            assert!(text.lines().any(|found| found == line), "{line}");
        }
    }

    #[test]
    fn the_policy_has_every_table_and_column() {
        let text = find("policy").expect("because the topic is listed");
        for words in [
            "truth_time",
            "[season]",
            "[models.NAME]",
            "[delivery]",
            "[[notify]]",
        ] {
            assert!(text.contains(words), "{words}");
        }
    }

    #[test]
    fn what_is_not_built_is_not_promised() {
        for name in names() {
            let text = find(name)
                .expect("because the topic is listed")
                .to_lowercase();
            for word in [
                "guard mode",
                "mode = \"guard\"",
                "gate",
                "activat",
                "menu",
                "backtest",
                "segment",
                "when_it_helps",
            ] {
                assert!(!text.contains(word), "{name}: {word}");
            }
        }
    }
}
