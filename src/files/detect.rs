//! Decides which column of a table is which field: what a person named first, then the known names.

use super::columns::{ColumnChoice, ColumnChoices, Field, FileKind, Origin, ScoreMeaning, divided};
use super::error::FileErrorKind;
use super::mapping::{Column, Mapping, Wanted, probability_label};
use super::table::Table;
use super::values::{NumberReading, canonical_label, excerpt, number};
use crate::domain::metric::Task;
use crate::domain::nearest::{self, edits};

/// Finds the columns of a table; see [`Mapping::resolve`].
pub(super) fn resolve(table: &mut Table, wanted: Wanted<'_>) -> Result<Mapping, FileErrorKind> {
    let Wanted {
        kind,
        task,
        choices,
    } = wanted;
    let named = named(wanted)?;
    let mut finder = Finder {
        absent: absent(table, wanted, &named),
        table,
        wanted,
        named,
    };
    let is_predictions = kind == FileKind::Predictions;
    let truth = finder.find(&Field::Truth, !is_predictions)?;
    let id = finder.id()?;
    let mapping = Mapping {
        kind,
        task,
        id,
        time: finder.find_if(is_predictions, &Field::Time)?,
        prediction: if is_predictions {
            finder.find(&Field::Prediction, true)?
        } else {
            None
        },
        // The time of a truth that is not there is nobody's.
        truth_time: finder.find_if(truth.is_some(), &Field::TruthTime)?,
        truth,
        version: finder.find_if(is_predictions, &Field::Version)?,
        score: finder.score()?,
        probabilities: finder.probabilities()?,
        positive: choices.positive.as_deref().map(canonical_label),
        absent: finder
            .absent
            .into_iter()
            .map(|choice| (choice.field, choice.column))
            .collect(),
    };
    refuse_shared(&mapping)?;
    Ok(mapping)
}

/// What a table holds by its columns; see [`Mapping::kind_of`].
pub(super) fn kind(table: &Table, choices: &ColumnChoices) -> Result<FileKind, FileErrorKind> {
    let has = |field: &Field| {
        let mut columns = table.columns().iter();
        let mut named = choices.columns.iter();
        match named.find(|choice| choice.field == *field) {
            Some(choice) => columns.any(|column| *column == choice.column),
            None => columns.any(|column| {
                let is_taken = choices.columns.iter().any(|other| other.column == *column);
                let mut candidates = field.candidates().iter();
                !is_taken && candidates.any(|name| name.eq_ignore_ascii_case(column))
            }),
        }
    };
    if has(&Field::Prediction) {
        Ok(FileKind::Predictions)
    } else if has(&Field::Truth) {
        Ok(FileKind::Truth)
    } else if lacks_header(table) {
        Err(FileErrorKind::NoHeader)
    } else {
        let have = table.columns().to_vec();
        Err(FileErrorKind::UnknownKind { have })
    }
}

/// Whether the first line of a CSV holds numbers only.
fn lacks_header(table: &Table) -> bool {
    let is_number = |name: &String| matches!(number(name), NumberReading::Finite(_));
    let have = table.columns();
    !have.is_empty() && table.delimiter().is_some() && have.iter().all(is_number)
}

