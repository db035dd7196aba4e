//! Rate limits that the host keeps, so that all instances of all connections together stay inside what a remote system
//! allows.
//!
//! A window is counted exactly: in no stretch of `per` are there more than `capacity` requests, because remote systems ban
//! for that. A penalty closes a bucket until its end.

use crate::condition::Answer;
use crate::endpoint::{Endpoint, Kind};
use crate::http::Incoming;
use crate::manifest_parts::{Bucket, Each, Penalty, Scope};
use crate::template::expand;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// All buckets of this process, by who shares them.
#[derive(Default)]
pub(crate) struct Buckets {
    states: Mutex<HashMap<String, Arc<Fill>>>,
}

/// How full a bucket is.
struct Fill {
    window: Mutex<Window>,
    concurrent: Option<Arc<Semaphore>>,
}

struct Window {
    sent: VecDeque<Instant>,
    closed_until: Option<Instant>,
}

/// The buckets of one connection.
pub(crate) struct BucketSet {
    all: Arc<Buckets>,
    rules: BTreeMap<String, Rule>,
    connection: String,
    credential: String,
}

struct Rule {
    bucket: Bucket,
    hosts: Option<Vec<Endpoint>>,
}

/// What a request draws from; held until its answer is there.
pub(crate) struct Admission {
    drawn: Vec<(Arc<Fill>, Vec<Penalty>)>,
    _permits: Vec<OwnedSemaphorePermit>,
}

impl BucketSet {
    /// `credential` names what the connection logs in with, without being it.
    pub(crate) fn new(
        all: &Arc<Buckets>,
        buckets: &BTreeMap<String, Bucket>,
        settings: &Value,
        connection: &str,
        credential: &str,
    ) -> Result<Self, String> {
        let rule = |(name, bucket): (&String, &Bucket)| {
            let list = bucket.matches.as_ref().and_then(|matches| matches.hosts.as_ref());
            let hosts = list.map(|list| {
                list.iter()
                    .flat_map(|text| expand(text, settings))
                    .map(|text| Endpoint::parse(&text, Kind::Http))
                    .collect()
            });
            Ok::<_, String>((name.clone(), Rule { bucket: bucket.clone(), hosts: hosts.transpose()? }))
        };
        let rules = buckets.iter().map(rule).collect::<Result<_, _>>()?;
        Ok(Self { all: Arc::clone(all), rules, connection: connection.to_owned(), credential: credential.to_owned() })
    }

    /// Waits until every bucket that a request falls into, or names, has room; at most `patience`.
    pub(crate) async fn admit(&self, request: &Draw<'_>, patience: Duration) -> Result<Admission, Fault> {
        if let Some(unknown) = request.named.iter().find(|name| !self.rules.contains_key(*name)) {
            return Err(Fault::new(FaultKind::Internal, format!("the manifest has no bucket \"{unknown}\"")));
        }
        let end = Instant::now() + patience;
        let mut admission = Admission { drawn: Vec::new(), _permits: Vec::new() };
        for (name, rule) in &self.rules {
            if request.named.iter().any(|named| named == name) || rule.takes(request) {
                let fill = self.fill(name, &rule.bucket, request);
                if let Some(permit) = fill.enter(&rule.bucket, end).await.map_err(|wait| limited(name, wait))? {
                    admission._permits.push(permit);
                }
                admission.drawn.push((fill, rule.bucket.penalty.clone()));
            }
        }
        Ok(admission)
    }

    /// Closes the buckets that an answer says are closed, for a request that drew from none, such as that for a token: it
    /// must not wait for room that the request holds which needs the token. The longest wait, if a bucket was closed.
    pub(crate) fn judge(&self, request: &Draw<'_>, incoming: &Incoming) -> Option<Duration> {
        let answer = Answer::new(incoming);
        let taking = self.rules.iter().filter(|(_, rule)| rule.takes(request));
        let closed = taking
            .map(|(name, rule)| self.fill(name, &rule.bucket, request).close(&rule.bucket.penalty, &answer, incoming));
        closed.max().flatten()
    }

