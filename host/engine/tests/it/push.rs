//! Clients of a pushed source: who waits goes together, what was answered is on disk, and a query finds what a filter would.

use rosterd_engine::testing::{TestClock, World};
use rosterd_engine::{Engine, Events, Gate, Policy, Settings};
use rosterd_model::directory::{Comparison, Directory, Filter, Query, Sort, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::record::{Amendment, Change, DepartureCause, Edit};
use rosterd_model::spec::PolicySpec;
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind, Record};
use rosterd_reconcile::filter::{fits, order, sort_keys};
use rosterd_reconcile::json_attributes;
use rosterd_store::prelude::*;
use rosterd_store::testing::Recorder;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Waker};

const POLICY: &str = r#"{"jobs": {"api": {"source": "api", "pushed": true, "account": {
     "correlate": [{"tier": 1, "match": ["employeeNumber"]}],
     "map": {"userName": "source.userName", "displayName": "source.name", "employeeNumber": "source.number"}},
     "group": {"map": {"displayName": "source.displayName"}}}},
  "deliver": {}, "authority": {"default": ["api"]}, "guard": {"on-trip": "apply-safe"}, "protect": {}}"#;

type Answers = Vec<Result<Option<Record>, Fault>>;

pub(crate) struct Api {
    pub(crate) engine: Engine,
    pub(crate) disk: Recorder,
}

pub(crate) fn api() -> ConnectionId {
    "api".parse().unwrap()
}

pub(crate) fn on(disk: &Recorder) -> Api {
    with(disk, POLICY)
}

fn with(disk: &Recorder, policy: &str) -> Api {
    let spec: PolicySpec = serde_json::from_str(policy).unwrap();
    let clock = Arc::new(TestClock::default());
    clock.set(1_000 * crate::hub::HOUR);
    let engine = Engine {
        store: Arc::new(disk.open().unwrap()),
        connections: Arc::new(World::new()),
        policy: Arc::new(Policy::compile(&spec, "digest".to_owned()).unwrap()),
        settings: Settings { page_size: 10, observe_batch: 50, apply_batch: 40, deliver_batch: 10 },
        clock,
        events: Events::silent(),
        delivering: rosterd_engine::engine::Delivering::default(),
        gate: Gate::default(),
        principal: "tester".to_owned(),
    };
    Api { engine, disk: disk.clone() }
}

impl Api {
    pub(crate) fn new() -> Self {
        on(&Recorder::new())
    }

    pub(crate) fn directory(&self) -> Arc<dyn Directory> {
        self.engine.directory(&api()).unwrap()
    }

    async fn submit(&self, submissions: Vec<Submission>) -> Answers {
        self.directory().submit(submissions).await
    }

    pub(crate) async fn get(&self, class: Class, id: &str) -> Option<Record> {
        self.directory().get(class, id.into()).await.unwrap()
    }

    pub(crate) fn runs(&self) -> usize {
        self.engine.store.snapshot().unwrap().runs().unwrap().count()
    }

