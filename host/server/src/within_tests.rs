use super::*;
use rosterd_model::record::{Amendment, DepartureCause, Edit};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A directory in memory: it answers every query with everything, page by page.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<(Class, String), Record>>);

impl Memory {
    fn put(&self, class: Class, id: &str, attributes: &serde_json::Value) {
        let record = Record {
            class,
            id: id.into(),
            previous_id: None,
            version: Some("1".to_owned()),
            attributes: attributes.to_string(),
            partial: false,
        };
        self.0.lock().expect("the map").insert((class, id.to_owned()), record);
    }
}

impl Directory for Memory {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            let mut all = self.0.lock().expect("the map");
            let mut one = |submission: Submission| match submission.change {
                Change::Upsert(record) => {
                    let key = (record.class, record.id.to_string());
                    let before = all.get(&key);
                    if submission.create && before.is_some() {
                        return Err(Fault::new(FaultKind::AlreadyExists, "there"));
                    }
                    if submission.expect.is_some()
                        && before.and_then(|record| record.version.clone()) != submission.expect
                    {
                        return Err(Fault::new(FaultKind::Conflict, "another version"));
                    }
                    all.insert(key, record.clone());
                    Ok(Some(record))
                }
                Change::Gone { class, id, .. } => {
                    all.remove(&(class, id.to_string()));
                    Ok(None)
                }
                _ => Ok(None),
            };
            submissions.into_iter().map(&mut one).collect()
        })
    }

    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(async move { Ok(self.0.lock().expect("the map").get(&(class, id.to_string())).cloned()) })
    }

    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async move {
            assert!(query.attributes.is_none() && query.offset == 0);
            let all = self.0.lock().expect("the map");
            let after = query.after.unwrap_or_default();
            let mut rest = all.values().filter(|record| record.class == class && record.id.as_str() > after.as_str());
            let objects: Vec<Record> =
                rest.by_ref().take(usize::try_from(query.max).expect("small")).cloned().collect();
            let last = objects.last().map(|record| record.id.to_string());
            let next = rest.next().and(last);
            Ok(Listing { objects, next, total: None })
        })
    }
}

/// Sales has a south; finance is elsewhere; `loop` is above itself.
fn within() -> (Arc<Memory>, Within) {
    let memory = Arc::new(Memory::default());
    let unit = |id: &str, parent: serde_json::Value| memory.put(Class::OrgUnit, id, &json!({ "parent": parent }));
    unit("company", json!(null));
    unit("sales", json!("company"));
    unit("south", json!({ "ref": "org-unit", "id": "sales" }));
    unit("finance", json!("company"));
    unit("loop", json!("loop"));
    for (id, units) in [
        ("a", json!(["south"])),
        ("b", json!(["finance"])),
        ("c", json!(["finance", "sales"])),
        ("d", json!([])),
        ("e", json!(["loop"])),
        ("f", json!(["nowhere"])),
        ("g", json!(["sales"])),
    ] {
        memory.put(Class::Account, id, &json!({ "orgUnits": units, "userName": id }));
    }
    let within = Within::new(Arc::clone(&memory) as Arc<_>, vec!["sales".into()]);
    (memory, within)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
}

fn query(max: u64, offset: u64, after: Option<String>) -> Query {
    Query { filter: None, sort: Vec::new(), offset, after, max, attributes: Some(vec!["userName".to_owned()]) }
}

fn ids(listing: &Listing) -> Vec<&str> {
    listing.objects.iter().map(|record| record.id.as_str()).collect()
}

fn upsert(class: Class, id: &str, attributes: &serde_json::Value) -> Submission {
    let attributes = attributes.to_string();
    let record = Record { class, id: id.into(), previous_id: None, version: None, attributes, partial: false };
    Submission { change: Change::Upsert(record), create: false, expect: None }
}

fn kind(within: &Within, submission: Submission) -> Option<FaultKind> {
    run(within.submit(vec![submission])).remove(0).err().map(|fault| fault.kind)
}

#[test]
fn what_lies_outside_is_not_there() {
    let (_, within) = within();
    let seen = |class, id: &str| run(within.get(class, id.into())).expect("an answer").is_some();
    for (id, inside) in [("a", true), ("b", false), ("c", true), ("d", false), ("e", false), ("f", false)] {
        assert_eq!(seen(Class::Account, id), inside, "{id}");
    }
    for (id, inside) in [("sales", true), ("south", true), ("company", false), ("finance", false), ("loop", false)] {
        assert_eq!(seen(Class::OrgUnit, id), inside, "{id}");
    }
}

