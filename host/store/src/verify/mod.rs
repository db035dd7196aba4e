//! Does the store keep its own rules? Everything that the rest of the code takes for granted about rows that belong
//! together is checked here, over one snapshot, without writing anything.
//!
//! Memory stays small: rows stream, and what must be remembered is one bit per shadow.

mod clients;
mod decisions;
mod directory;
mod guard;
mod inbox;
mod logs;
mod plans;
mod queues;
mod shadows;
mod totals;
mod waits;

use crate::error::StoreError;
use crate::key::ConnectionNumber;
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::entities::EntityKey;
use crate::tables::meta::{Counter, ReadMeta};
use crate::tables::{ReadConnections, ReadScans};
use rosterd_model::{Class, ConnectionId, Entity};
use std::collections::BTreeMap;
use std::fmt::Display;

/// The most problems that are kept as sentences; the others are counted.
pub const MOST_PROBLEMS: usize = 100;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Rows that were looked at.
    pub rows: u64,
    /// Broken rules as sentences, the first [`MOST_PROBLEMS`] of them. They name rows by number or entity, never values.
    pub problems: Vec<String>,
    /// How many rules were found broken.
    pub problem_count: u64,
    /// What is no problem but should be known: steps that an interrupted run left.
    pub remarks: Vec<String>,
}

impl VerifyReport {
    /// True if nothing is wrong.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.problem_count == 0
    }
}

/// Checks every rule that does not depend on the configuration.
///
/// # Errors
/// The engine failed. A row that can not be decoded is a problem in the report, not an error.
pub fn verify(view: &impl Read) -> Result<VerifyReport, StoreError> {
    run(view, None)
}

/// Checks every rule, and that the keys of entities are exactly those that `keys` says (correlation keys and unique
/// values, normalised as they were when they were put).
///
/// # Errors
/// As [`verify`].
pub fn verify_with(view: &impl Read, keys: &dyn Fn(&Entity) -> Vec<EntityKey>) -> Result<VerifyReport, StoreError> {
    run(view, Some(keys))
}

type Keys<'a> = Option<&'a dyn Fn(&Entity) -> Vec<EntityKey>>;

fn run<R: Read>(view: &R, keys: Keys<'_>) -> Result<VerifyReport, StoreError> {
    let mut check = Check { view, report: VerifyReport::default(), connections: BTreeMap::new() };
    check.part(Check::connections)?;
    check.part(Check::shadows)?;
    check.part(Check::links)?;
    check.part(|check| check.entities(keys))?;
    check.part(Check::claims)?;
    check.part(Check::outbox)?;
    check.part(Check::projections)?;
    check.part(Check::totals)?;
    check.part(Check::quarantine)?;
    check.part(Check::decisions)?;
    check.part(Check::inbox)?;
    check.part(Check::plans)?;
    check.part(Check::steps)?;
    check.part(Check::guard)?;
    check.part(Check::history)?;
    check.part(Check::runs)?;
    check.part(Check::timers)?;
    check.part(Check::orders)?;
    check.part(Check::clients)?;
    check.part(Check::audit)?;
    Ok(check.report)
}

/// A verification under way.
struct Check<'v, R> {
    view: &'v R,
    report: VerifyReport,
    connections: BTreeMap<ConnectionNumber, ConnectionId>,
}

impl<R: Read> Check<'_, R> {
    fn problem(&mut self, sentence: impl Display) {
        self.report.problem_count += 1;
        if self.report.problems.len() < MOST_PROBLEMS {
            self.report.problems.push(sentence.to_string());
        }
    }

    /// Checks one part of the rules. A row that it can not do without and can not be decoded ends this part and no other.
    fn part(&mut self, check: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        match check(self) {
            Err(error @ StoreError::Corrupt { .. }) => {
                self.problem(error);
                Ok(())
            }
            checked => checked,
        }
    }

    /// Turns a row that can not be decoded into a problem; other errors end the verification.
    fn readable<T>(&mut self, result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        self.report.rows += 1;
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error @ StoreError::Corrupt { .. }) => {
                self.problem(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Every pair of a known connection and a class.
    fn scopes(&self) -> Vec<(ConnectionNumber, Class)> {
        self.connections.keys().flat_map(|number| Class::ALL.map(|class| (*number, class))).collect()
    }

    /// Compares the rows that were found under known connections and classes with all rows of a table.
    fn nothing_else(&mut self, table: Table, found: u64) -> Result<(), StoreError> {
        let all = self.view.row_count(table)?;
        if all != found {
            self.problem(format_args!(
                "table {table} has {all} rows, but {found} belong to a known connection and class"
            ));
        }
        Ok(())
    }

    /// Checks that a number was given out by the store.
    fn given_out(&mut self, counter: Counter, number: u64, whose: impl Display) -> Result<(), StoreError> {
        let last = self.view.last_number(counter)?;
        if number == 0 || number > last {
            self.problem(format_args!("{whose} has the number {number}, but the last that was given out is {last}"));
        }
        Ok(())
    }

    fn connections(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for (name, number) in view.connections()? {
            self.report.rows += 1;
            if let Some(other) = self.connections.insert(number, name.clone()) {
                self.problem(format_args!("connections {name} and {other} have the same number {}", number.0));
            }
        }
        for number in self.connections.keys().copied().collect::<Vec<_>>() {
            let progress = view.scan_progress(number);
            let progress = self.readable(progress)?.flatten();
            if let Some(progress) = progress {
                self.given_out(
                    Counter::Run,
                    progress.run.0,
                    format_args!("the run of a scan of connection {}", number.0),
                )?;
            }
            for class in Class::ALL {
                let scan = view.last_scan(number, class);
                self.readable(scan)?;
            }
        }
        Ok(())
    }
}
