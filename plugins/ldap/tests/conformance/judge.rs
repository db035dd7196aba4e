//! Our messages against another implementation: `ldap3_proto` reads what we write, and we read what it writes.
//!
//! It is judge and not codec; why stands in docs/architecture.md.

use bytes::BytesMut;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapBindCred, LdapDerefAliases, LdapExtendedRequest, LdapIntermediateResponse, LdapMsg, LdapOp,
    LdapPartialAttribute, LdapResult, LdapResultCode, LdapSearchResultEntry, LdapSearchScope, SyncRequestMode,
    SyncStateValue,
};
use ldap3_proto::{LdapCodec, parse_ldap_filter_str};
use proptest::collection::vec;
use proptest::prelude::*;
use rosterd_plugin_ldap::control::{Ask, DIRSYNC, DIRSYNC_BYTES, INCREMENTAL_VALUES, Info, SHOW_DELETED, State};
use rosterd_plugin_ldap::message::{self, Answer, Scope, Search};
use rosterd_plugin_ldap::{ber, filter};
use tokio_util::codec::{Decoder, Encoder};

/// What the judge reads in our bytes, which are one message.
fn judged(bytes: &[u8]) -> LdapMsg {
    let mut buffer = BytesMut::from(bytes);
    let message = LdapCodec::new(Some(1 << 20), None).decode(&mut buffer).unwrap().unwrap();
    assert!(buffer.is_empty() && ber::length(bytes, 1 << 20) == Ok(Some(bytes.len())), "one message");
    message
}

/// What we read in a message of the judge.
fn ours(op: LdapOp, ctrl: Vec<LdapControl>) -> Answer {
    let mut buffer = BytesMut::new();
    LdapCodec::default().encode(LdapMsg::new_with_ctrls(77, op, ctrl), &mut buffer).unwrap();
    assert_eq!(ber::length(&buffer, 1 << 20), Ok(Some(buffer.len())));
    let (id, answer) = message::decode(&buffer).unwrap();
    assert_eq!(id, 77);
    answer
}

fn done(code: LdapResultCode, message: &str) -> LdapOp {
    let result = LdapResult { code, matcheddn: "dc=x".to_owned(), message: message.to_owned(), referral: Vec::new() };
    LdapOp::SearchResultDone(result)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    // Both sides of the lengths at which BER writes another form.
    prop_oneof![vec(any::<u8>(), 0..20), vec(any::<u8>(), 120..140), vec(any::<u8>(), 250..260)]
}

const FILTERS: [&str; 8] = [
    "(objectClass=*)",
    "(&(objectClass=user)(!(objectClass=computer)))",
    "(|(cn=a*b*c)(cn=*x)(cn=x*)(cn=*x*))",
    "(userAccountControl:1.2.840.113556.1.4.803:=2)",
    "(cn:dn:=x)",
    "(uSNChanged>=4711)",
    "(&(a<=1)(b~=2))",
    "(cn=李华)",
];

