//! Logins into the hub itself: its engine, its store, and what its rules make of them.

use super::*;
use crate::login::hub::Hub;
use rosterd_engine::testing::{TestClock, World as Connections};
use rosterd_engine::{Engine, Events, Gate, Policy, Settings};
use rosterd_model::directory::Submission;
use rosterd_model::record::DepartureCause;
use rosterd_model::spec::PolicySpec;
use rosterd_model::{Change, Class, Entity, Record, Value};
use rosterd_store::prelude::*;
use rosterd_store::testing::Recorder;
use serde_json::json;

const POLICY: &str = r#"{"jobs": {
    "hr": {"source": "hr", "pushed": true, "account": {"correlate": [{"tier": 1, "match": ["emails.work"]}]}},
    "id": {"source": "id", "pushed": true, "account": {"correlate": [{"tier": 1, "match": ["emails.work"]}],
        "returning": {"reaction": "review"}, "map": {
            "userName": {"from": "source.preferredUserName", "apply": "on-create", "unique": "{}{n}"},
            "displayName": "source.displayName", "emails.work": "source.emails.work", "orgUnit": "source.orgUnit"}},
        "group": {}, "org-unit": {}}},
  "deliver": {}, "authority": {"default": ["hr", "id"], "lifecycle": ["hr"]}, "guard": {"on-trip": "apply-safe"}, "protect": {}}"#;

const ANN: &str = "https://id.example#u-1";

struct Company {
    script: Arc<Script>,
    engine: Engine,
    app: Router,
}

fn company(more: &str) -> Company {
    let spec: PolicySpec = serde_json::from_str(POLICY).expect("a policy");
    let clock = Arc::new(TestClock::default());
    clock.set(NOW_S * 1000);
    let engine = Engine {
        store: Arc::new(Recorder::new().open().expect("a store")),
        connections: Arc::new(Connections::new()),
        policy: Arc::new(Policy::compile(&spec, "digest".to_owned()).expect("a policy")),
        settings: Settings::default(),
        clock: Arc::clone(&clock) as _,
        events: Events::silent(),
        delivering: rosterd_engine::engine::Delivering::default(),
        gate: Gate::default(),
        principal: "tester".to_owned(),
    };
    let own = engine.clone();
    let hub = Hub::new(Arc::new(move |principal| Some(Engine { principal: principal.to_owned(), ..own.clone() })));
    let around = Surroundings {
        clock,
        audit: Arc::new(hub.clone()),
        people: Arc::new(hub.clone()),
        public_url: "https://hub.example".to_owned(),
    };
    let script = Arc::new(Script::new());
    let directory = hub.directory("id", "id".parse().expect("an id"));
    let one = Configured { settings: settings(more), directory, fetch: Arc::clone(&script) as _ };
    let logins = Logins::new([("id".to_owned(), one)].into(), around).expect("logins");
    Company { script, engine, app: router(logins) }
}

impl Company {
    async fn login(&self) -> (StatusCode, String) {
        let (_, headers, _) = get(&self.app, "/login/id", None).await;
        let sent = sent(&headers);
        let code = self.script.code(&sent.query["nonce"], &sent.query["code_challenge"]);
        let path = format!("/login/id/callback?code={code}&state={}", sent.query["state"]);
        let (status, _, body) = get(&self.app, &path, Some(&sent.cookie)).await;
        (status, body)
    }

    async fn says(&self, connection: &str, change: Change) {
        let directory = self.engine.directory(&connection.parse().expect("an id")).expect("a directory");
        let answers = directory.submit(vec![Submission { change, create: false, expect: None }]).await;
        assert!(answers[0].is_ok(), "{answers:?}");
    }

    async fn hires(&self, id: &str, mut attributes: serde_json::Value) {
        attributes["userName"] = format!("hr{id}").into();
        let (id, attributes) = (id.into(), attributes.to_string());
        let class = Class::Account;
        let record = Record { class, id, previous_id: None, version: None, attributes, partial: false };
        self.says("hr", Change::Upsert(record)).await;
    }

    fn all(&self, class: Class) -> Vec<Entity> {
        let view = self.engine.store.snapshot().expect("a view");
        view.entities(class, None).expect("entities").map(|entity| entity.expect("an entity")).collect()
    }

    /// What waits for a person, for messages of failed tests.
    fn cases(&self) -> String {
        let view = self.engine.store.snapshot().expect("a view");
        (1..9)
            .filter_map(|number| view.case(number).expect("cases"))
            .map(|case| format!("{}; ", case.message))
            .collect()
    }

    /// The newest row of the audit about a login.
    fn audit(&self) -> (String, String, String) {
        let view = self.engine.store.snapshot().expect("a view");
        let mut rows = view.audit(0).expect("rows").map(|row| row.expect("a row").1);
        let row = rows.rfind(|row| row.what.starts_with("login")).expect("a row");
        (row.principal, row.what, row.detail.expect("a text"))
    }
}

fn hubbing(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work);
}

fn gone(id: &str) -> Change {
    Change::Gone { class: Class::Account, id: id.into(), cause: DepartureCause::Deleted }
}

