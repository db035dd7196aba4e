//! `rosterd pause` and `resume`: nothing is written while a person wants it so.

use crate::args::{PauseArgs, ResumeArgs};
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, plain};
use rosterd_model::circuit::Pause;
use serde::Serialize;

#[derive(Serialize)]
struct Paused {
    connection: Option<String>,
    pause: Pause,
}

impl Human for Paused {
    fn human(&self, page: &mut Page) {
        let (what, name) = match &self.connection {
            Some(name) => (format!("connection {name}"), format!(" {name}")),
            None => ("any connection".to_owned(), String::new()),
        };
        page.line(format!("nothing is written to {}; to go on: rosterd resume{}", plain(&what), plain(&name)));
    }
}

/// Runs `rosterd pause`.
pub(crate) fn pause(context: &Context, args: PauseArgs) -> Result<Output, CommandError> {
    let pause = engine(context, None)?.pause(args.connection.as_deref(), &args.reason)?;
    Ok(Output::new("pause", Paused { connection: args.connection, pause }))
}

#[derive(Serialize)]
struct Resumed {
    connection: Option<String>,
    resumed: bool,
}

impl Human for Resumed {
    fn human(&self, page: &mut Page) {
        let what = self.connection.as_deref().map_or("everything", |name| name);
        let text = if self.resumed { "goes on with the next delivery" } else { "was not paused" };
        page.line(format!("{} {text}", plain(what)));
    }
}

/// Runs `rosterd resume`.
pub(crate) fn resume(context: &Context, args: ResumeArgs) -> Result<Output, CommandError> {
    let resumed = engine(context, None)?.resume(args.connection.as_deref())?;
    Ok(Output::new("resume", Resumed { connection: args.connection, resumed }))
}