    fn fill(&self, name: &str, bucket: &Bucket, request: &Draw<'_>) -> Arc<Fill> {
        let scope = match bucket.scope {
            Scope::Credential => format!("credential {}", self.credential),
            Scope::Connection => format!("connection {}", self.connection),
            Scope::RemoteHost => format!("host {}", request.host),
        };
        let path = if bucket.each == Each::Path { request.path } else { "" };
        let mut states = self.all.states.lock().unwrap_or_else(PoisonError::into_inner);
        let fill = states.entry(format!("{scope} {name} {path}")).or_insert_with(|| {
            let concurrent = bucket.concurrent.map(|most| Arc::new(Semaphore::new(most as usize)));
            Arc::new(Fill { window: Mutex::new(Window { sent: VecDeque::new(), closed_until: None }), concurrent })
        });
        Arc::clone(fill)
    }
}

fn limited(name: &str, wait: Duration) -> Fault {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let text = format!("the rate limit \"{name}\" leaves no room for {ms} ms, which is longer than this call may wait");
    let mut fault = Fault::new(FaultKind::RateLimited, text);
    fault.retry_after_ms = Some(ms);
    fault.detail = "{\"sent\":false}".to_owned();
    fault
}

/// What a bucket looks at.
pub(crate) struct Draw<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) path: &'a str,
    /// Buckets that the request names.
    pub(crate) named: &'a [String],
}

impl Rule {
    fn takes(&self, request: &Draw<'_>) -> bool {
        let Some(matches) = &self.bucket.matches else { return false };
        self.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|own| own.holds(request.host, request.port)))
            && matches.methods.as_ref().is_none_or(|list| list.iter().any(|method| method == request.method))
            && matches.paths.as_ref().is_none_or(|list| list.iter().any(|pattern| path_fits(pattern, request.path)))
    }
}

