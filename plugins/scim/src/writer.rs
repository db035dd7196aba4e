//! The writing role: a batch of operations, under way together where they are about different objects.

use crate::api::{self, Api};
use crate::convert;
use crate::filter::equal;
use crate::list::List;
use crate::place::Place;
use crate::provider::Provider;
use crate::reply::{self, Verdict, verdict};
use crate::settings::Settings;
use crate::task::{Step, Task};
use rosterd_sdk::http::{self, Request};
use rosterd_sdk::{Class, Fault, FaultKind, Object, ObjectRef, Operation, Receipt, clock};
use serde_json::Value;
use std::collections::BTreeSet;

/// A batch that takes longer ends, and the rest is sent next: the host ends a call after two minutes.
const LONGEST_NS: u64 = 45_000_000_000;
/// Objects that a look-up asks for.
const FOUND: u64 = 20;

/// Writes to one service provider, for one run.
#[derive(Debug)]
pub struct Writer {
    settings: Settings,
    api: Api,
    provider: Option<Provider>,
}

impl Writer {
    /// For a connection.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), api: Api::new(settings), provider: None }
    }

    /// What the service provider can do.
    ///
    /// # Errors
    /// What would meet every other request, too.
    pub fn provider(&mut self) -> Result<Provider, Fault> {
        match self.provider {
            Some(provider) => Ok(provider),
            None => Ok(*self.provider.insert(Provider::ask(&self.api, &self.settings)?)),
        }
    }

    /// Writes a batch.
    pub fn apply(&mut self, operations: &[Operation]) -> Vec<Receipt> {
        if operations.is_empty() {
            return Vec::new();
        }
        let provider = match self.provider() {
            Ok(provider) => provider,
            Err(fault) => {
                let rest = operations.iter().skip(1).map(|_| Receipt::NotAttempted(fault.clone()));
                return std::iter::once(Receipt::Failed(fault.clone())).chain(rest).collect();
            }
        };
        let begun = clock::monotonic_ns();
        let mut stopped: Option<Fault> = None;
        let mut receipts = Vec::with_capacity(operations.len());
        let mut rest = operations.iter().peekable();
        while rest.peek().is_some() {
            if stopped.is_none() && clock::monotonic_ns().saturating_sub(begun) > LONGEST_NS {
                let text = "the service provider is slow: this batch took too long, and the rest is sent with the next";
                stopped = Some(Fault::transient(text));
            }
            let (mut about, mut together) = (BTreeSet::new(), Vec::new());
            while together.len() < self.settings.parallel.max(1) {
                let Some(operation) = rest.next_if(|next| !about.contains(&object(next))) else { break };
                about.insert(object(operation));
                together.push(operation);
            }
            let some = match &stopped {
                Some(fault) => together.iter().map(|_| Receipt::NotAttempted(fault.clone())).collect(),
                None => self.run(&together, provider),
            };
            stopped = stopped.or_else(|| some.iter().find_map(stops).cloned());
            receipts.extend(some);
        }
        receipts
    }

    /// Takes tasks to their ends, all one step at a time.
    fn run(&self, operations: &[&Operation], provider: Provider) -> Vec<Receipt> {
        let mut tasks: Vec<Task<'_>> =
            operations.iter().map(|operation| Task::new(operation, &self.settings, provider, &self.api)).collect();
        let mut steps: Vec<Step> = tasks.iter_mut().map(Task::begin).collect();
        loop {
            let open: Vec<(usize, Request, bool)> = steps
                .iter()
                .enumerate()
                .filter_map(|(at, step)| match step {
                    Step::Send(request, writes) => Some((at, request.clone(), *writes)),
                    Step::Done(_) => None,
                })
                .collect();
            if open.is_empty() {
                break;
            }
            let requests: Vec<Request> = open.iter().map(|(_, request, _)| request.clone()).collect();
            let mut answers = http::send_all(&requests).into_iter();
            for (at, _, writes) in open {
                let lost = || Err(Fault::internal("the host gave fewer answers than it had requests"));
                steps[at] = tasks[at].answered(verdict(answers.next().unwrap_or_else(lost), writes));
            }
        }
        let receipt = |step| match step {
            Step::Done(receipt) => receipt,
            Step::Send(..) => Receipt::Unknown(Fault::internal("a task did not end")),
        };
        steps.into_iter().map(receipt).collect()
    }

    /// Objects whose attribute has this value.
    ///
    /// # Errors
    /// `unsupported` where the service provider does not filter by it.
    pub fn find(&mut self, class: Class, attribute: &str, value: &str) -> Result<Vec<Object>, Fault> {
        let unsupported =
            |text: &str| Fault::unsupported(format!("users and groups can not be found by {attribute}: {text}"));
        let place = Place::of(attribute).ok_or_else(|| unsupported("it is no attribute of SCIM"))?;
        if class == Class::OrgUnit || !self.provider()?.filter {
            return Err(unsupported("the service provider does not filter"));
        }
        let page = match self.api.send(&self.api.search(class, &equal(&place, value), FOUND)) {
            Verdict::Done(page) => page.unwrap_or_default(),
            Verdict::Refused(fault) if fault.kind == FaultKind::Invalid => return Err(unsupported(&fault.message)),
            Verdict::Refused(fault) | Verdict::Doubtful(fault) => return Err(fault),
        };
        let list = List::of(page)
            .map_err(|wrong| Fault::transient(format!("the answer to a look-up can not be read: {wrong}")))?;
        let came = list.resources.len() as u64;
        // Some ignore a filter that they do not know, and give everything: what does not have the value is not found.
        let has = |resource: &convert::Resource| {
            let there = place.take(resource).and_then(Value::as_str).map(str::to_lowercase);
            there.is_some_and(|there| there == value.to_lowercase())
        };
        let objects: Vec<Object> = list
            .resources
            .iter()
            .filter_map(Value::as_object)
            .filter(|resource| has(resource))
            .filter_map(|resource| convert::object(class, resource, false, &self.settings).ok())
            .collect();
        if list.total.is_some_and(|total| total > came) && (objects.len() as u64) < came {
            return Err(unsupported(
                "the service provider answers with objects that do not have the value, and with too many to look at",
            ));
        }
        Ok(objects)
    }
}

