//! `rosterd account disable` and `enable`: what a person orders about one account.

use crate::command::sync;
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::Output;

/// Runs `rosterd account disable`.
pub(super) fn disable(context: &Context, name: &str, reason: &str, now: bool) -> Result<Output, CommandError> {
    let text = said(reason)?;
    let engine = engine(context, None)?;
    let report = context.block_on(async { Ok(engine.disable(name, text, now).await?) })?;
    sync::reported(&engine, "account disable", report)
}

/// Runs `rosterd account enable`.
pub(super) fn enable(context: &Context, name: &str, reason: &str) -> Result<Output, CommandError> {
    let text = said(reason)?;
    let engine = engine(context, None)?;
    let report = context.block_on(async { Ok(engine.enable(name, text).await?) })?;
    sync::reported(&engine, "account enable", report)
}

/// A reason that says something.
fn said(reason: &str) -> Result<&str, CommandError> {
    let text = reason.trim();
    if text.is_empty() {
        return Err(CommandError::usage("--reason is empty; say why, for whoever reads the audit".to_owned()));
    }
    Ok(text)
}
