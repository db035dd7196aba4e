//! Org units over the directory of the hub itself.

use crate::within::Within;
use rosterd_engine::testing::{TestClock, World};
use rosterd_engine::{Engine, Events, Gate, Policy, Settings};
use rosterd_model::directory::{Comparison, Directory, Filter, Listing, Query, Sort, Submission};
use rosterd_model::record::{Amendment, Change, Edit};
use rosterd_model::{Class, FaultKind, Record};
use rosterd_store::testing::Recorder;
use serde_json::{Value, json};
use std::sync::Arc;

const POLICY: &str = r#"{"jobs": {"api": {"source": "api", "pushed": true,
    "account": {"correlate": [{"tier": 1, "match": ["employeeNumber"]}],
        "map": {"userName": "source.userName", "employeeNumber": "source.number"}},
    "org-unit": {"map": {"displayName": "source.displayName"}}}},
  "deliver": {}, "authority": {"default": ["api"]}, "guard": {"on-trip": "apply-safe"}, "protect": {}}"#;

fn whole() -> Arc<dyn Directory> {
    let spec = serde_json::from_str(POLICY).expect("a policy");
    let clock = Arc::new(TestClock::default());
    clock.set(3_600_000_000);
    let engine = Engine {
        store: Arc::new(Recorder::new().open().expect("a store")),
        connections: Arc::new(World::new()),
        policy: Arc::new(Policy::compile(&spec, "digest".to_owned()).expect("it compiles")),
        settings: Settings { page_size: 10, observe_batch: 50, apply_batch: 40, deliver_batch: 10 },
        clock,
        events: Events::silent(),
        delivering: rosterd_engine::engine::Delivering::default(),
        gate: Gate::default(),
        principal: "client sales".to_owned(),
    };
    engine.directory(&"api".parse().expect("a name")).expect("a pushed job")
}

fn put(class: Class, id: &str, attributes: &Value) -> Submission {
    let attributes = attributes.to_string();
    let record = Record { class, id: id.into(), previous_id: None, version: None, attributes, partial: false };
    Submission { change: Change::Upsert(record), create: false, expect: None }
}

fn person(number: usize, unit: &str) -> Submission {
    let attributes =
        json!({ "userName": format!("user{number:02}"), "number": number.to_string(), "orgUnits": [unit] });
    put(Class::Account, &format!("id-{number:02}"), &attributes)
}

fn query(max: u64, sorted: bool, filter: Option<Filter>) -> Query {
    let sort = if sorted { vec![Sort { attribute: "userName".to_owned(), descending: true }] } else { Vec::new() };
    Query { filter, sort, offset: 0, after: None, max, attributes: None }
}

fn equal(attribute: &str, value: &str) -> Option<Filter> {
    Some(Filter::Compare { attribute: attribute.to_owned(), is: Comparison::Eq, value: value.into() })
}

fn ids(listing: &Listing) -> Vec<String> {
    listing.objects.iter().map(|record| record.id.to_string()).collect()
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work);
}

/// A directory of three units and thirty people, and what the first two units are of it.
async fn filled() -> (Arc<dyn Directory>, Within) {
    let whole = whole();
    let mut all = vec![
        put(Class::OrgUnit, "sales", &json!({ "displayName": "Sales" })),
        put(
            Class::OrgUnit,
            "south",
            &json!({ "displayName": "South", "parent": { "ref": "org-unit", "id": "sales" } }),
        ),
        put(Class::OrgUnit, "finance", &json!({ "displayName": "Finance" })),
    ];
    all.extend((0..30).map(|number| person(number, ["sales", "finance", "south"][number % 3])));
    for answer in whole.submit(all).await {
        answer.expect("stored");
    }
    let within = Within::new(Arc::clone(&whole), vec!["sales".into()]);
    (whole, within)
}

#[test]
fn pages_of_the_hub_are_cut_to_the_units_of_a_client() {
    run(async {
        let (_, within) = filled().await;
        let expected: Vec<String> = (0..30).filter(|number| number % 3 != 1).map(|n| format!("id-{n:02}")).collect();
        for sorted in [false, true] {
            for max in [1, 3, 7, 20, 50] {
                let (mut found, mut asked) = (Vec::new(), query(max, sorted, None));
                loop {
                    let page = within.query(Class::Account, asked.clone()).await.expect("a page");
                    assert!(page.objects.len() as u64 <= max);
                    assert!(asked.after.is_some() || page.total == Some(20), "{:?}", page.total);
                    found.extend(ids(&page));
                    match page.next {
                        Some(next) => asked.after = Some(next),
                        None => break,
                    }
                }
                if sorted {
                    found.reverse();
                }
                assert_eq!(found, expected, "{max} {sorted}");
            }
        }
        let skipped =
            within.query(Class::Account, Query { offset: 18, ..query(7, false, None) }).await.expect("a page");
        assert_eq!((ids(&skipped), skipped.total), (expected[18..].to_vec(), Some(20)));
        let inside = within.query(Class::Account, query(7, false, equal("userName", "user03"))).await.expect("a page");
        assert_eq!((ids(&inside), inside.total), (vec!["id-03".to_owned()], Some(1)));
        let outside = within.query(Class::Account, query(7, false, equal("userName", "user04"))).await.expect("a page");
        assert_eq!((ids(&outside), outside.total, outside.next), (Vec::new(), Some(0), None));
    });
}

#[test]
fn what_a_client_changes_stays_within_its_units() {
    run(async {
        let (whole, within) = filled().await;
        let kinds = async |submissions: Vec<Submission>| -> Vec<Option<FaultKind>> {
            let answers = within.submit(submissions).await;
            answers.into_iter().map(|answer| answer.err().map(|fault| fault.kind)).collect()
        };
        let forbidden = Some(FaultKind::Forbidden);
        let done = kinds(vec![person(0, "south"), person(1, "sales"), person(3, "finance"), person(40, "south")]).await;
        assert_eq!(done, [None, forbidden, forbidden, None]);
        let moved = |replace: &str| {
            let edit =
                Edit { attribute: "orgUnits".to_owned(), replace: Some(replace.to_owned()), add: None, remove: None };
            let amendment = Amendment { class: Class::Account, id: "id-05".into(), version: None, edits: vec![edit] };
            Submission { change: Change::Amend(amendment), create: false, expect: None }
        };
        assert_eq!(kinds(vec![moved("[\"finance\"]"), moved("[\"sales\"]")]).await, [forbidden, None]);
        let parent = json!({ "displayName": "South", "parent": { "ref": "org-unit", "id": "finance" } });
        assert_eq!(kinds(vec![put(Class::OrgUnit, "south", &parent)]).await, [forbidden]);
        // Once the unit is moved away by somebody else, everybody in it is gone for this client.
        for answer in whole.submit(vec![put(Class::OrgUnit, "south", &parent)]).await {
            answer.expect("stored");
        }
        assert_eq!(within.get(Class::Account, "id-02".into()).await.expect("an answer"), None);
        assert_eq!(kinds(vec![person(2, "sales")]).await, [forbidden]);
    });
}
