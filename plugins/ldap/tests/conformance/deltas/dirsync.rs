//! Active Directory, by DirSync.

use super::super::server::{Entry, entry};
use super::domain::{domain, gone, id, of_domain, with_guid};
use super::*;
use rosterd_plugin_ldap::control::DIRSYNC;
use rosterd_sdk::{Change, DepartureCause};
use serde_json::json;

pub(super) type Answer = (&'static [u8], Result<(Vec<Entry>, bool, &'static [u8]), u8>);

/// A domain with DirSync. The first call, with no cookie, gives "c0".
pub(super) fn dirsync(answers: Vec<Answer>) -> Server {
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
pub(super) fn said(dn: &str, last: u8, attributes: &[(&str, &[&str])]) -> Entry {
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