/// What was named for this kind of file, flags before the policy.
fn named(wanted: Wanted<'_>) -> Result<Vec<ColumnChoice>, FileErrorKind> {
    let Wanted {
        kind,
        task,
        choices,
    } = wanted;
    let mut named: Vec<ColumnChoice> = Vec::new();
    let flag_names_probability = choices.columns.iter().any(|choice| {
        choice.origin == Origin::Flag
            && matches!(choice.field, Field::Probability(_) | Field::Score)
    });
    for origin in [Origin::Flag, Origin::Policy] {
        for choice in choices
            .columns
            .iter()
            .filter(|choice| choice.origin == origin)
        {
            let field = &choice.field;
            let is_score = matches!(field, Field::Probability(_) | Field::Score);
            let useless = match kind {
                FileKind::Truth => !matches!(field, Field::Id | Field::Truth | Field::TruthTime),
                FileKind::Predictions => is_score && task == Task::Regression,
            };
            let earlier = named.iter().find(|earlier| earlier.field == *field);
            match (origin, earlier.map(|earlier| earlier.origin)) {
                (Origin::Flag, _) if useless => {
                    let text = match kind {
                        FileKind::Truth => format!("{field} has no use in a truth file"),
                        FileKind::Predictions => format!("{field} has no use in a regression"),
                    };
                    return Err(FileErrorKind::Columns(text));
                }
                (_, Some(earlier)) if earlier == origin => {
                    return Err(FileErrorKind::Columns(format!("{field} is mapped twice")));
                }
                (_, Some(_)) => {}
                (Origin::Policy, None) if useless || (is_score && flag_names_probability) => {}
                _ => named.push(choice.clone()),
            }
        }
    }
    let has = |wanted: fn(&Field) -> bool| named.iter().any(|choice| wanted(&choice.field));
    let score = has(|field| *field == Field::Score);
    if score && has(|field| matches!(field, Field::Probability(_))) {
        let text = "score and proba.LABEL are both mapped; one of them is enough";
        return Err(FileErrorKind::Columns(text.to_owned()));
    }
    match choices.score_is {
        None if score => Err(FileErrorKind::Columns(
            "a score is mapped, but not what it says: set columns.score_is to positive or predicted"
                .to_owned(),
        )),
        Some(ScoreMeaning::Positive) if score && choices.positive.is_none() => {
            Err(FileErrorKind::Columns(
                "the score is that of the positive class, but none is named: set columns.positive"
                    .to_owned(),
            ))
        }
        _ => Ok(named),
    }
}

/// Those columns of the policy that are not there and that this file can do without. Without the time or the version
/// that the policy names, predictions would silently count for the version that is live now; a sample is nobody else's.
fn absent(table: &Table, wanted: Wanted<'_>, named: &[ColumnChoice]) -> Vec<ColumnChoice> {
    let is_predictions = wanted.kind == FileKind::Predictions;
    let is_absent = |choice: &&ColumnChoice| {
        let of_policy = choice.origin == Origin::Policy;
        of_policy && !table.columns().contains(&choice.column)
    };
    // Some of the classes and not the others is half a distribution.
    let mut probabilities = named.iter().filter(|choice| is_probability(choice));
    let no_probability = probabilities.all(|choice| is_absent(&choice));
    let absent = named.iter().filter(|choice| match &choice.field {
        Field::Id | Field::Prediction => false,
        Field::Truth => is_predictions,
        Field::TruthTime | Field::Score => true,
        Field::Probability(_) => no_probability,
        Field::Time | Field::Version => wanted.choices.of_sample,
    });
    absent.filter(is_absent).cloned().collect()
}

fn is_probability(choice: &ColumnChoice) -> bool {
    matches!(choice.field, Field::Probability(_))
}

struct Finder<'a> {
    table: &'a mut Table,
    wanted: Wanted<'a>,
    named: Vec<ColumnChoice>,
    absent: Vec<ColumnChoice>,
}

