//! Turns labelled rows into numbers, and numbers into what they say: metrics, intervals, differences, the threshold.

pub mod action;
pub mod baseline;
pub mod foreign;
pub mod interval;
pub mod judged;
pub mod metrics;
pub mod paired;
pub mod plan;
pub mod special;
pub mod threshold;
pub mod verdict;
mod words;

/// Why a number does not exist. It stands where other tools print NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undefined {
    #[error("there are no labelled rows")]
    NoRows,
    #[error("one row gives no interval")]
    OneRow,
    #[error("the truth is the same in all rows, so nothing is left to explain")]
    ConstantTruth,
    #[error("the truth holds only one class, so there is nothing to tell apart")]
    OneClass,
    #[error("a row came without class probabilities")]
    NoProbabilities,
    #[error("which of the two classes is the positive one was not said")]
    NoPositiveClass,
    #[error("no row speaks of the positive class")]
    NoPositiveRows,
    #[error("all predictions failed, and no baseline says what a failure costs")]
    NoFiniteLoss,
    #[error("the metric belongs to the other task")]
    WrongTask,
    #[error("a number is not finite")]
    NotFinite,
    #[error("the columns of the rows do not fit together")]
    Malformed,
    #[error("the two versions were not measured on the same rows")]
    NotPaired,
    #[error("the baseline is 0, so there is no relative change")]
    BaselineZero,
    #[error(
        "the baseline explains too little (R² of 0.1 or less) for a relative change to mean anything"
    )]
    BaselineTooLow,
    #[error("the metric has no better direction, so it never decides")]
    NoDirection,
    #[error("the baseline's R² was recorded without an RMSE that tells the spread of its truth")]
    NoTruthVariance,
    #[error("the version has no recorded value of it")]
    NotRecorded,
}

/// A count as a real number; exact up to 2⁵³.
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// Reads the committed vectors of `fixtures/stats`.
#[cfg(test)]
pub(crate) mod vectors {
    use serde_json::Value;

    pub fn read(name: &str) -> Value {
        let path = format!("{}/fixtures/stats/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    pub fn list(value: &Value) -> &Vec<Value> {
        value
            .as_array()
            .unwrap_or_else(|| panic!("{value} is no list"))
    }

    pub fn number(value: &Value) -> f64 {
        value
            .as_f64()
            .unwrap_or_else(|| panic!("{value} is no number"))
    }

    pub fn count(value: &Value) -> usize {
        usize::try_from(
            value
                .as_u64()
                .unwrap_or_else(|| panic!("{value} is no count")),
        )
        .unwrap()
    }

    pub fn numbers(value: &Value) -> Vec<f64> {
        list(value).iter().map(number).collect()
    }
}
