//! A plan as people and programs see it.

use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_model::plan::{ApplyCounts, Followed, Hold, Part, PlanHeader, PlanState, Reason, Step, Target};
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use serde::Serialize;

/// Steps that are shown of a plan, unless it was asked for.
pub(crate) const SAMPLE: usize = 0;

/// A plan.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PlanView {
    digest: String,
    job: String,
    #[serde(serialize_with = "state")]
    pub(crate) state: PlanState,
    steps: u64,
    counts: Vec<Count>,
    holds: Vec<HoldView>,
    waiting: u64,
    quarantined: u64,
    outcome: ApplyCounts,
    samples: Vec<StepView>,
    /// False: its steps were removed, because the plan is over for longer than `[retention]` keeps them.
    #[serde(skip)]
    kept: bool,
    #[serde(skip)]
    all: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Count {
    operation: String,
    class: String,
    target: String,
    count: u64,
    held: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct HoldView {
    operation: String,
    class: String,
    target: String,
    count: u64,
    of: u64,
    because: String,
    approval: bool,
    /// Names of some of those whom it is about, where the plan was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    samples: Vec<String>,
    release: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StepView {
    class: String,
    label: String,
    reason: String,
    effects: Vec<EffectView>,
    /// True: a group that follows a rule.
    #[serde(skip)]
    by_rule: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct EffectView {
    target: String,
    operation: String,
    changes: Vec<ChangeView>,
}

#[derive(Serialize)]
struct ChangeView {
    attribute: String,
    before: Option<String>,
    after: Option<String>,
}

fn state<S: serde::Serializer>(state: &PlanState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state_word(state))
}

fn state_word(state: &PlanState) -> &'static str {
    match state {
        PlanState::Ready => "ready",
        PlanState::Applying { .. } => "applying",
        PlanState::Held => "held",
        PlanState::Approved { .. } => "approved",
        PlanState::Applied => "applied",
        PlanState::Superseded => "superseded",
    }
}

impl PlanView {
    /// The plan with so many of its steps.
    pub(crate) fn new(view: &Snapshot, header: &PlanHeader, samples: usize) -> Result<Self, CommandError> {
        let mut shown = Vec::new();
        let mut kept = true;
        if samples > SAMPLE {
            kept = header.steps == 0 || view.steps(header.number)?.next().is_some();
        }
        for row in view.steps(header.number)?.take(samples) {
            shown.push(StepView::of(&row?.step));
        }
        let held = |bucket: &rosterd_model::plan::Bucket| {
            header.holds.iter().any(|hold| hold.approval && hold.bucket == *bucket)
        };
        let counts = header.counts.iter().map(|(bucket, count)| Count {
            operation: bucket.operation.to_string(),
            class: bucket.class.to_string(),
            target: bucket.target.to_string(),
            count: *count,
            held: held(bucket),
        });
        let holds = header.holds.iter().map(|hold| HoldView {
            operation: hold.bucket.operation.to_string(),
            class: hold.bucket.class.to_string(),
            target: hold.bucket.target.to_string(),
            count: hold.count,
            of: hold.of,
            because: hold.because.clone(),
            approval: hold.approval,
            samples: if samples > SAMPLE { names(hold) } else { Vec::new() },
            release: hold.release(&header.digest),
        });
        Ok(Self {
            digest: header.digest.to_string(),
            job: header.job.to_string(),
            state: header.state.clone(),
            steps: header.steps,
            counts: counts.collect(),
            holds: holds.collect(),
            waiting: header.waiting,
            quarantined: header.quarantined,
            outcome: header.outcome.clone(),
            samples: shown,
            kept,
            all: samples > SAMPLE,
        })
    }

    /// One line: which plan it is and where it stands.
    pub(crate) fn title(&self, page: &mut Page) {
        page.line(format!("plan {} of job {}: {}", self.short(), self.job, state_word(&self.state)));
    }

    pub(crate) fn short(&self) -> &str {
        &self.digest[..12]
    }

    /// True if this is why something is held.
    pub(crate) fn says(&self, reason: &str) -> bool {
        self.holds.iter().any(|hold| hold.because == reason)
    }

    /// True if a person must approve before the rest can be applied.
    pub(crate) fn needs_approval(&self) -> bool {
        self.state == PlanState::Held && self.holds.iter().any(|hold| hold.approval)
    }

    /// What applying did.
    pub(crate) fn outcome(&self, page: &mut Page) {
        let outcome = &self.outcome;
        let applied: u64 = outcome.applied.values().sum();
        let mut text = format!("applied {applied} changes of plan {}", self.short());
        if outcome.held > 0 {
            text.push_str(&format!(", {} held", outcome.held));
        }
        if outcome.moved > 0 {
            text.push_str(&format!(", {} skipped because they moved since the plan was made", outcome.moved));
        }
        if self.needs_approval() {
            let removed: u64 = outcome
                .applied
                .iter()
                .filter(|(bucket, _)| bucket.starts_with("disable") || bucket.starts_with("delete"))
                .map(|(_, count)| count)
                .sum();
            text.push_str(&format!(", {removed} removed"));
        }
        page.line(text);
    }
}

impl Human for PlanView {
    fn human(&self, page: &mut Page) {
        self.title(page);
        let rows = self.counts.iter().map(|count| {
            let held = if count.held { page.paint(Tone::Bad, "held") } else { String::new() };
            vec![count.target.clone(), count.operation.clone(), count.class.clone(), count.count.to_string(), held]
        });
        let rows = rows.collect();
        page.table(&["target", "operation", "class", "count", ""], rows);
        for step in &self.samples {
            step.human(page, self.all);
        }
        if !self.kept {
            page.line("its steps are no longer kept ([retention] in rosterd.toml)");
        }
        if !self.all {
            page.line(format!("each of the {} steps: rosterd plan show {}", self.steps, self.short()));
        }
        for hold in &self.holds {
            let word = match hold.approval {
                true => page.paint(Tone::Bad, "HELD"),
                false if hold.because.contains("in the first delivery to") => "first delivery".to_owned(),
                false => "configuration".to_owned(),
            };
            page.line(format!("{word}: {}", hold.because));
            if self.all && !hold.samples.is_empty() {
                let names: Vec<String> = hold.samples.iter().map(|name| plain(name)).collect();
                let more = if hold.count > names.len() as u64 { ", ..." } else { "" };
                page.line(format!("  {}{more}", names.join(", ")));
            }
        }
    }
}

impl StepView {
    fn of(step: &Step) -> Self {
        Self {
            class: step.class.to_string(),
            label: step.label.to_string(),
            reason: reason(&step.reason),
            effects: step.parts.iter().map(EffectView::of).collect(),
            by_rule: matches!(step.reason, Reason::Rule(_)),
        }
    }

    fn human(&self, page: &mut Page, all: bool) {
        let effects: Vec<String> =
            self.effects.iter().map(|effect| format!("{} in {}", effect.operation, effect.target)).collect();
        page.line(format!("  {} {}: {} ({})", self.class, plain(&self.label), effects.join(", "), self.reason));
        if all {
            let mut changes: Vec<&ChangeView> =
                self.effects.iter().take(1).flat_map(|effect| &effect.changes).collect();
            // Who joins and leaves is said above by name, and the members of such a group are ids.
            changes.retain(|change| !self.by_rule || change.attribute != "members");
            for change in changes {
                let side = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), plain);
                page.line(format!("      {}: {} -> {}", change.attribute, side(&change.before), side(&change.after)));
            }
        }
    }
}

