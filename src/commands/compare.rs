//! `compare`: which of two versions is better, on the same predictions where there are some.

use serde_json::{Value, json};

use super::call::Call;
use super::output::{Report, Screen, Warning};
use super::{Outcome, judged, problems};
use crate::domain::metric::Metric;
use crate::domain::names::Reference;
use crate::domain::policy::Window;
use crate::domain::verdict::ReasonCode;
use crate::judge::interval::Confidence;
use crate::judge::judged::Number;
use crate::store::Access;
use crate::ui::exit::ExitStatus;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::ui::table::{Column, Table};
use crate::workflows::comparing::{self, Comparison, Favours, On, Pair};
use crate::workflows::judging::JudgeError;
use crate::workflows::naming;

/// Compare two versions
///
/// On the labelled predictions that both made, whatever their role; else each on its own rows; else by the metrics that
/// were recorded when they were registered, and says which. For looking once: looked at daily, it finds differences by
/// chance.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard compare 20131104_090000
  modelguard compare 20131104_090000 20131101_090000 --metric accuracy

Exit status: 0 compared; 4 insufficient data to tell; 10 no such version, or none is live
Effect: reads only")]
pub struct Args {
    /// The one version
    #[arg(value_name = "A")]
    a: Reference,

    /// The other one
    #[arg(value_name = "B", default_value = "@production")]
    b: Reference,

    /// A metric to compare; may be repeated. Without it all, and the policy's decide
    #[arg(long, value_name = "METRIC")]
    metric: Vec<Metric>,

    /// The share of intervals that hold the true value
    #[arg(long, value_name = "RATIO", default_value_t = 0.95)]
    confidence: f64,

    /// Which labelled rows: n=1000 (the newest), 7d or all [default: the policy's check.window]
    #[arg(long, value_name = "WINDOW")]
    window: Option<Window>,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let confidence = Confidence::new(args.confidence).ok_or_else(|| {
        Problem::new(
            "MG0107",
            format!(
                "--confidence is {}: it must be between 0 and 1",
                args.confidence
            ),
        )
        .hint("`--confidence 0.95`")
    })?;
    let mut session = call.session(Access::Read)?;
    let model = call.model_of(&mut session, &args.a)?;
    if let Some(foreign) = args
        .metric
        .iter()
        .find(|metric| metric.task() != model.task)
    {
        let message = format!(
            "{foreign} is a metric of {}; {} does {}",
            foreign.task(),
            model.name,
            model.task
        );
        return Err(Problem::new("MG0107", message).hint("name a metric of the model's task"));
    }
    let mut policy = session.policy(&model);
    if let Some(window) = args.window {
        policy.check.window = window;
    }
    let (a, b) = (&args.a, &args.b);
    let comparison = session
        .store
        .read(|tx| {
            let versions = (
                naming::version(tx, &model, a)?,
                naming::version(tx, &model, b)?,
            );
            let now = call.now;
            comparing::compare(tx, &model, &policy, versions, &args.metric, confidence, now)
                .map_err(JudgeError::Store)
        })
        .map_err(|error| problems::judge(call, error))?;
    Ok(Box::new(Found { comparison }))
}

struct Found {
    comparison: Comparison,
}

impl Found {
    /// Both references mean one version: no mistake for a job that compares the newest with what is live.
    fn with_itself(&self) -> Option<Warning> {
        let Comparison { a, b, .. } = &self.comparison;
        (a.id == b.id).then(|| Warning {
            code: "same_version",
            text: format!(
                "{} is compared with itself: name another version as well",
                a.name
            ),
        })
    }
}

