//! Reads the metrics that a version is registered with, and refuses what no metric can be.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::commands::flags::parse_pair;
use crate::commands::output::Warning;
use crate::commands::problems;
use crate::domain::metric::{self, Metric};
use crate::files::read;
use crate::ui::problem::Problem;

/// The most bytes that a metrics file may have.
const METRICS_LIMIT_BYTES: u64 = 1 << 20;

/// Reads `NAME=VALUE`.
pub fn parse_metric(text: &str) -> Result<(String, f64), String> {
    let (name, value) = parse_pair(text)?;
    let value: f64 = value
        .trim()
        .parse()
        .map_err(|_| format!("{value} is no number"))?;
    check_metric(&name, value)?;
    Ok((name, value))
}

fn check_metric(name: &str, value: f64) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(format!(
            "{name:?} is no metric name: letters, digits, . _ - @"
        ));
    }
    if !value.is_finite() {
        return Err(format!("{name} is {value}, which is no finite number"));
    }
    if let Ok(metric) = name.parse::<Metric>() {
        let (least, most) = metric.range();
        if !(least..=most).contains(&value) {
            return Err(format!("{name} can't be {value}"));
        }
    }
    Ok(())
}

/// Names under which no check will look, though they are nearly such a name.
pub fn warnings(metrics: &BTreeMap<String, f64>) -> Vec<Warning> {
    let near = metrics
        .keys()
        .filter_map(|name| Some((name, metric::meant(name)?)));
    near.map(|(name, meant)| Warning {
        code: "metric_unknown",
        text: format!("{name} is kept and shown, and never judged; did you mean {meant}?"),
    })
    .collect()
}

/// The fields of a JSON object in their order, repeated ones as often as they stand there.
struct Fields(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("one object of numbers")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

/// The metrics of the file and of the command line together.
///
/// # Errors
/// The file holds none, or a metric is given twice.
pub fn metrics(
    file: Option<&Path>,
    given: &[(String, f64)],
) -> Result<BTreeMap<String, f64>, Problem> {
    let mut metrics = BTreeMap::new();
    if let Some(path) = file {
        let bad = |cause: String| {
            Problem::new("MG0513", format!("{} holds no metrics", path.display()))
                .cause(cause)
                .hint("one JSON object of numbers: {\"accuracy\": 0.94}")
        };
        let text = read::text(path, METRICS_LIMIT_BYTES).map_err(|error| problems::file(&error))?;
        let Fields(fields) = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        for (name, value) in fields {
            let number = value
                .as_f64()
                .ok_or_else(|| bad(format!("{name} is {value}, which is no number")))?;
            check_metric(&name, number).map_err(bad)?;
            if metrics.contains_key(&name) {
                return Err(bad(format!("{name} is there twice")));
            }
            metrics.insert(name, number);
        }
    }
    for (name, value) in given {
        let former = metrics.insert(name.clone(), *value);
        if former.is_some_and(|former| former.to_bits() != value.to_bits()) {
            return Err(Problem::new("MG0513", format!("{name} is given twice"))
                .hint("leave one of the two values out"));
        }
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests;