#[test]
fn whoever_logs_in_is_in_the_hub_and_in_its_audit() {
    hubbing(async {
        let company = company("");
        let (status, body) = company.login().await;
        assert!(
            status == StatusCode::OK && body.contains("Your account is ready"),
            "{status}: {body} {}",
            company.cases()
        );
        let all = company.all(Class::Account);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].attributes.get("displayName"), Some(&Value::from("Ann Lee")));
        assert_eq!(all[0].attributes.get("emails.work"), Some(&Value::from("ann@acme.example")));
        let (who, what, detail) = company.audit();
        assert_eq!((who.as_str(), what.as_str()), ("login id", "login"));
        assert!(detail.starts_with("https://id.example#u-1 on id: taken in (reference "), "{detail}");
        company.script.claims(|claims| claims["name"] = json!("Ann Li"));
        assert!(company.login().await.1.contains("up to date"));
        assert_eq!(company.all(Class::Account)[0].attributes.get("displayName"), Some(&Value::from("Ann Li")));
    });
}

#[test]
fn an_address_that_the_provider_vouches_for_finds_the_person_and_another_one_does_not() {
    hubbing(async {
        let company = company("");
        company.hires("17", json!({ "displayName": "Lee, Ann", "emails.work": "ann@acme.example" })).await;
        company.script.claims(|claims| claims["email_verified"] = json!(false));
        assert_eq!(company.login().await.0, StatusCode::OK);
        assert_eq!(company.all(Class::Account).len(), 2, "nobody is found by an address that anybody can write");
        company.script.claims(|claims| claims["sub"] = json!("u-2"));
        assert_eq!(company.login().await.0, StatusCode::OK);
        let all = company.all(Class::Account);
        assert_eq!(all.len(), 2);
        // HR decides the name.
        assert!(all.iter().any(|one| one.attributes.get("displayName") == Some(&Value::from("Lee, Ann"))));
    });
}

#[test]
fn whoever_left_stays_out_whoever_removed_him() {
    hubbing(async {
        let company = company("");
        company.hires("17", json!({ "displayName": "Lee, Ann", "emails.work": "ann@acme.example" })).await;
        assert_eq!(company.login().await.0, StatusCode::OK);
        company.says("hr", gone("17")).await;
        let before = company.all(Class::Account);
        assert!(!before[0].lifecycle.is_active(), "{:?}", before[0].lifecycle);
        assert_eq!(company.login().await.0, StatusCode::FORBIDDEN);
        let (_, what, detail) = company.audit();
        assert!(what == "login-refused" && detail.contains("on id: gone (reference "), "{what} {detail}");
        assert_eq!(company.all(Class::Account), before);
    });
    hubbing(async {
        let company = company("");
        assert_eq!(company.login().await.0, StatusCode::OK);
        company.says("id", gone(ANN)).await;
        assert_eq!(company.login().await.0, StatusCode::FORBIDDEN);
        assert!(company.audit().2.contains("gone"));
    });
}

#[test]
fn whoever_left_is_not_let_in_again_under_a_new_id() {
    hubbing(async {
        let company = company("");
        company.hires("17", json!({ "displayName": "Lee, Ann", "emails.work": "ann@acme.example" })).await;
        company.says("hr", gone("17")).await;
        let before = company.all(Class::Account);
        let (status, body) = company.login().await;
        let (_, what, detail) = company.audit();
        assert_eq!((status, what.as_str()), (StatusCode::FORBIDDEN, "login-refused"), "{body} {detail}");
        assert!(detail.contains("uncertain"), "{detail}");
        assert_eq!(company.all(Class::Account), before);
    });
}

#[test]
fn who_could_be_two_people_is_nobody_until_somebody_decides() {
    hubbing(async {
        let company = company("");
        company.hires("17", json!({ "displayName": "A", "emails.work": "ann@acme.example" })).await;
        company.hires("18", json!({ "displayName": "B" })).await;
        company.hires("18", json!({ "displayName": "B", "emails.work": "ann@acme.example" })).await;
        let (status, _) = company.login().await;
        let (_, _, detail) = company.audit();
        assert_eq!(status, StatusCode::FORBIDDEN, "{detail}");
        assert!(detail.contains("uncertain") && detail.contains("case "), "{detail}");
    });
}

#[test]
fn groups_and_org_units_of_the_claims_are_those_of_the_hub() {
    let more = "groups = { remove = true, values = { g1 = \"Engineering\" } }\n\
        org-unit = { claim = \"department\", values = { D1 = \"Research\" } }";
    hubbing(async move {
        let company = company(more);
        company.script.claims(|claims| {
            claims["groups"] = json!(["g1"]);
            claims["department"] = json!("D1");
        });
        let (status, _) = company.login().await;
        assert_eq!(status, StatusCode::OK, "{}", company.audit().2);
        let members = || match company.all(Class::Group)[0].attributes.get("members") {
            Some(Value::List(members)) => members.len(),
            _ => 0,
        };
        assert_eq!((company.all(Class::Group).len(), members()), (1, 1));
        assert_eq!(company.all(Class::OrgUnit)[0].attributes.get("displayName"), Some(&Value::from("Research")));
        assert!(company.all(Class::Account)[0].attributes.get("orgUnit").is_some());
        company.script.claims(|claims| claims["hasgroups"] = json!(true));
        assert_eq!((company.login().await.0, members()), (StatusCode::OK, 1));
        company.script.claims(|claims| claims["groups"] = json!([]));
        assert_eq!((company.login().await.0, members()), (StatusCode::OK, 0));
    });
}

#[test]
fn two_first_logins_at_once_are_one_account_of_the_hub() {
    hubbing(async {
        let company = company("");
        let (one, two) = tokio::join!(company.login(), company.login());
        assert_eq!((one.0, two.0), (StatusCode::OK, StatusCode::OK));
        assert_eq!(company.all(Class::Account).len(), 1);
        let view = company.engine.store.snapshot().expect("a view");
        let report = rosterd_store::verify::verify(&view).expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
    });
}
