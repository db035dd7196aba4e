//! Rows of one table that wait for a later transaction, and go in the order of their keys.
//!
//! What a transaction leaves here stays as it came, which costs nothing. When the first rows go, the order of all is found once; a
//! part of them is always the next one in that order, so that all parts together rewrite each page of the tree once. Where
//! they are very many they are laid down as a run of their own ([`crate::tables::shadow_keys`]).

use crate::error::StoreError;
use crate::gather::{Gathered, Opened, Row};
use crate::tables::shadow_keys::{in_run, next_run, note_run};
use std::cmp::Ordering;

/// So many rows are a run of their own.
const VERY_MANY: usize = 50_000;

/// Rows that wait. None of them is to be removed.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// What each transaction left, in the order of the transactions.
    piles: Vec<Gathered>,
    /// All rows in the order of their keys, each with its pile; empty: that was not asked for yet.
    order: Vec<(u32, Row)>,
    /// So many of them went.
    gone: usize,
    /// The run into which they go.
    run: u8,
    /// So many are a run of their own.
    pub(crate) very_many: usize,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { piles: Vec::new(), order: Vec::new(), gone: 0, run: 0, very_many: VERY_MANY }
    }
}

impl Waiting {
    pub(crate) fn is_empty(&self) -> bool {
        self.piles.is_empty()
    }

    /// How many wait, or a few more: of two of one key both are counted until their order is known.
    pub(crate) fn len(&self) -> usize {
        if self.order.is_empty() { self.piles.iter().map(Gathered::len).sum() } else { self.order.len() - self.gone }
    }

    /// Adds what a transaction leaves.
    pub(crate) fn add(&mut self, rows: Gathered) {
        if rows.is_empty() {
            return;
        }
        if self.gone > 0 {
            self.piles = vec![self.part(self.gone, usize::MAX, 0)];
        }
        (self.order, self.gone, self.run) = (Vec::new(), 0, 0);
        self.piles.push(rows.closed());
    }

    /// The next rows, so many at most, as they are to be written into their table. They wait until they are said to be
    /// [`Waiting::went`].
    pub(crate) fn next(&mut self, table: &mut Opened<'_>, most: usize) -> Result<Gathered, StoreError> {
        if self.order.is_empty() {
            self.order = self.ordered();
            self.run = self.run_for(table, &self.order)?;
        }
        self.noted(table, &self.order, self.run)?;
        Ok(self.part(self.gone, most, self.run))
    }

    /// All that wait, as they are to be written into their table.
    pub(crate) fn all(&self, table: &mut Opened<'_>) -> Result<Gathered, StoreError> {
        if !self.order.is_empty() {
            self.noted(table, &self.order, self.run)?;
            return Ok(self.part(self.gone, usize::MAX, self.run));
        }
        let order = self.ordered();
        let run = self.run_for(table, &order)?;
        self.noted(table, &order, run)?;
        Ok(self.rows(&order, run))
    }

    /// The run for all rows, in their order.
    fn run_for(&self, table: &Opened<'_>, order: &[(u32, Row)]) -> Result<u8, StoreError> {
        match (order.first(), order.last()) {
            (Some(first), Some(last)) if order.len() >= self.very_many => {
                next_run(table, self.row(*first).0, self.row(*last).0)
            }
            _ => Ok(0),
        }
    }

    /// Notes in the table that the run is there.
    fn noted(&self, table: &mut Opened<'_>, order: &[(u32, Row)], run: u8) -> Result<(), StoreError> {
        match order.first() {
            Some(first) if run > 0 => note_run(table, self.row(*first).0, run),
            _ => Ok(()),
        }
    }

    /// So many of the next rows are stored.
    pub(crate) fn went(&mut self, count: usize) {
        self.gone += count;
        if self.gone >= self.order.len() {
            self.clear();
        }
    }

    /// All are stored.
    pub(crate) fn clear(&mut self) {
        *self = Self { very_many: self.very_many, ..Self::default() };
    }

