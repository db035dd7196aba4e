//! Single objects, by their ids.

use crate::convert::Shape;
use crate::filter;
use crate::link::Link;
use crate::look::{Names, One, each};
use crate::message::{Entry, Scope};
use crate::root::Root;
use crate::settings::Settings;
use crate::values;
use rosterd_sdk::{Change, Class, Fault, FaultKind, Object, ObjectRef};

/// These objects as they are now: one answer each, in order. One that is there and not where we read is forbidden, not gone.
#[must_use]
pub fn objects(settings: &Settings, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
    let mut answers: Vec<Result<Option<Object>, Fault>> = Vec::new();
    match open(settings) {
        Err(fault) => answers.resize_with(objects.len(), || Err(fault.clone())),
        Ok((mut link, root)) => {
            for some in objects.chunks(100) {
                match read(&mut link, settings, &root, some) {
                    Ok(found) => answers.extend(found),
                    Err(fault) => answers.extend(some.iter().map(|_| Err(fault.clone()))),
                }
            }
            link.close();
        }
    }
    answers
}

fn open(settings: &Settings) -> Result<(Link, Root), Fault> {
    let mut link = Link::open(settings)?;
    let root = Root::read(&mut link)?;
    Ok((link, root))
}

/// The filter that finds an id; none if it can be none of this server.
fn by_id(settings: &Settings, id: &str) -> Option<Vec<u8>> {
    if settings.id().eq_ignore_ascii_case("objectGUID") {
        return values::guid_bytes(id).map(|bytes| filter::equal(settings.id(), bytes));
    }
    Some(filter::equal(settings.id(), id))
}

fn read(
    link: &mut Link,
    settings: &Settings,
    root: &Root,
    objects: &[ObjectRef],
) -> Result<Vec<Result<Option<Object>, Fault>>, Fault> {
    let (mut searches, mut whose) = (Vec::new(), Vec::new());
    for (at, object) in objects.iter().enumerate() {
        let Some(id) = by_id(settings, &object.id) else { continue };
        let own = filter::parse(settings.filter(object.class)).map_err(Fault::settings)?;
        let filter = filter::and(&[own, id]);
        for base in settings.bases() {
            let attributes = Shape::new(settings, object.class).wanted();
            searches.push(One { base: base.to_owned(), scope: Scope::Subtree, filter: filter.clone(), attributes });
            whose.push(at);
        }
    }
    let found = each(link, "reading single objects", &searches)?;
    let (mut told, mut of): (Vec<(Class, Entry)>, Vec<usize>) = (Vec::new(), Vec::new());
    for (mut found, at) in found.into_iter().zip(whose) {
        if let Some(entry) = found.entries.pop().filter(|_| !of.contains(&at)) {
            told.push((objects[at].class, entry));
            of.push(at);
        }
    }
    let mut names = Names::default();
    names.learn(link, settings, &mut told)?;
    let mut answers: Vec<Option<Result<Option<Object>, Fault>>> = objects.iter().map(|_| None).collect();
    for ((class, entry), at) in told.iter().zip(of) {
        answers[at] = Some(match Shape::new(settings, *class).read(entry, &names.index) {
            Change::Upsert(object) => Ok(Some(object)),
            Change::Rejected(rejection) => Err(Fault::new(FaultKind::Invalid, rejection.message)),
            _ => Err(Fault::internal("an entry is read as something else than an object")),
        });
    }
    elsewhere(link, settings, root, objects, &mut answers)?;
    Ok(answers.into_iter().map(|answer| answer.unwrap_or(Ok(None))).collect())
}

/// Looks around the bases for those who were not found.
fn elsewhere(
    link: &mut Link,
    settings: &Settings,
    root: &Root,
    objects: &[ObjectRef],
    answers: &mut [Option<Result<Option<Object>, Fault>>],
) -> Result<(), Fault> {
    let mut contexts: Vec<String> = settings.bases().filter_map(|base| root.context_of(base)).collect();
    contexts.dedup();
    let (mut searches, mut whose) = (Vec::new(), Vec::new());
    for (at, object) in objects.iter().enumerate().filter(|(at, _)| answers[*at].is_none()) {
        let Some(filter) = by_id(settings, &object.id) else { continue };
        for context in &contexts {
            let attributes = vec!["1.1".to_owned()];
            searches.push(One { base: context.clone(), scope: Scope::Subtree, filter: filter.clone(), attributes });
            whose.push(at);
        }
    }
    for (found, at) in each(link, "looking for single objects", &searches)?.iter().zip(whose) {
        if let Some(entry) = found.entries.first() {
            let dn = String::from_utf8_lossy(&entry.dn).into_owned();
            let text = format!(
                "\"{dn}\" is there, but not below base or not in the filter of its class; whoever moved or changed it, or the \
                 operator, decides whether it is to be read"
            );
            answers[at] = Some(Err(Fault::forbidden(text).about(&objects[at].id)));
        }
    }
    Ok(())
}
