//! `rosterd serve`: the service itself, and what can be asked of one that runs.

use crate::args::{ServeArgs, ServeCommand};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Human, Output, Page};
use crate::serve::reload::Reloaded;
use crate::serve::run::{Served, serve};

impl Human for Served {
    fn human(&self, page: &mut Page) {
        if self.in_order {
            page.line(format!("stopped by {}; everything is at a place from which it goes on", self.because));
        } else {
            page.line(format!("stopped by {} before all runs had ended; the next start finishes them", self.because));
        }
    }
}

impl Human for Reloaded {
    fn human(&self, page: &mut Page) {
        page.line(if self.policy_changed {
            "reloaded: the rules of plans changed"
        } else {
            "reloaded: the rules of plans are the same"
        });
        page.line(format!("jobs: {}", if self.jobs.is_empty() { "none".to_owned() } else { self.jobs.join(", ") }));
        for key in &self.restart_for {
            page.line(format!("{key} changed, which only a restart of rosterd serve takes"));
        }
    }
}

/// Runs `rosterd serve`.
pub(crate) fn run(context: &Context, args: &ServeArgs) -> Result<Output, CommandError> {
    match (args.command, context.hub()) {
        (Some(ServeCommand::Reload), Some(hub)) => Ok(Output::new("serve reload", hub.reload()?)),
        (Some(ServeCommand::Reload), None) => Err(context.only_in_service()?),
        (None, Some(_)) => Err(CommandError::usage("rosterd serve runs already").hint("see: rosterd status")),
        (None, None) => {
            let served = serve(context)?;
            let exit = if served.in_order { Exit::Ok } else { Exit::Partial };
            Ok(Output::new("serve", served).exit(exit))
        }
    }
}
