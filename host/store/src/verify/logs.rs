//! What is only ever added: history, runs, and the audit with its chain of hashes.

use super::Check;
use crate::codec;
use crate::error::StoreError;
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::audit::AuditChain;
use crate::tables::history;
use crate::tables::meta::{Counter, ReadMeta};
use crate::tables::{ReadAudit, ReadRuns};
use rosterd_model::claim::HistoryRow;

impl<R: Read> Check<'_, R> {
    pub(super) fn history(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.prefix(Table::History, b"")? {
            let row = row?;
            let Some((entity, seq)) = self.readable(history::parts(&row.key))? else { continue };
            let Some(row) = self.readable(codec::decode::<HistoryRow>(Table::History, &row.value))? else { continue };
            if row.entity != entity {
                self.problem(format_args!("a row of the history of {entity} is about {}", row.entity));
            }
            self.given_out(Counter::Sequence, seq, format_args!("a row of the history of {entity}"))?;
        }
        Ok(())
    }

    pub(super) fn runs(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for run in view.runs()? {
            if let Some(run) = self.readable(run)? {
                self.given_out(Counter::Run, run.id.0, "a run")?;
            }
        }
        Ok(())
    }

    pub(super) fn audit(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let mut chain = AuditChain::default();
        for row in view.audit(0)? {
            let Some((number, row)) = self.readable(row)? else { continue };
            if let Some(problem) = chain.next(number, &row) {
                self.problem(problem);
            }
        }
        if let Some(problem) = chain.end(view.last_number(Counter::Audit)?) {
            self.problem(problem);
        }
        Ok(())
    }
}
