//! A day of a company of which the hub hears by events, and what goes wrong on it.

use super::company::Company;
use super::hearing::{self, Sent};
use super::tree::{departments, leaves};
use super::vendor::Vendor;
use super::{APP, Pair, Way};
use rosterd_tests::service::Service;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PERSON: &str = "/topapi/v2/user/get";
const DEPARTMENT: &str = "/topapi/v2/department/get";
const SCOPE: &str = "/auth/scopes";

/// A day that has begun.
pub(super) struct Day<'a> {
    pair: &'a Pair,
    company: &'a mut Company,
    service: Option<Service>,
    /// The last delivery of the day before.
    before: u64,
    /// People of whom no event tells what became of them.
    untold: BTreeSet<String>,
}

impl<'a> Day<'a> {
    /// The service starts. Three events will be lost, and three come three times.
    pub(super) fn begin(pair: &'a Pair, company: &'a mut Company) -> Self {
        let before = hearing::sent(pair, 0).last;
        let service = hearing::start(pair);
        pair.vendor.verb("DELETE", "/log", &Value::Null);
        for (lost, repeated) in [(2, 5), (11, 17), (23, 29)] {
            pair.vendor.verb("POST", "/events", &json!({ "lose": { "after": lost } }));
            pair.vendor.verb("POST", "/events", &json!({ "repeat": { "after": repeated, "times": 2 } }));
        }
        Self { pair, company, service: Some(service), before, untold: BTreeSet::new() }
    }

    fn service(&self) -> &Service {
        self.service.as_ref().expect("it runs")
    }

    fn changes(&mut self) {
        self.company.changes(&self.pair.vendor);
    }

    /// The same, and their events come in the reverse order.
    fn changes_reversed(&mut self) {
        self.pair.vendor.verb("POST", "/events", &json!({ "hold": true }));
        self.changes();
        self.pair.vendor.verb("POST", "/events", &json!({ "hold": false, "release": "reversed" }));
    }

    /// Waits until the hub has heard of everybody of whom it was told.
    fn heard(&self) {
        let mut but: BTreeSet<String> = self.sent().lost.union(&self.untold).cloned().collect();
        // Of whose leaving no event told is missing at night, and gone only when a second night confirms it.
        let there = self.pair.vendor.state();
        but.extend(hearing::sent(self.pair, 0).lost.into_iter().filter(|userid| there["users"][userid].is_null()));
        hearing::heard(self.pair, self.service(), &but);
    }

    /// Waits until a person was asked for so often.
    fn asked_for_people(&self, times: u64) {
        hearing::until(self.pair, self.service(), || {
            let asked = calls(&self.pair.vendor, PERSON);
            if asked >= times { Ok(()) } else { Err(format!("{times} calls were to be made, and {asked} were")) }
        });
    }

    fn sent(&self) -> Sent {
        hearing::sent(self.pair, self.before)
    }

    /// The service ends. What the day was, in a sentence.
    pub(super) fn end(self) -> String {
        let sent = self.sent();
        let Self { pair, service, .. } = self;
        let vendor = &pair.vendor;
        assert!(sent.events_lost >= 3, "three events of each day are lost: {sent:?}");
        assert_eq!(service.expect("it runs").end(), Some(0));
        vendor.assert_done();
        let listed = calls(vendor, "/topapi/v2/user/list");
        assert_eq!(listed, 0, "a scan read everything while events came");
        format!(
            "day {}: {} events lost, {} attempts for {} objects, which were looked at with {} calls in {} runs",
            pair.day.get(),
            sent.events_lost,
            sent.attempts,
            sent.objects.len(),
            calls(vendor, PERSON) + calls(vendor, DEPARTMENT),
            calls(vendor, SCOPE),
        )
    }
}

/// How often a call was made today.
fn calls(vendor: &Vendor, path: &str) -> u64 {
    let counts = vendor.verb("GET", "/counts", &Value::Null);
    let all = counts["calls"].as_object().expect("calls");
    all.iter().filter(|(call, _)| call.ends_with(path)).filter_map(|(_, times)| times.as_u64()).sum()
}