impl EffectView {
    fn of(part: &Part) -> Self {
        let target = match &part.target {
            Target::Hub => "hub".to_owned(),
            Target::Destination(name) => name.to_string(),
        };
        let changes = part.changes.iter().map(|change| ChangeView {
            attribute: change.attribute.to_string(),
            before: change.before.as_ref().map(ToString::to_string),
            after: change.after.as_ref().map(ToString::to_string),
        });
        Self { target, operation: part.operation.to_string(), changes: changes.collect() }
    }
}

fn names(hold: &Hold) -> Vec<String> {
    hold.samples.iter().map(ToString::to_string).collect()
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::New => "new at the source".to_owned(),
        Reason::Matched { tier } => format!("matched in tier {tier}"),
        Reason::Recreated { tier } => format!("made anew at the source, the same by tier {tier}"),
        Reason::Employment { tier } => format!("one more employment, matched in tier {tier}"),
        Reason::Promoted => "another employment speaks for the person now".to_owned(),
        Reason::Resolved { by } => format!("resolved by {by}"),
        Reason::Changed => "changed at the source".to_owned(),
        Reason::Deleted => "deleted at the source".to_owned(),
        Reason::LeftScope => "left what the connection may see".to_owned(),
        Reason::Missing { confirmations } => format!("missing from the source, confirmed {confirmations} times"),
        Reason::Returned => "came back".to_owned(),
        Reason::Configuration => "the configuration changed".to_owned(),
        Reason::Adopted { .. } => "there before the hub".to_owned(),
        Reason::Undelivered => "not delivered yet".to_owned(),
        Reason::Due(due) => due.as_str().to_owned(),
        Reason::Membership => "a member left or is back".to_owned(),
        Reason::Rule(followed) => by_rule(followed),
        Reason::Drifted => "changed at the destination by hand".to_owned(),
        Reason::Announced => "the last day is over, as was announced".to_owned(),
        Reason::Allowed { by, text } => format!("allowed again by {}: {}", plain(by), plain(text)),
        Reason::UnitGone => "its org unit goes".to_owned(),
        Reason::Ordered { by, text, .. } => format!("ordered by {}: {}", plain(by), plain(text)),
        Reason::Made => "made by the hub, and read again".to_owned(),
    }
}