proptest! {
    #[test]
    fn searches_mean_the_same(
        id in 1..i32::MAX, base in "[a-z=,李]{0,200}", subtree in any::<bool>(), most in 0..i32::MAX as u32, at in 0..FILTERS.len(),
        attributes in vec("[a-zA-Z;=*-]{0,140}", 0..5), types_only in any::<bool>(), size in 1..i32::MAX as u32, cookie in bytes(), first in any::<bool>(),
    ) {
        let scope = if subtree { Scope::Subtree } else { Scope::Base };
        let sync = (!first).then_some(&cookie[..]);
        let controls = [Ask::Paged(size, &cookie), Ask::DirSync(INCREMENTAL_VALUES | 1, &cookie), Ask::ShowDeleted, Ask::Sync(sync)];
        let filter = filter::parse(FILTERS[at]).unwrap();
        let search = Search { base: &base, scope, most, filter: &filter, attributes: &attributes, types_only, controls: &controls };
        let message = judged(&search.message(id.into()));
        prop_assert_eq!(message.msgid, id);
        let LdapOp::SearchRequest(request) = message.op else { panic!("{:?}", message.op) };
        prop_assert_eq!(&request.base, &base);
        prop_assert_eq!(request.scope == LdapSearchScope::Subtree, subtree);
        prop_assert_eq!((request.aliases, request.sizelimit as u32, request.timelimit), (LdapDerefAliases::Never, most, 0));
        prop_assert_eq!((request.typesonly, &request.attrs), (types_only, &attributes));
        prop_assert_eq!(request.filter, parse_ldap_filter_str(FILTERS[at]).unwrap());
        let [paged, dirsync, deleted, synced] = &message.ctrl[..] else { panic!("{:?}", message.ctrl) };
        prop_assert_eq!(paged, &LdapControl::SimplePagedResults { size: size.into(), cookie: cookie.clone() });
        // The judge takes every number for one without a sign.
        let flags = (INCREMENTAL_VALUES | 1) & 0xffff_ffff;
        prop_assert_eq!(dirsync, &LdapControl::AdDirsync { flags, max_bytes: DIRSYNC_BYTES, cookie: Some(cookie.clone()) });
        prop_assert_eq!(deleted, &LdapControl::ShowDeleted { criticality: true });
        let wanted = LdapControl::SyncRequest {
            criticality: true, mode: SyncRequestMode::RefreshOnly, cookie: sync.map(<[u8]>::to_vec), reload_hint: false,
        };
        prop_assert_eq!(synced, &wanted);
    }

    #[test]
    fn binds_mean_the_same(id in 1..i32::MAX, name in "[a-z=,李]{0,200}", password in "[ -~]{1,300}") {
        // As the hub sends it: the password right behind our bytes.
        let message = judged(&[message::bind(id.into(), &name, password.len()), password.clone().into_bytes()].concat());
        let LdapOp::BindRequest(request) = message.op else { panic!("{:?}", message.op) };
        prop_assert_eq!((message.msgid, request.version, request.dn), (id, 3, name));
        prop_assert!(matches!(request.cred, LdapBindCred::Simple(said) if said == password));
    }

    #[test]
    fn entries_are_read(
        dn in "[a-z=,李]{0,200}", attributes in vec(("[a-zA-Z;=-]{1,140}", vec(bytes(), 0..4)), 0..5),
        state in 0..4_usize, uuid in any::<[u8; 16]>(), cookie in proptest::option::of(bytes()), stated in any::<bool>(),
    ) {
        let one = |(atype, vals): &(String, Vec<Vec<u8>>)| LdapPartialAttribute { atype: atype.clone(), vals: vals.clone() };
        let entry = LdapSearchResultEntry { dn: dn.clone(), attributes: attributes.iter().map(one).collect() };
        let states = [SyncStateValue::Present, SyncStateValue::Add, SyncStateValue::Modify, SyncStateValue::Delete];
        let control = LdapControl::SyncState { state: states[state].clone(), entry_uuid: uuid::Uuid::from_bytes(uuid), cookie };
        let Answer::Entry(read) = ours(LdapOp::SearchResultEntry(entry), if stated { vec![control] } else { Vec::new() }) else { panic!() };
        let own: Vec<(String, Vec<Vec<u8>>)> = read.attributes.iter().map(|(name, values)| {
            (String::from_utf8(name.to_vec()).unwrap(), values.iter().map(|value| value.to_vec()).collect())
        }).collect();
        prop_assert_eq!((&read.dn[..], own), (dn.as_bytes(), attributes));
        let told = [State::Present, State::Told, State::Told, State::Deleted][state];
        prop_assert_eq!(read.state, stated.then_some((told, uuid)));
    }

    #[test]
    fn ends_are_read(message in "[ -~李]{0,200}", size in any::<i32>(), more in any::<i32>(), cookie in bytes(), deletes in any::<bool>(), given in any::<bool>()) {
        let controls = vec![
            LdapControl::ManageDsaIT { criticality: true },
            LdapControl::SimplePagedResults { size: size.into(), cookie: cookie.clone() },
            LdapControl::AdDirsync { flags: more.into(), max_bytes: 0, cookie: Some(cookie.clone()) },
            LdapControl::SyncDone { cookie: given.then(|| cookie.clone()), refresh_deletes: deletes },
            LdapControl::Unknown { oid: "1.2.3".to_owned(), criticality: false, value: Some(cookie.clone()) },
        ];
        let Answer::Done(outcome, said) = ours(done(LdapResultCode::EsyncRefreshRequired, &message), controls) else { panic!() };
        prop_assert_eq!((outcome.code, outcome.text), (4096, message));
        prop_assert_eq!(said.page, Some(cookie.clone()));
        prop_assert_eq!(said.dirsync, Some((more != 0, cookie.clone())));
        prop_assert_eq!((said.deletes_told, said.cookie, said.state), (Some(deletes), given.then_some(cookie), None));
    }

    #[test]
    fn what_is_said_between_entries_is_read(cookie in bytes(), given in any::<bool>(), flag in any::<bool>(), ids in vec(any::<[u8; 16]>(), 0..9)) {
        use LdapIntermediateResponse as Say;
        let some = given.then(|| cookie.clone());
        let read = |say: Say| match ours(LdapOp::IntermediateResponse(say), Vec::new()) {
            Answer::Info(info) => info,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(read(Say::SyncInfoRefreshDelete { cookie: some.clone(), done: flag }), Info::Deletes(some.clone()));
        prop_assert_eq!(read(Say::SyncInfoRefreshPresent { cookie: some.clone(), done: flag }), Info::Presents(some.clone()));
        let syncuuids = ids.iter().copied().map(uuid::Uuid::from_bytes).collect();
        let set = Say::SyncInfoIdSet { cookie: some.clone(), refresh_deletes: flag, syncuuids };
        prop_assert_eq!(read(set), Info::Ids(some, flag, ids));
        let other = Say::Raw { name: Some("1.2.3".to_owned()), value: Some(cookie) };
        prop_assert_eq!(read(other), Info::Other);
    }
}

/// The judge writes this one as a sequence, where RFC 4533 has a tag in place of that of the octets.
#[test]
fn a_new_cookie_is_read() {
    let value = ber::element(0x80, "csn=1");
    let info = [ber::element(0x80, "1.3.6.1.4.1.4203.1.9.1.4"), ber::element(0x81, value)].concat();
    let message = ber::element(0x30, [ber::integer(2, 5), ber::element(0x79, info)].concat());
    assert_eq!(message::decode(&message), Ok((5, Answer::Info(Info::Cookie(b"csn=1".to_vec())))));
}

#[test]
fn the_small_messages_mean_the_same() {
    assert_eq!(judged(&message::unbind(9)).op, LdapOp::UnbindRequest);
    let wanted = LdapExtendedRequest { name: message::START_TLS.to_owned(), value: None };
    assert_eq!(judged(&message::start_tls(9)).op, LdapOp::ExtendedRequest(wanted));
    assert!(DIRSYNC.ends_with(".841") && SHOW_DELETED.ends_with(".417"));
}
