//! What changed: each way of finding it, and every cursor that is no good any more.

use super::server::{Entry, done_with, entry, message};
use super::{ALL, Server, object, open_at, refers, rejected, scan, since, world};
use rosterd_plugin_ldap::ber::{element, integer};
use rosterd_plugin_ldap::control::{DIRSYNC, SYNC};
use rosterd_plugin_ldap::values::guid_bytes;
use rosterd_sdk::testkit::World;
use rosterd_sdk::{Change, Class, DepartureCause, Fault, FaultKind};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

const OF_GUID: &str = "00112233-4455-6677-8899-aabbccddee";

pub(crate) fn id(last: u8) -> String {
    format!("{OF_GUID}{last:02x}")
}

fn with_guid(mut entry: Entry, last: u8) -> Entry {
    entry.2.push(("objectGUID".to_owned(), vec![guid_bytes(&id(last)).unwrap().to_vec()]));
    entry
}

/// A domain: people, a group, one who was deleted.
fn domain() -> Server {
    let user = |name: &str, usn: &str, last: u8| {
        let dn = format!("CN={name},OU=People,DC=x");
        with_guid(entry(&dn, "user", &[("sAMAccountName", &[name]), ("uSNChanged", &[usn])]), last)
    };
    let members: &[&str] = &["CN=one,OU=People,DC=x", "CN=two,OU=People,DC=x"];
    let mut server = Server::of(vec![
        with_guid(entry("OU=People,DC=x", "organizationalUnit", &[("ou", &["People"]), ("uSNChanged", &["10"])]), 1),
        user("one", "11", 2),
        user("two", "25", 3),
        with_guid(
            entry("CN=g,OU=People,DC=x", "group", &[("cn", &["g"]), ("member", members), ("uSNChanged", &["22"])]),
            4,
        ),
        with_guid(entry("CN=out,CN=Users,DC=x", "user", &[("uSNChanged", &["23"])]), 5),
        with_guid(
            entry(
                r"CN=old\0ADEL:6,CN=Deleted Objects,DC=x",
                "user",
                &[("isDeleted", &["TRUE"]), ("uSNChanged", &["24"])],
            ),
            6,
        ),
        with_guid(
            entry(
                r"CN=older\0ADEL:7,CN=Deleted Objects,DC=x",
                "user",
                &[("isDeleted", &["TRUE"]), ("uSNChanged", &["9"])],
            ),
            7,
        ),
        entry("CN=NTDS,DC=x", "nTDSDSA", &[("invocationId", &["life-1"])]),
    ]);
    server.root.push(("highestCommittedUSN", vec!["20".to_owned()]));
    server.root.push(("dsServiceName", vec!["CN=NTDS,DC=x".to_owned()]));
    server
}

