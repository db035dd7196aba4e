//! The company of the simulator, and what it costs to read it.

use serde_json::{Map, Value, json};

/// The AppKey.
pub(super) const APP: &str = "dingbench";
/// The AppSecret.
pub(super) const SECRET: &str = "the-secret-of-the-bench";
/// The first department below the root; the others follow.
const FIRST: u64 = 1000;
/// People of a department, on average.
const PEOPLE: usize = 50;
/// Departments right below one.
const BELOW: u64 = 8;
/// People in one page of a listing: the most that DingTalk gives.
const PAGE: u64 = 100;

/// An organisation.
#[derive(Debug)]
pub(super) struct Company {
    /// What the simulator is started with.
    pub(super) state: Value,
    /// How many people there are.
    pub(super) people: usize,
    /// The least number of calls that read everything with the best endpoints: a token; for each department its children, its
    /// order and leaders, which nothing else tells, and its people, a hundred at a time, one call if there are none.
    pub(super) calls: u64,
}

impl Company {
    /// So many people, fifty in a department, one in ten of them in a second one; the vendor's limits, or none.
    pub(super) fn new(people: usize, limited: bool) -> Self {
        let count = (people / PEOPLE).max(2) as u64;
        let mut members = vec![0_u64; usize::try_from(count).unwrap_or(1)];
        let id = |place: u64| if place == 0 { 1 } else { FIRST + place };
        let mut departments = Map::new();
        for place in 1..count {
            let parent = id((place - 1) / BELOW);
            let more = json!({ "source_identifier": format!("HR-{place}") });
            let department =
                json!({ "name": format!("部门 {place}"), "parent_id": parent, "order": place, "more": more });
            departments.insert(id(place).to_string(), department);
        }
        let mut users = Map::new();
        for n in 0..people {
            let place = (n as u64).wrapping_mul(7) % count;
            let mut places = vec![place];
            if n % 10 == 0 {
                places.push((place + 1) % count);
            }
            for place in &places {
                if let Some(so_far) = usize::try_from(*place).ok().and_then(|place| members.get_mut(place)) {
                    *so_far += 1;
                }
            }
            let texts = json!({
                "mobile": format!("139{n:08}"), "state_code": "86", "job_number": format!("E{n:06}"),
                "title": "Engineer", "email": format!("p{n}@example.com"), "work_place": "HQ",
            });
            let own: Vec<u64> = places.into_iter().map(id).collect();
            let person = json!({ "name": format!("Person {n} 芳"), "dept_id_list": own, "texts": texts });
            users.insert(userid(n), person);
        }
        let rates = if limited {
            json!({})
        } else {
            json!({ "app_per_second": 1_000_000_000, "address_per_twenty_seconds": 1_000_000_000 })
        };
        let state = json!({
            "corp_id": "dingbenchcorp", "corp_name": "Bench", "departments": departments, "users": users,
            "apps": { APP: { "secret": SECRET } }, "settings": { "rates": rates },
        });
        let calls = 1 + members.into_iter().map(|people| 2 + people.div_ceil(PAGE).max(1)).sum::<u64>();
        Self { state, people, calls }
    }
}

/// The userid of a person.
pub(super) fn userid(n: usize) -> String {
    format!("user{n:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_has_as_many_people_as_were_asked_for() {
        let company = Company::new(1_000, false);
        let count = |name: &str| company.state[name].as_object().map_or(0, Map::len);
        assert_eq!((company.people, count("users"), count("departments")), (1_000, 1_000, 19));
        // Twenty departments of 55 people each: a token, and three calls for each of them.
        assert_eq!(company.calls, 61);
    }
}