/// These objects as they are now. `members`: of groups, too.
#[must_use]
pub fn read(settings: &Settings, objects: &[ObjectRef], members: bool) -> Vec<Result<Option<Object>, Fault>> {
    let api = Api::new(settings);
    let mut all = Vec::with_capacity(objects.len());
    for some in objects.chunks(settings.parallel.max(1)) {
        let paths: Vec<Option<String>> = some.iter().map(path).collect();
        let request = |(object, path): (&ObjectRef, &Option<String>)| {
            let request = api.get(path.as_deref()?);
            let hidden = object.class == Class::Group && !members;
            Some(if hidden { request.query("excludedAttributes", "members") } else { request })
        };
        let requests: Vec<Request> = some.iter().zip(&paths).filter_map(request).collect();
        let mut answers = http::send_all(&requests).into_iter();
        for (object, path) in some.iter().zip(&paths) {
            all.push(match path {
                None => Ok(None),
                Some(_) => {
                    let lost = || Err(Fault::internal("the host gave fewer answers than it had requests"));
                    shown(object, verdict(answers.next().unwrap_or_else(lost), false), members, settings)
                }
            });
        }
    }
    all
}

fn path(object: &ObjectRef) -> Option<String> {
    (object.class != Class::OrgUnit).then(|| api::path(object.class, &object.id))?
}

fn shown(asked: &ObjectRef, verdict: Verdict, members: bool, settings: &Settings) -> Result<Option<Object>, Fault> {
    let resource = match verdict {
        Verdict::Done(resource) => resource.unwrap_or_default(),
        Verdict::Refused(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
        Verdict::Refused(fault) if fault.kind == FaultKind::Forbidden => return Err(fault.about(&asked.id)),
        Verdict::Refused(fault) | Verdict::Doubtful(fault) => return Err(fault),
    };
    let object = convert::object(asked.class, &resource, members, settings)
        .map_err(|wrong| Fault::transient(format!("the object {} can not be read: {wrong}", asked.id)))?;
    if object.id != asked.id {
        return Err(Fault::transient("the service provider answers with another object than was asked for"));
    }
    Ok(Some(object))
}

/// What an operation is about; what is being made is known by the operation alone.
fn object(operation: &Operation) -> (&str, &str) {
    (operation.class.as_str(), operation.id.as_deref().unwrap_or(&operation.key))
}

/// What would meet all that follow, too.
fn stops(receipt: &Receipt) -> Option<&Fault> {
    match receipt {
        Receipt::Failed(fault) | Receipt::Unknown(fault) => Some(fault).filter(|fault| reply::stops(fault)),
        _ => None,
    }
}
