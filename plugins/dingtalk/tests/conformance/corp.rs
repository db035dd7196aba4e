//! An organisation behind scripted HTTP: strict about requests, and made to answer wrongly where a test wants it.

use rosterd_sdk::Fault;
use rosterd_sdk::http::{Request, Response};
use rosterd_sdk::testkit::http::json as reply;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// An answer instead of the right one: the path, which of its calls (from 0; none: each), what is answered.
type Fake = (&'static str, Option<usize>, Box<dyn Fn(&Value) -> Response>);

#[derive(Default)]
pub(crate) struct Corp {
    /// By id; `parent_id` is absent at the root. What `get` shows; `listsub` shows a part.
    departments: BTreeMap<i64, Value>,
    /// What `get` shows.
    people: BTreeMap<String, Value>,
    pub(crate) leavers: Vec<Value>,
    /// `authed_dept` and `authed_user`.
    pub(crate) scope: (Vec<i64>, Vec<String>),
    /// Fields that the application may not see.
    pub(crate) hidden: Vec<&'static str>,
    fakes: Vec<Fake>,
    calls: std::cell::RefCell<BTreeMap<String, usize>>,
}

/// Fields of `get` that listings lack.
const BY_CALL: [&str; 9] = [
    "dept_order_list",
    "leader_in_dept",
    "dept_position_list",
    "manager_userid",
    "role_list",
    "real_authed",
    "senior",
    "union_emp_ext",
    "created",
];

impl Corp {
    /// Root, two departments with one below, people in one and in two, dedicated ones, a leader.
    pub(crate) fn small() -> Self {
        let mut corp = Self { scope: (vec![1], vec![]), ..Self::default() };
        corp.department(1, None, json!({ "name": "Sim Corp" }));
        corp.department(
            7,
            Some(1),
            json!({ "name": "Marketing", "order": 10, "source_identifier": "HR-0007", "code": "10007",
            "dept_manager_userid_list": ["u1"], "org_dept_owner": "u1" }),
        );
        corp.department(9, Some(1), json!({ "name": "Finance", "order": 20 }));
        corp.department(70, Some(7), json!({ "name": "Events 🎪", "order": 1 }));
        corp.person(
            "u1",
            &[7, 9],
            json!({ "name": "Li Lei", "mobile": "13800000001", "state_code": "86", "title": "Engineer",
            "email": "lilei@a.example", "job_number": "E1", "hired_date": 1_597_573_616_828_i64,
            "extension": "{\"badge\":\"A1\"}", "manager_userid": "u2", "role_list": [{ "id": 100, "name": "Lead" }] }),
        );
        corp.person("u2", &[7], json!({ "name": "王芳𠮷", "mobile": "13800000002", "title": "" }));
        corp.person("u3", &[70], json!({ "name": "Zhang San", "active": false }));
        corp.person("u4", &[1], json!({ "name": "Root Member" }));
        corp.person(
            "d1",
            &[9],
            json!({ "name": "Han Meimei", "exclusive_account": true, "exclusive_account_type": "dingtalk",
            "login_id": "han.meimei", "nickname": "Meimei", "disable_status": true,
            "exclusive_account_corp_id": "dingcorp1", "exclusive_account_corp_name": "Sim Corp" }),
        );
        corp.person(
            "d2",
            &[9],
            json!({ "name": "Sso", "exclusive_account": true, "exclusive_account_type": "sso",
            "exclusive_account_corp_id": "other", "exclusive_account_corp_name": "Other" }),
        );
        corp
    }

    pub(crate) fn department(&mut self, id: i64, parent: Option<i64>, more: Value) {
        let mut fields = json!({ "dept_id": id, "create_dept_group": false, "auto_add_user": false, "dept_manager_userid_list": [] });
        merge(&mut fields, more);
        if let Some(parent) = parent {
            fields["parent_id"] = parent.into();
        }
        self.departments.insert(id, fields);
    }

    pub(crate) fn person(&mut self, userid: &str, departments: &[i64], more: Value) {
        let orders: Vec<Value> = departments.iter().map(|id| json!({ "dept_id": id, "order": 1000 - id })).collect();
        let leads = |id: &i64| {
            self.departments.get(id).is_some_and(|one| {
                one["dept_manager_userid_list"].as_array().is_some_and(|list| list.contains(&json!(userid)))
            })
        };
        let leaders: Vec<Value> = departments.iter().map(|id| json!({ "dept_id": id, "leader": leads(id) })).collect();
        let positions: Vec<Value> =
            departments.iter().enumerate().map(|(at, id)| json!({ "dept_id": id, "is_main": at == 0 })).collect();
        let mut fields = json!({
            "userid": userid, "unionid": format!("union-{userid}"), "dept_id_list": departments, "hide_mobile": false,
            "active": true, "admin": false, "boss": false, "exclusive_account": false, "real_authed": true, "senior": false,
            "dept_order_list": orders, "leader_in_dept": leaders, "dept_position_list": positions, "role_list": [],
            "created": self.people.len(),
        });
        merge(&mut fields, more);
        self.people.insert(userid.to_owned(), fields);
    }

    /// Answers calls of a path otherwise; with `which`, only the one of that number.
    pub(crate) fn fake(
        mut self,
        path: &'static str,
        which: Option<usize>,
        answer: impl Fn(&Value) -> Response + 'static,
    ) -> Self {
        self.fakes.push((path, which, Box::new(answer)));
        self
    }

    /// Answers with this JSON.
    pub(crate) fn fake_json(self, path: &'static str, which: Option<usize>, answer: Value) -> Self {
        self.fake(path, which, move |_| reply(200, &answer.to_string()))
    }

    /// Changes what is answered.
    pub(crate) fn bent(
        mut self,
        path: &'static str,
        which: Option<usize>,
        bend: impl Fn(&mut Value) + 'static,
    ) -> Self {
        let mut inner = Self { fakes: vec![], calls: Default::default(), ..self.copy() };
        inner.hidden.clone_from(&self.hidden);
        self.fakes.push((
            path,
            which,
            Box::new(move |body| {
                let mut answer = inner.right(path, body);
                bend(&mut answer);
                reply(200, &answer.to_string())
            }),
        ));
        self
    }

    fn copy(&self) -> Self {
        Self {
            departments: self.departments.clone(),
            people: self.people.clone(),
            leavers: self.leavers.clone(),
            scope: self.scope.clone(),
            hidden: self.hidden.clone(),
            ..Self::default()
        }
    }

    pub(crate) fn answer(&self, request: &Request) -> Result<Response, Fault> {
        assert_eq!(request.auth.as_deref(), Some("app"), "the token is the host's: {}", request.url);
        let url = request.url.clone();
        let (place, query) = url.split_once('?').unwrap_or((&url, ""));
        let old = place.strip_prefix("https://oapi.dingtalk.com");
        let path = old.or_else(|| place.strip_prefix("https://api.dingtalk.com")).unwrap();
        assert_eq!(old.is_none(), path.starts_with("/v1.0/"), "each call goes to its own interface: {url}");
        let method = if request.body.is_some() { "POST" } else { "GET" };
        assert_eq!(request.method, method);
        let body = match &request.body {
            Some(body) => serde_json::from_slice(body).unwrap(),
            None => Value::Object(
                query
                    .split('&')
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(key, value)| (key.to_owned(), value.replace("%3A", ":").into()))
                    .collect(),
            ),
        };
        let number = {
            let mut calls = self.calls.borrow_mut();
            let count = calls.entry(path.to_owned()).or_default();
            *count += 1;
            *count - 1
        };
        for (own, which, fake) in &self.fakes {
            if *own == path && which.is_none_or(|which| which == number) {
                return Ok(fake(&body));
            }
        }
        Ok(reply(200, &self.right(path, &body).to_string()))
    }

    fn right(&self, path: &str, body: &Value) -> Value {
        let good = |result: Value| json!({ "errcode": 0, "errmsg": "ok", "result": result, "request_id": "r1" });
        let id = body["dept_id"].as_i64().unwrap_or_default();
        let found = self.departments.get(&id);
        match path {
            "/auth/scopes" => {
                json!({ "errcode": 0, "errmsg": "ok", "auth_user_field": ["name", "userid"], "condition_field": [],
                "auth_org_scopes": { "authed_dept": self.scope.0, "authed_user": self.scope.1 } })
            }
            "/topapi/v2/department/listsub" => {
                let basic = ["dept_id", "name", "parent_id", "create_dept_group", "auto_add_user", "source_identifier"];
                let children = self.departments.values().filter(|one| one["parent_id"] == json!(id));
                let shown = children.map(|one| only(one, |name| basic.contains(&name)));
                if found.is_none() { refused(60003) } else { good(shown.collect()) }
            }
            "/topapi/v2/department/get" => found.map_or_else(|| refused(60003), |one| good(one.clone())),
            "/topapi/v2/department/listparentbydept" => {
                let mut path = vec![];
                let mut at = self.departments.get(&id);
                while let Some(one) = at {
                    path.push(one["dept_id"].clone());
                    at = one["parent_id"].as_i64().and_then(|id| self.departments.get(&id));
                }
                if path.is_empty() { refused(60003) } else { good(json!({ "parent_id_list": path })) }
            }
            "/topapi/v2/user/list" => {
                assert_eq!((&body["order_field"], &body["contain_access_limit"]), (&json!("entry_asc"), &json!(true)));
                if found.is_none() {
                    return refused(50004);
                }
                let (cursor, size) =
                    (body["cursor"].as_u64().unwrap() as usize, body["size"].as_u64().unwrap() as usize);
                assert_eq!(size, 100);
                let mut members: Vec<&Value> = self
                    .people
                    .values()
                    .filter(|one| one["dept_id_list"].as_array().is_some_and(|list| list.contains(&json!(id))))
                    .collect();
                members.sort_by_key(|one| one["created"].as_u64());
                let more = members.len() > cursor + size;
                let list: Vec<Value> = members.iter().skip(cursor).take(size).map(|one| self.listed(one, id)).collect();
                let mut result = json!({ "has_more": more, "list": list });
                if more {
                    result["next_cursor"] = (cursor + size).into();
                }
                good(result)
            }
            "/topapi/v2/user/get" => {
                let person = self.people.get(body["userid"].as_str().unwrap());
                person.map_or_else(|| refused(60121), |one| good(self.shown(one)))
            }
            "/topapi/user/count" => good(json!({ "count": self.people.len() })),
            "/v1.0/contact/empLeaveRecords" => {
                let from = body["nextToken"].as_str().unwrap().parse::<usize>().unwrap();
                let since = body["startTime"].as_str().unwrap();
                let all: Vec<&Value> =
                    self.leavers.iter().filter(|one| one["leaveTime"].as_str().unwrap() >= since).collect();
                let records: Vec<&&Value> = all.iter().skip(from).take(2).collect();
                let mut answer = json!({ "records": records });
                if all.len() > from + 2 {
                    answer["nextToken"] = (from + 2).to_string().into();
                }
                answer
            }
            other => panic!("{other} is not called by a source"),
        }
    }

    fn shown(&self, person: &Value) -> Value {
        only(person, |name| !self.hidden.contains(&name) && name != "created")
    }

    fn listed(&self, person: &Value, department: i64) -> Value {
        let mut item = only(&self.shown(person), |name| !BY_CALL.contains(&name));
        for (list, from, to) in [("dept_order_list", "order", "dept_order"), ("leader_in_dept", "leader", "leader")] {
            let own = person[list].as_array().into_iter().flatten().find(|one| one["dept_id"] == json!(department));
            item[to] = own.map(|own| own[from].clone()).unwrap_or_default();
        }
        item
    }
}

pub(crate) fn refused(code: i64) -> Value {
    json!({ "errcode": code, "errmsg": "refused", "request_id": "r1" })
}

fn only(value: &Value, keep: impl Fn(&str) -> bool) -> Value {
    let fields = value.as_object().unwrap().iter().filter(|(name, _)| keep(name));
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}
