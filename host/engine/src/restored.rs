//! After a restore the store is older than the world. Before anything is written, cursors and outbox are put to the proof
//! by reading: sources are read in full, destinations are read back, and what the backup wanted to send is planned anew.
//! Every job only plans until a person applied a plan of it.

use crate::drift::Learn;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
use rosterd_model::{ConnectionId, Rule};
use rosterd_store::prelude::*;

impl Engine {
    /// True if the store was restored and nobody applied a plan of the job since.
    pub(crate) fn is_restored(&self, job: &str) -> Result<bool, EngineError> {
        Ok(Rule::RestorePlansOnly.on() && self.store.snapshot()?.restored_for(job)?)
    }

    /// True if the store was restored and some job of the configuration still only plans: plans of the hub's own do, too.
    pub(crate) fn is_restored_anywhere(&self) -> Result<bool, EngineError> {
        for job in self.policy.jobs.keys() {
            if self.is_restored(job)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads back what the backup remembers. Returns a sentence for each destination that could not be read.
    pub(crate) async fn prove_restored(&self, job: &Job) -> Result<Vec<String>, EngineError> {
        let source = self.number(&job.source)?;
        if !self.store.snapshot()?.proven(job.source.as_str())? {
            self.store.commit::<_, EngineError>("restored-source", |w| {
                // A scan that the backup saw under way began in another world.
                w.clear_scan(source)?;
                Ok(w.put_proven(job.source.as_str())?)
            })?;
        }
        let mut faults = Vec::new();
        for destination in self.unproven()? {
            match self.read_back(&destination, Learn::Adopt).await {
                Ok(report) if report.unreadable == 0 => self.forget_outbox(&destination)?,
                Ok(report) => faults.push(format!(
                    "connection {destination}: {} objects could not be read back after the restore: {}",
                    report.unreadable,
                    report.faults.first().map_or("", String::as_str)
                )),
                Err(EngineError::Connection { connection, fault }) => {
                    faults.push(format!("connection {connection}: {fault}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(faults)
    }

    /// Destinations that were not read back since the restore.
    pub(crate) fn unproven(&self) -> Result<Vec<ConnectionId>, EngineError> {
        let view = self.store.snapshot()?;
        let mut unproven = Vec::new();
        for delivery in &self.policy.deliveries {
            // The name of a connection that is both is proven in each of its roles.
            if !view.proven(&as_destination(&delivery.destination))? {
                unproven.push(delivery.destination.clone());
            }
        }
        Ok(unproven)
    }

    /// What the backup wanted to send is planned anew, from what the destination holds now.
    fn forget_outbox(&self, destination: &ConnectionId) -> Result<(), EngineError> {
        let number = self.number(destination)?;
        let entries: Vec<_> = {
            let view = self.store.snapshot()?;
            view.outbox(number)?
                .map(|entry| entry.map(|entry| (entry.class, entry.entity)))
                .collect::<Result<_, _>>()?
        };
        self.store.commit::<_, EngineError>("restored-destination", |w| {
            for (class, entity) in entries {
                w.remove_outbox(number, class, entity)?;
            }
            w.put_delivery_state(number, "restored")?;
            Ok(w.put_proven(&as_destination(destination))?)
        })
    }
}

/// The name under which it is remembered that a destination was read back.
fn as_destination(connection: &ConnectionId) -> String {
    format!("to {connection}")
}
