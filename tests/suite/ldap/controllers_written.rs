//! Two controllers of one domain that is written, of which one can not be reached any more: the rest goes to the other one, and
//! everything is there once.

use super::connection::{connection, first_passwords, hub, waiting};
use super::into_domain::{FROM_OPENLDAP, PLACES, POLICY, writable};
use super::relay::Relay;
use super::samba::{DOMAIN, Samba};
use super::slapd::Slapd;
use super::tree::{self, change, read};
use super::{company, controllers};
use rosterd_tests::hub::{Hub, Said};
use std::sync::Arc;

const SOURCE: &str = "ou=people,dc=example,dc=org";
const TARGET: &str = "OU=Ziel,DC=ad,DC=test";
const PEOPLE: usize = 60;
const UNITS: usize = 8;

/// An OpenLDAP, a domain with two controllers, and a hub between them, which reaches the first controller over a relay.
struct Outward {
    hub: Hub,
    slapd: Slapd,
    first: Samba,
    second: Samba,
    relay: Relay,
}

impl Outward {
    fn new() -> Self {
        let slapd = Slapd::start(&company::ldif(PEOPLE, UNITS));
        let first = Samba::start_first_of_two(&writable());
        let second = Samba::second(&first);
        let relay = Relay::start(first.at(), Arc::new(|| ()));
        let hub = hub(|hub| {
            let from = connection("ldap", &slapd.path("ca.crt"), &[slapd.port()], FROM_OPENLDAP);
            let settings = format!("servers = [\"ldaps://127.0.0.1:{}\"]{PLACES}", second.port());
            let authorities = controllers::authorities(hub, [&first, &second]);
            let to = connection("ad", &authorities, &[relay.port(), second.port()], &settings);
            format!("{from}{to}{}{POLICY}", first_passwords(hub, "ad"))
        });
        Self { hub, slapd, first, second, relay }
    }

    fn run(&self) -> Said {
        drop(self.hub.rosterd(&["resume", "ad"]));
        drop(self.hub.rosterd(&["outbox", "retry-all", "ad"]));
        self.hub.rosterd(&["run", "ldap"])
    }

    /// How many entries of people, org units and groups there are.
    fn entries(&self, samba: &Samba) -> usize {
        let filter = "(|(objectClass=user)(objectClass=organizationalUnit)(objectClass=group))";
        read(&samba.ldapsearch(TARGET, filter, &["name"])).len()
    }

    /// A controller has what the source has, once, and nothing waits.
    #[track_caller]
    fn assert_same(&self, samba: &Samba) {
        let (wanted, waits) = (tree::of_slapd(&self.slapd, SOURCE), waiting(&self.hub));
        tree::assert_same(&tree::of_domain(samba, TARGET), &wanted, &waits.to_string());
        // The target, and the top of the source, are two of them.
        assert_eq!(self.entries(samba), wanted.len() + 2, "something is there twice");
        assert_eq!(waits.as_array().map_or(0, Vec::len), 0, "{waits}");
    }
}

#[test]
fn what_one_controller_got_is_not_made_again_at_the_next() {
    let into = Outward::new();
    // The way to the first one breaks while accounts are made. It lives on, and tells the other one what it has.
    into.relay.dies_after(12_000);
    let said = into.hub.rosterd(&["run", "ldap"]);
    assert_eq!(said.code, Some(7), "{}{}", said.out, said.err);
    let some = into.entries(&into.first);
    assert!(some > 1, "nothing was made");
    into.second.fetch(&into.first);
    let said = into.run();
    assert_eq!(said.code, Some(0), "{}{}{}", said.out, said.err, waiting(&into.hub));
    into.assert_same(&into.second);

    // The first one is there again, and is written again.
    into.first.fetch(&into.second);
    into.assert_same(&into.first);
    into.relay.leads_to(into.first.at());
    let title = |title: &str| {
        change(&company::person(3, UNITS - 1), &format!("changetype: modify\nreplace: title\ntitle: {title}"))
    };
    into.slapd.modify(&title("First"));
    assert_eq!(into.run().code, Some(0));
    into.assert_same(&into.first);
    let drift = into.hub.rosterd(&["drift", "ad"]).code(0);
    assert!(drift.out.contains("0 differ"), "{}", drift.out);
    into.hub.verify();
}

#[test]
fn what_the_next_controller_has_not_yet_waits_and_is_there_once() {
    let into = Outward::new();
    // The first one dies while accounts are made, and the other one has none of them.
    into.relay.dies_after(12_000);
    drop(into.hub.rosterd(&["run", "ldap"]));
    into.first.kill();
    assert_eq!(into.entries(&into.second), 1);
    // Whose org unit is not there yet, for another server than the one that made it, waits: nobody has to do anything.
    let said = into.run();
    assert_eq!(said.code, Some(7), "{}{}", said.out, said.err);
    let waits = waiting(&into.hub);
    assert!(waits.to_string().contains("another one may have it"), "{waits}");
    let parked = waits.as_array().into_iter().flatten().filter(|entry| entry["state"].to_string().contains("Parked"));
    assert_eq!(parked.count(), 0, "{waits}");

    into.first.restart();
    into.second.fetch(&into.first);
    into.first.fetch(&into.second);
    into.relay.leads_to(into.first.at());
    let said = into.run();
    assert_eq!(said.code, Some(0), "{}{}{}", said.out, said.err, waiting(&into.hub));
    into.assert_same(&into.first);
    into.second.fetch(&into.first);
    into.assert_same(&into.second);
    assert!(read(&into.first.ldapsearch(DOMAIN, "(cn=*CNF:*)", &["cn"])).is_empty());
    into.hub.verify();
}
