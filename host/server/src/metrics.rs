//! Counters that the events of the engine move, in the text format of Prometheus. One family of names each, labels in
//! order, so that two scrapes of the same state are the same text.

use rosterd_engine::RunEvent;
use rosterd_model::Timestamp;
use rosterd_model::run::{Run, RunState};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Labels of a value, as pairs.
type Labels = Vec<(&'static str, String)>;

/// A family of values with the same name.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
}

/// All families, in the order of the text.
const FAMILIES: &[Family] = &[
    Family { name: "rosterd_runs_total", kind: "counter", help: "Runs by job and outcome." },
    Family { name: "rosterd_run_seconds_total", kind: "counter", help: "Seconds that runs took, by job." },
    Family { name: "rosterd_last_run_timestamp_seconds", kind: "gauge", help: "When the last run of a job ended." },
    Family {
        name: "rosterd_last_success_timestamp_seconds",
        kind: "gauge",
        help: "When the last run of a job ended that went well.",
    },
    Family { name: "rosterd_records_total", kind: "counter", help: "Records read, by job." },
    Family {
        name: "rosterd_objects_total",
        kind: "counter",
        help: "Objects by job, kind, what was done, and how it went.",
    },
    Family { name: "rosterd_operations_total", kind: "counter", help: "Operations at destinations by answer." },
    Family { name: "rosterd_holds_total", kind: "counter", help: "Buckets of plans that had to wait for a person." },
    Family {
        name: "rosterd_licences_refused_total",
        kind: "counter",
        help: "Scans that may not conclude who is gone, by connection and class.",
    },
    Family { name: "rosterd_breaker_open", kind: "gauge", help: "1 while a connection is left alone after faults." },
    Family { name: "rosterd_notifications_total", kind: "counter", help: "Notifications by outcome." },
    Family { name: "rosterd_reloads_total", kind: "counter", help: "Reloads of the configuration by outcome." },
];