impl Finder<'_> {
    fn choice(&self, field: &Field) -> Option<ColumnChoice> {
        self.named
            .iter()
            .find(|choice| choice.field == *field)
            .cloned()
    }

    fn find_if(&mut self, wanted: bool, field: &Field) -> Result<Option<Column>, FileErrorKind> {
        if wanted {
            self.find(field, false)
        } else {
            Ok(None)
        }
    }

    /// The column that was named for a field, else the detected one.
    fn find(&mut self, field: &Field, needed: bool) -> Result<Option<Column>, FileErrorKind> {
        if let Some(choice) = self.choice(field) {
            if self.absent.contains(&choice) {
                return Ok(None);
            }
            return self.column(field, &choice.column).map(Some);
        }
        match self.detected(field)? {
            None if needed => Err(self.missing(field, field.candidates())),
            found => Ok(found),
        }
    }

    fn matches(&self, name: &str) -> Vec<usize> {
        (0..)
            .zip(self.table.columns())
            .filter(|(_, column)| *column == name)
            .map(|(index, _)| index)
            .collect()
    }

    /// The column with exactly this name.
    fn column(&mut self, field: &Field, name: &str) -> Result<Column, FileErrorKind> {
        let found = self.matches(name);
        let index = match found.as_slice() {
            [index] => *index,
            [] => self
                .table
                .expect_column(name)
                .ok_or_else(|| self.missing(field, &[name]))?,
            many => {
                return Err(FileErrorKind::AmbiguousColumns {
                    field: field.to_string(),
                    names: vec![name.to_owned(); many.len()],
                });
            }
        };
        Ok(Column {
            index,
            name: name.to_owned(),
        })
    }

    /// The first known name that a column has, unless that column was named for another field.
    fn detected(&self, field: &Field) -> Result<Option<Column>, FileErrorKind> {
        for candidate in field.candidates() {
            let found: Vec<Column> = self
                .free_columns()
                .filter(|column| column.name.eq_ignore_ascii_case(candidate))
                .collect();
            match found.as_slice() {
                [] => {}
                [one] => return Ok(Some(one.clone())),
                many => {
                    return Err(FileErrorKind::AmbiguousColumns {
                        field: field.to_string(),
                        names: many.iter().map(|column| column.name.clone()).collect(),
                    });
                }
            }
        }
        Ok(None)
    }

    /// Columns that were not named for a field other than the id.
    fn free_columns(&self) -> impl Iterator<Item = Column> + '_ {
        (0..)
            .zip(self.table.columns())
            .filter(|(_, name)| {
                !self
                    .named
                    .iter()
                    .any(|choice| choice.field != Field::Id && choice.column == **name)
            })
            .map(|(index, name)| Column {
                index,
                name: name.clone(),
            })
    }

    /// The id's column or columns. A column whose name has a `+` is taken as it is before the name is divided.
    fn id(&mut self) -> Result<Vec<Column>, FileErrorKind> {
        let Some(choice) = self.choice(&Field::Id) else {
            return match self.detected(&Field::Id)? {
                Some(column) => Ok(vec![column]),
                None => Err(self.missing(&Field::Id, Field::Id.candidates())),
            };
        };
        let is_joined = choice.column.contains('+') && divided("id", &choice.column).is_none();
        if !is_joined || !self.matches(&choice.column).is_empty() {
            return Ok(vec![self.column(&Field::Id, &choice.column)?]);
        }
        let mut parts: Vec<Column> = Vec::new();
        for name in choice.column.split('+').map(str::trim) {
            if name.is_empty() {
                let text = "the id joins a column without a name";
                return Err(FileErrorKind::Columns(text.to_owned()));
            }
            let column = self.column(&Field::Id, name)?;
            if parts.contains(&column) {
                let text = format!("the id joins {} twice", excerpt(name));
                return Err(FileErrorKind::Columns(text));
            }
            parts.push(column);
        }
        Ok(parts)
    }

    fn score(&mut self) -> Result<Option<(ScoreMeaning, Column)>, FileErrorKind> {
        match (self.choice(&Field::Score), self.wanted.choices.score_is) {
            (Some(choice), Some(meaning)) if !self.absent.contains(&choice) => {
                let column = self.column(&Field::Score, &choice.column)?;
                Ok(Some((meaning, column)))
            }
            _ => Ok(None),
        }
    }

    /// Class columns as they were named; none named and no score: all `proba_LABEL`.
    fn probabilities(&mut self) -> Result<Vec<(String, Column)>, FileErrorKind> {
        let mut found = Vec::new();
        for choice in self.named.clone() {
            if let Field::Probability(label) = &choice.field
                && !self.absent.contains(&choice)
            {
                let column = self.column(&choice.field, &choice.column)?;
                found.push((label.clone(), column));
            }
        }
        let detects = self.wanted.kind == FileKind::Predictions
            && self.wanted.task == Task::Classification
            && found.is_empty()
            && !self.named.iter().any(is_probability)
            && self.choice(&Field::Score).is_none();
        if detects {
            for column in self.free_columns() {
                let Some(label) = probability_label(&column.name) else {
                    continue;
                };
                let twin = found.iter().find(|(known, _)| *known == label);
                if let Some((_, twin)) = twin {
                    return Err(FileErrorKind::AmbiguousColumns {
                        field: Field::Probability(label).to_string(),
                        names: vec![twin.name.clone(), column.name],
                    });
                }
                found.push((label, column));
            }
        }
        Ok(found)
    }

    fn missing(&self, field: &Field, wanted: &[&str]) -> FileErrorKind {
        let have = self.table.columns().to_vec();
        if lacks_header(self.table) {
            return FileErrorKind::NoHeader;
        }
        FileErrorKind::MissingColumn {
            field: field.to_string(),
            wanted: wanted.iter().map(|name| (*name).to_owned()).collect(),
            nearest: nearest(wanted, &have),
            have,
        }
    }
}

