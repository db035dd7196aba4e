//! An engine in memory with the API in front of it, and a client that calls it without a socket.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use rosterd_engine::testing::{TestClock, World};
use rosterd_engine::{Engine, Events, Gate, Policy, Settings};
use rosterd_model::ConnectionId;
use rosterd_model::spec::PolicySpec;
use rosterd_server::api::{StoreView, router};
use rosterd_server::{Caller, Scope};
use rosterd_store::testing::Recorder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt as _;

/// The token of the client that may do everything.
pub(crate) const TOKEN: &str = "AT-of-the-test";
pub(crate) const CLIENT: &str = "judge";
pub(crate) const SECRET: &str = "a secret of the test";

const POLICY: &str = r#"{"jobs": {"api": {"source": "api", "pushed": true,
    "account": {"correlate": [{"tier": 1, "match": ["userName"]}], "map": {"userName": "source.userName",
      "displayName": "source.displayName", "title": "source.title", "emails.work": "source[\"emails.work\"]", "name.givenName": "source.name.givenName",
      "orgUnit": "source.organizationalUnit", "manager": "source.manager"}},
    "group": {"map": {"displayName": "source.displayName", "members": "source.members"}},
    "org-unit": {"map": {"displayName": "source.displayName", "parent": "source.parent"}}}},
  "deliver": {}, "authority": {"default": ["api"]}, "guard": {"on-trip": "apply-safe"}, "protect": {}}"#;

/// The API over an engine.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) engine: Engine,
    router: Router,
}

pub(crate) fn api() -> ConnectionId {
    "api".parse().unwrap()
}

impl Place {
    pub(crate) fn new() -> Self {
        let spec: PolicySpec = serde_json::from_str(POLICY).unwrap();
        let clock = Arc::new(TestClock::default());
        clock.set(1_764_000_000_000);
        let engine = Engine {
            store: Arc::new(Recorder::new().open().unwrap()),
            connections: Arc::new(World::new()),
            policy: Arc::new(Policy::compile(&spec, "digest".to_owned()).unwrap()),
            settings: Settings::default(),
            clock: clock.clone(),
            events: Events::silent(),
            delivering: rosterd_engine::engine::Delivering::default(),
            gate: Gate::default(),
            principal: "tester".to_owned(),
        };
        let hub = Arc::new(StoreView::new(Arc::clone(&engine.store), clock));
        let caller = Caller {
            client: CLIENT.to_owned(),
            connection: api(),
            scopes: Scope::ALL.to_vec(),
            org_units: Vec::new(),
            directory: engine.directory(&api()).unwrap(),
        };
        let router = router(hub).layer(from_fn_with_state(caller, known));
        Self {
            engine,
            router: router.route("/v2/{instanceId}/{applicationId}/oauth2/token", axum::routing::post(token)),
        }
    }

    /// What stands in front of the API: it is where whoever mounts it puts his own.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// A client that may do less.
    pub(crate) fn with(&self, scopes: &[Scope], org_units: &[&str]) -> Self {
        let caller = Caller {
            client: "other".to_owned(),
            connection: api(),
            scopes: scopes.to_vec(),
            org_units: org_units.iter().map(|id| (*id).into()).collect(),
            directory: self.engine.directory(&api()).unwrap(),
        };
        let hub = StoreView::new(Arc::clone(&self.engine.store), Arc::clone(&self.engine.clock));
        Self { engine: self.engine.clone(), router: router(Arc::new(hub)).layer(from_fn_with_state(caller, known)) }
    }

    pub(crate) async fn send(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// A request with a body of JSON, or none; the status and the JSON of the answer.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, _, body) = self.call_with(method, path, body, &[]).await;
        (status, body)
    }

    pub(crate) async fn call_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> (u16, BTreeMap<String, String>, Value) {
        let mut request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {TOKEN}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.send(request.body(body).unwrap()).await;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// A request with lines, and the lines of the answer.
    pub(crate) async fn lines(&self, method: &str, path: &str, body: impl Into<Body>) -> Vec<Value> {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {TOKEN}"));
        let request = request.header("content-type", "application/x-ndjson").body(body.into()).unwrap();
        let response = self.send(request).await;
        assert_eq!(response.status().as_u16(), 200);
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

async fn known(
    axum::extract::State(caller): axum::extract::State<Caller>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if token == Some(&format!("Bearer {TOKEN}")) {
        request.extensions_mut().insert(caller);
    }
    next.run(request).await
}

/// The parameters of a token of the published SDK stand in the address.
async fn token(axum::extract::Query(query): axum::extract::Query<BTreeMap<String, String>>) -> Response {
    let said = |name: &str| query.get(name).map(String::as_str);
    if said("client_id") == Some(CLIENT) && said("client_secret") == Some(SECRET) {
        let body =
            json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 1200, "expires_at": 1_764_001_200 });
        return Json(body).into_response();
    }
    (axum::http::StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_client" }))).into_response()
}
