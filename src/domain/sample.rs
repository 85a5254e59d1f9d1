//! What metrics are computed from: labelled rows, predictions beside their truth.

/// Labelled rows of one version. A failed prediction (empty, NaN, infinite) is `None`, never dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    Numbers(NumberSample),
    Classes(ClassSample),
}

impl Sample {
    /// How many labelled rows it holds, failed predictions included.
    #[must_use]
    pub fn rows_count(&self) -> usize {
        match self {
            Self::Numbers(sample) => sample.truth.len(),
            Self::Classes(sample) => sample.truth.len(),
        }
    }

    /// How many of its predictions failed.
    #[must_use]
    pub fn failed_count(&self) -> usize {
        match self {
            Self::Numbers(sample) => sample.prediction.iter().filter(|p| p.is_none()).count(),
            Self::Classes(sample) => sample.prediction.iter().filter(|p| p.is_none()).count(),
        }
    }
}

/// Rows of a regression; both vectors have one entry a row, all numbers finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberSample {
    pub truth: Vec<f64>,
    pub prediction: Vec<Option<f64>>,
}

/// Rows of a classification; the row vectors have one entry a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassSample {
    /// Every class that occurs in truth, prediction or the probability columns, sorted, without repeats.
    pub labels: Vec<String>,
    /// Index into `labels`.
    pub truth: Vec<usize>,
    /// Index into `labels`; `None` is a failed prediction.
    pub prediction: Vec<Option<usize>>,
    /// P(class) in the order of `labels`, each in [0, 1]; `None` where a row came without.
    /// A class without a column has probability 0.
    pub probabilities: Vec<Option<Box<[f64]>>>,
    /// The class that precision, recall and F1 of two classes speak of, if it was named or is evident.
    pub positive: Option<usize>,
}

impl ClassSample {
    /// Whether each row that did not fail carries probabilities.
    #[must_use]
    pub fn has_probabilities(&self) -> bool {
        !self.truth.is_empty()
            && self
                .prediction
                .iter()
                .zip(&self.probabilities)
                .all(|(prediction, probabilities)| prediction.is_none() || probabilities.is_some())
            && self.probabilities.iter().any(Option::is_some)
    }
}