    pub(crate) fn verify(&self) {
        let report = rosterd_store::verify::verify(&self.engine.store.snapshot().unwrap()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

fn record(class: Class, id: &str, attributes: &Value) -> Change {
    let (id, attributes) = (ExternalId::from(id), attributes.to_string());
    Change::Upsert(Record { class, id, previous_id: None, version: None, attributes, partial: false })
}

fn person(number: usize) -> Value {
    json!({ "userName": format!("user{number}"), "name": format!("Person {number}"), "number": number.to_string() })
}

pub(crate) fn create(number: usize) -> Submission {
    let change = record(Class::Account, &format!("id-{number}"), &person(number));
    Submission { change, create: true, expect: None }
}

pub(crate) fn edit(class: Class, id: &str, edit: Edit) -> Submission {
    let change = Change::Amend(Amendment { class, id: id.into(), version: None, edits: vec![edit] });
    Submission { change, create: false, expect: None }
}

pub(crate) fn gone(id: &str) -> Submission {
    let change = Change::Gone { class: Class::Account, id: id.into(), cause: DepartureCause::Deleted };
    Submission { change, create: false, expect: None }
}

/// Lets each call come to where it waits.
fn begin(calls: &mut [BoxFuture<'_, Answers>]) {
    for call in calls {
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_that_wait_go_together() {
    let api = Api::new();
    let directories: Vec<Arc<dyn Directory>> = (0..200).map(|_| api.directory()).collect();
    let turn = api.engine.gate.run(&self::api()).await;
    let mut calls: Vec<_> = directories.iter().enumerate().map(|(n, one)| one.submit(vec![create(n)])).collect();
    begin(&mut calls);
    let syncs = api.disk.syncs();
    drop(turn);
    for (number, call) in calls.into_iter().enumerate() {
        let answers = call.await;
        let object = answers[0].as_ref().unwrap().as_ref().unwrap();
        assert_eq!(object.id.as_str(), format!("id-{number}"));
        assert!(object.version.is_some() && object.attributes.contains(&format!("user{number}\"")));
    }
    let syncs = api.disk.syncs() - syncs;
    assert_eq!(api.runs(), 1);
    // One alone costs nearly as many.
    assert!(syncs <= 40, "{syncs} syncs of the disk for 200 clients");
    let view = api.engine.store.snapshot().unwrap();
    assert_eq!(view.entities(Class::Account, None).unwrap().count(), 200);
    api.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_on_the_disk_whenever_the_machine_dies() {
    let api = Api::new();
    let mut answered: Vec<(usize, Vec<String>)> = Vec::new();
    for round in 0..6 {
        let numbers: Vec<usize> = (round * 3..round * 3 + 3).collect();
        let answers = api.submit(numbers.iter().map(|number| create(*number)).collect()).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        answered.push((api.disk.syncs(), numbers.iter().map(|number| format!("id-{number}")).collect()));
    }
    let first = answered[0].0;
    for sync in first..=api.disk.syncs() {
        let killed = [1, 4].map(|writes| api.disk.killed_image(sync, writes));
        for image in [api.disk.image(sync), api.disk.torn_image(sync, sync as u64)].into_iter().chain(killed) {
            let after = on(&Recorder::of_image(image));
            after.verify();
            for id in answered.iter().filter(|(at, _)| *at <= sync).flat_map(|(_, ids)| ids) {
                assert!(
                    after.get(Class::Account, id).await.is_some(),
                    "{id} was answered before sync {sync} and is lost"
                );
            }
            // Whoever comes next finishes what the dead process left, and everybody is somebody.
            let said = after.submit(vec![create(99)]).await;
            assert!(said[0].is_ok(), "{said:?}");
            let view = after.engine.store.snapshot().unwrap();
            let number = view.connection_number(&self::api()).unwrap().unwrap();
            let shadows = view.live_count(number, Class::Account).unwrap();
            assert_eq!(view.entities(Class::Account, None).unwrap().count() as u64, shadows);
            after.verify();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_waits_for_the_disk_once() {
    let api = Api::new();
    // The first call makes what all others find.
    api.submit(vec![create(0)]).await;
    let waits = || api.engine.store.counters().waits();
    let title = Edit { attribute: "name".into(), replace: Some("\"Other\"".to_owned()), add: None, remove: None };
    let calls = [vec![create(1)], vec![edit(Class::Account, "id-1", title)], vec![gone("id-1")], vec![create(0)]];
    for call in calls {
        let before = waits();
        let text = format!("{call:?}");
        api.submit(call).await;
        assert_eq!(waits() - before, 1, "{text}");
    }
    api.verify();
}

/// The disk of the test below, which looks at it when something is about to be sent; and what it saw.
static SENDING: OnceLock<Recorder> = OnceLock::new();
static SAW: Mutex<Vec<bool>> = Mutex::new(Vec::new());

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_was_on_the_disk_before() {
    let disk = SENDING.get_or_init(Recorder::new);
    let deliver = r#""deliver": {"app": {"scope": null, "first-delivery": "allow", "account": {"map": {"login": "account.userName"}}}}"#;
    let api = with(disk, &POLICY.replace(r#""deliver": {}"#, deliver));
    rosterd_model::effect::install(|name| {
        if name == "send" {
            let disk = SENDING.get().unwrap();
            let store = Recorder::of_image(disk.image(disk.syncs())).open().unwrap();
            let view = store.snapshot().unwrap();
            let app = view.connection_number(&"app".parse().unwrap()).unwrap();
            SAW.lock().unwrap().push(app.is_some_and(|app| !view.in_flight(app).unwrap().is_empty()));
        }
    });
    for number in 0..5 {
        assert!(api.submit(vec![create(number)]).await[0].is_ok());
    }
    // Whoever comes to deliver waits for who does.
    api.engine.deliver().await.unwrap();
    let saw = SAW.lock().unwrap().clone();
    assert!(!saw.is_empty() && saw.iter().all(|saw| *saw), "{saw:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_may_say_several_things_of_one_object_in_order() {
    let api = Api::new();
    let title = |text: &str| {
        let replace = Some(Value::from(text).to_string());
        edit(Class::Account, "id-1", Edit { attribute: "title".into(), replace, add: None, remove: None })
    };
    let answers = api
        .submit(vec![create(1), title("Clerk"), create(1), title("Boss"), gone("id-1"), title("Ghost"), create(1)])
        .await;
    let kinds: Vec<Option<FaultKind>> = answers.iter().map(|answer| answer.as_ref().err().map(|f| f.kind)).collect();
    let (exists, lost) = (Some(FaultKind::AlreadyExists), Some(FaultKind::NotFound));
    assert_eq!(kinds, [None, None, exists, None, None, lost, None]);
    assert!(api.get(Class::Account, "id-1").await.is_some());
    api.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_make_the_same_cost_two_runs() {
    let api = Api::new();
    let same = |number: usize| {
        let attributes = json!({ "userName": "ann", "number": number.to_string() });
        Submission { change: record(Class::Account, &format!("id-{number}"), &attributes), create: true, expect: None }
    };
    let answers = api.submit((0..30).map(same).collect()).await;
    let kinds: Vec<Option<FaultKind>> = answers.iter().map(|answer| answer.as_ref().err().map(|f| f.kind)).collect();
    assert_eq!(kinds[0], None);
    assert!(kinds[1..].iter().all(|kind| *kind == Some(FaultKind::Conflict)), "{answers:?}");
    assert_eq!(api.runs(), 2);
    assert!(answers[1].as_ref().unwrap_err().message.contains("case "));
    api.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_refused_and_not_kept() {
    let api = Api::new();
    let bad = Submission { change: record(Class::Account, "x", &json!("no object")), create: true, expect: None };
    let large = json!({ "userName": "x", "note": "n".repeat(2 << 20) });
    let large = Submission { change: record(Class::Account, "y", &large), create: true, expect: None };
    let answers = api.submit(vec![bad, large, create(1)]).await;
    let kind = |at: usize| answers[at].as_ref().err().map(|fault| fault.kind);
    assert_eq!((kind(0), kind(1), kind(2)), (Some(FaultKind::Invalid), Some(FaultKind::Invalid), None));
    assert!(api.get(Class::Account, "x").await.is_none());
    let other = api.engine.directory(&"other".parse().unwrap());
    assert!(other.err().unwrap().to_string().contains("pushed = true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_is_answered_without_its_members() {
    let api = Api::new();
    let members: Vec<Value> = (0..150).map(|n| json!({ "value": format!("id-{n}") })).collect();
    let group = record(Class::Group, "g", &json!({ "displayName": "All", "members": members }));
    api.submit(vec![Submission { change: group, create: true, expect: None }]).await;
    let add = Some(json!([{ "value": "id-200" }]).to_string());
    let more = edit(Class::Group, "g", Edit { attribute: "members".into(), replace: None, add, remove: None });
    let answers = api.submit(vec![more]).await;
    let object = answers[0].as_ref().unwrap().as_ref().unwrap();
    assert!(object.partial && !object.attributes.contains("members"), "{object:?}");
    let whole = api.get(Class::Group, "g").await.unwrap();
    assert!(!whole.partial && whole.attributes.contains("id-200"));
    // Whose groups: by an index of members.
    let listing = api.directory().query(Class::Group, asked(Some(eq("members.value", "ID-200")))).await.unwrap();
    assert_eq!(listing.objects.len(), 1);
    api.verify();
}

pub(crate) fn eq(attribute: &str, value: &str) -> Filter {
    Filter::Compare { attribute: attribute.to_owned(), is: Comparison::Eq, value: value.into() }
}

pub(crate) fn asked(filter: Option<Filter>) -> Query {
    Query { filter, sort: Vec::new(), offset: 0, after: None, max: 1_000, attributes: None }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn filter(&mut self, depth: u64) -> Filter {
        match self.below(if depth > 3 { 3 } else { 6 }) {
            0..=2 => {
                let attribute = ["userName", "title", "emails.value", "id", "name"][self.below(5) as usize].to_owned();
                let is =
                    [Comparison::Eq, Comparison::Ne, Comparison::Sw, Comparison::Co, Comparison::Pr, Comparison::Gt];
                let is = is[self.below(6) as usize];
                let number = self.below(12);
                let text = ["user", "t", "M", "id-", "Person "][self.below(5) as usize];
                let value = if is == Comparison::Pr { Value::Null } else { format!("{text}{number}").into() };
                Filter::Compare { attribute, is, value }
            }
            3 => Filter::And((0..2).map(|_| self.filter(depth + 1)).collect()),
            4 => Filter::Or((0..2).map(|_| self.filter(depth + 1)).collect()),
            _ => Filter::Not(Box::new(self.filter(depth + 1))),
        }
    }
}

/// All pages of an answer.
async fn pages(directory: &dyn Directory, mut query: Query) -> (Vec<String>, Option<u64>) {
    let (mut ids, mut total) = (Vec::new(), None);
    loop {
        let listing = directory.query(Class::Account, query.clone()).await.unwrap();
        ids.extend(listing.objects.iter().map(|object| object.id.to_string()));
        total = total.or(listing.total);
        match listing.next {
            Some(next) => (query.after, query.offset) = (Some(next), 0),
            None => return (ids, total),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_finds_exactly_those_that_fit_in_the_order_that_was_asked_for() {
    let api = Api::new();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut people = Vec::new();
    for number in 0..40 {
        let mut attributes = person(number);
        if dice.below(2) == 0 {
            attributes["title"] = format!("T{}", dice.below(5)).into();
        }
        attributes["emails"] = json!([{ "value": format!("M{}", dice.below(9)) }, { "value": format!("m{number}") }]);
        people.push((format!("id-{number}"), attributes));
    }
    let submission = |(id, attributes): &(String, Value)| Submission {
        change: record(Class::Account, id, attributes),
        create: true,
        expect: None,
    };
    api.submit(people.iter().map(submission).collect()).await;
    // Some go and some change: neither may be found by what it was.
    let left: Vec<String> = (0..5).map(|_| people.remove(dice.below(30) as usize).0).collect();
    api.submit(left.iter().map(|id| gone(id)).collect()).await;
    people[0].1["userName"] = "user7000".into();
    let changed = Submission { create: false, ..submission(&people[0]) };
    assert!(api.submit(vec![changed]).await[0].is_ok());
    api.verify();
    let known: Vec<_> = people
        .iter()
        .map(|(id, attributes)| (ExternalId::from(id.as_str()), json_attributes(&attributes.to_string()).unwrap()))
        .collect();
    let directory = api.directory();
    for round in 0..120 {
        let filter = (round % 20 > 0).then(|| dice.filter(0));
        let sort = match dice.below(3) {
            0 => vec![Sort { attribute: "title".to_owned(), descending: dice.below(2) == 0 }],
            _ => Vec::new(),
        };
        let mut expected: Vec<_> = known
            .iter()
            .filter(|(id, attributes)| filter.as_ref().is_none_or(|filter| fits(filter, id, attributes)))
            .map(|(id, attributes)| (sort_keys(&sort, id, attributes), id))
            .collect();
        expected.sort_by(|a, b| order(&sort, &a.0, &b.0).then_with(|| a.1.cmp(b.1)));
        let offset = dice.below(4);
        let skipped = usize::try_from(offset).unwrap();
        let ids: Vec<String> = expected.iter().skip(skipped).map(|(_, id)| id.to_string()).collect();
        let query = Query { sort, offset, max: 1 + dice.below(9), ..asked(filter.clone()) };
        let (found, total) = pages(&*directory, query.clone()).await;
        assert_eq!(found, ids, "{query:?}");
        assert_eq!(total, Some(expected.len() as u64), "{query:?}");
        let none = directory.query(Class::Account, Query { max: 0, ..query }).await.unwrap();
        assert_eq!((none.objects.len(), none.total, none.next), (0, Some(expected.len() as u64), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_read_before_can_be_asked_as_well() {
    let api = Api::new();
    api.submit(vec![create(1)]).await;
    let number = api.engine.store.snapshot().unwrap().connection_number(&self::api()).unwrap().unwrap();
    let dropped = |w: &mut rosterd_store::Writer<'_>| w.drop_shadow_keys(number);
    api.engine.store.commit::<_, rosterd_store::StoreError>("test", dropped).unwrap();
    let directory = api.directory();
    for submitted in [1, 2] {
        let listing = directory.query(Class::Account, asked(Some(eq("userName", "USER1")))).await.unwrap();
        assert_eq!((listing.objects.len(), listing.total), (1, Some(1)));
        api.submit(vec![create(submitted + 1)]).await;
        assert!(api.engine.store.snapshot().unwrap().has_shadow_keys(number).unwrap());
    }
    api.verify();
}