impl Report for Found {
    fn schema(&self) -> &'static str {
        "compare"
    }

    fn warnings(&self) -> Vec<Warning> {
        self.with_itself().into_iter().collect()
    }

    fn data(&self) -> Value {
        let Comparison {
            model,
            a,
            b,
            on,
            from_at,
            to_at,
            ..
        } = &self.comparison;
        let same = *on == On::SharedIds;
        let rows = |count: u64| (*on != On::Recorded).then_some(count);
        let reasons: Vec<_> = self
            .comparison
            .reasons
            .iter()
            .map(|reason| {
                json!({
                    "code": reason.code.name(),
                    "text": reason.text,
                    "have_count": reason.have_count,
                    "need_count": reason.need_count,
                    "since_at": null,
                })
            })
            .collect();
        let pairs = self.comparison.pairs.iter();
        let metrics: Vec<_> = pairs.map(|pair| self.pair_data(pair)).collect();
        json!({
            "model": model.name.to_string(),
            "a": { "version": a.name.to_string(), "rows_count": rows(self.comparison.a_rows_count) },
            "b": { "version": b.name.to_string(), "rows_count": rows(self.comparison.b_rows_count) },
            "on": {
                "kind": on.name(),
                "rows_count": same.then_some(self.comparison.a_rows_count),
                "from_at": from_at.map(|at| at.to_string()),
                "to_at": to_at.map(|at| at.to_string()),
            },
            "sequential": null,
            "metrics": metrics,
            "overall": self.comparison.overall.name(),
            "reasons": reasons,
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let Comparison { model, a, b, .. } = &self.comparison;
        if a.id == b.id {
            // The warning says the rest; a table of zeros would look like an answer.
            return format!(
                "{}  {} is the one and the other: no difference\n",
                model.name, a.name
            );
        }
        let mut text = format!(
            "{}  {} against {} {}\n",
            model.name,
            a.name,
            b.name,
            self.on_words(screen)
        );
        let percent = number::percent(100.0 * self.comparison.confidence.ratio());
        let has_references = self.has_references();
        let mut columns = vec![
            Column::words("metric", 0),
            Column::values(format!("{} [{percent}]", a.name), 0),
            Column::values(format!("{} [{percent}]", b.name), 0),
            Column::values("difference", 0),
            Column::values("says", 0),
            Column::numbers("n", 1),
            Column::values("recorded", 2),
        ];
        if has_references {
            columns.push(Column::values("reference sample", 2));
        }
        let mut table = Table::new(columns);
        for pair in &self.comparison.pairs {
            let mut row = self.row(pair);
            if has_references {
                row.push(both(pair.a_reference, pair.b_reference));
            }
            table.row(row);
        }
        text.push_str(&table.render_painted(screen.width, screen.palette));
        for reason in &self.comparison.reasons {
            text.push_str(&format!("{} ({})\n", reason.text, reason.code.name()));
        }
        let overall = match self.comparison.overall {
            Favours::A => format!("{} is better", a.name),
            Favours::B => format!("{} is better", b.name),
            Favours::Neither => "no difference can be told".to_owned(),
            Favours::InsufficientData => "insufficient data to tell".to_owned(),
        };
        text + &format!("overall: {overall}\n")
    }

    fn exit(&self) -> ExitStatus {
        match self.comparison.overall {
            Favours::InsufficientData => ExitStatus::Insufficient,
            Favours::A | Favours::B | Favours::Neither => ExitStatus::Ok,
        }
    }
}

/// `0.941 / 0.937`; a dash for what is not there.
fn both(a: Option<f64>, b: Option<f64>) -> String {
    let absent = || "-".to_owned();
    let one = |value: Option<f64>| value.map_or_else(absent, number::value);
    match (a, b) {
        (None, None) => absent(),
        (a, b) => format!("{} / {}", one(a), one(b)),
    }
}

impl Found {
    fn has_references(&self) -> bool {
        let mut pairs = self.comparison.pairs.iter();
        pairs.any(|pair| pair.a_reference.is_some() || pair.b_reference.is_some())
    }

    /// The truth is written in classes that neither version has.
    fn is_foreign(&self) -> bool {
        let mut reasons = self.comparison.reasons.iter();
        reasons.any(|reason| reason.code == ReasonCode::ForeignClasses)
    }

    fn on_words(&self, screen: &Screen) -> String {
        let Comparison {
            a_rows_count,
            b_rows_count,
            from_at,
            to_at,
            ..
        } = &self.comparison;
        let times = match (from_at, to_at) {
            (Some(from), Some(to)) => {
                format!(", {}", screen.times.range(from.micros(), Some(to.micros())))
            }
            _ => String::new(),
        };
        let rows = |count: &u64| number::count(*count);
        match self.comparison.on {
            On::SharedIds => format!("on {} shared predictions{times}", rows(a_rows_count)),
            On::OwnWindows => format!(
                "each on its own rows ({} and {}){times}",
                rows(a_rows_count),
                rows(b_rows_count)
            ),
            On::Recorded => "by recorded metrics only, no interval".to_owned(),
        }
    }

    fn row(&self, pair: &Pair) -> Vec<String> {
        let absent = || "-".to_owned();
        let of = |number: &Option<Number>| number.as_ref().map_or_else(absent, judged::estimate);
        let says = match (pair.favours, pair.undefined) {
            (_, Some(_)) => "undefined".to_owned(),
            (None, _) => absent(),
            (Some(Favours::A), _) => format!("{} better", self.comparison.a.name),
            (Some(Favours::B), _) => format!("{} better", self.comparison.b.name),
            (Some(Favours::Neither), _) => "no difference".to_owned(),
            (Some(Favours::InsufficientData), _) if self.is_foreign() => {
                "foreign classes".to_owned()
            }
            (Some(Favours::InsufficientData), _) => "too few rows".to_owned(),
        };
        let rows = |number: &Option<Number>| number.as_ref().and_then(|number| number.rows_count);
        let n = match (rows(&pair.a), rows(&pair.b)) {
            (Some(a), Some(b)) if a == b => number::count(a),
            (Some(a), Some(b)) => format!("{} / {}", number::count(a), number::count(b)),
            _ => absent(),
        };
        let name = if pair.decides {
            pair.metric.to_string()
        } else {
            format!("({})", pair.metric)
        };
        vec![
            name,
            of(&pair.a),
            of(&pair.b),
            pair.difference.as_ref().map_or_else(absent, |difference| {
                number::signed_interval(difference.value, difference.low, difference.high)
            }),
            says,
            n,
            both(pair.a_recorded, pair.b_recorded),
        ]
    }

    fn pair_data(&self, pair: &Pair) -> Value {
        let value = |number: &Option<Number>| number.as_ref().map(|number| number.value);
        let bounds = |number: &Option<Number>| number.as_ref().and_then(|number| number.bounds);
        let rows = |number: &Option<Number>| number.as_ref().and_then(|number| number.rows_count);
        let difference = pair.difference.as_ref();
        let recorded_difference = || match (pair.a_recorded, pair.b_recorded) {
            (Some(a), Some(b)) if self.comparison.on == On::Recorded => Some(a - b),
            _ => None,
        };
        let ratio = self.comparison.confidence.ratio();
        json!({
            "name": pair.metric.name(),
            "direction": pair.metric.direction().name(),
            "decides": pair.decides,
            "a_value": value(&pair.a),
            "a_low": bounds(&pair.a).map(|bounds| bounds.0),
            "a_high": bounds(&pair.a).map(|bounds| bounds.1),
            "a_rows_count": rows(&pair.a),
            "a_recorded_value": pair.a_recorded,
            "b_value": value(&pair.b),
            "b_low": bounds(&pair.b).map(|bounds| bounds.0),
            "b_high": bounds(&pair.b).map(|bounds| bounds.1),
            "b_rows_count": rows(&pair.b),
            "b_recorded_value": pair.b_recorded,
            "a_reference_value": pair.a_reference,
            "b_reference_value": pair.b_reference,
            "diff_value": difference.map(|difference| difference.value).or_else(recorded_difference),
            "diff_low": difference.map(|difference| difference.low),
            "diff_high": difference.map(|difference| difference.high),
            "confidence_ratio": difference.map(|_| ratio),
            "p_value": difference.and_then(|difference| difference.p_value),
            "sign_p_value": difference.and_then(|difference| difference.sign_p_value),
            "e_value": null,
            "approximate": difference.map(|difference| difference.approximate),
            "outcome": pair.favours.map(Favours::name),
            "undefined_text": pair.undefined.map(|why| why.to_string()),
        })
    }
}

#[cfg(test)]
mod tests;
