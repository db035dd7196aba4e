//! What a schema cannot say: names must be defined elsewhere in the file, expressions must compile. Touches nothing but
//! the file itself; plugins and secrets are looked at by `rosterd check`.

use super::schedule::Schedule;
use super::suggest::nearest;
use super::{Config, Document, EventWay};
use crate::error::Problem;
use rosterd_connector::webhook::check_url;
use rosterd_engine::{EngineError, Policy};
use rosterd_model::spec::{ClassSpec, DeliverySpec};
use rosterd_model::{Class, ConnectionId, JobId};
use rosterd_reconcile::absence::AbsencePolicy;
use rosterd_reconcile::authority::Authority;
use rosterd_reconcile::correlate::check_tiers;
use rosterd_reconcile::expression::root_of;
use rosterd_reconcile::fanout::Outbound;
use rosterd_reconcile::group_rule::GroupRule;
use rosterd_reconcile::mapping::Mapping;
use rosterd_reconcile::protect::Protect;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;

/// Words that are subcommands of `rosterd plan`.
const TAKEN: [&str; 2] = ["show", "approve"];

/// Everything that is wrong although the form is right.
pub(crate) fn lint(config: &Config) -> Vec<Problem> {
    let mut lint = Lint { config, document: &config.document, problems: Vec::new() };
    lint.names();
    lint.jobs();
    lint.authority();
    lint.conditions();
    lint.deliveries();
    lint.groups();
    lint.protect();
    lint.lifecycle();
    lint.problems.extend(super::flows::flows(config));
    lint.guard();
    lint.serve();
    lint.clients_only();
    lint.logins();
    if lint.problems.is_empty() {
        lint.together();
    }
    lint.problems
}

struct Lint<'a> {
    config: &'a Config,
    document: &'a Document,
    problems: Vec<Problem>,
}

