//! Faults that a test arranges for calls to come: "the second call of this path is cut", "the next three are throttled".

use crate::clock::Millis;
use crate::exchange::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The vendor's refusal for a limit: `app`, `api`, `minute` or `month`, where the vendor tells them apart.
    Throttle(String),
    /// The vendor's "busy, try again".
    Busy,
    /// Carried out, but no answer: the connection ends.
    CutAll,
    /// Carried out, but only half of the answer arrives.
    CutHalf,
    /// Not carried out, and the connection ends.
    Ignore,
    /// Answered after so many milliseconds of real time.
    Delay(Millis),
    /// Not carried out; this answer instead.
    Reply {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Value,
    },
    /// Not carried out; this text instead: a page if it begins with `<`, else what claims to be JSON.
    Text {
        /// The HTTP status.
        status: u16,
        /// The text.
        body: String,
    },
    /// A verb of the vendor's on the control port is carried out first, as somebody else's doing; then the call goes on.
    Meanwhile {
        /// `POST` or `DELETE`.
        method: String,
        /// The path, with a query if it has one.
        path: String,
        /// The body.
        #[serde(default)]
        body: Value,
    },
}

/// A fault and the calls that it meets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The path; every call if there is none.
    #[serde(default)]
    pub path: Option<String>,
    /// Calls that go through first.
    #[serde(default)]
    pub after: u64,
    /// Calls that it meets then.
    #[serde(default = "once")]
    pub times: u64,
    /// What goes wrong.
    pub action: Action,
}

fn once() -> u64 {
    1
}

/// The faults to come, in the order in which they were arranged.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<Rule>,
}

impl Faults {
    /// Arranges a fault.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Those that did not happen yet.
    #[must_use]
    pub fn open(&self) -> &[Rule] {
        &self.rules
    }

    /// What happens to this call: of all rules that meet it now, the first. The others count it as one that goes through.
    pub fn meet(&mut self, request: &Request) -> Option<Action> {
        let mut met = None;
        for rule in &mut self.rules {
            if rule.path.as_ref().is_some_and(|path| *path != request.path) {
                continue;
            }
            if rule.after > 0 {
                rule.after -= 1;
            } else if met.is_none() && rule.times > 0 {
                rule.times -= 1;
                met = Some(rule.action.clone());
            }
        }
        self.rules.retain(|rule| rule.times > 0);
        met
    }
}
