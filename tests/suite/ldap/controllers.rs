//! Two controllers of one domain, of which one dies: the other one is read and written, though its numbers of changes are others and
//! it may not have everything yet.

use super::active_directory::JOB;
use super::connection::{connection, hub};
use super::directory::Directory;
use super::domain;
use super::samba::{DOMAIN, Samba};
use super::tree::change;
use rosterd_tests::hub::{Hub, Said};

const PEOPLE: usize = 60;
const UNITS: usize = 7;

/// A domain with two controllers, and a hub that knows both.
struct Domain {
    hub: Hub,
    first: Samba,
    second: Samba,
}

/// The account that reads is shown what was deleted.
fn ldif() -> String {
    let rights = format!("changetype: modify\nadd: member\nmember: CN=sync,CN=Users,{DOMAIN}");
    domain::ldif(PEOPLE, UNITS) + &change(&format!("CN=Domain Admins,CN=Users,{DOMAIN}"), &rights)
}

/// The authorities of both in one file.
pub(super) fn authorities(hub: &Hub, both: [&Samba; 2]) -> std::path::PathBuf {
    let texts = both.map(|samba| std::fs::read_to_string(samba.path("ca.crt")).expect("readable"));
    hub.write("both.crt", &texts.concat());
    hub.path("both.crt")
}

fn person(number: usize) -> String {
    domain::person(number, UNITS - 1)
}

fn titled(number: usize, title: &str) -> String {
    change(&person(number), &format!("changetype: modify\nreplace: title\ntitle: {title}"))
}

fn added(name: &str, number: u32) -> String {
    change(
        &format!("CN={name},{}", domain::unit(2)),
        &format!(
            "changetype: add\nobjectClass: user\nsAMAccountName: {name}\nsn: {name}\ndisplayName: {name}\n\
             employeeNumber: {number}\nuserAccountControl: 512"
        ),
    )
}

impl Domain {
    /// With a way to find changes; `known` says whether the hub knows the second one by its own name.
    fn new(way: &str, known: bool) -> Self {
        let first = Samba::start_first_of_two(&ldif());
        let second = Samba::second(&first);
        let hub = hub(|hub| {
            let mut settings = format!(
                "preset = \"active-directory\"\nbase = \"{}\"\nbind-dn = \"sync@ad.test\"\ndelta = \"{way}\"",
                domain::BASE
            );
            if known {
                settings = format!("{settings}\nservers = [\"ldaps://127.0.0.1:{}\"]", second.port());
            }
            let ports = [first.port(), second.port()];
            connection("ldap", &authorities(hub, [&first, &second]), &ports, &settings) + JOB
        });
        Self { hub, first, second }
    }

    /// A run, and whether it read everything.
    #[track_caller]
    fn run(&self) -> (Said, bool) {
        let said = super::run(&self.hub);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        let read = said.json()["run"]["scan"]["records"].as_u64().expect("a number");
        (said, read >= PEOPLE as u64)
    }

    /// A run reads what changed and nothing else; then the hub knows what a controller shows.
    #[track_caller]
    fn follows(&self, samba: &Samba) {
        let (said, everything) = self.run();
        assert!(!everything, "there is no delta: {}", said.out);
        Directory::of_hub(&self.hub).assert_equals(&Directory::of_domain(samba));
    }

    /// A run reads everything, and says why.
    #[track_caller]
    fn reads_everything(&self) {
        let (said, everything) = self.run();
        assert!(everything, "not everything was read: {}{}", said.out, said.err);
    }
}

