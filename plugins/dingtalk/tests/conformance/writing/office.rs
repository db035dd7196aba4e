//! An organisation that can be written to, behind scripted HTTP: it keeps DingTalk's rules, refuses fields that no page
//! names, and loses or spoils answers where a test wants it.

use rosterd_sdk::Fault;
use rosterd_sdk::http::{Request, Response};
use rosterd_sdk::testkit::World;
use rosterd_sdk::testkit::http::json as reply;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::rules;

/// What happens instead of a right answer.
#[derive(Clone)]
pub(crate) enum Fate {
    /// Something else is answered, and nothing done.
    Answer(u16, &'static str, String),
    /// It is done, and no answer arrives.
    Lost(Fault),
    /// It is done, and something else is answered.
    Spoilt(u16, &'static str, String),
    /// It is not done, and no answer arrives.
    Cut(Fault),
}

impl Fate {
    pub(crate) fn code(code: i64) -> Self {
        Self::Answer(200, "application/json", json!({ "errcode": code, "errmsg": "no", "request_id": "r" }).to_string())
    }
}

#[derive(Default)]
pub(crate) struct State {
    /// What `get` shows, by id.
    pub(crate) units: BTreeMap<i64, Value>,
    pub(crate) people: BTreeMap<String, Value>,
    pub(crate) next: i64,
    pub(crate) signed_out: Vec<String>,
    /// Numbers of those who must accept an invitation.
    pub(crate) invite: Vec<&'static str>,
    /// Fields that the application may not see.
    pub(crate) hidden: Vec<&'static str>,
    fates: Vec<(&'static str, Option<usize>, Fate)>,
    calls: BTreeMap<String, usize>,
    log: Vec<(String, Value)>,
}

/// The organisation; a copy is the same one.
#[derive(Clone, Default)]
pub(crate) struct Office(pub(crate) Rc<RefCell<State>>);

impl Office {
    /// The root, two departments with one below, two people and two dedicated accounts.
    pub(crate) fn new() -> Self {
        let office = Self::default();
        office.0.borrow_mut().next = 100;
        for (id, parent, name, order) in
            [(1, 0, "Corp", 0), (7, 1, "Sales", 10), (9, 1, "Finance", 20), (70, 7, "Events", 1)]
        {
            let mut unit = json!({ "dept_id": id, "name": name, "dept_manager_userid_list": [], "hide_dept": false });
            if id != 1 {
                unit["parent_id"] = parent.into();
                unit["order"] = order.into();
            }
            office.0.borrow_mut().units.insert(id, unit);
        }
        office.add("u1", json!({ "name": "Li Lei", "mobile": "13800000001", "state_code": "86", "dept_id_list": [7, 9], "title": "Engineer",
            "manager_userid": "u2", "extension": "{\"badge\":\"A1\",\"desk\":\"7\"}" }));
        office.add(
            "u2",
            json!({ "name": "Wang Fang", "mobile": "13800000002", "state_code": "86", "dept_id_list": [7] }),
        );
        office.add("d1", json!({ "name": "Han Meimei", "dept_id_list": [9], "exclusive_account": true, "exclusive_account_type": "dingtalk",
            "login_id": "han.meimei", "disable_status": false }));
        office.add(
            "s1",
            json!({ "name": "Sso", "dept_id_list": [9], "exclusive_account": true, "exclusive_account_type": "sso",
            "disable_status": false }),
        );
        office
    }

    pub(crate) fn add(&self, userid: &str, more: Value) {
        let mut person = json!({ "userid": userid, "unionid": format!("union-{userid}"), "active": false, "hide_mobile": false, "senior": false });
        rules::merge(&mut person, more);
        self.0.borrow_mut().people.insert(userid.to_owned(), person);
    }

    /// Calls of a path meet this fate; with `which`, only the one of that number.
    pub(crate) fn fate(self, path: &'static str, which: Option<usize>, fate: Fate) -> Self {
        self.0.borrow_mut().fates.push((path, which, fate));
        self
    }

    pub(crate) fn world(&self, more: Value) -> World {
        let mut settings = json!({ "app-key": "k" });
        rules::merge(&mut settings, more);
        let own = self.clone();
        World::new().settings(settings).http(move |request| own.answer(request))
    }

    pub(crate) fn person(&self, userid: &str) -> Value {
        self.0.borrow().people.get(userid).cloned().unwrap_or(Value::Null)
    }

    pub(crate) fn unit(&self, id: i64) -> Value {
        self.0.borrow().units.get(&id).cloned().unwrap_or(Value::Null)
    }

    /// The bodies that were sent to a path.
    pub(crate) fn sent(&self, path: &str) -> Vec<Value> {
        self.0.borrow().log.iter().filter(|(own, _)| own == path).map(|(_, body)| body.clone()).collect()
    }

    /// How many calls changed something, or tried to.
    pub(crate) fn writes(&self) -> usize {
        self.0.borrow().log.iter().filter(|(path, _)| rules::writes(path)).count()
    }

    fn answer(&self, request: &Request) -> Result<Response, Fault> {
        assert_eq!(request.auth.as_deref(), Some("app"), "the token is the host's: {}", request.url);
        let old = request.url.strip_prefix("https://oapi.dingtalk.com");
        let path = old.or_else(|| request.url.strip_prefix("https://api.dingtalk.com")).unwrap().to_owned();
        assert_eq!(old.is_none(), path.starts_with("/v1.0/"), "each call goes to its own interface: {path}");
        let body: Value = request.body.as_ref().map(|body| serde_json::from_slice(body).unwrap()).unwrap_or_default();
        let mut state = self.0.borrow_mut();
        let number = {
            let count = state.calls.entry(path.clone()).or_default();
            *count += 1;
            *count - 1
        };
        state.log.push((path.clone(), body.clone()));
        let fate = state.fates.iter().find(|(own, which, _)| *own == path && which.is_none_or(|which| which == number));
        let other = |status: u16, kind: &str, body: &str| Response {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.as_bytes().to_vec(),
        };
        match fate.map(|(_, _, fate)| fate.clone()) {
            Some(Fate::Answer(status, kind, body)) => return Ok(other(status, kind, &body)),
            Some(Fate::Cut(fault)) => return Err(fault),
            Some(Fate::Lost(fault)) => {
                rules::carry_out(&mut state, &path, &body).ok();
                return Err(fault);
            }
            Some(Fate::Spoilt(status, kind, spoilt)) => {
                rules::carry_out(&mut state, &path, &body).ok();
                return Ok(other(status, kind, &spoilt));
            }
            None => {}
        }
        Ok(match rules::carry_out(&mut state, &path, &body) {
            Ok(answer) if path.starts_with("/v1.0/") => reply(200, &answer.to_string()),
            Ok(answer) => {
                let mut whole = json!({ "errcode": 0, "errmsg": "ok", "request_id": "r1" });
                rules::merge(&mut whole, answer);
                reply(200, &whole.to_string())
            }
            Err(code) if path.starts_with("/v1.0/") => {
                reply(400, &json!({ "code": code, "message": "no", "requestid": "r1" }).to_string())
            }
            Err(code) => reply(
                200,
                &json!({ "errcode": code.parse::<i64>().unwrap(), "errmsg": "no", "request_id": "r1" }).to_string(),
            ),
        })
    }
}
