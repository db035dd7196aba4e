//! A company from a seed, and what happens in it on a day.

use super::tree::{departments, leaves, parents};
use super::vendor::Vendor;
use super::{APP, MONDAY, SECRET, TOKEN};
use serde_json::{Value, json};

/// The first department below the root; the others follow.
const FIRST: i64 = 1000;
const TITLES: [&str; 5] = ["工程师", "Engineer", "Head of department", "Trainee", "顾问"];

/// `splitmix64`: a seed gives the same company with every version of every crate.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("below a usize")
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// A company that goes on.
pub(super) struct Company {
    random: Random,
    people: usize,
    departments: i64,
}

impl Company {
    /// So many people in so many departments, the root among them; what the simulator is to be started with.
    pub(super) fn new(seed: u64, people: usize, count: i64) -> (Self, Value) {
        let mut company = Self { random: Random(seed), people: 0, departments: FIRST };
        let (mut found, mut ids) = (serde_json::Map::new(), vec![1]);
        for _ in 1..count {
            // Below one of the last forty: a tree of several levels.
            let parent = ids[ids.len().saturating_sub(40)..][company.random.below(ids.len().min(40))];
            let (id, department) = company.department(parent);
            found.insert(id.to_string(), department);
            ids.push(id);
        }
        // The last tenth stays empty, and the first department has more people than a page.
        let used = &ids[..ids.len() - ids.len() / 10];
        let mut users = serde_json::Map::new();
        for n in 0..people {
            let mut own = vec![if n % 20 == 0 { FIRST } else { *company.random.pick(used) }];
            for _ in 0..[0, 0, 0, 0, 0, 0, 0, 1, 1, 2][company.random.below(10)] {
                let more = *company.random.pick(used);
                if !own.contains(&more) {
                    own.push(more);
                }
            }
            let (userid, person) = company.person(&own);
            users.insert(userid, person);
        }
        let rates = json!({ "app_per_second": 1_000_000, "address_per_twenty_seconds": 1_000_000 });
        let state = json!({
            "corp_id": "dingkanaricorp", "corp_name": "Kanarienvögel AG", "departments": found, "users": users,
            "apps": { APP: { "secret": SECRET, "token_prefix": TOKEN } },
            "settings": { "clock": MONDAY, "rates": rates },
        });
        (company, state)
    }

    fn department(&mut self, parent: i64) -> (i64, Value) {
        let id = self.departments;
        self.departments += 1;
        let more = if id % 3 == 0 { json!({ "source_identifier": format!("HR-{id}") }) } else { json!({}) };
        (id, json!({ "name": format!("部门 {id}"), "parent_id": parent, "order": id % 17, "more": more }))
    }

    fn person(&mut self, departments: &[i64]) -> (String, Value) {
        let n = self.people;
        self.people += 1;
        let texts = json!({
            "mobile": format!("139{n:08}"), "state_code": "86", "job_number": format!("E{n:05}"),
            "title": self.random.pick(&TITLES), "email": format!("p{n}@example.com"), "work_place": "HQ",
        });
        let person =
            json!({ "name": format!("Person {n} 芳"), "dept_id_list": departments, "texts": texts, "created": n });
        (format!("user{n:05}"), person)
    }

    /// A day passes, and what happens on it.
    pub(super) fn day(&mut self, vendor: &Vendor) {
        vendor.verb("POST", "/clock", &json!({ "advance": super::DAY }));
        self.changes(vendor);
    }

    /// What happens on a day: people come, leave, move and change, departments are made, renamed and moved.
    pub(super) fn changes(&mut self, vendor: &Vendor) {
        let state = vendor.state();
        let users: Vec<&String> = state["users"].as_object().expect("users").keys().collect();
        let above = parents(&state);
        let ids: Vec<i64> = above.keys().copied().collect();
        let under = *self.random.pick(&ids);
        let (new, department) = self.department(under);
        vendor.verb("POST", &format!("/departments/{new}"), &department);
        for _ in 0..8 {
            let own = [*self.random.pick(&ids), new];
            let count = 1 + self.random.below(2);
            let (userid, person) = self.person(&own[..count]);
            vendor.verb("POST", &format!("/people/{userid}"), &person);
        }
        let mut busy = std::collections::BTreeSet::new();
        for n in 0..30 {
            let userid = *self.random.pick(&users);
            if !busy.insert(userid) {
                continue;
            }
            let path = format!("/people/{userid}");
            match n {
                0..6 => drop(vendor.verb("DELETE", &path, &Value::Null)),
                6..18 => {
                    let own = [*self.random.pick(&ids), *self.random.pick(&ids)];
                    let own = if own[0] == own[1] { &own[..1] } else { &own[..1 + n % 2] };
                    vendor.verb("POST", &path, &json!({ "dept_id_list": own }));
                }
                _ => {
                    let texts = json!({ "title": self.random.pick(&TITLES), "mobile": format!("138{:08}", self.random.below(99_999_999)) });
                    vendor.verb("POST", &path, &json!({ "name": format!("{userid} renamed {n}"), "texts": texts }));
                }
            }
        }
        for n in 0..3 {
            let id = *self.random.pick(&ids[1..]);
            let renamed = json!({ "name": format!("部门 {id} {n}{}", self.random.below(1000)), "order": n });
            vendor.verb("POST", &format!("/departments/{id}"), &renamed);
        }
        // A leaf can go anywhere without making a loop.
        let leaves = leaves(&state);
        let leaf = *self.random.pick(&leaves);
        let to = ids.iter().copied().filter(|id| *id != leaf).collect::<Vec<_>>();
        let to = *self.random.pick(&to);
        vendor.verb("POST", &format!("/departments/{leaf}"), &json!({ "parent_id": to }));
    }

    /// Somebody who is in one department only, a leaf far down, which is read late; not in the very last ones.
    pub(super) fn somebody_read_late(vendor: &Vendor) -> String {
        let state = vendor.state();
        let users = state["users"].as_object().expect("users");
        let only =
            |id: i64| users.iter().find(|(_, person)| departments(person) == [id].into()).map(|(userid, _)| userid);
        leaves(&state).into_iter().skip(10).find_map(only).expect("somebody in one department").clone()
    }
}