impl Lint<'_> {
    /// What only shows when everything is put together. A sentence about a table begins with its header.
    fn together(&mut self) {
        let Err(EngineError::Configuration(text)) = Policy::compile(&self.config.policy, String::new()) else { return };
        for sentence in text.lines() {
            let header =
                sentence.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(header, _)| header);
            let path: Vec<&str> = header.split('.').collect();
            self.add(self.document.locate(&path), sentence.to_owned(), None);
        }
    }

    fn names(&mut self) {
        if self.config.file.connection.keys().any(ConnectionId::is_hub) {
            let message = "a connection can not be called \"hub\": that word stands for the hub itself".to_owned();
            self.add(self.document.locate(&["connection", "hub"]), message, None);
        }
    }

    fn jobs(&mut self) {
        for (name, job) in &self.config.file.job {
            let place = ["job", name.as_str()];
            if TAKEN.contains(&name.as_str()) {
                let message = format!("a job can not be called \"{name}\": that is a subcommand of rosterd plan");
                self.add(self.document.locate(&place), message, None);
            }
            if name.parse::<JobId>().is_ok_and(|name| name.is_reserved()) {
                let message =
                    format!("a job can not be called \"{name}\": the hub keeps that name for plans of its own");
                self.add(self.document.locate(&place), message, None);
            }
            let source = self.document.locate(&[place[0], place[1], "source"]);
            self.connection(&job.spec.source, source, &format!("[job.{name}] reads"));
            if let Some(Schedule::Calendar(calendar)) = &job.schedule
                && !(rosterd_engine::schedule::Cron { fields: calendar.cron.fields }).ever()
            {
                let place = self.document.locate(&["job", name, "schedule", "cron"]);
                let hint = "no month has this day; correct day of month or month".to_owned();
                self.add(place, format!("the schedule of [job.{name}] has no day at all"), Some(hint));
            }
            if let Err(error) = AbsencePolicy::parse(&job.spec.absence) {
                let place = self.document.locate(&["job", name, "absence", "min-interval"]);
                self.add(place, format!("[job.{name}.absence]: {error}"), None);
            }
            for class in Class::ALL {
                self.class(name, class, job.spec.class(class));
            }
        }
    }

    fn class(&mut self, job: &str, class: Class, spec: &ClassSpec) {
        let table = ["job", job, class.as_str()];
        for sentence in check_tiers(class, &spec.correlate) {
            let place = self.document.locate(&[table[0], table[1], table[2], "correlate"]);
            self.add(place, format!("[{}]: {sentence}", table.join(".")), None);
        }
        for error in Mapping::compile(class, &spec.map, "source", None).err().into_iter().flatten() {
            let place = self.document.locate(&[table[0], table[1], table[2], "map", &error.attribute]);
            self.add(place, format!("\"{}\" in [{}.map]: {}", error.attribute, table.join("."), error.message), None);
        }
    }

    fn guard(&mut self) {
        let file = &self.config.file;
        let checks = [
            ("guard", rosterd_reconcile::guard::check(&file.guard)),
            ("approval", rosterd_engine::policy::Approval::parse(&file.approval).map(drop)),
            ("retention", rosterd_engine::policy::Retention::parse(&file.retention).map(drop)),
        ];
        for (table, checked) in checks {
            let Err(sentence) = checked else { continue };
            // The sentence begins with the path of the key.
            let path = sentence.split_whitespace().next().unwrap_or(table).trim_end_matches(':');
            let path: Vec<&str> = path.split('.').collect();
            self.add(self.document.locate(&path), format!("[{table}]: {sentence}"), None);
        }
    }

    fn authority(&mut self) {
        for (attribute, order) in &self.config.file.authority.order {
            let path = ["authority", attribute.as_str()];
            for (index, entry) in order.iter().enumerate() {
                let connection = entry.connection();
                let place = self.document.locate_item(&path, connection.as_str());
                if order[..index].iter().any(|earlier| earlier.connection() == connection) {
                    let message = format!("\"{attribute}\" in [authority] names \"{connection}\" twice");
                    self.add(place, message, Some("name each connection once, the strongest first".to_owned()));
                } else {
                    self.connection(connection, place, &format!("\"{attribute}\" in [authority] names"));
                }
            }
        }
    }

    /// What an order asks for must be readable.
    fn conditions(&mut self) {
        for message in Authority::new(&self.config.file.authority, &[], BTreeSet::new()).err().into_iter().flatten() {
            self.add(self.document.locate(&["authority"]), message, None);
        }
    }

    fn deliveries(&mut self) {
        for (destination, spec) in &self.config.file.deliver {
            let path = ["deliver", destination.as_str()];
            self.connection(destination, self.document.locate(&path), &format!("[deliver.{destination}] writes to"));
            for error in Outbound::compile(spec).err().into_iter().flatten() {
                let place = self.outbound_place(destination, spec, &error.attribute);
                let message = format!("\"{}\" in [deliver.{destination}]: {}", error.attribute, error.message);
                self.add(place, message, None);
            }
        }
    }

    /// `scope`, or `account.displayName`.
    fn outbound_place(&self, destination: &ConnectionId, spec: &DeliverySpec, attribute: &str) -> Range<usize> {
        let rule = Class::ALL.into_iter().find_map(|class| {
            let prefixes = [class.as_str(), root_of(class)];
            let name = prefixes.iter().find_map(|prefix| attribute.strip_prefix(prefix)?.strip_prefix('.'))?;
            spec.class(class).map.contains_key(name).then_some((class, name))
        });
        match rule {
            Some((class, name)) => {
                self.document.locate(&["deliver", destination.as_str(), class.as_str(), "map", name])
            }
            None => self.document.locate(&["deliver", destination.as_str(), attribute]),
        }
    }

    fn groups(&mut self) {
        for (name, spec) in &self.config.file.group {
            if let Err(error) = GroupRule::compile(name, spec) {
                let place = self.document.locate(&["group", name, &error.attribute]);
                self.add(place, format!("\"{}\" in [group.{name}]: {}", error.attribute, error.message), None);
            }
        }
    }

    fn protect(&mut self) {
        for error in Protect::compile(&self.config.file.protect).err().into_iter().flatten() {
            let place = self.document.locate_item(&["protect", "accounts"], &error.attribute);
            self.add(place, format!("\"accounts\" in [protect]: {}", error.message), None);
        }
    }

    fn serve(&mut self) {
        let file = &self.config.file;
        for (key, address) in [("metrics", &file.serve.metrics), ("receive", &file.serve.receive)] {
            if let Some(address) = address.as_ref().filter(|text| text.parse::<SocketAddr>().is_err()) {
                let place = self.document.locate(&["serve", key]);
                let hint = "write an address and a port, such as \"127.0.0.1:9464\"".to_owned();
                self.add(place, format!("\"{address}\" in [serve] is no address to listen at"), Some(hint));
            }
        }
        if let (Some(_), None) = (&file.serve.tls, &file.serve.receive) {
            let message = "there is a certificate in [serve.tls], and no address at which it is shown".to_owned();
            let hint = "add receive = \"0.0.0.0:8443\" to [serve], or take [serve.tls] out".to_owned();
            self.add(self.document.locate(&["serve", "tls"]), message, Some(hint));
        }
        self.events();
        if let Some(Err(error)) = file.notify.as_ref().map(|notify| check_url(&notify.url)) {
            self.add(self.document.locate(&["notify", "url"]), format!("\"url\" in [notify]: {error}"), None);
        }
    }

    /// Without a plugin there is nobody to be read or written: only clients, by a job that takes what they push.
    fn clients_only(&mut self) {
        let file = &self.config.file;
        for (name, table) in file.connection.iter().filter(|(_, table)| table.plugin.is_none()) {
            let path = ["connection", name.as_str()];
            let mut jobs = file.job.values().filter(|job| job.spec.source == *name).peekable();
            let pushed = jobs.peek().is_some() && jobs.all(|job| job.spec.pushed);
            if !pushed || file.deliver.contains_key(name) || !table.events.is_empty() {
                let message = format!(
                    "[connection.{name}] lacks the key \"plugin\", which only a connection may that nothing but clients uses"
                );
                let hint = format!(
                    "add plugin = ..., or let a job with pushed = true and nothing else use {name}: no delivery, no events"
                );
                self.add(self.document.locate(&path), message, Some(hint));
                continue;
            }
            if file.serve.receive.is_none() {
                let message = format!("nobody can push to [connection.{name}]: [serve] has no address for clients");
                let hint = "add receive = \"127.0.0.1:8080\" to [serve]".to_owned();
                self.add(self.document.locate(&path), message, Some(hint));
            }
        }
    }

    /// A login needs a way in, an address that the provider knows, and a job that takes what it says.
    fn logins(&mut self) {
        let file = &self.config.file;
        for (name, login) in &file.login {
            let at = |key: &str| self.document.locate(&["login", name.as_str(), key]);
            let mut found: Vec<(Range<usize>, String, Option<String>)> = Vec::new();
            for problem in login.validate(name) {
                // A sentence begins with the key that it is about.
                let key = problem.split([' ', '.']).next().unwrap_or_default().to_owned();
                found.push((at(&key), format!("[login.{name}]: {problem}"), None));
            }
            if !file.job.values().any(|job| job.spec.source == login.connection && job.spec.pushed) {
                let message = format!(
                    "[login.{name}] submits to \"{}\", which is the source of no job with pushed = true",
                    login.connection
                );
                let hint = format!("add [job.{0}] with source = \"{0}\" and pushed = true", login.connection);
                found.push((at("connection"), message, Some(hint)));
            }
            if file.serve.receive.is_none() || file.serve.public_url.is_none() {
                let message = format!("nobody can come to [login.{name}]: [serve] lacks receive or public-url");
                let hint = "add receive = \"127.0.0.1:8080\" and public-url = \"https://hub.example.com\" to [serve]";
                found.push((at("issuer"), message, Some(hint.to_owned())));
            }
            for (place, message, hint) in found {
                self.add(place, message, hint);
            }
        }
    }

    /// Events must have a way in, and somebody who looks at what they are about.
    fn events(&mut self) {
        let file = &self.config.file;
        for (name, table) in file.connection.iter().filter(|(_, table)| !table.events.is_empty()) {
            let place = self.document.locate(&["connection", name.as_str(), "events"]);
            if table.hears(EventWay::Receive) && file.serve.receive.is_none() {
                let message = format!("nobody can call [connection.{name}]: [serve] has no address for it");
                let hint = "add receive = \"127.0.0.1:8080\" to [serve]".to_owned();
                self.add(place.clone(), message, Some(hint));
            }
            if !file.job.values().any(|job| job.spec.source == *name) {
                let message =
                    format!("no job reads [connection.{name}], so nothing looks at what its events are about");
                let hint = format!("add a job with source = \"{name}\", or take \"events\" out");
                self.add(place, message, Some(hint));
            }
        }
    }

    fn lifecycle(&mut self) {
        if let Err(message) = rosterd_reconcile::leaver::zone(&self.config.file.lifecycle.zone) {
            let place = self.document.locate(&["lifecycle", "zone"]);
            self.add(place, format!("\"zone\" in [lifecycle]: {message}"), None);
        }
    }

    /// The connection must be defined.
    fn connection(&mut self, connection: &ConnectionId, place: Range<usize>, what: &str) {
        let defined = &self.config.file.connection;
        if defined.contains_key(connection) {
            return;
        }
        let names = || defined.keys().map(ConnectionId::as_str);
        let hint = match nearest(connection.as_str(), names()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if defined.is_empty() => format!("add a [connection.{connection}] table"),
            None => format!("defined are: {}", names().collect::<Vec<_>>().join(", ")),
        };
        self.add(place, format!("{what} \"{connection}\", and there is no such connection"), Some(hint));
    }

    fn add(&mut self, place: Range<usize>, message: String, hint: Option<String>) {
        self.problems.push(self.document.problem(place, message, hint.into_iter().collect()));
    }
}
