//! `rosterd quarantine`: what was set aside, why, and letting it go.

use crate::args::{ListArgs, QuarantineCommand, ResolveArgs};
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, plain};
use rosterd_engine::resolve::Verb;
use rosterd_model::decision::Choice;
use rosterd_model::quarantine::QuarantineCase;
use rosterd_store::prelude::*;
use serde::Serialize;

/// Runs `rosterd quarantine`.
pub(crate) fn run(context: &Context, command: QuarantineCommand) -> Result<Output, CommandError> {
    match command {
        QuarantineCommand::List(args) => list(context, &args),
        QuarantineCommand::Show { case } => show(context, &case),
        QuarantineCommand::Resolve(args) => resolve(context, args),
        QuarantineCommand::Release { case } => release(context, &case),
    }
}

#[derive(Serialize)]
struct Listed {
    cases: Vec<QuarantineCase>,
    more: bool,
}

impl Human for Listed {
    fn human(&self, page: &mut Page) {
        if self.cases.is_empty() {
            page.line("nothing is set aside");
            return;
        }
        let rows = self.cases.iter().map(|case| {
            vec![
                case.number.to_string(),
                case.connection.to_string(),
                case.reason.to_string(),
                plain(&object(case)),
                plain(&case.message),
            ]
        });
        page.table(&["case", "connection", "reason", "object", "what was wrong"], rows.collect());
        if self.more {
            page.line("more: rosterd quarantine list --limit N");
        }
    }
}

fn object(case: &QuarantineCase) -> String {
    if !case.position.is_empty() {
        return case.position.clone();
    }
    let class = case.class.map_or("object", |class| class.as_str());
    case.id.as_ref().map_or_else(|| class.to_owned(), |id| format!("{class} {id}"))
}

fn number(text: &str) -> Result<u64, CommandError> {
    text.parse()
        .map_err(|_| CommandError::usage(format!("\"{text}\" is no case; cases are numbers: rosterd quarantine list")))
}

fn list(context: &Context, args: &ListArgs) -> Result<Output, CommandError> {
    let view = context.reading_store()?.snapshot()?;
    let after = args.after.as_deref().map_or(Ok(0), number)?;
    let (mut cases, mut more) = (Vec::new(), false);
    for (_, connection) in view.connections()? {
        for case in view.cases(connection)? {
            let case = case?;
            if case.number <= after {
                continue;
            }
            if cases.len() >= args.limit {
                more = true;
                break;
            }
            cases.push(case);
        }
    }
    cases.sort_by_key(|case| case.number);
    Ok(Output::new("quarantine list", Listed { cases, more }))
}

#[derive(Serialize)]
struct Shown {
    case: QuarantineCase,
}

impl Human for Shown {
    fn human(&self, page: &mut Page) {
        let case = &self.case;
        page.heading(&format!("case {}: {}", case.number, case.reason));
        let candidates: Vec<String> = case.candidates.iter().map(ToString::to_string).collect();
        let mut fields = vec![
            ("connection", case.connection.to_string()),
            ("object", plain(&object(case))),
            ("message", plain(&case.message)),
            ("candidates", candidates.join(", ")),
            ("run", case.run.to_string()),
            ("raw", plain(&case.raw)),
        ];
        fields.retain(|(_, value)| !value.is_empty());
        page.fields(&fields);
        let number = case.number;
        if !case.candidates.is_empty() {
            page.line(format!("it is one of them: rosterd quarantine resolve {number} --link ENTITY"));
            page.line(format!("it is somebody new: rosterd quarantine resolve {number} --create"));
        }
        page.line(format!("it can wait until it changes: rosterd quarantine resolve {number} --ignore"));
        page.line(format!("once it is mended: rosterd quarantine release {number}"));
    }
}

fn show(context: &Context, text: &str) -> Result<Output, CommandError> {
    let found = context.reading_store()?.snapshot()?.case(number(text)?)?;
    let case = found
        .ok_or_else(|| CommandError::usage(format!("there is no open case {text}; see `rosterd quarantine list`")))?;
    Ok(Output::new("quarantine show", Shown { case }))
}

#[derive(Serialize)]
struct Released {
    case: QuarantineCase,
}

impl Human for Released {
    fn human(&self, page: &mut Page) {
        let case = &self.case;
        page.line(format!("case {} is closed; its record is judged anew by the next plan", case.number));
    }
}

fn release(context: &Context, text: &str) -> Result<Output, CommandError> {
    let case = engine(context, None)?.release(number(text)?)?;
    Ok(Output::new("quarantine release", Released { case }))
}

#[derive(Serialize)]
struct Resolved {
    case: QuarantineCase,
    choice: Choice,
}

impl Human for Resolved {
    fn human(&self, page: &mut Page) {
        let number = self.case.number;
        page.line(match self.choice {
            Choice::Link(entity) => format!("case {number} is closed; the next plan links its record to {entity}"),
            Choice::Create => format!("case {number} is closed; the next plan makes a new entity of its record"),
            Choice::Ignore { .. } => format!("case {number} is closed; its record is left alone until it changes"),
        });
    }
}

fn resolve(context: &Context, args: ResolveArgs) -> Result<Output, CommandError> {
    let verb = match (args.link, args.create) {
        (Some(entity), _) => Verb::Link(entity),
        (None, true) => Verb::Create,
        (None, false) => Verb::Ignore,
    };
    let (case, choice) = engine(context, None)?.resolve(number(&args.case)?, &verb)?;
    Ok(Output::new("quarantine resolve", Resolved { case, choice }))
}
