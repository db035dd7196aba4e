//! Stands in for commands that are still to be written.

use crate::args::Command;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::Output;

pub(crate) fn run(_context: &Context, _command: &Command) -> Result<Output, CommandError> {
    Err(CommandError::internal("this command is not built yet"))
}
