//! Users by SCIM: the hub, which stores each durably before it answers, beside scimmy behind Express, which keeps them in memory.

use super::http::{Connection, Until, on_one_thread, rate, request};
use super::{Serving, http};
use crate::dingtalk::tell;
use crate::process::median;
use crate::report::Report;
use crate::settings::Settings;
use rosterd_tests::node;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

/// Each measurement takes so long.
const TIME: Duration = Duration::from_secs(5);
/// Pairs of measurements; the median of their ratios counts.
const PAIRS: usize = 3;
/// Users among whom one is looked for.
const USERS: u64 = 100_000;
/// Operations of a bulk request.
const BULK: u64 = 500;
/// Clients, who take turns.
const CLIENTS: u64 = 8;
/// The path of the receiver.
const RECEIVER: &str = "/receive/okta";
/// The media type.
const KIND: &str = "application/scim+json";
/// The token of scimmy.
const TOKEN: &str = "bench-of-nobody";

pub(super) fn measure(settings: &Settings, report: &mut Report) -> Result<(), String> {
    for (connections, least) in [(8, 2.0), (64, 5.0)] {
        creates(settings, report, connections, least)?;
    }
    gets(settings, report)?;
    filters(settings, report)
}

/// A server that users are sent to.
trait Server {
    fn port(&self) -> u16;
    fn path(&self) -> &str;
    /// Tokens, of which each connection has one.
    fn tokens(&self) -> Tokens;

    fn create(&self, connections: u64) -> Result<f64, String> {
        let (path, tokens) = (format!("{}/Users", self.path()), self.tokens());
        let make = move |number| request("POST", &path, tokens.of(number), KIND, &user(number).to_string());
        Ok(rate(self.port(), connections, Until::Time(TIME), make)?.a_second)
    }

    /// Makes one user, and says how often he was read in a second.
    fn get(&self, connections: u64, who: u64) -> Result<f64, String> {
        let (users, tokens) = (format!("{}/Users", self.path()), self.tokens());
        let body = user(who).to_string();
        let made = on_one_thread(async {
            let mut connection = Connection::open(self.port()).await?;
            connection.ask(&request("POST", &users, tokens.of(0), KIND, &body)).await
        })?;
        let made: Value = serde_json::from_slice(&made.body).map_err(|error| format!("no user was made: {error}"))?;
        let id = made["id"].as_str().ok_or("a user has no id")?;
        let path = format!("{users}/{id}");
        let make = move |number| request("GET", &path, tokens.of(number), KIND, "");
        Ok(rate(self.port(), connections, Until::Time(TIME), make)?.a_second)
    }
}

/// Tokens of clients.
#[derive(Clone)]
struct Tokens(Rc<[String]>);

impl Tokens {
    /// That of the connection on which the request of this number is made.
    fn of(&self, number: u64) -> &str {
        &self.0[usize::try_from(number).unwrap_or_default() % self.0.len()]
    }
}

fn user(number: u64) -> Value {
    let name = format!("user{number}@acme.example");
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "displayName": format!("Person {number}"),
        "active": true, "name": { "givenName": "Per", "familyName": "Son" }, "title": "Clerk",
        "emails": [{ "type": "work", "primary": true, "value": name }],
    })
}

/// The hub, and clients of it: it answers no client more than 10,000 times a second.
struct Receiver<'a> {
    serving: Serving<'a>,
    tokens: Tokens,
}

impl<'a> Receiver<'a> {
    fn start(settings: &'a Settings) -> Result<Self, String> {
        let serving = Serving::start(settings, "scim", "", &[])?;
        let tokens: Vec<String> = (0..CLIENTS).map(|number| serving.token("okta", number)).collect::<Result<_, _>>()?;
        Ok(Self { serving, tokens: Tokens(tokens.into()) })
    }
}

impl Server for Receiver<'_> {
    fn port(&self) -> u16 {
        self.serving.port
    }
    fn path(&self) -> &'static str {
        RECEIVER
    }
    fn tokens(&self) -> Tokens {
        self.tokens.clone()
    }
}

/// scimmy, as long as it is not dropped.
struct Scimmy {
    child: Child,
    port: u16,
}

