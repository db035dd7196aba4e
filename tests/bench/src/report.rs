//! Figures, their limits, and how they are shown.

use serde_json::{Value, json};
use std::fmt;
use std::path::Path;

/// One figure with the limits that it must keep, if it has some.
#[derive(Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// The value in its unit.
    pub(crate) value: f64,
    /// `x`, `s`, `ms`, `MB`, `rows`, `B`, `/s`; empty for a number of things.
    pub(crate) unit: &'static str,
    /// The value must not be greater.
    pub(crate) at_most: Option<f64>,
    /// The value must not be smaller.
    pub(crate) at_least: Option<f64>,
}

/// All figures of one run of the benchmark.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

impl Report {
    /// Adds a figure that is for orientation only.
    pub(crate) fn note(&mut self, name: &str, value: f64, unit: &'static str) {
        self.add(name, value, unit, None, None);
    }

    /// Adds a figure with a limit.
    pub(crate) fn limit(&mut self, name: &str, value: f64, unit: &'static str, at_most: f64) {
        self.add(name, value, unit, Some(at_most), None);
    }

    /// Adds a figure that must be reached.
    pub(crate) fn at_least(&mut self, name: &str, value: f64, unit: &'static str, at_least: f64) {
        self.add(name, value, unit, None, Some(at_least));
    }

    fn add(&mut self, name: &str, value: f64, unit: &'static str, at_most: Option<f64>, at_least: Option<f64>) {
        self.figures.push(Figure { name: name.to_owned(), value, unit, at_most, at_least });
    }

    /// True if every figure keeps its limit. NaN keeps none.
    pub(crate) fn met(&self) -> bool {
        self.figures.iter().all(Figure::met)
    }

    /// Writes the figures as JSON.
    pub(crate) fn save(&self, file: &Path) -> Result<(), String> {
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        let text = json!({ "version": 1, "figures": figures });
        file.parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(file, format!("{text:#}\n")))
            .map_err(|error| format!("can not write {}: {error}", file.display()))
    }
}

impl Figure {
    fn met(&self) -> bool {
        self.at_most.is_none_or(|limit| self.value <= limit) && self.at_least.is_none_or(|limit| self.value >= limit)
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "value": self.value, "unit": self.unit, "at-most": self.at_most,
            "at-least": self.at_least, "met": self.met(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
        for figure in &self.figures {
            write!(f, "{:width$}  {:>12.2} {:<5}", figure.name, figure.value, figure.unit)?;
            let met = if figure.met() { "met" } else { "MISSED" };
            match (figure.at_most, figure.at_least) {
                (Some(limit), _) => writeln!(f, "  at most {limit} : {met}")?,
                (None, Some(limit)) => writeln!(f, "  at least {limit} : {met}")?,
                (None, None) => writeln!(f)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_kept_up_to_its_value_and_never_by_nothing() {
        let mut report = Report::default();
        report.limit("a", 4.0, "x", 4.0);
        assert!(report.met());
        report.limit("b", f64::NAN, "x", 4.0);
        assert!(!report.met());
        assert!(report.to_string().contains("MISSED"));
    }

    #[test]
    fn what_must_be_reached_is_missed_below() {
        let mut report = Report::default();
        report.at_least("a", 2_000.0, "/s", 2_000.0);
        assert!(report.met());
        for value in [1_999.0, f64::NAN] {
            let mut report = Report::default();
            report.at_least("b", value, "/s", 2_000.0);
            assert!(!report.met() && report.to_string().contains("at least 2000 : MISSED"), "{report}");
        }
    }
}
