//! Who is moved out of the range that the application may see is missing from every scan from then on, and has not left.

use super::directory::Directory;
use super::{APP, MONDAY, Pair, Ran, SECRET, TOKEN, Way};
use serde_json::{Value, json};

const PERSON: &str = "/topapi/v2/user/get";

/// Forty people in the department that the application sees, and another department that it does not see.
fn organisation() -> Value {
    let person = |n: u32| {
        let texts = json!({ "mobile": format!("1390000{n:04}"), "state_code": "86", "job_number": format!("E{n}") });
        (
            format!("user{n}"),
            json!({ "name": format!("Person {n}"), "dept_id_list": [1000], "texts": texts, "created": n }),
        )
    };
    let users: serde_json::Map<String, Value> = (0..40).map(person).collect();
    let department = |name: &str| json!({ "name": name, "parent_id": 1, "order": 1 });
    let rates = json!({ "app_per_second": 1_000_000, "address_per_twenty_seconds": 1_000_000 });
    json!({
        "corp_id": "dingkanaricorp", "corp_name": "Kanarienvögel AG", "users": users,
        "departments": { "1000": department("Seen"), "2000": department("Not seen") },
        "apps": { APP: { "secret": SECRET, "token_prefix": TOKEN, "scope": { "users": [], "departments": [1000] } } },
        "settings": { "clock": MONDAY, "rates": rates },
    })
}

#[test]
fn who_is_moved_out_of_sight_is_a_case_and_who_is_gone_has_left() {
    let pair = Pair::new(organisation(), Way::Polling);
    let day = |code: i32| -> Ran {
        let ran = pair.next_day();
        assert_eq!(ran.said.code, Some(code), "{}{}", ran.said.out, ran.said.err);
        ran
    };
    day(0);
    assert_eq!(Directory::of_hub(&pair.hub).size(), (40, 1));

    // One is moved to a department that nobody here sees, one leaves. Both are missing from the next two scans.
    pair.vendor.verb("POST", "/people/user3", &json!({ "dept_id_list": [2000] }));
    pair.vendor.verb("DELETE", "/people/user4", &Value::Null);
    day(0);
    assert_eq!(Directory::of_hub(&pair.hub).size().0, 40, "one scan is not enough");
    let ran = day(7);
    let notes = ran.said.json()["run"]["notes"].to_string();
    assert!(notes.contains("1 objects that the scan did not show are there, and may not be seen any more"), "{notes}");
    assert_eq!(lifecycles(&pair), (39, vec!["user4".to_owned()]));
    let cases = pair.hub.rosterd(&["quarantine", "list", "--format", "json"]).code(0).json();
    assert_eq!(cases["cases"].as_array().map(Vec::len), Some(1), "{cases}");
    assert_eq!(cases["cases"][0]["id"], "user3", "{cases}");

    // Nobody can be asked about the next leaver: he stays until somebody can.
    pair.vendor.verb("DELETE", "/people/user5", &Value::Null);
    day(7);
    pair.fault(PERSON, 0, 20, &json!("busy"));
    let ran = day(7);
    let notes = ran.said.json()["run"]["notes"].to_string();
    assert!(notes.contains("account user5 is missing, and nobody can say whether it is gone"), "{notes}");
    assert_eq!(lifecycles(&pair).0, 39, "nobody could say whether he is gone");
    pair.vendor.verb("DELETE", "/faults", &Value::Null);
    day(7);
    assert_eq!(lifecycles(&pair), (38, vec!["user4".to_owned(), "user5".to_owned()]));

    // Who is moved back is seen again, and was never away.
    pair.vendor.verb("POST", "/people/user3", &json!({ "dept_id_list": [1000] }));
    pair.next_day();
    pair.assert_equal_people();
    pair.hub.verify();
    pair.vendor.assert_done();
}

#[test]
fn more_than_the_guard_lets_go_are_not_looked_for_and_wait_for_a_person() {
    let pair = Pair::new(organisation(), Way::Polling);
    pair.hub.configure("[job.ding.account]\n", "absence = { shrink-percent = 10.0 }\n[job.ding.account]\n");
    drop(pair.next_day());
    for n in 0..6 {
        pair.vendor.verb("POST", &format!("/people/user{n}"), &json!({ "dept_id_list": [2000] }));
    }
    drop(pair.next_day());
    let ran = pair.next_day();
    assert_eq!(ran.said.code, Some(6), "{}{}", ran.said.out, ran.said.err);
    let notes = ran.said.json()["run"]["notes"].to_string();
    assert!(notes.contains("none of them was looked for"), "{notes}");
    let asked = pair.vendor.verb("GET", "/counts", &Value::Null)["calls"][format!("POST {PERSON}")].clone();
    assert_eq!(asked, Value::Null, "nobody was asked about one by one");
    assert_eq!(lifecycles(&pair).0, 40);
    pair.hub.verify();
}

/// How many are active, and who is not.
fn lifecycles(pair: &Pair) -> (usize, Vec<String>) {
    let list = pair.hub.rosterd(&["account", "list", "--format", "json"]).code(0).json();
    let accounts = list["accounts"].as_array().expect("accounts").clone();
    let (active, gone): (Vec<Value>, Vec<Value>) = accounts.into_iter().partition(|one| one["lifecycle"] == "active");
    let mut gone: Vec<String> =
        gone.iter().map(|one| one["attributes"]["userName"].as_str().expect("a name").to_owned()).collect();
    gone.sort();
    (active.len(), gone)
}