/// With one of the ways of Active Directory.
fn the_next_is_read(way: &str) {
    let all = Domain::new(way, true);
    let (first, second) = (&all.first, &all.second);
    all.reads_everything();
    Directory::of_hub(&all.hub).assert_equals(&Directory::of_domain(first));
    Directory::of_domain(second).assert_equals(&Directory::of_domain(first));
    first.modify(&titled(0, "First"));
    all.follows(first);
    second.fetch(first);

    // What the first one says last the second one does not hear any more, until it is back.
    first.modify(&[titled(4, "Told too late"), added("late", 900_001)].concat());
    all.follows(first);
    let late = Directory::of_domain(first).id("late");
    first.kill();
    second.modify(&[titled(1, "Second"), added("new", 900_002)].concat());
    all.reads_everything();
    let known = Directory::of_hub(&all.hub);
    assert_eq!(known.id("late"), late, "who is not there yet was removed");
    known.without(&late).assert_equals(&Directory::of_domain(second));

    // Its own changes are followed from then on, and whom it deletes is gone.
    let group = domain::group(0);
    let members = format!("changetype: modify\ndelete: member\nmember:: {}", super::tree::coded(&person(8)));
    second.modify(&[change(&group, &members), titled(2, "Third")].concat());
    second.modify(&change(&person(8), "changetype: delete"));
    let (said, everything) = all.run();
    assert!(!everything, "the second one has no delta: {}", said.out);
    Directory::of_hub(&all.hub).without(&late).assert_equals(&Directory::of_domain(second));
    let said = all.hub.rosterd(&["check", "--online"]);
    let both = format!("{}{}", said.out, said.err);
    assert!(both.contains(&format!("TLS with 127.0.0.1:{}", first.port())), "{both}");

    // The first one is back: each has what the other one has, and the second one is asked as long as it answers.
    first.restart();
    second.fetch(first);
    first.fetch(second);
    all.follows(second);
    assert_eq!(Directory::of_hub(&all.hub).id("late"), late);
    second.kill();
    first.modify(&titled(3, "Fourth"));
    all.reads_everything();
    Directory::of_hub(&all.hub).assert_equals(&Directory::of_domain(first));

    // Neither answers: both are named, and nobody is removed.
    first.kill();
    let before = Directory::of_hub(&all.hub);
    let said = all.hub.rosterd(&["run", "ldap", "--full"]);
    let both = format!("{}{}", said.out, said.err);
    assert_eq!(said.code, Some(8), "{both}");
    assert!(both.contains("none of 2 servers answers"), "{both}");
    assert_eq!(Directory::of_hub(&all.hub), before);
    all.hub.verify();
}

#[test]
fn the_next_controller_is_read_by_dirsync_when_one_dies() {
    the_next_is_read("dirsync");
}

#[test]
fn the_next_controller_is_read_by_numbers_of_changes_when_one_dies() {
    the_next_is_read("usn");
}

/// One name leads to one controller today and to another one tomorrow; whether everything is read then.
fn another_one_answers(way: &str, everything: bool) {
    let all = Domain::new(way, false);
    let (first, second) = (&all.first, &all.second);
    // Of what the second one has changed the first one knows nothing when it is read.
    second.modify(&[titled(1, "Second"), added("new", 900_002)].concat());
    all.reads_everything();
    Directory::of_hub(&all.hub).assert_equals(&Directory::of_domain(first));
    first.gives_way_to(second);
    let (said, all_of_it) = all.run();
    assert_eq!(all_of_it, everything, "{}{}", said.out, said.err);
    Directory::of_hub(&all.hub).assert_equals(&Directory::of_domain(second));

    // And back, where some is known already and some is not.
    second.modify(&titled(2, "Third"));
    first.fetch(second);
    first.modify(&[titled(3, "Fourth"), change(&person(9), "changetype: delete")].concat());
    first.gives_way_to(first);
    let (said, all_of_it) = all.run();
    assert_eq!(all_of_it, everything, "{}{}", said.out, said.err);
    let mut known = Directory::of_hub(&all.hub);
    if everything {
        // Who is missing once is not gone.
        let missing = known.id("u00009");
        known = known.without(&missing);
    }
    known.assert_equals(&Directory::of_domain(first));
    all.hub.verify();
}

#[test]
fn another_controller_behind_the_same_name_goes_on_with_the_cookie_of_dirsync() {
    another_one_answers("dirsync", false);
}

#[test]
fn another_controller_behind_the_same_name_has_other_numbers_of_changes() {
    another_one_answers("usn", true);
}
