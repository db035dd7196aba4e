//! People in, people out, and what must never happen on the way.

use rosterd_tests::hub::{Hub, people};

fn digest(said: &rosterd_tests::hub::Said) -> String {
    said.json()["plan"]["digest"].as_str().expect("a plan").to_owned()
}

#[test]
fn a_plan_is_applied_by_its_digest_and_the_second_time_there_is_nothing_to_do() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 30));
    let plan = hub.rosterd(&["plan", "hr", "--format", "json"]).code(0);
    assert_eq!(hub.read("directory.csv"), "", "a plan changes nothing");
    let said = hub.rosterd(&["apply", &digest(&plan)[..12], "--format", "json"]).code(0);
    assert_eq!(said.json()["run"]["delivery"]["applied"], 30);
    assert_eq!(hub.read("directory.csv").lines().count(), 31);
    let again = hub.rosterd(&["run", "hr", "--format", "json"]).code(0);
    assert!(again.json()["plan"].is_null(), "{}", again.out);
    hub.verify();
}

#[test]
fn the_same_file_again_writes_nothing_but_the_run() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 100));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let before = tables(&hub);
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let mut after = tables(&hub);
    for (name, rows) in &before {
        let wanted = if name == "runs" { rows + 1 } else { *rows };
        assert_eq!(after.remove(name), Some(wanted), "rows of {name}");
    }
    let written = hub.rosterd(&["run", "hr", "--format", "json"]).code(0).json()["store"]["rows-written"].as_u64();
    assert!(written.is_some_and(|rows| rows <= 6), "{written:?} rows were written");
}

fn tables(hub: &Hub) -> std::collections::BTreeMap<String, u64> {
    let stats = hub.rosterd(&["store", "stats", "--format", "json"]).code(0).json();
    let tables = stats["tables"].as_array().expect("tables");
    tables
        .iter()
        .map(|t| (t["table"].as_str().unwrap_or_default().to_owned(), t["rows"].as_u64().unwrap_or(0)))
        .collect()
}

#[test]
fn a_file_cut_in_half_removes_nobody_however_often_it_is_read() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 200));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let directory = hub.read("directory.csv");
    let half: String = people(1, 200).lines().take(101).fold(String::new(), |text, line| text + line + "\n");
    hub.write("people.csv", &half);
    for _ in 0..3 {
        let said = hub.rosterd(&["run", "hr"]).code(6);
        assert!(said.out.contains("rosterd plan approve"), "{}", said.out);
        assert_eq!(hub.read("directory.csv"), directory);
    }
    assert_eq!(active(&hub), 200);
    // An empty file with nothing but its header is no better.
    hub.write("people.csv", people(1, 0).as_str());
    drop(hub.rosterd(&["run", "hr"]).code(6));
    assert_eq!(active(&hub), 200);
    // And neither is one that is gone: nothing can be read, nothing is concluded.
    std::fs::remove_file(hub.path("people.csv")).expect("the file was there");
    let said = hub.rosterd(&["run", "hr"]);
    assert_ne!(said.code, Some(0));
    assert_eq!(active(&hub), 200);
    hub.verify();
}

fn active(hub: &Hub) -> usize {
    let list = hub.rosterd(&["account", "list", "--limit", "10000", "--format", "json"]).code(0).json();
    let accounts = list["accounts"].as_array().expect("accounts");
    accounts.iter().filter(|account| account["lifecycle"] == "active").count()
}

#[test]
fn half_of_the_people_leave_after_a_person_said_so() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 40));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    hub.write("people.csv", &people(1, 20));
    let plan = hub.rosterd(&["plan", "hr", "--format", "json"]).code(6);
    let digest = digest(&plan);
    drop(hub.rosterd(&["apply", &digest]).code(6));
    assert_eq!(active(&hub), 40);
    drop(hub.rosterd(&["plan", "approve", &digest]).code(0));
    drop(hub.rosterd(&["apply", &digest]).code(0));
    assert_eq!(active(&hub), 20);
    assert_eq!(hub.read("directory.csv").matches("\"off\"").count(), 20);
    hub.verify();
}

#[test]
fn why_names_connection_rule_and_run() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 3));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let said = hub.rosterd(&["account", "why", "user2.mail"]).code(0);
    for word in ["user2.emails.work = user2@example.com", "hr says so", "account 00002", "source.email", "since run 1"]
    {
        assert!(said.out.contains(word), "no {word:?} in {}", said.out);
    }
}

#[test]
fn what_was_exported_can_be_imported_elsewhere() {
    let hub = Hub::new();
    hub.write("people.csv", "工号,用户名,姓名\n1,a,=1+1\n2,b,\"He said \"\"no\"\"\"\n3,c,'quoted\n4,d,＋fullwidth\n");
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let export = hub.export();
    assert!(export.contains("\"'=1+1\""), "{export}");
    let other = Hub::new();
    other.write("in.csv", &export);
    other.configure("first-delivery = \"allow\"", "first-delivery = \"allow\"\nscope = 'false'");
    let said = other.rosterd(&["import", "in.csv"]).code(0);
    assert!(said.out.contains("4 new") || said.out.contains("new"), "{}", said.out);
    let names = |hub: &Hub| {
        let list = hub.rosterd(&["account", "list", "--format", "json"]).code(0).json();
        let accounts = list["accounts"].as_array().expect("accounts").clone();
        accounts.iter().map(|account| account["attributes"]["displayName"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&hub), names(&other));
}
