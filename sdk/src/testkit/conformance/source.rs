//! What is asked of a source.

use super::{check, describe, json_object, must, open};
use crate::testkit::World;
use crate::{Change, Class, FaultKind, Object, ObjectRef, Page, Reader, ScanEnd, Source};
use std::collections::HashSet;

/// More pages than this are taken for a reading that never ends.
const ENDLESS: usize = 100_000;

/// A scan in pages of some size: the pages, and the end.
struct Scan {
    pages: Vec<Page>,
    end: ScanEnd,
}

/// Runs everything that the contract asks of a source. The world must be the same each time, hold at least one object
/// and few enough that a scan object by object is quick.
pub fn source<T: Source>(world: impl Fn() -> World) {
    let description = describe::description::<T>();
    describe::connector::<T>(&world);
    let classes: Vec<Class> = [Class::Account, Class::OrgUnit, Class::Group]
        .into_iter()
        .filter(|class| description["classes"].get(class.as_str()).is_some())
        .collect();

    let whole = scan::<T>(&world, &classes, None, 10_000);
    let all = changes(&whole.pages);
    check(!all.is_empty(), "the world of the suite has objects", || "none".to_owned());
    one_by_one(&all);
    for class in &whole.end.complete {
        check(classes.contains(class), "only classes that were asked for are complete", || format!("{class:?}"));
    }
    for max in [1, 2, 3, 7, 1000] {
        let paged = scan::<T>(&world, &classes, None, max);
        check(changes(&paged.pages) == all, "the page size changes nothing but the pages", || format!("max {max}"));
        check(paged.end == whole.end, "the page size does not change the end", || {
            format!("max {max}: {:?} instead of {:?}", paged.end, whole.end)
        });
        if max <= 7 {
            resumes::<T>(&world, &classes, &paged, max);
        }
    }
    for class in &classes {
        let one = scan::<T>(&world, &[*class], None, 1000);
        for change in changes(&one.pages) {
            check(class_of(&change).is_none_or(|other| other == *class), "only what was asked for is listed", || {
                format!("{change:?}")
            });
        }
    }
    if whole.pages.iter().chain(&scan::<T>(&world, &classes, None, 1).pages).any(|page| page.resume.is_some()) {
        refuses_foreign_resume_points::<T>(&world, &classes);
    }
    deltas_as_described::<T>(&world, &classes, description["delta"]["supported"] == true);
    reads_what_it_lists::<T>(&world, &all);
}

fn scan<T: Source>(world: &impl Fn() -> World, classes: &[Class], resume: Option<String>, max: u32) -> Scan {
    let _world = world().enter();
    let mut reader = must(open::<T>().scan(classes, resume), "scan");
    let mut pages = Vec::new();
    loop {
        check(pages.len() < ENDLESS, "a scan ends", || format!("{ENDLESS} pages"));
        let page = must(reader.next(max), "next");
        check(page.changes.len() <= max as usize, "a page has at most `max` changes", || {
            format!("{} changes for max {max}", page.changes.len())
        });
        let end = page.ended().cloned();
        pages.push(page);
        if let Some(end) = end {
            return Scan { pages, end };
        }
    }
}

fn changes(pages: &[Page]) -> Vec<Change> {
    pages.iter().flat_map(|page| page.changes.clone()).collect()
}

fn class_of(change: &Change) -> Option<Class> {
    match change {
        Change::Upsert(object) => Some(object.class),
        Change::Amend(amendment) => Some(amendment.class),
        Change::Gone(departure) => Some(departure.class),
        Change::Rejected(_) => None,
    }
}

