//! `rosterd mapping test`: what becomes of one record, step by step.

use crate::args::{Kind, MappingCommand, MappingTestArgs};
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_engine::trace::{Specimen, Trace};
use rosterd_model::Class;
use rosterd_reconcile::mapping::trace::{Outcome, Traced};
use rosterd_reconcile::normalise::value_to_json;
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// The largest record that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Runs `rosterd mapping`.
pub(crate) fn run(context: &Context, command: MappingCommand) -> Result<Output, CommandError> {
    let MappingCommand::Test(args) = command;
    let specimen = specimen(&args)?;
    let trace = engine(context, None)?.trace(&args.connection, &specimen)?;
    Ok(Output::new("mapping test", Shown::of(&args.connection, &trace)))
}

fn specimen(args: &MappingTestArgs) -> Result<Specimen, CommandError> {
    if let Some(name) = &args.account {
        return Ok(Specimen::Account(name.clone()));
    }
    let path = args.record.as_ref().ok_or_else(|| CommandError::usage("name --record FILE or --account NAME"))?;
    let fail = |error: &dyn std::error::Error| {
        CommandError::usage(format!("failed to read the record {}", path.display())).because(error)
    };
    if std::fs::metadata(path).map_err(|error| fail(&error))?.len() > MOST_BYTES {
        return Err(CommandError::usage(format!("{} is larger than 1 MiB: it is no record", path.display())));
    }
    let attributes = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
    let class = match args.class {
        Kind::Account => Class::Account,
        Kind::OrgUnit => Class::OrgUnit,
        Kind::Group => Class::Group,
    };
    Ok(Specimen::Record { class, attributes })
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RuleView {
    attribute: String,
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

impl RuleView {
    fn of(rule: &Traced) -> Self {
        let (outcome, value, because) = match &rule.outcome {
            Outcome::Value(value) => ("value", Some(value_to_json(value)), None),
            Outcome::Empty => ("empty", Some(Json::Null), None),
            Outcome::Nothing => ("says-nothing", None, None),
            Outcome::Withdrawn => ("withdrawn", None, None),
            Outcome::NotNow => ("not-now", None, None),
            Outcome::Failed(because) => ("failed", None, Some(because.clone())),
        };
        let (attribute, from, when) = (rule.attribute.to_string(), rule.from.clone(), rule.when.clone());
        Self { attribute, from, when, outcome, value, because }
    }

    fn text(&self) -> String {
        match (self.outcome, &self.value, &self.because) {
            ("value", Some(Json::String(text)), _) => plain(text),
            ("value", Some(value), _) => value.to_string(),
            ("failed", _, Some(because)) => format!("failed: {}", plain(because)),
            ("empty", ..) => "(empty)".to_owned(),
            ("withdrawn", ..) => "(withdrawn: its condition is false)".to_owned(),
            ("not-now", ..) => "(speaks only when the object is made or linked)".to_owned(),
            _ => "(says nothing)".to_owned(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TierView {
    tier: u8,
    keys: Map<String, Json>,
    entities: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Shown {
    connection: String,
    job: String,
    class: &'static str,
    source: Map<String, Json>,
    rules: Vec<RuleView>,
    linked: Option<String>,
    correlation: Vec<TierView>,
}

impl Shown {
    fn of(connection: &str, trace: &Trace) -> Self {
        let source = trace.attributes.iter().map(|(name, value)| (name.to_owned(), value_to_json(value))).collect();
        let tiers = trace.tiers.iter().map(|tier| TierView {
            tier: tier.tier,
            keys: tier.keys.iter().map(|(name, key)| (name.clone(), key.clone().into())).collect(),
            entities: tier.entities.iter().map(ToString::to_string).collect(),
        });
        Self {
            connection: connection.to_owned(),
            job: trace.job.clone(),
            class: trace.class.as_str(),
            source,
            rules: trace.rules.iter().map(RuleView::of).collect(),
            linked: trace.linked.map(|entity| entity.to_string()),
            correlation: tiers.collect(),
        }
    }
}

impl Human for Shown {
    fn human(&self, page: &mut Page) {
        page.heading(&format!("1. what {} says of the {}", self.connection, self.class));
        let fields: Vec<(&str, String)> =
            self.source.iter().map(|(name, value)| (name.as_str(), plain(&shown(value)))).collect();
        page.fields(&fields);
        page.gap();
        page.heading(&format!("2. what the rules of job {} make of it", self.job));
        let rows = self.rules.iter().map(|rule| {
            let text = rule.text();
            let text = if rule.outcome == "failed" { page.paint(Tone::Bad, &text) } else { text };
            let when = rule.when.as_ref().map_or_else(String::new, |when| format!(" when {when}"));
            vec![rule.attribute.clone(), text, format!("{}{when}", plain(&rule.from))]
        });
        let rows = rows.collect();
        page.table(&["attribute", "value", "rule"], rows);
        page.gap();
        page.heading("3. whose it is");
        if let Some(entity) = &self.linked {
            page.line(format!("  it is linked to {entity}"));
            return;
        }
        if self.correlation.is_empty() {
            page.line("  no rules of correlation: whoever is new is made anew");
        }
        for tier in &self.correlation {
            let keys: Vec<String> =
                tier.keys.iter().map(|(name, key)| format!("{name} = {}", plain(&shown(key)))).collect();
            let found = match tier.entities.as_slice() {
                [] if tier.keys.values().any(Json::is_null) => "an empty side matches nobody".to_owned(),
                [] => "nobody".to_owned(),
                many => many.join(", "),
            };
            page.line(format!("  tier {}: {}: {found}", tier.tier, keys.join(" and ")));
        }
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "(empty)".to_owned(),
        other => other.to_string(),
    }
}
