//! A service provider in memory. It knows no more of SCIM than these tests need, and is strict about it: a path that it does
//! not know, a `replace` of a value that is not there and a stale version are refused.

use rosterd_sdk::Fault;
use rosterd_sdk::http::{Request, Response};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

pub(crate) type Shared = Rc<RefCell<Provider>>;

/// What happens to one request instead of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Mishap {
    /// This answer, and nothing is done.
    Answer(u16, Value, &'static str),
    /// It is done, and the answer is lost.
    Lost,
    /// It never arrived.
    NotSent,
}

#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) config: Option<Value>,
    pub(crate) users: Vec<Value>,
    pub(crate) groups: Vec<Value>,
    /// For the next writing requests.
    pub(crate) mishaps: VecDeque<Option<Mishap>>,
    /// For the next listings: changes to what they say.
    pub(crate) listings: VecDeque<fn(&mut Value)>,
    /// Bodies of changes.
    pub(crate) written: Vec<(String, String, Value)>,
    pub(crate) silent_patch: bool,
    pub(crate) ignores_filters: bool,
    next: u64,
}

impl Provider {
    pub(crate) fn new() -> Self {
        Self {
            config: Some(
                json!({ "patch": { "supported": true }, "filter": { "supported": true, "maxResults": 50 }, "etag": { "supported": true } }),
            ),
            users: Vec::new(),
            groups: Vec::new(),
            mishaps: VecDeque::new(),
            listings: VecDeque::new(),
            written: Vec::new(),
            silent_patch: false,
            ignores_filters: false,
            next: 1,
        }
    }

    pub(crate) fn shared() -> Shared {
        Rc::new(RefCell::new(Self::new()))
    }

    pub(crate) fn with(users: &[Value], groups: &[Value]) -> Shared {
        let provider = Self::shared();
        for (class, all) in [("Users", users), ("Groups", groups)] {
            for one in all {
                let answer = provider.borrow_mut().make(class, one.clone());
                assert_eq!(answer.status, 201);
            }
        }
        provider
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Result<Response, Fault> {
        assert_eq!(request.auth.as_deref(), Some("bearer"));
        let rest = request.url.strip_prefix("https://app.example/scim/v2/").unwrap();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (class, id) = path.split_once('/').unwrap_or((path, ""));
        let body: Value = request.body.as_ref().map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        if request.method == "GET" {
            return Ok(self.get(class, &decoded(id), query));
        }
        self.written.push((request.method.clone(), path.to_owned(), body.clone()));
        let mishap = self.mishaps.pop_front().flatten();
        match mishap {
            Some(Mishap::Answer(status, body, retry)) => {
                let headers = vec![("retry-after".to_owned(), retry.to_owned())];
                return Ok(Response { status, headers, body: body.to_string().into_bytes() });
            }
            Some(Mishap::NotSent) => return Err(Fault::transient("no way").detail(&json!({ "sent": false }))),
            Some(Mishap::Lost) | None => {}
        }
        let version = request.headers.iter().find(|(name, _)| name == "if-match").map(|(_, value)| value.as_str());
        let answer = match request.method.as_str() {
            "POST" => self.make(class, body),
            "DELETE" => self.delete(class, &decoded(id)),
            method => self.change(method, class, &decoded(id), &body, version),
        };
        if matches!(mishap, Some(Mishap::Lost)) { Err(Fault::timeout("no answer")) } else { Ok(answer) }
    }

    fn all(&mut self, class: &str) -> &mut Vec<Value> {
        if class == "Users" { &mut self.users } else { &mut self.groups }
    }

    fn get(&mut self, class: &str, id: &str, query: &str) -> Response {
        if class == "ServiceProviderConfig" {
            return self.config.as_ref().map_or_else(|| error(404, ""), |config| answer(200, config));
        }
        let parameter = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| decoded(value))
        };
        let without_members = parameter("excludedAttributes").as_deref() == Some("members");
        let shown = |mut one: Value| {
            if without_members {
                one.as_object_mut().unwrap().remove("members");
            }
            one
        };
        if !id.is_empty() {
            return self
                .all(class)
                .iter()
                .find(|one| one["id"] == id)
                .cloned()
                .map_or_else(|| error(404, ""), |one| answer(200, &shown(one)));
        }
        let filter = parameter("filter").filter(|_| !self.ignores_filters);
        let found: Vec<Value> = self
            .all(class)
            .iter()
            .filter(|one| filter.as_ref().is_none_or(|filter| fits(one, filter)))
            .cloned()
            .map(shown)
            .collect();
        let count: usize = parameter("count").map_or(50, |count| count.parse().unwrap());
        let most = self.config.as_ref().and_then(|config| config["filter"]["maxResults"].as_u64());
        assert!(most.is_none_or(|most| count as u64 <= most), "more than maxResults was asked for");
        let mut page = match parameter("cursor") {
            Some(cursor) => {
                let from: usize = cursor.parse().unwrap_or(0);
                let mut page = json!({ "Resources": found.iter().skip(from).take(count).collect::<Vec<_>>() });
                if from + count < found.len() {
                    page["nextCursor"] = (from + count).to_string().into();
                }
                page
            }
            None => {
                let from: usize = parameter("startIndex").map_or(1, |start| start.parse().unwrap());
                json!({ "totalResults": found.len(), "Resources": found.iter().skip(from - 1).take(count).collect::<Vec<_>>() })
            }
        };
        if let Some(change) = self.listings.pop_front() {
            change(&mut page);
        }
        answer(200, &page)
    }

    fn make(&mut self, class: &str, mut one: Value) -> Response {
        let taken = |other: &Value| {
            other["userName"].as_str().map(str::to_lowercase) == one["userName"].as_str().map(str::to_lowercase)
        };
        if class == "Users" && self.users.iter().any(taken) {
            return error(409, "uniqueness");
        }
        let id = format!("id {}/#", self.next);
        self.next += 1;
        one["id"] = id.into();
        one["meta"] = json!({ "version": "W/\"1\"" });
        self.all(class).push(one.clone());
        answer(201, &one)
    }

    fn delete(&mut self, class: &str, id: &str) -> Response {
        let all = self.all(class);
        let before = all.len();
        all.retain(|one| one["id"] != id);
        if all.len() < before {
            Response { status: 204, headers: Vec::new(), body: Vec::new() }
        } else {
            error(404, "")
        }
    }

    fn change(&mut self, method: &str, class: &str, id: &str, body: &Value, version: Option<&str>) -> Response {
        let silent = self.silent_patch;
        let Some(one) = self.all(class).iter_mut().find(|one| one["id"] == id) else { return error(404, "") };
        if version.is_some_and(|version| one["meta"]["version"] != version) {
            return error(412, "");
        }
        let mut after = one.clone();
        if method == "PUT" {
            after = body.clone();
            after["id"] = id.into();
        } else {
            for operation in body["Operations"].as_array().unwrap() {
                if let Err(kind) = patched(&mut after, operation) {
                    return error(400, kind);
                }
            }
        }
        let number: u64 =
            one["meta"]["version"].as_str().unwrap().trim_start_matches("W/").trim_matches('"').parse().unwrap();
        after["meta"] = json!({ "version": format!("W/\"{}\"", number + 1) });
        *one = after.clone();
        if silent { Response { status: 204, headers: Vec::new(), body: Vec::new() } } else { answer(200, &after) }
    }
}

