//! Strictness, without a network: every call of the table is broken in the ways that the table knows.

use super::table::{NEW, calls};
use super::*;
use crate::schema::{Kind, Place};
use std::net::IpAddr;

const KEY: &str = "dingsimkey001";

struct Bench {
    vendor: DingTalk,
    desk: Desk,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self { vendor: DingTalk::default(), desk: Desk::default() };
        let state = serde_json::from_str(include_str!("../../clients/state.json")).expect("the example is JSON");
        bench.vendor.load(&mut bench.desk, state, true).expect("the example fits");
        bench
    }

    fn ask(&mut self, method: &str, path: &str, query: &[(&str, &str)], header: &str, body: &Value) -> (u16, Value) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.push(("x-acs-dingtalk-access-token".to_owned(), header.to_owned()));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.iter().map(owned).collect(),
            headers,
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            source: IpAddr::from([127, 0, 0, 1]),
        };
        match self.vendor.answer(&mut self.desk, &request) {
            Answer::Now(reply) => (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default()),
            Answer::After(push) => panic!("{path} asks {} first", push.url),
        }
    }

    fn token(&mut self) -> String {
        let query = [("appkey", KEY), ("appsecret", "SIMSECRET")];
        let (_, body) = self.ask("GET", "/gettoken", &query, "", &Value::Null);
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// A call with these fields, where it takes them.
    fn call(&mut self, call: &Call, token: &str, fields: &Value) -> (u16, Value) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given: Vec<(String, String)> =
            fields.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect();
        let mut query: Vec<(&str, &str)> = Vec::new();
        if call.place == Place::Query {
            query.extend(given.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        }
        if call.generation == OLD && call.token {
            query.push(("access_token", token));
        }
        let body = if call.place == Place::Query { &Value::Null } else { fields };
        self.ask(call.method, call.path, &query, token, body)
    }
}

fn is_refused(call: &Call, (status, body): &(u16, Value)) -> bool {
    if call.generation == NEW {
        let codes = ["invalidParameter", "invalidParameter.param.invalid", "invalid.param"];
        *status == 400 && body["code"].as_str().is_some_and(|code| codes.contains(&code))
    } else {
        *status == 200 && body["errcode"] == call.refusal
    }
}

#[test]
fn an_unknown_field_is_refused_by_every_call() {
    let mut bench = Bench::new();
    let token = bench.token();
    for call in calls() {
        let said = bench.call(call, &token, &json!({ "unknown_field": "x" }));
        assert!(is_refused(call, &said), "{}: {said:?}", call.path);
    }
}

#[test]
fn a_wrong_type_is_refused_for_every_field() {
    let mut bench = Bench::new();
    let token = bench.token();
    for call in calls().filter(|call| call.place != Place::Query) {
        for field in call.request {
            let wrong = match field.kind {
                Kind::Any => continue,
                Kind::Text | Kind::Commas | Kind::Json => json!(7),
                Kind::Integer
                | Kind::Flag
                | Kind::Texts
                | Kind::Integers
                | Kind::Object(_)
                | Kind::List(_)
                | Kind::Map => {
                    json!("seven")
                }
            };
            let said = bench.call(call, &token, &json!({ field.name: wrong }));
            assert!(is_refused(call, &said), "{} {}: {said:?}", call.path, field.name);
        }
    }
}

#[test]
fn a_missing_permission_is_refused_before_the_shape() {
    let mut bench = Bench::new();
    let token = bench.token();
    let app = bench.vendor.world.org.apps.get_mut(KEY).expect("the application");
    app.permissions = Some(std::collections::BTreeSet::new());
    for call in calls().filter(|call| call.permission.is_some()) {
        let (status, body) = bench.call(call, &token, &json!({ "unknown_field": "x" }));
        if call.generation == NEW {
            assert_eq!(status, 403, "{}", call.path);
            assert_eq!(body["accessdenieddetail"]["requiredScopes"][0], json!(call.permission), "{}", call.path);
        } else {
            assert_eq!(body["errcode"], if call.writes { 43007 } else { 60011 }, "{}", call.path);
        }
    }
}

#[test]
fn a_token_belongs_into_the_query_or_the_header() {
    let mut bench = Bench::new();
    let token = bench.token();
    for call in calls().filter(|call| call.token) {
        let (status, body) = bench.call(call, "", &json!({}));
        let code = if call.generation == NEW { json!("InvalidAuthentication") } else { json!(41001) };
        let (name, expected) = if call.generation == NEW { ("code", 401) } else { ("errcode", 200) };
        assert_eq!((status, &body[name]), (expected, &code), "{}", call.path);
    }
    let body = json!({ "userid": "u1001", "access_token": token });
    let (_, said) = bench.ask("POST", "/topapi/v2/user/get", &[], "", &body);
    assert_eq!(said["errcode"], 40014);
}

#[test]
fn no_two_calls_have_one_path() {
    let mut paths: Vec<&str> = calls().map(|call| call.path).collect();
    let count = paths.len();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), count);
}

#[test]
fn a_verb_is_carried_out_while_somebody_reads() {
    let mut bench = Bench::new();
    let token = bench.token();
    let path = "/topapi/v2/user/list";
    let verb = |path: &str, method: &str| {
        let action = json!({ "meanwhile": { "method": method, "path": path } });
        serde_json::from_value(json!({ "path": "/topapi/v2/user/list", "after": 1, "action": action })).expect("a rule")
    };
    bench.desk.faults.add(verb("/departments/37000095?people=move", "DELETE"));
    let fields = json!({ "dept_id": 37_000_095, "cursor": 0, "size": 100 });
    let ask = |bench: &mut Bench, fields: &Value| bench.ask("POST", path, &[("access_token", &token)], "", fields).1;
    assert_eq!(ask(&mut bench, &fields)["result"]["list"].as_array().map(Vec::len), Some(3));
    assert_eq!(ask(&mut bench, &fields)["errcode"], 50_004);
    let root = ask(&mut bench, &json!({ "dept_id": 1, "cursor": 0, "size": 100 }));
    let moved: Vec<_> = root["result"]["list"].as_array().into_iter().flatten().map(|one| &one["userid"]).collect();
    assert_eq!(moved, ["u1002", "u1003", "u2001"], "who has no other department goes to the one above: {root}");
    bench.desk.faults.add(verb("/tokens", "DELETE"));
    assert_eq!(ask(&mut bench, &fields)["errcode"], 50_004);
    assert_eq!(ask(&mut bench, &fields)["errcode"], 42_001);
    assert!(bench.desk.mistakes.is_empty(), "{:?}", bench.desk.mistakes);
}
