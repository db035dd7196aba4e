//! What a process that died left of a plan.

use crate::deliver::deliver;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::policy::Job;
use rosterd_model::plan::PlanState;
use rosterd_store::prelude::*;

impl Engine {
    /// Finishes a plan that a process was killed in the middle of, and what it queued.
    pub(crate) async fn finish_interrupted(&self, job: &Job) -> Result<(), EngineError> {
        self.finish_applying(job).await?;
        deliver(self).await?;
        Ok(())
    }

    /// Finishes a plan that a process was killed in the middle of.
    pub(crate) async fn finish_applying(&self, job: &Job) -> Result<(), EngineError> {
        let interrupted = {
            let view = self.store.snapshot()?;
            let mut found = None;
            for header in view.plans_of(&job.name)?.take(300) {
                let header = header?;
                if let PlanState::Applying { held } = header.state {
                    found = Some((header, held));
                    break;
                }
            }
            found
        };
        if let Some((header, held)) = interrupted {
            self.events
                .emit(&RunEvent::Note(format!("plan {} was interrupted; it is finished first", header.digest.short())));
            self.apply_pass(header, held).await?;
        }
        Ok(())
    }
}