/// Tokens end between two looks: they are too old, then nobody ever knew them.
pub(super) fn tokens_end(day: &mut Day<'_>) {
    day.pair.meanwhile(PERSON, 5, "DELETE", "/tokens", &Value::Null);
    day.pair.meanwhile(PERSON, 15, "DELETE", "/tokens?forget=yes", &Value::Null);
    day.changes_reversed();
    day.heard();
}

/// Throttled, busy, cut and lost: what could not be read is read again.
pub(super) fn busy_and_cut(day: &mut Day<'_>) {
    let pair = day.pair;
    pair.fault(PERSON, 2, 3, &json!({ "throttle": "app" }));
    pair.fault(PERSON, 8, 1, &json!("busy"));
    pair.fault(PERSON, 12, 1, &json!("cut_all"));
    pair.fault(PERSON, 16, 1, &json!("cut_half"));
    pair.fault(PERSON, 20, 1, &json!("ignore"));
    pair.fault(DEPARTMENT, 0, 2, &json!({ "throttle": "api" }));
    day.changes();
    day.heard();
}

/// The permission to read a person is withdrawn: what was heard waits until it is given back.
pub(super) fn permission_goes(day: &mut Day<'_>) {
    let pair = day.pair;
    let permissions = |verb: &str| {
        let body = json!({ verb: ["qyapi_get_member"] });
        pair.vendor.verb("POST", &format!("/apps/{APP}/permissions"), &body);
    };
    permissions("revoke");
    day.changes();
    day.asked_for_people(1);
    permissions("grant");
    day.heard();
}

/// A department goes with people in it. The vendor tells of the department, and not of the people.
pub(super) fn department_goes(day: &mut Day<'_>) {
    day.changes();
    let state = day.pair.vendor.state();
    let leaves = leaves(&state);
    let gone = leaves[leaves.len() / 2];
    let inside = state["users"].as_object().expect("users").iter();
    let inside = inside.filter(|(_, person)| departments(person).contains(&gone)).map(|(userid, _)| userid.clone());
    day.untold.extend(inside);
    assert!(!day.untold.is_empty(), "somebody is in it");
    day.pair.vendor.verb("DELETE", &format!("/departments/{gone}?people=move"), &Value::Null);
    day.heard();
}

/// The application sees less than before. Whoever is asked for meanwhile is not found, and stays.
pub(super) fn range_shrinks(day: &mut Day<'_>) {
    let pair = day.pair;
    let range = |scope: &Value| pair.vendor.verb("PATCH", "/state", &json!({ "apps": { APP: { "scope": scope } } }));
    range(&json!({ "users": [], "departments": [1000, 1001] }));
    day.changes();
    day.asked_for_people(10);
    range(&Value::Null);
    // What they are now is read at night.
    day.untold.extend(day.sent().people);
    day.heard();
}

/// The hub is killed. What happens until it runs again is sent again, after ten seconds to an address, and to a stream
/// when it is open again; what a stream did not acknowledge, after a minute.
pub(super) fn the_hub_dies(day: &mut Day<'_>) {
    let pair = day.pair;
    day.changes();
    day.service.take().expect("it runs").kill();
    day.changes();
    day.service = Some(hearing::start(pair));
    pair.vendor.verb("POST", "/clock", &json!({ "advance": 60_000 }));
    day.heard();
    let again = day.sent().again;
    assert!(pair.way == Way::Stream || again > 20, "{again} callbacks came again");
}

/// All events come twice, in the reverse order. Each object is looked at once for each event, however often that comes.
pub(super) fn twice_and_reversed(day: &mut Day<'_>) {
    for after in 0..30 {
        day.pair.vendor.verb("POST", "/events", &json!({ "repeat": { "after": after, "times": 1 } }));
    }
    day.changes_reversed();
    day.heard();
    let looked = calls(&day.pair.vendor, PERSON) + calls(&day.pair.vendor, DEPARTMENT);
    let objects = day.sent().objects.len() as u64;
    assert!(looked * 10 <= objects * 11, "{looked} calls for {objects} objects");
}
