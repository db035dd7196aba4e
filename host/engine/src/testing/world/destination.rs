//! The writing role: operations change real objects, and a system refuses what it can not do.

use super::Connected;
use super::object::{Json, Object, attributes, name_of};
use super::system::System;
use super::trouble::Answer;
use rosterd_model::outbox::{Action, Applied, Receipt, Request};
use rosterd_model::port::{BoxFuture, Destination};
use rosterd_model::record::{Edit, Record};
use rosterd_model::{Class, ExternalId, Fault, FaultKind};
use serde_json::Value;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what is asked in all worlds: the order of asking among systems.
static ORDER: AtomicU64 = AtomicU64::new(0);

/// One operation that a system was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Which system.
    pub to: String,
    /// What people call the object.
    pub name: String,
    /// The operation.
    pub request: Request,
    /// The answer.
    pub receipt: Receipt,
    pub(super) order: u64,
}

impl Sent {
    /// The word for what was asked.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        word(&self.request.action)
    }
}

/// `app create ann`, `app update ann title="Boss"`, `app create org-unit Sales`.
impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to, self.action())?;
        if self.request.class != Class::Account {
            write!(f, " {}", self.request.class)?;
        }
        write!(f, " {}", self.name)?;
        match &self.request.action {
            Action::Update(edits) => edits.iter().try_for_each(|edit| write_edit(f, edit)),
            Action::MoveTo(Some((_, id))) => write!(f, " under {id}"),
            _ => Ok(()),
        }
    }
}

fn write_edit(f: &mut fmt::Formatter<'_>, edit: &Edit) -> fmt::Result {
    for (sign, values) in [("=", &edit.replace), ("+=", &edit.add), ("-=", &edit.remove)] {
        if let Some(values) = values {
            write!(f, " {}{sign}{values}", edit.attribute)?;
        }
    }
    Ok(())
}

const fn word(action: &Action) -> &'static str {
    match action {
        Action::Create(_) => "create",
        Action::Update(_) => "update",
        Action::Enable => "enable",
        Action::Disable => "disable",
        Action::SetPassword => "set-password",
        Action::MoveTo(_) => "move",
        Action::Delete => "delete",
    }
}

impl System {
    fn one(&mut self, request: Request) -> Receipt {
        let name = self.name_in(&request);
        let action = word(&request.action);
        let at = self.trouble.iter().position(|trouble| trouble.fits(&request, action, &name));
        let receipt = match at {
            None => self.effect(&request),
            Some(at) => {
                self.trouble[at].times -= 1;
                let trouble = self.trouble[at].clone();
                if trouble.answer == Answer::DoneAndLost {
                    self.effect(&request);
                }
                trouble.receipt()
            }
        };
        let order = ORDER.fetch_add(1, Ordering::SeqCst);
        self.sent.push(Sent { to: self.name.clone(), name, request, receipt: receipt.clone(), order });
        receipt
    }

    fn name_in(&self, request: &Request) -> String {
        let known = request.id.as_ref().and_then(|id| {
            let object = self.objects.get(&(request.class, id.as_str().to_owned()))?;
            Some(object.name(id.as_str()))
        });
        let wanted = || name_of(&attributes(&request.desired));
        let id = || request.id.as_ref().map_or_else(String::new, |id| id.as_str().to_owned());
        known.or_else(wanted).unwrap_or_else(id)
    }

    /// Does an operation, now or when the run finishes.
    fn effect(&mut self, request: &Request) -> Receipt {
        if self.settles_late {
            self.late.push(request.clone());
            let id = request.id.clone().unwrap_or_else(|| ExternalId::from(self.next_id(self.late.len() as u64)));
            return Receipt::Applied(Applied { id, version: None, observed: None, problems: Vec::new() });
        }
        self.act(request)
    }

    fn next_id(&self, plus: u64) -> String {
        format!("{}-{}", self.name, self.made + plus)
    }