impl Scimmy {
    fn start(settings: &Settings) -> Result<Self, String> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../suite/scim/scimmy");
        let folder = settings.work.join("scimmy");
        node::install(&folder, &sources, &["server.mjs"]);
        let mut command = Command::new("node");
        command.arg("server.mjs").arg(TOKEN).current_dir(&folder).env("NODE_ENV", "production");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|error| format!("node does not start: {error}"))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            // Without a line there is no port, which is told below.
            let _ = BufReader::new(output).read_line(&mut line);
        }
        let port = line.trim().parse().map_err(|_| format!("scimmy tells no port, but \"{line}\""));
        let port = port.inspect_err(|_| drop(child.kill()))?;
        Ok(Self { child, port })
    }
}

impl Server for Scimmy {
    fn port(&self) -> u16 {
        self.port
    }
    fn path(&self) -> &'static str {
        "/v2"
    }
    fn tokens(&self) -> Tokens {
        Tokens([TOKEN.to_owned()].into())
    }
}

impl Drop for Scimmy {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both begin empty each time: what they have makes them slower.
fn creates(settings: &Settings, report: &mut Report, connections: u64, least: f64) -> Result<(), String> {
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let their = Scimmy::start(settings)?.create(connections)?;
        let receiver = Receiver::start(settings)?;
        let our = receiver.create(connections)?;
        receiver.serving.service.end()?;
        ours.push(our);
        theirs.push(their);
        ratios.push(our / their);
        tell(&format!("{connections} connections: {our:.0} creates a second, {their:.0} at scimmy"));
    }
    report.note(&format!("scim, {connections} connections: creates"), median(ours), "/s");
    report.note(&format!("scimmy, {connections} connections: creates"), median(theirs), "/s");
    report.at_least(&format!("scim creates / scimmy, {connections} connections"), median(ratios), "x", least);
    Ok(())
}

fn gets(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let (receiver, scimmy) = (Receiver::start(settings)?, Scimmy::start(settings)?);
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for who in 0..PAIRS as u64 {
        let (their, our) = (scimmy.get(8, who)?, receiver.get(8, who)?);
        ours.push(our);
        theirs.push(their);
        ratios.push(our / their);
        tell(&format!("{our:.0} users by id a second, {their:.0} at scimmy"));
    }
    report.note("scim, 8 connections: users by id", median(ours), "/s");
    report.note("scimmy, 8 connections: users by id", median(theirs), "/s");
    report.at_least("scim users by id / scimmy", median(ratios), "x", 5.0);
    receiver.serving.service.end()
}

/// One user among many, by name.
fn filters(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let receiver = Receiver::start(settings)?;
    let users = USERS.min(settings.people as u64);
    tell(&format!("making {users} users by bulk requests"));
    let (path, tokens) = (format!("{RECEIVER}/Bulk"), receiver.tokens());
    let make = move |number: u64| {
        let operations: Vec<Value> = (number * BULK..(number + 1) * BULK)
            .map(|user| json!({ "method": "POST", "path": "/Users", "bulkId": user.to_string(), "data": self::user(user) }))
            .collect();
        let schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
        let body = json!({ "schemas": [schema], "Operations": operations });
        request("POST", &path, tokens.of(number), KIND, &body.to_string())
    };
    let bulk = rate(receiver.port(), 8, Until::Count(users / BULK), make)?;
    report.note("scim, 8 connections: creates by bulk requests", bulk.a_second * BULK as f64, "/s");
    let tokens = receiver.tokens();
    let make = move |number: u64| {
        // Here and there, and not in the order in which they were made.
        let user = number.wrapping_mul(7_919) % users;
        let path = format!("{RECEIVER}/Users?filter=userName%20eq%20%22USER{user}@acme.example%22");
        request("GET", &path, tokens.of(number), KIND, "")
    };
    let found = found(receiver.port(), &make(1))?;
    if found != 1 {
        return Err(format!("a filter by name found {found} users"));
    }
    let asked: http::Rate = rate(receiver.port(), 1, Until::Time(TIME), make)?;
    report.limit("scim, userName among 100,000, median", asked.median * 1e3, "ms", 5.0);
    receiver.serving.service.end()
}

fn found(port: u16, asked: &[u8]) -> Result<u64, String> {
    let answer = on_one_thread(async { Connection::open(port).await?.ask(asked).await })?;
    let list: Value = serde_json::from_slice(&answer.body).map_err(|error| format!("a list is none: {error}"))?;
    Ok(list["totalResults"].as_u64().unwrap_or_default())
}
