//! `rosterd outbox replay`: a destination is told again what it was told in a time.

use crate::args::OutboxReplayArgs;
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page};
use rosterd_engine::{Repeat, Repeated};
use rosterd_model::{Class, Timestamp};
use serde::Serialize;

/// Runs `rosterd outbox replay`.
pub(crate) fn run(context: &Context, args: OutboxReplayArgs) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let OutboxReplayArgs { connection, since, until, class, dry_run: dry } = args;
    let since = time(&since)?;
    let until = until.as_deref().map_or_else(|| Ok(engine.clock.now()), time)?;
    let class = class.map(|word| word.parse::<Class>()).transpose();
    let class = class.map_err(|error| CommandError::usage(error.to_string()))?;
    let counts = engine.outbox_repeat(&Repeat { connection: connection.clone(), since, until, class, dry })?;
    let Repeated { queued, waiting, gone, forgotten } = counts;
    Ok(Output::new("outbox replay", Replayed { connection, dry_run: dry, queued, waiting, gone, forgotten }))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Replayed {
    connection: String,
    dry_run: bool,
    queued: u64,
    waiting: u64,
    gone: u64,
    forgotten: u64,
}

impl Human for Replayed {
    fn human(&self, page: &mut Page) {
        let Self { connection, queued, waiting, gone, forgotten, .. } = self;
        let what = if self.dry_run { "would be told again" } else { "are told again with the next delivery" };
        page.line(format!("{queued} objects {what} to {connection}, as they are now"));
        if *waiting > 0 {
            page.line(format!("{waiting} more wait to be sent anyway"));
        }
        if *gone > 0 {
            page.line(format!("{gone} are not there any more, and nothing is told of them"));
        }
        if *forgotten > 0 {
            page.line(format!("{forgotten} plans of that time have no steps any more ([retention] in rosterd.toml)"));
        }
    }
}

/// A time: `2026-11-26T20:00:00Z`, or without a zone that of this machine, or the beginning of a day.
fn time(text: &str) -> Result<Timestamp, CommandError> {
    let wrong =
        || CommandError::usage(format!("\"{text}\" is no time; write it as 2026-11-26T20:00:00Z, or 2026-11-26"));
    let here = |at: jiff::civil::DateTime| jiff::tz::TimeZone::system().to_timestamp(at).ok();
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => Some(at),
        Err(_) => text.parse().ok().and_then(here),
    };
    let at = at.ok_or_else(wrong)?;
    u64::try_from(at.as_millisecond()).map(Timestamp).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_or_one_of_this_machine() {
        assert_eq!(time("1970-01-02T00:00:00Z").expect("a time"), Timestamp(86_400_000));
        assert_eq!(time("1970-01-02T01:00:00+01:00").expect("a time"), Timestamp(86_400_000));
        assert!(time("2026-11-26").is_ok() && time("2026-11-26T20:15").is_ok());
        for wrong in ["", "yesterday", "2026-13-01", "1969-01-01T00:00:00Z"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
