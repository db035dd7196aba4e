//! Logins from the first request to the account, at a provider that is told what to say.

mod flow;
mod good;
mod hub;
#[path = "../../../tests/memory/mod.rs"]
mod memory;
mod provider;

use super::*;
use axum::body::Body;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use memory::Memory;
use provider::Script;
use rosterd_model::port::BoxFuture;
use rosterd_model::{ConnectionId, ExternalId, Fault, Timestamp};
use std::sync::Mutex;
use tower::ServiceExt as _;

/// When tests happen.
const NOW_S: u64 = 1_800_000_000;
const ISSUER: &str = "https://id.example";

struct Hand(Mutex<u64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(*self.0.lock().expect("the clock"))
    }
}

#[derive(Default)]
struct Kept(Mutex<Vec<Outcome>>);

impl Audit for Kept {
    fn logged_in(&self, outcome: Outcome) -> BoxFuture<'_, ()> {
        self.0.lock().expect("outcomes").push(outcome);
        Box::pin(std::future::ready(()))
    }
}

struct Fixed(Mutex<Standing>);

impl People for Fixed {
    fn standing(&self, _: &ConnectionId, _: &ExternalId) -> BoxFuture<'_, Result<Standing, Fault>> {
        Box::pin(async { Ok(*self.0.lock().expect("standing")) })
    }
}

/// A hub with one login, and a provider.
struct World {
    script: Arc<Script>,
    clock: Arc<Hand>,
    kept: Arc<Kept>,
    standing: Arc<Fixed>,
    directory: Arc<Memory>,
    app: Router,
    /// Reads the configuration again, with this issuer.
    renew: Box<dyn Fn(&str)>,
}

/// A browser that was sent to the provider.
struct Sent {
    cookie: String,
    query: BTreeMap<String, String>,
    location: String,
}

fn settings(more: &str) -> LoginSettings<SecretString> {
    let text = format!(
        "connection = \"id\"\nissuer = \"{ISSUER}\"\nclient-id = \"hub\"\nemail-domains = [\"acme.example\"]\n{more}"
    );
    let read: LoginSettings<String> = toml::from_str(&text).expect("settings");
    read.with_secret(Some(SecretString::from("s3cret")))
}

fn world(more: &str) -> World {
    let script = Arc::new(Script::new());
    let clock = Arc::new(Hand(Mutex::new(NOW_S * 1000)));
    let (kept, directory) = (Arc::new(Kept::default()), Arc::new(Memory::default()));
    let standing = Arc::new(Fixed(Mutex::new(Standing::Known)));
    let around = Surroundings {
        clock: Arc::clone(&clock) as _,
        audit: Arc::clone(&kept) as _,
        people: Arc::clone(&standing) as _,
        public_url: "https://hub.example".to_owned(),
    };
    let configured = || Configured {
        settings: settings(more),
        directory: Arc::clone(&directory) as _,
        fetch: Arc::clone(&script) as _,
    };
    let all = [("id".to_owned(), configured()), ("other".to_owned(), configured())].into();
    let logins = Logins::new(all, around.clone()).expect("logins");
    let app = router(logins.clone());
    let renew = Box::new({
        let own = settings(more);
        let (directory, script) = (Arc::clone(&directory), Arc::clone(&script));
        move |issuer: &str| {
            let settings = LoginSettings { issuer: issuer.to_owned(), ..own.clone() };
            let one = Configured { settings, directory: Arc::clone(&directory) as _, fetch: Arc::clone(&script) as _ };
            logins.renew([("id".to_owned(), one)].into(), around.clone()).expect("logins");
        }
    });
    World { script, clock, kept, standing, directory, app, renew }
}

impl World {
    async fn get(&self, path: &str, cookie: Option<&str>) -> (StatusCode, HeaderMap, String) {
        get(&self.app, path, cookie).await
    }

    async fn begin(&self) -> Sent {
        let (status, headers, _) = self.get("/login/id", None).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        sent(&headers)
    }

    /// The browser comes back as it should.
    async fn back(&self, sent: &Sent) -> (StatusCode, String) {
        let path = self.path(sent);
        let (status, headers, body) = self.get(&path, Some(&sent.cookie)).await;
        assert!(headers[SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
        (status, body)
    }

    /// Where the provider sends the browser back to.
    fn path(&self, sent: &Sent) -> String {
        let code = self.script.code(&sent.query["nonce"], &sent.query["code_challenge"]);
        format!("/login/id/callback?code={code}&state={}", sent.query["state"])
    }

    /// From the beginning to the end.
    async fn login(&self) -> (StatusCode, String) {
        let sent = self.begin().await;
        self.back(&sent).await
    }

    fn outcome(&self) -> Outcome {
        self.kept.0.lock().expect("outcomes").last().cloned().expect("an outcome")
    }

    /// A login is refused for this reason; the browser hears nothing of it, and nothing is in the directory.
    async fn refused(&self, refusal: Refusal) {
        let (_, body) = self.login().await;
        self.was_refused(refusal, &body);
    }

    fn was_refused(&self, refusal: Refusal, body: &str) {
        let outcome = self.outcome();
        let refused = outcome.result.as_ref().expect_err("refused");
        assert_eq!(refused.refusal, refusal, "{refused}");
        assert!(body.contains(&outcome.reference) && !body.contains(refusal.sentence()), "{body}");
        assert!(self.directory.ids(rosterd_model::Class::Account).is_empty());
    }

    fn later(&self, seconds: u64) {
        *self.clock.0.lock().expect("the clock") += seconds * 1000;
    }
}

async fn get(app: &Router, path: &str, cookie: Option<&str>) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::get(path);
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = app.clone().oneshot(request).await.expect("an answer");
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    (head.status, head.headers, String::from_utf8(body.to_vec()).expect("text"))
}

/// What a browser makes of the answer to its first request.
fn sent(headers: &HeaderMap) -> Sent {
    let location = headers[LOCATION].to_str().expect("text").to_owned();
    let cookie = headers[SET_COOKIE].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let url = Url::parse(&location).expect("a url");
    Sent { cookie, query: url.query_pairs().into_owned().collect(), location }
}

fn blocking(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(work);
}