/// Who joins and who leaves a group, and by which rule.
fn by_rule(followed: &Followed) -> String {
    let mut text = format!("by the rule {}", plain(&followed.rule));
    for (word, count, names) in [("join", followed.joined, &followed.joins), ("leave", followed.left, &followed.leaves)]
    {
        if count > 0 {
            let shown: Vec<String> = names.iter().map(|name| plain(name)).collect();
            let more = if count > shown.len() as u64 { ", ..." } else { "" };
            text.push_str(&format!("; {count} {word}: {}{more}", shown.join(", ")));
        }
    }
    text
}

#[derive(Serialize)]
struct Shown {
    plan: PlanView,
}
impl Human for Shown {
    fn human(&self, page: &mut Page) {
        self.plan.human(page);
    }
}

/// Runs `rosterd plan show`.
pub(crate) fn show(context: &Context, digest: &str) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let header = engine.find_plan(digest)?;
    let view = engine.store.snapshot()?;
    Ok(Output::new("plan show", Shown { plan: PlanView::new(&view, &header, 1_000)? }))
}

#[derive(Serialize)]
struct Approved {
    digest: String,
    by: String,
    held: u64,
}
impl Human for Approved {
    fn human(&self, page: &mut Page) {
        let short = &self.digest[..12];
        page.line(format!("plan {short} is approved by {}: {} held changes may be applied", self.by, self.held));
        page.line(format!("to apply it: rosterd apply {short}"));
    }
}

/// Runs `rosterd plan approve`.
pub(crate) fn approve(context: &Context, digest: &str) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let header = engine.approve(digest)?;
    let held = header.holds.iter().filter(|hold| hold.approval).map(|hold| hold.count).sum();
    let approved = Approved { digest: header.digest.to_string(), by: engine.principal.clone(), held };
    Ok(Output::new("plan approve", approved).exit(Exit::Ok))
}