fn one_by_one(all: &[Change]) {
    let mut seen = HashSet::new();
    for change in all {
        match change {
            Change::Upsert(object) => {
                check(!object.id.is_empty(), "an object has an id", || format!("{object:?}"));
                check(seen.insert((object.class.as_str(), &object.id)), "a scan lists each object once", || {
                    format!("{} {} again", object.class.as_str(), object.id)
                });
                json_object(&object.attributes, "attributes");
            }
            Change::Rejected(rejection) => {
                check(
                    !rejection.position.is_empty() && !rejection.message.is_empty(),
                    "a rejection says where and why",
                    || format!("{rejection:?}"),
                );
                check(rejection.raw.len() <= 4096, "a rejection has at most 4 KiB of raw text", || {
                    rejection.raw.len().to_string()
                });
            }
            Change::Amend(_) | Change::Gone(_) => {
                check(false, "a scan lists objects, not differences", || format!("{change:?}"));
            }
        }
    }
}

/// After each page with a resume point: what comes is what was left, and perhaps something told before once more.
fn resumes<T: Source>(world: &impl Fn() -> World, classes: &[Class], whole: &Scan, max: u32) {
    for (index, page) in whole.pages.iter().enumerate() {
        let Some(resume) = &page.resume else { continue };
        let before = changes(&whole.pages[..=index]);
        let left = changes(&whole.pages[index + 1..]);
        let again = scan::<T>(world, classes, Some(resume.clone()), max);
        let got = changes(&again.pages);
        for change in &left {
            check(got.contains(change), "a scan that goes on lists everything that was left", || {
                format!("after page {index}: {change:?} is missing")
            });
        }
        for change in &got {
            check(left.contains(change) || before.contains(change), "a scan that goes on invents nothing", || {
                format!("after page {index}: {change:?}")
            });
        }
        check(again.end.complete == whole.end.complete, "a scan that goes on ends as the whole one", || {
            format!("{:?} instead of {:?}", again.end, whole.end)
        });
    }
}

fn refuses_foreign_resume_points<T: Source>(world: &impl Fn() -> World, classes: &[Class]) {
    let _world = world().enter();
    // It may be refused at once or with the first page, but never taken for an empty or a shorter listing.
    let fault = match open::<T>().scan(classes, Some("not a resume point of this connector".to_owned())) {
        Err(fault) => Some(fault),
        Ok(mut reader) => reader.next(10).err(),
    };
    let kind = fault.as_ref().map(|fault| fault.kind);
    check(kind == Some(FaultKind::CursorInvalid), "a foreign resume point is cursor-invalid", || format!("{fault:?}"));
}

fn deltas_as_described<T: Source>(world: &impl Fn() -> World, classes: &[Class], supported: bool) {
    if supported {
        return;
    }
    let _world = world().enter();
    let kind = open::<T>().changes_since(classes, String::new()).err().map(|fault| fault.kind);
    check(kind == Some(FaultKind::Unsupported), "a source without deltas says so", || format!("{kind:?}"));
}

fn reads_what_it_lists<T: Source>(world: &impl Fn() -> World, all: &[Change]) {
    let objects: Vec<&Object> = all
        .iter()
        .filter_map(|change| match change {
            Change::Upsert(object) => Some(object),
            _ => None,
        })
        .take(5)
        .collect();
    let mut wanted: Vec<ObjectRef> =
        objects.iter().map(|object| ObjectRef { class: object.class, id: object.id.clone() }).collect();
    let Some(first) = objects.first() else { return };
    wanted.push(ObjectRef { class: first.class, id: "no such object, surely".to_owned() });
    let _world = world().enter();
    let answers = open::<T>().read(&wanted);
    check(answers.len() == wanted.len(), "read gives one answer each, in order", || answers.len().to_string());
    for (index, answer) in answers.iter().enumerate() {
        match (answer, objects.get(index)) {
            (Err(fault), _) if fault.kind == FaultKind::Unsupported => {}
            (Ok(Some(read)), Some(listed)) => {
                check(read == *listed, "read gives what the scan lists", || format!("{read:?} instead of {listed:?}"));
            }
            (Ok(None), None) => {}
            (answer, listed) => {
                check(false, "read finds what is there and nothing else", || format!("{answer:?} for {listed:?}"));
            }
        }
    }
}