#[test]
fn pages_and_totals_are_of_what_lies_inside() {
    let (_, within) = within();
    let first = run(within.query(Class::Account, query(2, 0, None))).expect("a page");
    assert_eq!((ids(&first), first.total), (vec!["a", "c"], Some(3)));
    assert_eq!(first.objects[0].attributes, "{\"userName\":\"a\"}");
    assert!(first.objects[0].partial);
    let second = run(within.query(Class::Account, query(2, 0, first.next.clone()))).expect("a page");
    assert_eq!((ids(&second), second.next.as_deref()), (vec!["g"], None));
    let skipped = run(within.query(Class::Account, query(1, 1, None))).expect("a page");
    assert_eq!((ids(&skipped), skipped.total), (vec!["c"], Some(3)));
    let counted = run(within.query(Class::Account, query(0, 0, None))).expect("a page");
    assert_eq!((counted.objects.len(), counted.next, counted.total), (0, None, Some(3)));
    let units = run(within.query(Class::OrgUnit, query(10, 0, None))).expect("a page");
    assert_eq!((ids(&units), units.total), (vec!["sales", "south"], Some(2)));
}

#[test]
fn nothing_outside_is_told_by_a_place_behind_the_last() {
    let (memory, within) = within();
    memory.put(Class::Account, "z", &json!({ "orgUnits": ["finance"] }));
    let page = run(within.query(Class::Account, query(3, 0, None))).expect("a page");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["a", "c", "g"], None));
}

#[test]
fn nothing_outside_is_changed_and_nothing_is_brought_there() {
    let (_, within) = within();
    let forbidden = Some(FaultKind::Forbidden);
    let person = |id: &str, units: &[&str]| upsert(Class::Account, id, &json!({ "orgUnits": units }));
    assert_eq!(kind(&within, person("b", &["sales"])), forbidden, "it is outside");
    assert_eq!(kind(&within, person("a", &["finance"])), forbidden, "it would be outside");
    assert_eq!(kind(&within, person("a", &["south", "finance"])), forbidden, "a part of it would be outside");
    assert_eq!(kind(&within, person("a", &[])), forbidden, "it would be nowhere");
    assert_eq!(kind(&within, person("new", &["nowhere"])), forbidden);
    assert_eq!(kind(&within, person("new", &["south"])), None);
    assert_eq!(kind(&within, person("a", &["sales"])), None);
    assert_eq!(kind(&within, person("c", &["finance", "south"])), None, "what was there may stay");
    let unit = |id: &str, parent: &str| upsert(Class::OrgUnit, id, &json!({ "parent": parent }));
    assert_eq!(kind(&within, unit("south", "finance")), forbidden);
    assert_eq!(kind(&within, unit("sales", "finance")), forbidden);
    assert_eq!(kind(&within, unit("sales", "company")), None, "it stays where it was");
    assert_eq!(kind(&within, unit("north", "sales")), None);
    let gone = |id: &str| Submission {
        change: Change::Gone { class: Class::Account, id: id.into(), cause: DepartureCause::Deleted },
        create: false,
        expect: None,
    };
    assert_eq!(kind(&within, gone("b")), forbidden);
    assert_eq!(kind(&within, gone("g")), None);
}

#[test]
fn an_amendment_moves_nobody_out() {
    let (_, within) = within();
    let amend = |attribute: &str, add: Option<&str>, replace: Option<&str>| {
        let edit = Edit {
            attribute: attribute.to_owned(),
            replace: replace.map(str::to_owned),
            add: add.map(str::to_owned),
            remove: None,
        };
        let amendment = Amendment { class: Class::Account, id: "a".into(), version: None, edits: vec![edit] };
        Submission { change: Change::Amend(amendment), create: false, expect: None }
    };
    assert_eq!(kind(&within, amend("title", None, Some("\"x\""))), None);
    assert_eq!(kind(&within, amend("orgUnits", Some("[\"sales\"]"), None)), None);
    assert_eq!(kind(&within, amend("orgUnits", Some("[\"finance\"]"), None)), Some(FaultKind::Forbidden));
    assert_eq!(kind(&within, amend("orgUnits", None, Some("null"))), Some(FaultKind::Forbidden));
    assert_eq!(kind(&within, amend("orgUnits", None, Some("[\"finance\"]"))), Some(FaultKind::Forbidden));
}

/// A directory in which an account is moved away between the look at it and its change.
struct Moving(Memory, Mutex<bool>);

impl Directory for Moving {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        if !std::mem::replace(&mut *self.1.lock().expect("a flag"), true) {
            self.0.put(Class::Account, "a", &json!({ "orgUnits": ["finance"] }));
            let key = (Class::Account, "a".to_owned());
            let mut all = self.0.0.lock().expect("the map");
            all.get_mut(&key).expect("it is there").version = Some("2".to_owned());
        }
        self.0.submit(submissions)
    }

    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        self.0.get(class, id)
    }

    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        self.0.query(class, query)
    }
}

#[test]
fn what_was_moved_away_meanwhile_is_not_changed() {
    let memory = Memory::default();
    memory.put(Class::Account, "a", &json!({ "orgUnits": ["sales"] }));
    let within = Within::new(Arc::new(Moving(memory, Mutex::new(false))), vec!["sales".into()]);
    let submission = upsert(Class::Account, "a", &json!({ "orgUnits": ["sales"], "title": "x" }));
    assert_eq!(kind(&within, submission), Some(FaultKind::Forbidden));
}