    fn act(&mut self, request: &Request) -> Receipt {
        let class = request.class;
        if let Action::Create(desired) = &request.action {
            return self.create(request, attributes(desired));
        }
        let Some(id) = request.id.as_ref().map(|id| id.as_str().to_owned()) else {
            return Receipt::Failed(Fault::new(FaultKind::Invalid, "an operation on nothing"));
        };
        let key = (class, id.clone());
        let Some(before) = self.objects.get(&key).cloned() else {
            return Receipt::Failed(Fault::new(FaultKind::NotFound, format!("there is no {class} {id}")).about(&*id));
        };
        let current = before.version.to_string();
        if self.keeps_versions && request.version.as_ref().is_some_and(|version| *version != current) {
            let text = format!("{class} {id} has version {current} now");
            return Receipt::Failed(Fault::new(FaultKind::Conflict, text).about(&*id));
        }
        if matches!(request.action, Action::Delete) {
            self.objects.remove(&key);
            self.journal.push(request.key.clone());
            return Receipt::Applied(self.applied(class, &id));
        }
        let mut after = before.clone();
        match &request.action {
            Action::Update(edits) => edits.iter().for_each(|edit| after.edit(edit)),
            Action::Enable => after.active = true,
            Action::Disable => after.active = false,
            Action::SetPassword => after.passwords += 1,
            Action::MoveTo(parent) => {
                after.parent = parent.as_ref().map(|(class, id)| (*class, id.as_str().to_owned()));
            }
            Action::Create(_) | Action::Delete => {}
        }
        self.lower(&mut after.attributes);
        if after == before {
            return Receipt::Unchanged(self.applied(class, &id));
        }
        if let Some(fault) = self.taken(class, Some(&id), &after.attributes) {
            return Receipt::Failed(fault);
        }
        after.version += 1;
        self.objects.insert(key, after);
        self.journal.push(request.key.clone());
        Receipt::Applied(self.applied(class, &id))
    }

    fn create(&mut self, request: &Request, mut attributes: Json) -> Receipt {
        let before = self.created.get(&request.key).filter(|_| self.looks_up && request.attempt > 1).cloned();
        if let Some(id) = before.filter(|id| self.objects.contains_key(&(request.class, id.clone()))) {
            return Receipt::Unchanged(self.applied(request.class, &id));
        }
        self.lower(&mut attributes);
        if let Some(fault) = self.taken(request.class, None, &attributes) {
            return Receipt::Failed(fault);
        }
        let id = self.next_id(1);
        self.made += 1;
        self.objects.insert((request.class, id.clone()), Object::new(attributes));
        self.created.insert(request.key.clone(), id.clone());
        self.journal.push(request.key.clone());
        Receipt::Applied(self.applied(request.class, &id))
    }

    fn lower(&self, attributes: &mut Json) {
        for name in &self.lowers {
            if let Some(Value::String(text)) = attributes.get_mut(name) {
                *text = text.to_lowercase();
            }
        }
    }

    /// The refusal of a value that another object has.
    fn taken(&self, class: Class, mine: Option<&str>, attributes: &Json) -> Option<Fault> {
        for name in &self.unique {
            let Some(value) = attributes.get(name) else { continue };
            let mut others = self.objects.iter().filter(|((of, id), _)| *of == class && Some(id.as_str()) != mine);
            let holder = others.find(|(_, object)| object.attributes.get(name) == Some(value));
            if let Some(((_, id), _)) = holder {
                let text = format!("{name} {value} belongs to {class} {id}");
                return Some(Fault::new(FaultKind::AlreadyExists, text).about(id.as_str()));
            }
        }
        None
    }

    fn applied(&self, class: Class, id: &str) -> Applied {
        let object = self.objects.get(&(class, id.to_owned()));
        Applied {
            id: id.into(),
            version: object.map(|object| object.version.to_string()),
            observed: object.filter(|_| self.observes).map(|object| object.record(class, id).attributes),
            problems: Vec::new(),
        }
    }

    fn having(&self, class: Class, attribute: &str, value: &str) -> Vec<Record> {
        let same = |object: &Object| match object.attributes.get(attribute) {
            Some(Value::String(text)) => text.to_lowercase() == value.to_lowercase(),
            Some(other) => {
                let shown = other.to_string();
                shown == value
            }
            None => false,
        };
        let found = self.objects.iter().filter(|((of, _), object)| *of == class && same(object));
        found.map(|((class, id), object)| object.record(*class, id)).collect()
    }
}

impl Destination for Connected {
    fn apply(&mut self, requests: Vec<Request>) -> BoxFuture<'_, Vec<Receipt>> {
        Box::pin(async move { self.with(|system| requests.into_iter().map(|request| system.one(request)).collect()) })
    }
    fn finish(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            self.with(|system| {
                for request in std::mem::take(&mut system.late) {
                    system.act(&request);
                }
            });
            Ok(())
        })
    }
    fn settles_after_finish(&self) -> bool {
        self.with(|system| system.settles_late)
    }
    fn find(&mut self, class: Class, attribute: String, value: String) -> BoxFuture<'_, Result<Vec<Record>, Fault>> {
        Box::pin(async move { Ok(self.with(|system| system.having(class, &attribute, &value))) })
    }
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            self.with(|system| {
                let one = |(class, id): &(Class, ExternalId)| {
                    let object = system.objects.get(&(*class, id.as_str().to_owned()));
                    Ok(object.map(|object| object.record(*class, id.as_str())))
                };
                objects.iter().map(one).collect()
            })
        })
    }
}
