//! The middle of a sample and its spread.

use serde::Serialize;

/// The quartiles of a sample.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Summary {
    /// A quarter of the sample lies below.
    pub lower: f64,
    /// Half of the sample lies below.
    pub median: f64,
    /// A quarter of the sample lies above.
    pub upper: f64,
}

impl Summary {
    /// Of a sample that is not empty; one that is has no middle, and all three are NaN.
    pub(crate) fn of(mut sample: Vec<f64>) -> Self {
        sample.sort_by(f64::total_cmp);
        let [lower, median, upper] = [1, 2, 3].map(|quarters| quantile(&sample, quarters));
        Self { lower, median, upper }
    }
}

/// The middle of a sample.
pub(crate) fn median(sample: Vec<f64>) -> f64 {
    Summary::of(sample).median
}

/// The value below which so many quarters of a sorted sample lie: the nearest one of the sample.
fn quantile(sorted: &[f64], quarters: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * quarters + 2) / 4).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles() {
        let sample = (1..=41).rev().map(f64::from).collect();
        let summary = Summary::of(sample);
        assert_eq!((summary.lower, summary.median, summary.upper), (11.0, 21.0, 31.0));
        assert!((median(vec![7.0]) - 7.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