/// One operation of PATCH, in the form of RFC 7644 and no other.
fn patched(one: &mut Value, operation: &Value) -> Result<(), &'static str> {
    let (op, path) = (operation["op"].as_str().unwrap(), operation["path"].as_str().unwrap());
    let value = operation["value"].clone();
    let mut holder = one.as_object_mut().unwrap();
    let mut path = path;
    if let Some(rest) = path.strip_prefix("urn:") {
        let cut = rest.rfind(':').unwrap();
        let schema = format!("urn:{}", &rest[..cut]);
        holder = holder.entry(schema).or_insert_with(|| json!({})).as_object_mut().unwrap();
        path = &rest[cut + 1..];
    }
    if let Some((attribute, rest)) = path.split_once('[') {
        let (filter, member) = rest.rsplit_once(']').unwrap();
        let (key, wanted) = filter.split_once(" eq ").unwrap();
        let wanted: Value = serde_json::from_str(wanted).unwrap();
        let list = holder.entry(attribute).or_insert_with(|| json!([])).as_array_mut().unwrap();
        if op == "remove" && member.is_empty() {
            list.retain(|element| element[key] != wanted);
            return Ok(());
        }
        let element = list.iter_mut().find(|element| element[key] == wanted).ok_or("noTarget")?;
        let member = member.strip_prefix('.').ok_or("invalidPath")?;
        if op == "remove" {
            element.as_object_mut().unwrap().remove(member);
        } else {
            element[member] = value;
        }
        return Ok(());
    }
    let (holder, name) = match path.split_once('.') {
        Some((whole, member)) => (holder.entry(whole).or_insert_with(|| json!({})).as_object_mut().unwrap(), member),
        None => (holder, path),
    };
    match (op, value) {
        ("remove", _) => drop(holder.remove(name)),
        ("add", Value::Array(more)) => {
            let list = holder.entry(name).or_insert_with(|| json!([])).as_array_mut().unwrap();
            for one in more {
                if !list.iter().any(|there| there["value"] == one["value"]) {
                    list.push(one);
                }
            }
        }
        ("add" | "replace", value) => drop(holder.insert(name.to_owned(), value)),
        _ => return Err("invalidSyntax"),
    }
    Ok(())
}

/// `path eq "value"` and `meta.lastModified gt "time"`.
fn fits(one: &Value, filter: &str) -> bool {
    let (path, rest) = filter.split_once(' ').unwrap();
    let (operator, literal) = rest.split_once(' ').unwrap();
    let wanted: String = serde_json::from_str(literal).unwrap();
    let (holder, path) = match path.strip_prefix("urn:").and_then(|rest| rest.rsplit_once(':')) {
        Some((schema, path)) => (&one[format!("urn:{schema}")], path),
        None => (one, path),
    };
    let mut values = vec![holder.clone()];
    for part in path.split('.') {
        values = values
            .into_iter()
            .flat_map(|value| match &value[part] {
                Value::Array(list) => list.clone(),
                other => vec![other.clone()],
            })
            .collect();
    }
    values.iter().filter_map(Value::as_str).any(|value| match operator {
        "eq" => value.to_lowercase() == wanted.to_lowercase(),
        "gt" => value > wanted.as_str(),
        _ => panic!("{operator}"),
    })
}

pub(crate) fn error(status: u16, kind: &str) -> Response {
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(), "scimType": kind, "detail": "no\u{7}" });
    let body: Map<String, Value> = body
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| *value != "")
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    answer(status, &Value::Object(body))
}

pub(crate) fn answer(status: u16, body: &Value) -> Response {
    Response { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().unwrap()).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { digit() * 16 + digit() } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}