/// The counters of a process.
#[derive(Default)]
pub struct Metrics(Mutex<BTreeMap<&'static str, BTreeMap<Labels, f64>>>);

impl Metrics {
    /// Counts an event.
    pub fn event(&self, event: &RunEvent) {
        match event {
            RunEvent::Ended(run) => self.ended(run),
            RunEvent::Held { hold, .. } => self.add(
                "rosterd_holds_total",
                vec![
                    ("target", hold.bucket.target.to_string()),
                    ("class", hold.bucket.class.to_string()),
                    ("operation", hold.bucket.operation.to_string()),
                ],
                1.0,
            ),
            RunEvent::LicenceRefused { connection, class, .. } => {
                let labels = vec![("connection", connection.to_string()), ("class", class.to_string())];
                self.add("rosterd_licences_refused_total", labels, 1.0);
            }
            RunEvent::BreakerOpened { connection, .. } => {
                self.set("rosterd_breaker_open", vec![("connection", connection.to_string())], 1.0);
            }
            RunEvent::BreakerClosed { connection } => {
                self.set("rosterd_breaker_open", vec![("connection", connection.to_string())], 0.0);
            }
            _ => {}
        }
    }

    /// Counts a notification; `arrived` or not.
    pub fn notification(&self, arrived: bool) {
        let outcome = if arrived { "sent" } else { "failed" };
        self.add("rosterd_notifications_total", vec![("outcome", outcome.to_owned())], 1.0);
    }

    /// Counts a reload; `taken` or refused.
    pub fn reload(&self, taken: bool) {
        let outcome = if taken { "taken" } else { "refused" };
        self.add("rosterd_reloads_total", vec![("outcome", outcome.to_owned())], 1.0);
    }

    fn ended(&self, run: &Run) {
        let job = || ("job", run.job.to_string());
        self.add("rosterd_runs_total", vec![job(), ("outcome", run.state.as_str().to_owned())], 1.0);
        self.add("rosterd_records_total", vec![job()], real(run.scan.records));
        if let Some(ended) = run.ended {
            self.add("rosterd_run_seconds_total", vec![job()], real(ended.since_ms(run.started)) / 1000.0);
            self.set("rosterd_last_run_timestamp_seconds", vec![job()], seconds(ended));
            if !matches!(run.state, RunState::Incomplete { .. } | RunState::Failed { .. }) {
                self.set("rosterd_last_success_timestamp_seconds", vec![job()], seconds(ended));
            }
        }
        for row in &run.tally.rows {
            let counted = row.counted;
            for (result, count) in
                [("success", counted.success), ("failed", counted.failed), ("skipped", counted.skipped)]
            {
                let action = ("action", row.action.as_str().to_owned());
                let labels = vec![job(), ("kind", row.kind.as_str().to_owned()), action, ("result", result.to_owned())];
                self.add("rosterd_objects_total", labels, real(count));
            }
        }
        let delivery = &run.delivery;
        for (answer, count) in [
            ("applied", delivery.applied),
            ("unchanged", delivery.unchanged),
            ("failed", delivery.failed),
            ("unknown", delivery.unknown),
            ("not-attempted", delivery.not_attempted),
        ] {
            self.add("rosterd_operations_total", vec![("answer", answer.to_owned())], real(count));
        }
    }

    fn add(&self, family: &'static str, labels: Labels, by: f64) {
        *self.values().entry(family).or_default().entry(labels).or_default() += by;
    }

    fn set(&self, family: &'static str, labels: Labels, to: f64) {
        self.values().entry(family).or_default().insert(labels, to);
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<&'static str, BTreeMap<Labels, f64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text that Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let values = self.values();
        for family in FAMILIES {
            if let Some(values) = values.get(family.name) {
                write_family(&mut text, family.name, family.kind, family.help, values);
            }
        }
        text
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

/// Writes one family.
pub(crate) fn write_family(text: &mut String, name: &str, kind: &str, help: &str, values: &BTreeMap<Labels, f64>) {
    // Writing to a String can not fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in values {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A count as Prometheus has them. Above 2^53 the last digits are rounded.
#[expect(clippy::cast_precision_loss, reason = "all numbers of Prometheus are floating point")]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

fn seconds(at: Timestamp) -> f64 {
    real(at.0) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::run::{Counted, DeliveryCounts, ObjectKind, ScanCounts, Tally, TallyAction};
    use rosterd_model::{Class, RunId};

    fn run(state: RunState) -> Run {
        let mut tally = Tally::default();
        let counted = Counted { total: 3, success: 2, failed: 0, skipped: 1 };
        tally.add(ObjectKind::Account, TallyAction::Created, counted);
        Run {
            id: RunId(7),
            job: "hr".parse().expect("a job"),
            connection: "hr".parse().expect("a connection"),
            state,
            by: "schedule".to_owned(),
            started: Timestamp(1_000),
            ended: Some(Timestamp(3_500)),
            connector: String::new(),
            scan: ScanCounts { records: 3, ..ScanCounts::default() },
            licences: Vec::new(),
            plan: None,
            delivery: DeliveryCounts { applied: 2, ..DeliveryCounts::default() },
            tally,
            notes: Vec::new(),
        }
    }

    #[test]
    fn runs_are_counted_by_job_and_outcome() {
        let metrics = Metrics::default();
        metrics.event(&RunEvent::Ended(Box::new(run(RunState::Ok))));
        metrics.event(&RunEvent::Ended(Box::new(run(RunState::Ok))));
        metrics.event(&RunEvent::Ended(Box::new(run(RunState::Failed { because: "x".to_owned() }))));
        let text = metrics.text();
        for line in [
            "rosterd_runs_total{job=\"hr\",outcome=\"ok\"} 2",
            "rosterd_runs_total{job=\"hr\",outcome=\"failed\"} 1",
            "rosterd_run_seconds_total{job=\"hr\"} 7.5",
            "rosterd_last_success_timestamp_seconds{job=\"hr\"} 3.5",
            "rosterd_objects_total{job=\"hr\",kind=\"account\",action=\"created\",result=\"skipped\"} 3",
            "rosterd_operations_total{answer=\"applied\"} 6",
            "# TYPE rosterd_runs_total counter",
        ] {
            assert!(text.lines().any(|own| own == line), "no {line} in\n{text}");
        }
        let failed = Metrics::default();
        failed.event(&RunEvent::Ended(Box::new(run(RunState::Incomplete { because: "x".to_owned() }))));
        assert!(!failed.text().contains("last_success"), "{}", failed.text());
    }

    #[test]
    fn a_breaker_is_open_until_it_is_closed() {
        let metrics = Metrics::default();
        let connection: rosterd_model::ConnectionId = "app".parse().expect("a connection");
        let because = "it refused the credential".to_owned();
        metrics.event(&RunEvent::BreakerOpened { connection: connection.clone(), because, given_up: false });
        assert!(metrics.text().contains("rosterd_breaker_open{connection=\"app\"} 1\n"));
        metrics.event(&RunEvent::BreakerClosed { connection });
        assert!(metrics.text().contains("rosterd_breaker_open{connection=\"app\"} 0\n"));
    }

    #[test]
    fn every_family_that_is_counted_is_written() {
        let metrics = Metrics::default();
        metrics.event(&RunEvent::Ended(Box::new(run(RunState::Ok))));
        metrics.event(&RunEvent::LicenceRefused {
            run: RunId(1),
            connection: "hr".parse().expect("a connection"),
            class: Class::Account,
            because: String::new(),
        });
        metrics.notification(true);
        metrics.reload(false);
        let text = metrics.text();
        let known: Vec<&str> = metrics.values().keys().copied().collect();
        assert!(known.iter().all(|name| text.contains(&format!("# TYPE {name} "))), "{known:?}\n{text}");
    }

    #[test]
    fn labels_can_not_break_out_of_their_quotes() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
