//! Scheduled verification: everything is read and compared with what deltas and events brought. What they missed is said
//! before anything is planned, and the plan waits for a person or for the next run.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::plan::unseen;
use crate::run::{RunOptions, RunReport};
use crate::scan::ScanResult;
use rosterd_model::port::BoxFuture;
use rosterd_model::run::Run;
use rosterd_reconcile::licence::Verdict;
use rosterd_reconcile::stale::may_be_missing;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

/// Ids that a sentence names.
const NAMED: usize = 10;

impl Engine {
    /// Reads a source in full, says in the notes of the run what events and deltas missed, and plans without applying.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn verify_job<'a>(&'a self, job: &'a str) -> BoxFuture<'a, Result<RunReport, EngineError>> {
        Box::pin(async move {
            self.run(job, RunOptions { full: true, dry: true, compare: true, ..RunOptions::default() }).await
        })
    }

    /// Says what a full scan shows otherwise than it was known, and returns it as a sentence.
    pub(crate) fn tell_missed(
        &self,
        connection: ConnectionNumber,
        run: &Run,
        result: &ScanResult,
    ) -> Result<String, EngineError> {
        let view = self.store.snapshot()?;
        let (mut missing, mut named) = (0_u64, Vec::new());
        for (class, verdict) in result.verdicts.iter().filter(|(_, verdict)| *verdict != Verdict::Incomplete) {
            let word = if *verdict == Verdict::Licensed { "not shown" } else { "not shown by a scan without licence" };
            for ordinal in unseen(&view, connection, *class, &result.seen)? {
                let Some(shadow) = view.shadow(connection, *class, ordinal)? else { continue };
                if may_be_missing(shadow.seq, result.started_seq) {
                    missing += 1;
                    if named.len() < NAMED {
                        named.push(format!("{class} {} ({word})", shadow.id));
                    }
                }
            }
        }
        named.splice(0..0, result.samples.iter().take(NAMED).cloned());
        let scan = &run.scan;
        let total = scan.new + scan.changed + scan.gone + missing;
        if total == 0 {
            let sentence = "verified: events missed nothing".to_owned();
            self.events.emit(&RunEvent::Note(sentence.clone()));
            return Ok(sentence);
        }
        let more = if total > named.len() as u64 { ", ..." } else { "" };
        let (new, changed, deleted) = (scan.new, scan.changed, scan.gone);
        let named = named.join(", ");
        let sentence = format!(
            "missed by events: {new} new, {changed} changed, {deleted} deleted, {missing} missing: {named}{more}"
        );
        self.events.emit(&RunEvent::Missed {
            run: run.id,
            connection: run.connection.clone(),
            new,
            changed,
            deleted,
            missing,
            sentence: sentence.clone(),
        });
        Ok(sentence)
    }
}
