//! The first day at a destination that has people already.

use crate::hub::HOUR;
use rosterd_engine::adopt::{Line, Proposals, read_lines};
use rosterd_engine::run::RunOptions;
use rosterd_engine::testing::{Scripted, TestClock};
use rosterd_engine::{Engine, EngineError, Events, Policy, Settings};
use rosterd_model::outbox::Action;
use rosterd_model::plan::{Operation, PlanState};
use rosterd_model::port::{BoxFuture, Connections, Destination, Source};
use rosterd_model::run::RunState;
use rosterd_model::spec::PolicySpec;
use rosterd_model::{Class, ConnectionId, Fault};
use rosterd_reconcile::adopt::Confidence;
use rosterd_store::prelude::*;
use rosterd_store::{OpenOptions, Store};
use std::sync::Arc;

/// A personnel system, and an application that can be read and written.
#[derive(Clone, Default)]
struct Two {
    hr: Scripted,
    app: Scripted,
}

impl Two {
    fn of(&self, id: &ConnectionId) -> &Scripted {
        if id.as_str() == "hr" { &self.hr } else { &self.app }
    }
}

impl Connections for Two {
    fn source<'a>(&'a self, id: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        self.of(id).source(id)
    }
    fn destination<'a>(&'a self, id: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        self.of(id).destination(id)
    }
}

const POLICY: &str = r#"{
  "jobs": {"hr": {"source": "hr", "account": {"map": {
     "userName": "source.user", "employeeNumber": "source.number", "department": "source.department"}}}},
  "deliver": {"app": {"scope": null, "account": {
     "map": {"login": "account.userName", "number": "account.employeeNumber", "unit": "account.department"},
     "correlate": CORRELATE}}},
  "authority": {}, "guard": {}, "protect": {}
}"#;
const GOOD: &str = r#"[{"tier": 1, "match": ["number"]}]"#;
const WRONG: &str = r#"[{"tier": 1, "match": ["unit"]}]"#;

struct Day {
    engine: Engine,
    world: Two,
    _dir: tempfile::TempDir,
}

fn policy(deliver: bool, correlate: &str) -> Arc<Policy> {
    let text = POLICY.replace("CORRELATE", correlate);
    let mut spec: PolicySpec = serde_json::from_str(&text).unwrap();
    if !deliver {
        spec.deliver.clear();
    }
    Arc::new(Policy::compile(&spec, format!("digest {deliver}")).unwrap())
}

