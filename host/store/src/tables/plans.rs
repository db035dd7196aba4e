//! Heads of plans, and the ways to find one: by number, by the beginning of its digest, by job.

use crate::codec;
use crate::error::StoreError;
use crate::key::{Key, Parts};
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::JobId;
use rosterd_model::plan::{PlanDigest, PlanHeader};

/// The fewest digits of a digest that name a plan.
const FEWEST_DIGITS: usize = 4;

/// Reading plans.
pub trait ReadPlans: Read {
    /// A plan by its number.
    ///
    /// # Errors
    /// The store can not be read.
    fn plan(&self, number: u64) -> Result<Option<PlanHeader>, StoreError> {
        self.value(Table::Plans, &number.to_be_bytes())
    }

    /// The newest plan with this digest.
    ///
    /// # Errors
    /// The store can not be read.
    fn plan_of_digest(&self, digest: PlanDigest) -> Result<Option<PlanHeader>, StoreError> {
        let number = self.number(Table::PlanDigests, &digest.0)?;
        number.map_or(Ok(None), |number| self.plan(number))
    }

    /// The newest plan whose digest begins with these 4 to 64 hexadecimal digits.
    ///
    /// # Errors
    /// The store can not be read, the text is no beginning of a digest, or more than one digest begins so.
    fn plan_of_prefix(&self, text: &str) -> Result<Option<PlanHeader>, StoreError> {
        let mut found: Option<(PlanDigest, u64)> = None;
        let prefix = whole_bytes(text)?;
        for row in self.prefix(Table::PlanDigests, &prefix)? {
            let row = row?;
            let digest = PlanDigest(Parts::new(Table::PlanDigests, &row.key).raw()?);
            if !digest.to_string().starts_with(&text.to_ascii_lowercase()) {
                continue;
            }
            if let Some((first, _)) = found {
                let (first, second) = (Box::new(first), Box::new(digest));
                return Err(StoreError::AmbiguousDigest { text: text.to_owned(), first, second });
            }
            found = Some((digest, codec::number(Table::PlanDigests, &row.value)?));
        }
        found.map_or(Ok(None), |(_, number)| self.plan(number))
    }

    /// The plans of a job, newest first.
    ///
    /// # Errors
    /// The store can not be read.
    fn plans_of(&self, job: &JobId) -> Result<impl Iterator<Item = Result<PlanHeader, StoreError>>, StoreError> {
        let rows = self.prefix(Table::PlanJobs, Key::new().text(job.as_str()).as_bytes())?;
        Ok(rows.rev().map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::PlanJobs, &row.key);
            let (_, number) = (parts.text()?, parts.u64()?);
            self.plan(number)?.ok_or(StoreError::corrupt(Table::PlanJobs, "its plan is missing"))
        }))
    }

    /// All plans, newest first.
    ///
    /// # Errors
    /// The store can not be read.
    fn plans(&self) -> Result<impl Iterator<Item = Result<PlanHeader, StoreError>>, StoreError> {
        Ok(self.prefix(Table::Plans, b"")?.rev().map(|row| codec::decode(Table::Plans, &row?.value)))
    }
}
impl<R: Read> ReadPlans for R {}

/// Writing plans.
pub trait WritePlans: Write {
    /// Puts the head of a plan under its number. The digest and the job of a number must not change.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_plan(&mut self, plan: &PlanHeader) -> Result<(), StoreError> {
        let number = plan.number.to_be_bytes();
        if self.replace_value(Table::Plans, &number, plan)?.is_some() {
            return Ok(());
        }
        self.put(Table::PlanDigests, &plan.digest.0, &number)?;
        self.put(Table::PlanJobs, Key::new().text(plan.job.as_str()).u64(plan.number).as_bytes(), &[])
    }

    /// Removes the head of a plan whose steps were removed.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_plan(&mut self, plan: &PlanHeader) -> Result<(), StoreError> {
        let number = plan.number.to_be_bytes();
        self.remove(Table::Plans, &number)?;
        self.remove(Table::PlanJobs, Key::new().text(plan.job.as_str()).u64(plan.number).as_bytes())?;
        // A later plan may have the same digest.
        if self.number(Table::PlanDigests, &plan.digest.0)? == Some(plan.number) {
            self.remove(Table::PlanDigests, &plan.digest.0)?;
        }
        Ok(())
    }
}
impl<W: Write> WritePlans for W {}

/// The bytes that the digits fill; a last single digit is left to the caller.
fn whole_bytes(text: &str) -> Result<Vec<u8>, StoreError> {
    let bad = || StoreError::BadDigest { text: text.chars().take(80).collect() };
    if !(FEWEST_DIGITS..=64).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad());
    }
    (0..text.len() / 2)
        .map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| bad()))
        .collect()
}
