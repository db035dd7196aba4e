//! `rosterd config schema`: the form of rosterd.toml, for editors.

use crate::args::ConfigCommand;
use crate::config;
use crate::error::CommandError;
use crate::output::Output;

/// Runs `rosterd config`.
///
/// # Errors
/// Never in practice: the schema is made of plain values.
pub(crate) fn run(command: ConfigCommand) -> Result<Output, CommandError> {
    let ConfigCommand::Schema = command;
    let text = config::schema_text()
        .map_err(|error| CommandError::internal("failed to write the schema of rosterd.toml").because(&error))?;
    Ok(Output::raw("config schema", text))
}