/// Those names that look most like a wanted one.
fn nearest(wanted: &[&str], have: &[String]) -> Vec<String> {
    let near = nearest::nearest(have, |name| {
        let lower = name.to_lowercase();
        let fewest = wanted
            .iter()
            .filter_map(|wanted| edits(&wanted.to_lowercase(), &lower))
            .min();
        // Two letters of a short name are most of it.
        fewest.filter(|edits| edits * 2 < lower.chars().count().max(1))
    });
    near.into_iter().cloned().collect()
}

/// One column is one field; only the id may share what it joins.
fn refuse_shared(mapping: &Mapping) -> Result<(), FileErrorKind> {
    let mut columns = mapping.single_columns();
    let probabilities = mapping
        .probabilities
        .iter()
        .map(|(label, column)| (Field::Probability(label.clone()), column));
    columns.extend(probabilities);
    for (at, (first, column)) in columns.iter().enumerate() {
        let later = columns.iter().skip(at + 1);
        if let Some((second, _)) = later
            .into_iter()
            .find(|(_, other)| other.index == column.index)
        {
            return Err(FileErrorKind::SharedColumn {
                name: column.name.clone(),
                first: first.to_string(),
                second: second.to_string(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::columns::ColumnChoices;
    use super::super::error::FileError;
    use super::super::table::{Format, tests::source};
    use super::*;

    fn choices(flags: &[&str], policy: &[&str]) -> ColumnChoices {
        let mut choices = ColumnChoices::default();
        for text in flags {
            choices.columns.push(text.parse().unwrap());
        }
        for text in policy {
            let mut choice: ColumnChoice = text.parse().unwrap();
            choice.origin = Origin::Policy;
            choices.columns.push(choice);
        }
        choices
    }

    fn map(
        text: &str,
        kind: FileKind,
        task: Task,
        choices: &ColumnChoices,
    ) -> Result<Mapping, FileError> {
        let mut table = Table::open(&source("a", text), Format::Auto).unwrap();
        let wanted = Wanted {
            kind,
            task,
            choices,
        };
        Mapping::resolve(&mut table, wanted)
    }

    fn said(header: &str, kind: FileKind, choices: &ColumnChoices) -> String {
        match map(header, kind, Task::Classification, choices) {
            Ok(mapping) => mapping.to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn predictions(header: &str, flags: &[&str]) -> String {
        said(header, FileKind::Predictions, &choices(flags, &[]))
    }

    #[test]
    fn known_names_are_found_in_their_order_without_regard_to_case() {
        assert_eq!(
            predictions(
                "prediction_id,Time,TS,y_pred,Actual,label_ts,model_version,proba_No,PROBA_yes",
                &[]
            ),
            "id ← prediction_id, time ← TS, prediction ← y_pred, truth ← Actual, truth_time ← label_ts, \
             version ← model_version, proba.No ← proba_No, proba.yes ← PROBA_yes"
        );
        assert_eq!(
            predictions("prediction_id,id,pred,predicted", &[]),
            "id ← id, prediction ← predicted"
        );
        assert_eq!(
            said(
                "ID,label,prediction,ts,truth_at",
                FileKind::Truth,
                &choices(&[], &[])
            ),
            "id ← ID, truth ← label, truth_time ← truth_at"
        );
    }

    #[test]
    fn two_equally_good_names_are_both_said() {
        assert_eq!(
            predictions("ID,id,prediction", &[]),
            "a: id could be any of ID, id"
        );
        assert_eq!(
            predictions("id,id,prediction", &[]),
            "a: id could be any of id, id"
        );
        let hint = |header| {
            let none = choices(&[], &[]);
            map(header, FileKind::Predictions, Task::Regression, &none)
                .unwrap_err()
                .hint()
                .unwrap()
        };
        assert_eq!(hint("ID,id,prediction"), "name one: `--map id=ID`");
        assert_eq!(
            hint("id,id,prediction"),
            "give one of the columns another name"
        );
        assert_eq!(
            predictions("id,x,x,prediction", &["truth=x"]),
            "a: truth could be any of x, x"
        );
        assert_eq!(
            predictions("id,prediction,proba_1,proba_1.0", &[]),
            "a: proba.1 could be any of proba_1, proba_1.0"
        );
        // Named columns settle it, and unused twins do not matter.
        assert_eq!(
            predictions("ID,id,prediction,x,x", &["id=ID"]),
            "id ← ID, prediction ← prediction"
        );
    }

    #[test]
    fn missing_columns_are_said_with_what_is_there_and_what_is_near() {
        let error = map(
            "id,predicton,ts",
            FileKind::Predictions,
            Task::Regression,
            &choices(&[], &[]),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a: no column for prediction: wanted prediction, y_pred, predicted, pred, the file has id, predicton, ts"
        );
        assert_eq!(
            error.hint().unwrap(),
            "did you mean `--map prediction=predicton`?"
        );
        assert_eq!(
            predictions("id,prediction", &["truth=churned"]),
            "a: no column for truth: wanted churned, the file has id, prediction"
        );
        assert_eq!(
            predictions("1,0.5,2013", &[]),
            "a: the first line holds numbers only; it must name the columns"
        );
        assert_eq!(
            said("id,prediction", FileKind::Truth, &choices(&[], &[])),
            "a: no column for truth: wanted truth, y_true, actual, label, the file has id, prediction"
        );
        assert!(predictions("{}", &[]).contains("the file has none"));
    }

    #[test]
    fn ids_are_joined_and_may_share_a_column() {
        assert_eq!(
            predictions(
                "customer_id,scored_at,prediction",
                &["id=customer_id+scored_at", "time=scored_at"]
            ),
            "id ← customer_id + scored_at, time ← scored_at, prediction ← prediction"
        );
        assert_eq!(
            predictions("a+b,a,b,prediction", &["id=a+b"]),
            "id ← a+b, prediction ← prediction"
        );
        assert_eq!(
            predictions("a,b,prediction", &["id=a+c"]),
            "a: no column for id: wanted c, the file has a, b, prediction"
        );
        assert_eq!(
            predictions("a,prediction", &["id=a+a"]),
            "a: the id joins a twice"
        );
        assert_eq!(
            predictions("a,prediction", &["id=a+"]),
            "a: the id joins a column without a name"
        );
    }

    #[test]
    fn one_column_is_never_two_fields() {
        assert_eq!(
            predictions("id,x", &["prediction=x", "truth=x"]),
            "a: column x is mapped to prediction and to truth"
        );
        assert_eq!(
            predictions("id,label", &["prediction=label"]),
            "id ← id, prediction ← label"
        );
        assert_eq!(
            predictions("id,prediction,p", &["proba.a=p", "proba.b=p"]),
            "a: column p is mapped to proba.a and to proba.b"
        );
        assert_eq!(
            predictions("id,prediction,p", &["truth=p", "truth=id"]),
            "a: truth is mapped twice"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(
            said(
                "id,truth,p",
                FileKind::Truth,
                &choices(&["prediction=p"], &[])
            ),
            "a: prediction has no use in a truth file"
        );
        let flags = choices(&["proba.x=p"], &[]);
        let error = map(
            "id,prediction,p",
            FileKind::Predictions,
            Task::Regression,
            &flags,
        );
        assert_eq!(
            error.unwrap_err().to_string(),
            "a: proba.x has no use in a regression"
        );
        let mut score = choices(&["score=p"], &[]);
        assert!(
            said("id,prediction,p", FileKind::Predictions, &score).contains("columns.score_is")
        );
        score.score_is = Some(ScoreMeaning::Positive);
        assert!(
            said("id,prediction,p", FileKind::Predictions, &score).contains("columns.positive")
        );
        score.positive = Some("True".to_owned());
        let mapping = map(
            "id,prediction,p,proba_x",
            FileKind::Predictions,
            Task::Classification,
            &score,
        )
        .unwrap();
        assert_eq!(mapping.positive.as_deref(), Some("true"));
        assert!(mapping.probabilities.is_empty());
        score.columns.push("proba.x=proba_x".parse().unwrap());
        assert!(
            said("id,prediction,p,proba_x", FileKind::Predictions, &score).contains("one of them")
        );
    }

    #[test]
    fn flags_win_over_the_policy_and_the_policy_speaks_of_all_files() {
        let both = choices(
            &["prediction=b"],
            &["prediction=a", "truth=churned", "id=k"],
        );
        assert_eq!(
            said("k,a,b", FileKind::Predictions, &both),
            "id ← k, prediction ← b"
        );
        assert_eq!(
            said("k,b,churned", FileKind::Predictions, &both),
            "id ← k, prediction ← b, truth ← churned"
        );
        let policy = choices(&[], &["prediction=a", "truth=churned", "id=k", "time=t"]);
        assert_eq!(
            said("k,churned", FileKind::Truth, &policy),
            "id ← k, truth ← churned"
        );
        assert!(said("k,truth", FileKind::Truth, &policy).contains("no column for truth"));
        // Without the time that the policy names, rows would silently count as predicted now.
        assert!(said("k,a", FileKind::Predictions, &policy).contains("no column for time"));
        let sample = ColumnChoices {
            of_sample: true,
            ..policy.clone()
        };
        assert_eq!(
            said("k,a,churned,ts", FileKind::Predictions, &sample),
            "id ← k, prediction ← a, truth ← churned"
        );
        let probabilities = choices(&["proba.yes=b"], &["proba.yes=a", "proba.no=c"]);
        assert_eq!(
            said("id,prediction,b", FileKind::Predictions, &probabilities),
            "id ← id, prediction ← prediction, proba.yes ← b"
        );
        let useless = choices(&[], &["proba.yes=p"]);
        assert!(
            map(
                "id,prediction",
                FileKind::Predictions,
                Task::Regression,
                &useless
            )
            .is_ok()
        );
    }

    #[test]
    fn a_column_of_the_policy_that_a_file_can_do_without_may_be_absent_and_one_of_a_flag_may_not() {
        let named = ["truth_time=known", "score=s"];
        let mut policy = choices(&[], &named);
        policy.score_is = Some(ScoreMeaning::Predicted);
        let found = map(
            "id,truth,prediction",
            FileKind::Predictions,
            Task::Classification,
            &policy,
        )
        .unwrap();
        assert_eq!(
            found.to_string(),
            "id ← id, prediction ← prediction, truth ← truth"
        );
        assert_eq!(
            found.absent,
            [
                (Field::TruthTime, "known".to_owned()),
                (Field::Score, "s".to_owned())
            ]
        );
        assert_eq!(found.would_take("known"), Some(Field::TruthTime));
        assert_eq!(
            said("id,truth", FileKind::Truth, &policy),
            "id ← id, truth ← truth"
        );
        let flag = choices(&["truth_time=known"], &[]);
        assert!(said("id,truth", FileKind::Truth, &flag).contains("no column for truth_time"));
        let both = choices(&[], &["proba.yes=y", "proba.no=n"]);
        assert_eq!(
            said("id,prediction,proba_yes", FileKind::Predictions, &both),
            "id ← id, prediction ← prediction"
        );
        let half = said("id,prediction,y", FileKind::Predictions, &both);
        assert!(half.contains("no column for proba.no"), "{half}");
    }

    #[test]
    fn a_batch_keeps_the_mapping_as_one_line() {
        let mut flags = choices(&["id=a+b", "score=s"], &[]);
        flags.score_is = Some(ScoreMeaning::Predicted);
        let mapping = map(
            "a,b,y_pred,s",
            FileKind::Predictions,
            Task::Classification,
            &flags,
        )
        .unwrap();
        assert_eq!(
            mapping.record_text(),
            r#"{"kind":"predictions","id":["a","b"],"prediction":"y_pred","score":"s","score_is":"predicted"}"#
        );
    }

    #[test]
    fn a_key_that_comes_late_is_known_to_have_been_missed() {
        let detected = map(
            "id,prediction,proba_a",
            FileKind::Predictions,
            Task::Classification,
            &ColumnChoices::default(),
        )
        .unwrap();
        assert_eq!(detected.would_take("Label"), Some(Field::Truth));
        assert_eq!(detected.would_take("ts"), Some(Field::Time));
        assert_eq!(
            detected.would_take("proba_b"),
            Some(Field::Probability("b".to_owned()))
        );
        assert_eq!(detected.would_take("prediction_id"), None);
        assert_eq!(detected.would_take("note"), None);
        let truth = map(
            "id,truth",
            FileKind::Truth,
            Task::Classification,
            &ColumnChoices::default(),
        )
        .unwrap();
        assert_eq!(truth.would_take("truth_at"), Some(Field::TruthTime));
        assert_eq!(truth.would_take("ts"), None);
    }
}