    fn part(&self, from: usize, most: usize, run: u8) -> Gathered {
        self.rows(&self.order[from..from.saturating_add(most).min(self.order.len())], run)
    }

    /// Rows, as they stand in a run.
    fn rows(&self, order: &[(u32, Row)], run: u8) -> Gathered {
        let rows = order.iter().map(|row| self.row(*row));
        Gathered::in_order(rows.map(|(key, value)| (in_run(key, run), value)), order.len())
    }

    fn row(&self, (pile, row): (u32, Row)) -> (&[u8], Option<&[u8]>) {
        self.piles[pile as usize].row(row)
    }

    /// All rows in the order of their keys; of two of one key the later one.
    fn ordered(&self) -> Vec<(u32, Row)> {
        let mut order = Vec::with_capacity(self.piles.iter().map(Gathered::len).sum());
        for (pile, number) in self.piles.iter().zip(0_u32..) {
            order.extend(pile.rows().iter().map(|row| (number, *row)));
        }
        let key = |row: &(u32, Row)| self.row(*row).0;
        order.sort_unstable_by(|one, other| match key(one).cmp(key(other)) {
            Ordering::Equal => other.0.cmp(&one.0),
            unequal => unequal,
        });
        order.dedup_by(|later, first| key(later) == key(first));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Table;
    use proptest::prelude::*;
    use redb::Builder;
    use redb::backends::InMemoryBackend;
    use std::collections::BTreeMap;

    fn gathered(rows: &[(u8, u8)]) -> Gathered {
        let mut all = Gathered::default();
        rows.iter().for_each(|(key, value)| all.put(&[0, 7, 1, *key], Some(&[*value])));
        all
    }

    fn list(rows: &Gathered) -> Vec<(u8, u8)> {
        let row = |row: &Row| rows.row(*row);
        rows.rows().iter().map(row).map(|(key, value)| (key[3], value.expect("put")[0])).collect()
    }

    /// What is done with rows that wait.
    #[derive(Debug, Clone)]
    enum Act {
        Add(Vec<(u8, u8)>),
        Go(usize),
        Fail(usize),
    }

    fn act() -> impl Strategy<Value = Act> {
        let rows = proptest::collection::vec((0_u8..20, any::<u8>()), 0..8);
        prop_oneof![rows.prop_map(Act::Add), (0_usize..6).prop_map(Act::Go), (0_usize..6).prop_map(Act::Fail)]
    }

    proptest! {
        #[test]
        fn in_parts_goes_what_was_left_the_latest_of_each_key_and_in_order(
            acts in proptest::collection::vec(act(), 0..20),
        ) {
            let database = Builder::new().create_with_backend(InMemoryBackend::new()).expect("a store in memory");
            let transaction = database.begin_write().expect("it can be written");
            let mut opened = transaction.open_table(Table::ShadowKeys.definition()).expect("a table");
            let (mut waiting, mut model, mut table) = (Waiting::default(), BTreeMap::new(), BTreeMap::new());
            let mut said = BTreeMap::new();
            for act in acts {
                match act {
                    Act::Add(rows) => {
                        waiting.add(gathered(&rows));
                        model.extend(rows.iter().copied());
                        said.extend(rows);
                    }
                    // A transaction that fails stores nothing.
                    Act::Fail(most) => drop(waiting.next(&mut opened, most)),
                    Act::Go(most) => {
                        let part = list(&waiting.next(&mut opened, most).expect("they wait"));
                        prop_assert_eq!(part.len(), most.min(model.len()));
                        prop_assert!(part.is_sorted_by(|one, other| one.0 < other.0));
                        model.retain(|key, _| part.iter().all(|(gone, _)| gone != key));
                        waiting.went(part.len());
                        table.extend(part);
                    }
                }
                let all = waiting.all(&mut opened).expect("they wait");
                prop_assert_eq!(list(&all), model.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>());
                prop_assert!(waiting.len() >= model.len());
                prop_assert_eq!(waiting.is_empty(), model.is_empty());
            }
            table.extend(list(&waiting.all(&mut opened).expect("they wait")));
            prop_assert_eq!(table, said);
        }
    }
}
