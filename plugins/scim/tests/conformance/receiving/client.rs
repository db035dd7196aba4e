//! A client that calls the receiver, with the directory of the test kit behind it.

use rosterd_plugin_scim::Scim;
use rosterd_sdk::testkit::{Entered, World, open};
use rosterd_sdk::{Receiver, Request, Response};
use serde_json::{Value, json};

/// Where the connection is, as the hub tells it.
pub(crate) const BASE: &str = "https://hub.example/receive/okta";

/// All that a client may do.
pub(crate) const SCOPES: [&str; 6] =
    ["accounts:read", "accounts:write", "org-units:read", "org-units:write", "groups:read", "groups:write"];

/// A client of a connection of its own.
pub(crate) struct Client {
    /// Behind the receiver.
    pub(crate) world: Entered,
    scim: Scim,
    /// What it may do.
    pub(crate) scopes: Vec<&'static str>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(json!({}))
    }

    /// With these settings.
    pub(crate) fn with(settings: Value) -> Self {
        let world = World::new().settings(settings).enter();
        let scim = open::<Scim>().unwrap();
        Self { world, scim, scopes: SCOPES.to_vec() }
    }

    /// The bytes of an answer.
    pub(crate) fn raw(&mut self, request: Request) -> Response {
        let answer = self.scim.handle(request);
        assert!(answer.hints.is_empty());
        answer.response
    }

    /// A request with headers of its own.
    pub(crate) fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Said {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut all = vec![("content-type".to_owned(), "application/scim+json".to_owned())];
        all.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let context =
            json!({ "base-url": BASE, "request-id": "r1", "client": { "id": "okta", "scopes": self.scopes } });
        let response = self.raw(Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: all,
            body: body.to_vec(),
            context: context.to_string(),
        });
        let said = Said {
            status: response.status,
            body: if response.body.is_empty() { Value::Null } else { serde_json::from_slice(&response.body).unwrap() },
            headers: response.headers,
        };
        said.checked();
        said
    }

    pub(crate) fn call(&mut self, method: &str, target: &str, body: &Value) -> Said {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, target, &[], body.as_bytes())
    }

    pub(crate) fn get(&mut self, target: &str) -> Said {
        self.call("GET", target, &Value::Null)
    }

    /// Makes a resource, and gives its id.
    #[track_caller]
    pub(crate) fn made(&mut self, endpoint: &str, body: &Value) -> String {
        let said = self.call("POST", &format!("/{endpoint}"), body);
        assert_eq!(said.status, 201, "{said:?}");
        said.body["id"].as_str().unwrap().to_owned()
    }

    /// A PATCH of these operations.
    pub(crate) fn patch(&mut self, target: &str, operations: &Value) -> Said {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        self.call("PATCH", target, &body)
    }
}

impl Said {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Refused so.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, kind: Option<&str>) {
        assert_eq!((self.status, self.body["scimType"].as_str()), (status, kind), "{self:?}");
    }

    /// What every answer is.
    #[track_caller]
    fn checked(&self) {
        let kind = self.header("content-type");
        assert_eq!(kind, (!self.body.is_null()).then_some("application/scim+json"), "{self:?}");
        if self.status >= 400 {
            assert_eq!(self.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{self:?}");
            assert_eq!(self.body["status"], self.status.to_string(), "a text");
            assert!(self.body["detail"].as_str().is_some_and(|text| text.len() > 5 && text.len() < 600), "{self:?}");
        }
    }
}