fn of_domain(server: Server, more: Value) -> World {
    let mut all = json!({ "preset": "active-directory", "base": "OU=People,DC=x", "delta": "auto" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world(server, all)
}

/// Where the first full scan says that the next delta begins.
fn cursor(world: World) -> String {
    let _world = world.enter();
    let (_, end) = scan().unwrap();
    end.cursor.clone().unwrap_or_else(|| panic!("a cursor: {end:?}"))
}

fn set(server: &mut Server, name: &'static str, value: &str) {
    server.root.retain(|(own, _)| *own != name);
    server.root.push((name, vec![value.to_owned()]));
}

#[track_caller]
fn refused(world: World, cursor: &str, word: &str) {
    let _world = world.enter();
    let fault = since(cursor).unwrap_err();
    assert_eq!(fault.kind, FaultKind::CursorInvalid, "{}", fault.message);
    assert!(fault.message.contains(word) && fault.message.contains("everything is read"), "{}", fault.message);
}

fn gone(last: u8, cause: DepartureCause) -> Vec<Change> {
    ALL.map(|class| Change::gone(class, id(last), cause)).to_vec()
}

#[test]
fn numbers_of_changes() {
    let first = cursor(of_domain(domain(), json!({})));
    assert!(first.contains("\"usn\"") && first.contains("20"), "{first}");
    let mut server = domain();
    set(&mut server, "highestCommittedUSN", "30");
    let _world = of_domain(server, json!({})).enter();
    let (changes, end) = since(&first).unwrap();
    assert_eq!(end.complete, []);
    assert!(end.cursor.unwrap().contains("\"usn\":30"));
    let unit = refers("org-unit", &id(1));
    assert_eq!(
        object(&changes, Class::Account, &id(3)),
        json!({ "dn": "CN=two,OU=People,DC=x", "sAMAccountName": "two", "orgUnit": unit })
    );
    // The other one did not change; the list names him by his id nevertheless.
    let members = json!([refers("account", &id(2)), refers("account", &id(3))]);
    assert_eq!(object(&changes, Class::Group, &id(4))["member"], members);
    assert_eq!(changes[2..], [gone(5, DepartureCause::LeftScope), gone(6, DepartureCause::Deleted)].concat());
}

#[test]
fn a_cursor_of_numbers_is_for_one_life_of_one_server() {
    let first = cursor(of_domain(domain(), json!({})));
    let mut restored = domain();
    set(&mut restored, "highestCommittedUSN", "19");
    refused(of_domain(restored, json!({})), &first, "came back from a backup");
    let mut other = domain();
    let service = other.entries.pop().unwrap();
    other.entries.push((service.0, service.1, vec![("invocationId".to_owned(), vec![b"life-2".to_vec()])]));
    refused(of_domain(other, json!({})), &first, "another domain controller");
    let mut silent = domain();
    silent.entries.pop();
    refused(of_domain(silent, json!({})), &first, "does not say");
}

#[test]
fn a_cursor_of_other_settings_is_refused() {
    let first = cursor(of_domain(domain(), json!({})));
    for more in [
        json!({ "base": "DC=x" }),
        json!({ "bases": ["CN=Users,DC=x"] }),
        json!({ "user-filter": "(objectClass=user)" }),
        json!({ "attributes": ["pager"] }),
        json!({ "delta": "none" }),
        json!({ "delta": "dirsync" }),
        json!({ "preset": "openldap", "id-attribute": "objectGUID" }),
    ] {
        refused(of_domain(domain(), more), &first, "settings were changed");
    }
    for text in ["", "{}", "4711", r#"{"of":"x","at":{"rung":"usn"}}"#] {
        refused(of_domain(domain(), json!({})), text, "none of this connector");
    }
    let damaged = cursor(of_domain(dirsync(vec![]), json!({}))).replace(r#""cookie":""#, r#""cookie":"x"#);
    refused(of_domain(dirsync(vec![]), json!({})), &damaged, "damaged");
}

type Answer = (&'static [u8], Result<(Vec<Entry>, bool, &'static [u8]), u8>);

/// A domain with DirSync. The first call, with no cookie, gives "c0".
fn dirsync(answers: Vec<Answer>) -> Server {
    let mut server = domain();
    server.root.push(("supportedControl", vec![DIRSYNC.to_owned()]));
    server.dirsync = Some(Box::new(move |cookie| {
        if cookie.is_empty() {
            return Ok((vec![with_guid(entry("CN=one,OU=People,DC=x", "user", &[]), 2)], false, b"c0".to_vec()));
        }
        let (_, answer) = answers.iter().find(|(own, _)| *own == cookie).unwrap_or_else(|| panic!("{cookie:?}"));
        answer.clone().map(|(entries, more, next)| (entries, more, next.to_vec()))
    }));
    server
}

/// What DirSync says of an object.
fn said(dn: &str, last: u8, attributes: &[(&str, &[&str])]) -> Entry {
    with_guid(entry(dn, "", attributes), last)
}

#[test]
fn dirsync_page_by_page() {
    let server = || {
        dirsync(vec![
            (b"c0", Ok((vec![said("CN=two,OU=People,DC=x", 3, &[("sAMAccountName", &["two"])])], true, b"c1"))),
            (b"c1", Ok((vec![], true, b"c2"))),
            (
                b"c2",
                Ok((
                    vec![
                        said(r"CN=old\0ADEL:6,CN=Deleted Objects,DC=x", 6, &[("isDeleted", &["TRUE"])]),
                        said("CN=out,CN=Users,DC=x", 5, &[("name", &["out"])]),
                        said(
                            "CN=g,OU=People,DC=x",
                            4,
                            &[
                                ("member;range=1-1", &["CN=two,OU=People,DC=x", "CN=out,CN=Users,DC=x"]),
                                ("member;range=0-0", &["CN=one,OU=People,DC=x"]),
                            ],
                        ),
                    ],
                    false,
                    b"c3",
                )),
            ),
        ])
    };
    let first = cursor(of_domain(server(), json!({})));
    let _world = of_domain(server(), json!({})).enter();
    let (changes, end) = since(&first).unwrap();
    let unit = refers("org-unit", &id(1));
    assert_eq!(
        object(&changes, Class::Account, &id(3)),
        json!({ "dn": "CN=two,OU=People,DC=x", "sAMAccountName": "two", "orgUnit": unit })
    );
    assert_eq!(changes[1..7], [gone(6, DepartureCause::Deleted), gone(5, DepartureCause::LeftScope)].concat());
    let Change::Amend(group) = &changes[7] else { panic!("{changes:?}") };
    assert_eq!((group.class, &group.id, changes.len()), (Class::Group, &id(4), 8));
    let edit = |name: &str| group.edits.iter().find(|edit| edit.attribute == name).unwrap();
    assert_eq!(edit("member").add.as_deref(), Some(format!(r#"[{{"ref":"account","id":"{}"}}]"#, id(3)).as_str()));
    assert_eq!(edit("member").remove.as_deref(), Some(format!(r#"[{{"ref":"account","id":"{}"}}]"#, id(2)).as_str()));
    assert_eq!((edit("cn").replace.as_deref(), edit("description").replace.as_deref()), (Some("\"g\""), Some("null")));
    assert_eq!(
        (&edit("member").replace, group.edits.iter().filter(|edit| edit.attribute == "member").count()),
        (&None, 1)
    );
    assert_eq!(end.note.as_deref(), Some("1 references lead to entries that are not read, and were left out"));
    // An interrupted delta goes on behind what was handed out.
    let mut reader = open_at(&first).unwrap();
    let page = rosterd_sdk::Reader::next(&mut reader, 1).unwrap();
    let resumed = page.resume.unwrap();
    assert_eq!(since(&resumed).unwrap().0, changes[1..]);
    assert_eq!(end.cursor.unwrap(), first.replace("6330", "6333"));
}

#[test]
fn a_group_is_read_whole_where_its_members_are_not_told_one_by_one() {
    for attributes in [
        &[("member", &["CN=two,OU=People,DC=x"] as &[&str])][..],
        &[("name", &["g"]), ("member;range=1-1", &["CN=two,OU=People,DC=x"])],
        &[("objectClass", &["group"])],
        // Who left is not there any more, so that nobody knows his id.
        &[("member;range=0-0", &["CN=gone,OU=People,DC=x"])],
    ] {
        let server = || dirsync(vec![(b"c0", Ok((vec![said("CN=g,OU=People,DC=x", 4, attributes)], false, b"c1")))]);
        let first = cursor(of_domain(server(), json!({})));
        let _world = of_domain(server(), json!({})).enter();
        let (changes, _) = since(&first).unwrap();
        let members = json!([refers("account", &id(2)), refers("account", &id(3))]);
        assert_eq!(object(&changes, Class::Group, &id(4))["member"], members, "{attributes:?}");
        assert_eq!(changes.len(), 1);
    }
}

#[test]
fn a_cookie_that_is_too_old_makes_a_full_run() {
    for code in [53, 2, 80, 12] {
        let first = cursor(of_domain(dirsync(vec![]), json!({})));
        refused(of_domain(dirsync(vec![(b"c0", Err(code))]), json!({})), &first, "DirSync with the cursor");
    }
    // Whoever is busy has not forgotten anything.
    for (code, kind) in [(51, FaultKind::Transient), (52, FaultKind::Transient)] {
        let first = cursor(of_domain(dirsync(vec![]), json!({})));
        let _world = of_domain(dirsync(vec![(b"c0", Err(code))]), json!({})).enter();
        assert_eq!(since(&first).unwrap_err().kind, kind);
    }
    let first = cursor(of_domain(dirsync(vec![]), json!({})));
    let _world = of_domain(dirsync(vec![(b"c0", Ok((vec![], true, b"c0")))]), json!({})).enter();
    assert_eq!(since(&first).unwrap_err().kind, FaultKind::Incomplete, "the same cookie again does not go on");
}

#[test]
fn who_shows_no_id_is_rejected() {
    let server = || dirsync(vec![(b"c0", Ok((vec![entry("CN=odd,DC=x", "", &[])], false, b"c1")))]);
    let first = cursor(of_domain(server(), json!({})));
    let _world = of_domain(server(), json!({})).enter();
    let (changes, _) = since(&first).unwrap();
    let [(position, None, text)] = &rejected(&changes)[..] else { panic!("{changes:?}") };
    assert!(position == "CN=odd,DC=x" && text.contains("no objectGUID"), "{text}");
}

/// UUID of an entry of the small directory.
fn uuid(text: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

fn uuid_text(text: &str) -> String {
    rosterd_plugin_ldap::values::uuid(uuid(text))
}

/// The small directory with ids that are UUIDs.
fn small() -> Server {
    let mut server = Server::small();
    for entry in &mut server.entries {
        for (name, values) in &mut entry.2 {
            if name == "entryUUID" {
                values[0] = uuid_text(str::from_utf8(&values[0]).unwrap()).into_bytes();
            }
        }
    }
    server
}

/// What a synchronisation with a cookie answers: gets its number and what is in the content.
type Refresh = fn(i64, &[Entry]) -> Vec<u8>;

fn sync_done(id: i64, code: i64, cookie: &str, deletes: bool) -> Vec<u8> {
    let value = element(0x30, [element(4, cookie), if deletes { element(1, [0xff]) } else { Vec::new() }].concat());
    let control = element(0x30, [element(4, "1.3.6.1.4.1.4203.1.9.1.3"), element(4, value)].concat());
    done_with(id, code, &control)
}

fn info(id: i64, value: Vec<u8>) -> Vec<u8> {
    let body = [element(0x80, "1.3.6.1.4.1.4203.1.9.1.4"), element(0x81, value)].concat();
    element(0x30, [integer(2, id), element(0x79, body)].concat())
}

fn id_set(id: i64, deleted: bool, ids: &[&str]) -> Vec<u8> {
    let ids: Vec<u8> = ids.iter().flat_map(|id| element(4, uuid(id))).collect();
    info(id, element(0xa3, [element(1, [if deleted { 0xff } else { 0 }]), element(0x31, ids)].concat()))
}

fn told(id: i64, entry: &Entry, state: u8) -> Vec<u8> {
    let names: Vec<String> =
        entry.2.iter().map(|(name, _)| name.clone()).filter(|name| name != "userPassword").collect();
    let own = entry.2.iter().find(|(name, _)| name == "entryUUID").unwrap().1[0].clone();
    let text = String::from_utf8(own).unwrap();
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let uuid = digits.chunks(2).map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap());
    message(id, entry, &names, usize::MAX, false, Some((state, uuid.collect::<Vec<u8>>().try_into().unwrap())))
}

/// A server with RFC 4533, whose second answers are these.
fn synced(refresh: Refresh) -> Server {
    let mut server = small();
    server.root.push(("supportedControl", vec![SYNC.to_owned()]));
    server.sync = Some(Box::new(move |id, content, cookie| match cookie {
        None => {
            let all: Vec<u8> = content.iter().flat_map(|entry| told(id, entry, 1)).collect();
            [all, sync_done(id, 0, "csn=1", false)].concat()
        }
        Some(cookie) => {
            assert_eq!(cookie, b"csn=1");
            refresh(id, content)
        }
    }));
    server
}

fn refreshed(refresh: Refresh) -> Result<(Vec<Change>, String), Fault> {
    let first = cursor(world(synced(refresh), json!({ "delta": "auto" })));
    assert!(first.contains("\"sync\""), "{first}");
    let _world = world(synced(refresh), json!({ "delta": "auto" })).enter();
    let (changes, end) = since(&first)?;
    assert_eq!(end.complete, []);
    Ok((changes, end.cursor.unwrap()))
}

#[test]
fn a_synchronisation_tells_what_is_new_and_what_is_gone() {
    // In each of the three searches; p3 changed, p9 was deleted, and g1 is where it was, as others say that it left.
    let (changes, next) = refreshed(|id, content| {
        let alone = content.iter().find(|(dn, ..)| dn.starts_with(b"cn=alone"));
        let changed = alone.map_or_else(Vec::new, |entry| told(id, entry, 1));
        let left = entry("cn=alone,dc=x", "", &[("entryUUID", &[&uuid_text("p3")])]);
        let elsewhere = if alone.is_none() { told(id, &left, 3) } else { Vec::new() };
        let cookie = info(id, element(0x80, "csn=ignored"));
        [cookie, id_set(id, true, &["p9", "u1"]), changed, elsewhere, sync_done(id, 0, "csn=2", true)].concat()
    })
    .unwrap();
    assert_eq!(object(&changes, Class::Account, &uuid_text("p3")), json!({ "dn": "cn=alone,dc=x", "cn": "alone" }));
    for class in ALL {
        assert!(changes.contains(&Change::gone(class, uuid_text("p9"), DepartureCause::Deleted)), "{changes:?}");
        assert!(changes.contains(&Change::gone(class, uuid_text("u1"), DepartureCause::LeftScope)), "{changes:?}");
    }
    assert_eq!(next.matches(&rosterd_plugin_ldap::cursor::hex(b"csn=2")).count(), 3);
    // Nothing changed.
    assert_eq!(refreshed(|id, _| sync_done(id, 0, "csn=1", true)).unwrap().0, []);
}

#[test]
fn a_server_that_has_forgotten_makes_a_full_run() {
    let cases: [(Refresh, &str); 6] = [
        (|id, _| sync_done(id, 4096, "csn=1", false), "no longer knows"),
        (|id, _| [id_set(id, false, &["p1", "p2"]), sync_done(id, 0, "csn=2", false)].concat(), "no log"),
        (
            |id, content| {
                [content.iter().flat_map(|entry| told(id, entry, 0)).collect(), sync_done(id, 0, "csn=2", false)]
                    .concat()
            },
            "no log",
        ),
        (|id, _| [info(id, element(0xa2, [])), sync_done(id, 0, "csn=2", true)].concat(), "no log"),
        // Nobody is mentioned, and so nobody would be left.
        (|id, _| sync_done(id, 0, "csn=2", false), "no log"),
        (|id, _| super::server::done(id, 0, None), "no log"),
    ];
    for (refresh, word) in cases {
        let fault = refreshed(refresh).unwrap_err();
        assert_eq!(fault.kind, FaultKind::CursorInvalid, "{}", fault.message);
        assert!(fault.message.contains(word), "{}", fault.message);
    }
    // What is no synchronisation is none.
    let fault = refreshed(|id, content| {
        let names = ["entryUUID".to_owned()];
        let plain = content.iter().flat_map(|entry| message(id, entry, &names, 9, false, None));
        [plain.collect(), sync_done(id, 0, "csn=2", true)].concat()
    });
    assert_eq!(fault.unwrap_err().kind, FaultKind::Incomplete);
    for (refresh, kind) in [
        ((|id, _| sync_done(id, 4, "csn=2", true)) as Refresh, FaultKind::Incomplete),
        (|id, _| sync_done(id, 51, "csn=2", true), FaultKind::Transient),
    ] {
        assert_eq!(refreshed(refresh).unwrap_err().kind, kind);
    }
}

#[test]
fn where_a_synchronisation_is_limited_times_are_used() {
    let mut server = timed(&["20260101000000Z"; 7]);
    server.root.push(("supportedControl", vec![SYNC.to_owned()]));
    server.sync = Some(Box::new(|id, content, _| [told(id, &content[0], 1), sync_done(id, 4, "", false)].concat()));
    let first = cursor(world(server, json!({ "delta": "auto" })));
    assert!(first.contains("20260101000000Z"), "{first}");
    // Whoever names one way gets no other one, and is told why.
    let mut server = small();
    server.root.push(("supportedControl", vec![SYNC.to_owned()]));
    server.sync = Some(Box::new(|id, _, _| sync_done(id, 4, "", false)));
    let _world = world(server, json!({ "delta": "sync" })).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!((changes.len(), end.cursor), (7, None));
    assert!(
        end.note.unwrap().starts_with("each run reads everything: the synchronisation (RFC 4533) failed: size limit")
    );
}

/// The small directory, with a time for each entry.
fn timed(times: &[&str]) -> Server {
    let mut server = small();
    for (entry, time) in server.entries.iter_mut().zip(times) {
        entry.2.push(("modifyTimestamp".to_owned(), vec![time.as_bytes().to_vec()]));
    }
    server
}

#[test]
fn times_of_changes() {
    let old = ["20260101000000Z"; 7];
    let first = cursor(world(timed(&old), json!({ "delta": "timestamp" })));
    assert!(first.contains("20260101000000Z"), "{first}");
    let new = [
        "20250101000000Z",
        "20260101000001Z",
        "20250101000000Z",
        "20260101000002Z",
        "20250101000000Z",
        "20251231235955Z",
        "20251231235949Z",
    ];
    let mut server = timed(&new);
    // The boss is no person any more.
    server.entries[3].1 = "device";
    let _world = world(server, json!({ "delta": "timestamp" })).enter();
    let (changes, end) = since(&first).unwrap();
    assert_eq!(object(&changes, Class::Account, &uuid_text("p1"))["orgUnit"], refers("org-unit", &uuid_text("u2")));
    let members = object(&changes, Class::Group, &uuid_text("g1"))["member"].clone();
    assert_eq!(members.as_array().unwrap().len(), 3, "a change that was a little late is seen: {members}");
    let left = ALL.map(|class| Change::gone(class, uuid_text("p2"), DepartureCause::LeftScope));
    assert_eq!(changes[2..], left);
    assert!(end.cursor.unwrap().contains("20260101000002Z"));
}

#[test]
fn what_was_moved_away_is_found_around_the_base() {
    let old = ["20260101000000Z"; 7];
    let settings = json!({ "delta": "timestamp", "base": "ou=sales,dc=x" });
    let first = cursor(world(timed(&old), settings.clone()));
    let _world = world(timed(&old), settings.clone()).enter();
    let (changes, _) = since(&first).unwrap();
    assert!(changes.contains(&Change::gone(Class::Account, uuid_text("p3"), DepartureCause::LeftScope)));
    drop(_world);
    // Where we may not look around, only what is below the base is told.
    let mut blind = timed(&old);
    blind.root = vec![("namingContexts", vec!["dc=y,dc=x".to_owned(), "dc=X".to_owned()])];
    blind.entries.retain(|(dn, ..)| dn.ends_with(b"Sales,dc=x") || dn.ends_with(b"sales,dc=x"));
    let blind = blind.twisted(|_, bytes| bytes);
    let _world = world(blind, settings).enter();
    let (changes, _) = since(&first).unwrap();
    assert!(changes.iter().all(|change| !matches!(change, Change::Gone(_))), "{changes:?}");
    assert_eq!(changes.len(), 4);
}

#[test]
fn a_delta_that_is_cut_anywhere_is_no_delta() {
    let refresh: Refresh = |id, content| {
        [content.iter().flat_map(|entry| told(id, entry, 2)).collect(), sync_done(id, 0, "csn=2", true)].concat()
    };
    let first = cursor(world(synced(refresh), json!({ "delta": "auto" })));
    let mut whole = 0;
    for cut in (1..).step_by(53) {
        let mut server = synced(refresh);
        server.cut = Some(cut);
        let _world = world(server, json!({ "delta": "auto" })).enter();
        match since(&first) {
            Ok((changes, _)) => {
                assert_eq!(changes.len(), 7);
                whole += 1;
                break;
            }
            Err(fault) => assert_eq!(fault.kind, FaultKind::Transient, "{}", fault.message),
        }
    }
    assert_eq!(whole, 1);
}

#[test]
fn what_is_not_ldap_ends_a_delta() {
    let refresh: Refresh = |id, content| {
        [content.iter().flat_map(|entry| told(id, entry, 2)).collect(), sync_done(id, 0, "csn=2", true)].concat()
    };
    let first = cursor(world(synced(refresh), json!({ "delta": "auto" })));
    let asked = Rc::new(RefCell::new(0));
    for search in 1..=4 {
        let count = Rc::clone(&asked);
        let server = synced(refresh).twisted(move |at, bytes| {
            *count.borrow_mut() = at;
            if at == search { b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec() } else { bytes }
        });
        let _world = world(server, json!({ "delta": "auto" })).enter();
        assert_eq!(since(&first).unwrap_err().kind, FaultKind::Incomplete, "{search}");
        assert!(*asked.borrow() >= search);
    }
}