impl Day {
    /// `people` in the personnel system and in the hub, and `existing` accounts of theirs at the application; the last
    /// `orphans` of those belong to nobody.
    async fn first(correlate: &str, people: usize, existing: usize, orphans: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("hub.redb"), OpenOptions { cache_bytes: 32 << 20, create: true });
        let world = Two::default();
        let clock = Arc::new(TestClock::default());
        clock.set(1_000 * HOUR);
        let mut engine = Engine {
            store: Arc::new(store.unwrap()),
            connections: Arc::new(world.clone()),
            policy: policy(false, correlate),
            settings: Settings::default(),
            clock,
            events: Events::silent(),
            principal: "tester".to_owned(),
            gate: rosterd_engine::Gate::default(),
            delivering: rosterd_engine::engine::Delivering::default(),
        };
        let person = |n: usize| {
            (n.to_string(), format!(r#"{{"user":"user{n}","number":"{n}","department":"unit {}"}}"#, n % 20))
        };
        show(&world.hr, (0..people).map(person));
        let account = |n: usize| {
            let (login, number) = if n < existing - orphans { ("user", n) } else { ("old", 1_000_000 + n) };
            (format!("a{n}"), format!(r#"{{"login":"{login}{n}","number":"{number}","unit":"unit {}"}}"#, n % 20))
        };
        show(&world.app, (0..existing).map(account));
        assert_eq!(engine.run("hr", RunOptions::default()).await.unwrap().run.state, RunState::Ok);
        // From now on it is delivered to the application.
        engine.policy = policy(true, correlate);
        Self { engine, world, _dir: dir }
    }

    fn sent(&self) -> usize {
        self.world.app.script().sent.len()
    }

    /// An unattended run: nothing may be sent.
    async fn unattended(&self) -> String {
        let report = self.engine.run("hr", RunOptions::default()).await.unwrap();
        assert_eq!((report.run.state, self.sent()), (RunState::Held, 0), "nobody is made unasked");
        report.plan.unwrap().digest.short()
    }

    fn count(&self, proposals: &Proposals, confidence: Confidence) -> u64 {
        proposals.tally.get(&confidence).copied().unwrap_or(0)
    }

    fn verify(&self) {
        let report = rosterd_store::verify::verify(&self.engine.store.snapshot().unwrap()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

fn show(system: &Scripted, accounts: impl Iterator<Item = (String, String)>) {
    let all: Vec<(String, String)> = accounts.collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(id, json)| (id.as_str(), json.as_str())).collect();
    system.show("v1", &all, 500);
}

/// The proposals as a person gives them back: through the file.
fn file(lines: &[Line]) -> Vec<Line> {
    let text: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    read_lines(&text.join("\n")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_accounts_find_their_people_and_orphans_are_left_alone() {
    const PEOPLE: usize = 20_500;
    const EXISTING: usize = 20_000;
    const ORPHANS: usize = 300;
    const LINKED: u64 = (EXISTING - ORPHANS) as u64;
    let day = Day::first(GOOD, PEOPLE, EXISTING, ORPHANS).await;
    day.unattended().await;
    let proposals = day.engine.adopt_propose("app").await.unwrap();
    assert_eq!(day.count(&proposals, Confidence::Sure), LINKED);
    assert_eq!(day.count(&proposals, Confidence::Orphan), ORPHANS as u64);
    assert_eq!((proposals.linked, proposals.without), (0, (PEOPLE as u64) - LINKED));
    let orphan = proposals.lines.iter().find(|line| line.confidence == Confidence::Orphan).unwrap();
    assert!(!orphan.link && orphan.account.starts_with("old") && orphan.entity.is_none(), "{orphan:?}");

    let adoption = day.engine.adopt_link("app", file(&proposals.lines)).await.unwrap();
    assert!(adoption.refused.is_empty());
    let plan = adoption.report.plan.unwrap();
    assert_eq!(plan.steps, LINKED);
    assert!(plan.counts.iter().all(|(bucket, _)| bucket.operation == Operation::Link));
    // A plan alone links nobody.
    assert_eq!(day.engine.adopt_propose("app").await.unwrap().linked, 0);
    let done = day.engine.apply(&plan.digest.short()).await.unwrap();
    assert_eq!((done.plan.unwrap().state, day.sent()), (PlanState::Applied, 0));
    day.verify();
    assert_eq!(day.engine.adopt_propose("app").await.unwrap().linked, LINKED);

    // The rest is made once a person has seen it, and nobody twice.
    let digest = day.unattended().await;
    day.engine.apply(&digest).await.unwrap();
    let script = day.world.app.script();
    assert_eq!(script.sent.len(), PEOPLE - LINKED as usize);
    assert!(
        script.sent.iter().all(|request| matches!(request.action, Action::Create(_))),
        "adopted ones are as they should"
    );
    drop(script);
    day.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_links_nobody() {
    let day = Day::first(WRONG, 20_000, 20_000, 0).await;
    let proposals = day.engine.adopt_propose("app").await.unwrap();
    assert_eq!(day.count(&proposals, Confidence::Ambiguous), 20_000);
    let adoption = day.engine.adopt_link("app", file(&proposals.lines)).await.unwrap();
    assert!(adoption.report.plan.is_none());
    day.unattended().await;
    day.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_changes_counts_and_what_can_not_be_is_refused() {
    let day = Day::first(GOOD, 30, 20, 5).await;
    let mut lines = day.engine.adopt_propose("app").await.unwrap().lines;
    // One link less, one by hand, one to an account that is gone.
    lines[0].link = false;
    let person = lines[0].entity;
    lines[19].link = true;
    lines[19].entity = person;
    let mut gone = lines[1].clone();
    gone.id = "nowhere".into();
    gone.entity = day.engine.account("user25").map(|entity| Some(entity.id)).unwrap();
    lines.push(gone);
    let adoption = day.engine.adopt_link("app", file(&lines)).await.unwrap();
    assert_eq!(adoption.report.plan.as_ref().unwrap().steps, 15);
    assert_eq!(adoption.refused.len(), 1, "{:?}", adoption.refused);
    day.engine.apply(&adoption.report.plan.unwrap().digest.short()).await.unwrap();
    let view = day.engine.store.snapshot().unwrap();
    let number = view.connection_number(&"app".parse().unwrap()).unwrap().unwrap();
    let there = view.projection(number, Class::Account, person.unwrap()).unwrap().unwrap();
    assert_eq!(there.external_id, Some("a19".into()));
    drop(view);
    day.verify();
    // Two accounts for one person are one too many, and who has one gets no other.
    let twice: Vec<Line> =
        [&lines[1], &lines[2]].into_iter().map(|line| Line { entity: person, ..line.clone() }).collect();
    assert!(matches!(day.engine.adopt_link("app", twice.clone()).await, Err(EngineError::Refused(_))));
    let refused = day.engine.adopt_link("app", twice[..1].to_vec()).await.unwrap().refused;
    assert_eq!(refused.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rules_it_says_what_to_write() {
    let day = Day::first("[]", 3, 3, 0).await;
    let Err(EngineError::Refused(text)) = day.engine.adopt_propose("app").await else { panic!("refused") };
    assert!(text.contains("[deliver.app.account]"), "{text}");
    assert!(matches!(day.engine.adopt_propose("nowhere").await, Err(EngineError::NotFound(_))));
}
