//! `rosterd account override`: a value that an operator sets.

use crate::args::OverrideArgs;
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, plain};
use rosterd_model::{Timestamp, Value};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Set {
    account: String,
    attribute: String,
    ended: bool,
    until: Option<String>,
}

impl Human for Set {
    fn human(&self, page: &mut Page) {
        let (attribute, account) = (plain(&self.attribute), plain(&self.account));
        page.line(match (&self.until, self.ended) {
            (_, true) => format!("{attribute} of {account} is what sources say again, from the next plan on"),
            (Some(until), _) => format!("{attribute} of {account} is set until {until}; the next plan carries it out"),
            (None, _) => format!("{attribute} of {account} is set; the next plan carries it out"),
        });
    }
}

/// Runs `rosterd account override`.
pub(crate) fn run(context: &Context, args: OverrideArgs) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let OverrideArgs { account, attribute, value, end, until, .. } = args;
    if end {
        engine.end_override(&account, &attribute)?;
    } else {
        let until = until.as_deref().map(last_day).transpose()?;
        let value = value.map_or(Value::Null, Value::from);
        engine.set_override(&account, &attribute, value, until)?;
    }
    Ok(Output::new("account override", Set { account, attribute, ended: end, until }))
}

/// The end of a day, where this machine is.
fn last_day(text: &str) -> Result<Timestamp, CommandError> {
    let wrong = || CommandError::usage(format!("\"{text}\" is no day; write it as 2026-12-31"));
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let next = day.tomorrow().map_err(|_| wrong())?;
    let at = jiff::tz::TimeZone::system().to_timestamp(next.at(0, 0, 0, 0)).map_err(|_| wrong())?;
    u64::try_from(at.as_millisecond()).map(Timestamp).map_err(|_| wrong())
}