/// `*` stands for one part, `**` at the end for the rest.
fn path_fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let mut patterns = pattern.split('/').peekable();
    while let Some(want) = patterns.next() {
        if want == "**" && patterns.peek().is_none() {
            return parts.next().is_some();
        }
        match parts.next() {
            Some(part) if want == "*" || want == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

impl Fill {
    /// Room for one request, or how long there will be none.
    async fn enter(&self, bucket: &Bucket, end: Instant) -> Result<Option<OwnedSemaphorePermit>, Duration> {
        let permit = match &self.concurrent {
            Some(semaphore) => {
                let waiting = tokio::time::timeout_at(end, Arc::clone(semaphore).acquire_owned());
                Some(waiting.await.ok().and_then(Result::ok).ok_or_else(|| Duration::from_secs(1))?)
            }
            None => None,
        };
        loop {
            let now = Instant::now();
            let Some(until) = self.try_enter(bucket, now) else { return Ok(permit) };
            if until > end {
                return Err(until - now);
            }
            tokio::time::sleep_until(until).await;
        }
    }

    /// Takes a place in the window; otherwise the time at which to look again.
    fn try_enter(&self, bucket: &Bucket, now: Instant) -> Option<Instant> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = window.closed_until.filter(|until| *until > now) {
            return Some(until);
        }
        let (Some(capacity), Some(per)) = (bucket.capacity, bucket.per) else { return None };
        while window.sent.front().is_some_and(|sent| *sent + per.duration() <= now) {
            window.sent.pop_front();
        }
        if window.sent.len() < capacity as usize {
            window.sent.push_back(now);
            return None;
        }
        window.sent.front().map(|sent| *sent + per.duration())
    }

    /// Closes it if the answer fits a penalty; for how long.
    fn close(&self, penalties: &[Penalty], answer: &Answer<'_>, incoming: &Incoming) -> Option<Duration> {
        let fitting = penalties.iter().filter(|penalty| answer.fits(&penalty.when));
        let waits = fitting.filter_map(|penalty| {
            let stated = penalty.header.as_ref().and_then(|name| incoming.header(name)).and_then(retry_after);
            stated.or(penalty.wait.map(crate::units::Span::duration))
        });
        let wait = waits.max()?;
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.closed_until = window.closed_until.max(Some(Instant::now() + wait));
        Some(wait)
    }
}

impl Admission {
    /// Closes buckets that the answer says are closed.
    pub(crate) fn judge(&self, incoming: &Incoming) {
        let answer = Answer::new(incoming);
        for (fill, penalties) in &self.drawn {
            fill.close(penalties, &answer, incoming);
        }
    }
}

/// Seconds, or a date, as in Retry-After. At most a day: a longer one is a mistake of the remote system.
pub(crate) fn retry_after(text: &str) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(86_400);
    let seconds = text.trim().parse::<f64>().ok().filter(|seconds| *seconds >= 0.0 && seconds.is_finite());
    if let Some(seconds) = seconds {
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    let ahead = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(ahead).unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(bucket: Value) -> BucketSet {
        let buckets = BTreeMap::from([("b".to_owned(), serde_json::from_value(bucket).unwrap())]);
        BucketSet::new(&Arc::default(), &buckets, &json!({}), "hr", "x").unwrap()
    }

    fn draw(path: &str) -> Draw<'_> {
        Draw { method: "GET", host: "api.example", port: 443, path, named: &[] }
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_never_holds_more_than_its_capacity() {
        let set = set(json!({ "match": { "hosts": ["api.example"] }, "capacity": 2, "per": "10s" }));
        let start = Instant::now();
        for _ in 0..6 {
            set.admit(&draw("/"), Duration::from_secs(60)).await.unwrap();
        }
        assert_eq!(start.elapsed().as_secs(), 20);
        let fault = set.admit(&draw("/"), Duration::from_secs(1)).await.err().unwrap();
        assert_eq!((fault.kind, fault.retry_after_ms.is_some()), (FaultKind::RateLimited, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_penalty_closes_the_bucket_until_its_end() {
        let penalty = json!([{ "when": { "status": [429] }, "header": "retry-after", "wait": "30s" }]);
        let set = set(json!({ "match": { "paths": ["/v1/**"] }, "capacity": 100, "per": "1s", "penalty": penalty }));
        let admission = set.admit(&draw("/v1/users"), Duration::ZERO).await.unwrap();
        admission.judge(&Incoming { status: 429, headers: vec![("retry-after".into(), "7".into())], body: vec![] });
        let start = Instant::now();
        assert!(set.admit(&draw("/v1/x"), Duration::from_secs(1)).await.is_err());
        assert!(set.admit(&draw("/other"), Duration::ZERO).await.is_ok());
        set.admit(&draw("/v1/x"), Duration::from_secs(60)).await.unwrap();
        assert!((7..9).contains(&start.elapsed().as_secs()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_to_a_request_that_drew_nothing_closes_the_bucket_too() {
        let penalty = json!([{ "when": { "content-type": "text/html" }, "wait": "5m" }]);
        let set = set(json!({ "match": { "paths": ["/v1/**"] }, "concurrent": 1, "penalty": penalty }));
        let page =
            |kind: &str| Incoming { status: 403, headers: vec![("content-type".into(), kind.into())], body: vec![] };
        let held = set.admit(&draw("/v1/users"), Duration::ZERO).await.unwrap();
        assert_eq!(set.judge(&draw("/v1/token"), &page("application/json")), None);
        assert_eq!(set.judge(&draw("/token"), &page("text/html")), None);
        assert_eq!(set.judge(&draw("/v1/token"), &page("text/html")), Some(Duration::from_secs(300)));
        drop(held);
        assert!(set.admit(&draw("/v1/users"), Duration::from_secs(299)).await.is_err());
    }

    #[test]
    fn paths_and_waits() {
        assert!(path_fits("/v1/*/members", "/v1/7/members") && !path_fits("/v1/*", "/v1/7/members"));
        assert!(path_fits("/v1/**", "/v1/7/members") && !path_fits("/v1/**", "/v2"));
        assert_eq!(retry_after("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(retry_after("soon"), None);
    }
}
