//! One hub, and everything connected: DingTalk and a domain of Active Directory are read and written, an OpenLDAP, a SCIM
//! service, an application that is called back and a file are written, and an application fetches over HTTP. Somebody is hired, gets another role, and leaves: first
//! in DingTalk, then in the domain. Each time everybody else learns of it, and groups follow by rule, while the service runs and nobody helps.

mod config;
mod seen;

use self::config::CONFIG;
use self::seen::{Seen, cells, find, groups_of, last_part, name_of, of_directory, seen, sorted, unicode};
use super::connection::{connection, first_passwords};
use super::into_domain::{FROM_OPENLDAP, writable};
use super::samba::Samba;
use super::slapd::Slapd;
use super::tree::{change, first, read};
use super::{PASSWORD, VARIABLE, company};
use crate::api;
use crate::callback::receiver::Receiver;
use crate::dingtalk::vendor::Vendor;
use crate::dingtalk::{APP, PACE, SECRET, TOKEN};
use crate::scim::provider::{Provider, TOKEN as SCIM_TOKEN};
use rosterd_tests::http::Client;
use rosterd_tests::hub::Hub;
use rosterd_tests::service::Service;
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SUBSCRIPTION: &str = "KanariSubscription2028";
const AES_KEY: &str = "kanarivogel0123456789abcdefghijklmnopqrstuv";
const SIGNING: &str = "whsec_S2FuYXJpLzAxMjM0NTY3ODkrYWJjZGVmZ2hpamtsbW4=";
/// Where people of the domain are, and people of the OpenLDAP.
const DOMAIN: &str = "OU=Ziel,DC=ad,DC=test";
const DIRECTORY: &str = r#"
preset = "active-directory"
base = "OU=Ziel,DC=ad,DC=test"
bind-dn = "sync@ad.test""#;
const COPY: &str = "ou=copy,dc=example,dc=org";
/// What has not arrived after this time, and after so many looks, never will: machines of tests stop for minutes.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOKS: u32 = 60;

struct All {
    hub: Hub,
    vendor: Vendor,
    samba: Samba,
    slapd: Slapd,
    scim: Provider,
    hook: Receiver,
    /// The application that fetches, once the hub serves.
    fetch: OnceCell<Client>,
}

/// The systems, each with its name.
const SYSTEMS: [&str; 7] = ["DingTalk", "Active Directory", "OpenLDAP", "SCIM", "callback", "file", "fetch API"];

impl All {
    fn new() -> Self {
        let unit = |name: &str| json!({ "name": name, "parent_id": 1, "order": 1 });
        let person = |name: &str, number: &str, unit: u32| {
            let texts = json!({ "mobile": format!("1380000{number}"), "state_code": "86", "job_number": number, "title": "Clerk" });
            json!({ "name": name, "dept_id_list": [unit], "texts": texts, "created": 1 })
        };
        let vendor = Vendor::start(json!({
            "corp_id": "dingkanaricorp", "corp_name": "Kanarienvögel AG",
            "departments": { "1000": unit("Sales"), "2000": unit("Finance, East") },
            "users": { "boss": person("Li Lei", "1001", 1000), "second": person("Han Meimei", "1002", 2000) },
            "apps": { APP: { "secret": SECRET, "token_prefix": TOKEN } },
            "settings": { "rates": { "app_per_second": 1_000_000, "address_per_twenty_seconds": 1_000_000 } },
        }));
        let samba = Samba::start(&writable());
        let mut ldif = company::ldif(0, 1);
        company::entry(&mut ldif, COPY, &[("objectClass", "organizationalUnit"), ("ou", "copy")]);
        let slapd = Slapd::with(&ldif, &super::outbound::WRITABLE);
        let (scim, hook) = (Provider::start(), Receiver::start());
        let hub = Hub::with_changed("dingtalk", PACE).untaped();
        for plugin in ["csv", "ldap", "scim", "callback"] {
            hub.install(plugin).expect("it is built");
        }
        hub.watched.plant("a token", TOKEN);
        for (name, secret) in [
            ("DING_APP_SECRET", SECRET),
            ("DING_CALLBACK_TOKEN", SUBSCRIPTION),
            ("DING_AES_KEY", AES_KEY),
            (VARIABLE, PASSWORD),
            ("SCIM_TOKEN", SCIM_TOKEN),
            ("APP_SECRET", SIGNING),
        ] {
            hub.watched.variable(name, secret);
        }
        let ad = connection("ad", &samba.path("ca.crt"), &[samba.port()], DIRECTORY);
        let ldap =
            connection("ldap", &slapd.path("ca.crt"), &[slapd.port()], &FROM_OPENLDAP.replace("ou=people", "ou=copy"));
        let ports = [("DING", vendor.port()), ("SCIM", scim.port()), ("HOOK", hook.port())];
        let config = ports.iter().fold(CONFIG.to_owned(), |text, (name, port)| text.replace(name, &port.to_string()));
        // Names of variables hold these words, too.
        let config =
            config.replace(&format!("{}_", vendor.port()), "DING_").replace(&format!("{}_", scim.port()), "SCIM_");
        let store = "[store]\npath = \"data/hub.redb\"\ncache = \"16 MB\"\n";
        hub.write("rosterd.toml", &[store, &ad, &first_passwords(&hub, "ad"), &ldap, &config].concat());
        hook.keys(&json!({ "form": "standard", "secrets": [SIGNING], "public": [] }));
        Self { hub, vendor, samba, slapd, scim, hook, fetch: OnceCell::new() }
    }

    /// What a system holds of the person with this number.
    fn of(&self, system: &str, number: &str) -> Option<Seen> {
        match system {
            "DingTalk" => self.of_dingtalk(number),
            "Active Directory" => {
                let names = ["employeeNumber", "displayName", "title", "manager", "userAccountControl"];
                let people = read(&self.samba.ldapsearch(DOMAIN, "(objectClass=user)", &names));
                let found = of_directory(&people, number)?;
                let own = find(&people, number)?;
                let disabled = first(own, "userAccountControl") == "514";
                let groups = read(&self.samba.ldapsearch(DOMAIN, "(objectClass=group)", &["cn", "member"]));
                Some(Seen { active: !disabled, groups: groups_of(&groups, &first(own, "dn")), ..found })
            }
            "OpenLDAP" => {
                let names = ["employeeNumber", "displayName", "title", "manager", "pwdAccountLockedTime"];
                let people = read(&self.slapd.ldapsearch_below(COPY, "(objectClass=inetOrgPerson)", &names));
                let found = of_directory(&people, number)?;
                let own = find(&people, number)?;
                let locked = own.contains_key("pwdAccountLockedTime");
                let groups = read(&self.slapd.ldapsearch_below(COPY, "(objectClass=groupOfNames)", &["cn", "member"]));
                Some(Seen { active: !locked, groups: groups_of(&groups, &first(own, "dn")), ..found })
            }
            "SCIM" => self.of_scim(number),
            "fetch API" => seen::of_hub(self.fetch.get()?, number),
            "callback" => {
                let events = self.hook.events();
                let about = || events.iter().filter(|event| event["event"]["data"]["id"] == number);
                assert!(about().all(|event| event.get("refused").is_none()), "{events:?}");
                let told = |name: &str| {
                    let values = about().rev().map(|event| &event["event"]["data"]["attributes"][name]);
                    let mut texts = values.filter_map(|value| value["id"].as_str().or_else(|| value.as_str()));
                    texts.next().unwrap_or_default().to_owned()
                };
                about().next()?;
                let types = about().rev().filter_map(|event| event["event"]["type"].as_str());
                let active =
                    types.map(|kind| kind.rsplit('.').next().unwrap_or_default()).find_map(|kind| match kind {
                        "created" | "enabled" => Some(true),
                        "disabled" | "deleted" => Some(false),
                        _ => None,
                    });
                // The newest event of a group has all of it.
                let mut groups: BTreeMap<String, &Value> = BTreeMap::new();
                for event in events.iter().filter(|event| event["event"]["data"]["class"] == "group") {
                    let data = &event["event"]["data"];
                    groups.insert(data["id"].as_str().unwrap_or_default().to_owned(), &data["attributes"]["members"]);
                }
                let has = |members: &Value| {
                    members.as_array().is_some_and(|members| members.iter().any(|member| member["id"] == number))
                };
                Some(Seen {
                    groups: groups.into_iter().filter(|(_, members)| has(members)).map(|(name, _)| name).collect(),
                    name: told("name"),
                    title: told("title"),
                    unit: last_part(&told("department")),
                    manager: name_of(&told("manager")),
                    active: active.unwrap_or(false),
                })
            }
            _ => {
                let text = self.hub.read("people.csv");
                let mut rows = text.lines().map(cells);
                let head = rows.next()?;
                let row = rows
                    .map(|row| head.iter().cloned().zip(row).collect::<BTreeMap<_, _>>())
                    .find(|row| row.get("number").is_some_and(|own| own == number))?;
                let own = |name: &str| row.get(name).cloned().unwrap_or_default();
                Some(Seen {
                    name: own("name"),
                    title: own("title"),
                    unit: last_part(&own("department")),
                    manager: name_of(&own("manager")),
                    active: own("status") != "off",
                    groups: Vec::new(),
                })
            }
        }
    }

    fn of_dingtalk(&self, number: &str) -> Option<Seen> {
        let state = self.vendor.state();
        let users = state["users"].as_object()?;
        let (_, user) = users.iter().find(|(_, user)| user["texts"]["job_number"] == number)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let unit = user["dept_id_list"][0].to_string();
        let manager = user["manager_userid"].as_str().and_then(|id| users.get(id));
        Some(Seen {
            name: text(&user["name"]),
            title: text(&user["texts"]["title"]),
            unit: text(&state["departments"][&unit]["name"]),
            manager: manager.map(|manager| text(&manager["name"])).unwrap_or_default(),
            active: true,
            groups: Vec::new(),
        })
    }

    fn of_scim(&self, number: &str) -> Option<Seen> {
        let users = self.scim.all("Users");
        let user = users.iter().find(|user| user["externalId"] == number)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let enterprise = &user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
        let manager = users.iter().find(|other| other["id"] == enterprise["manager"]["value"]);
        let groups = self.scim.all("Groups");
        let has = |group: &&Value| {
            group["members"].as_array().is_some_and(|all| all.iter().any(|member| member["value"] == user["id"]))
        };
        Some(Seen {
            groups: sorted(groups.iter().filter(has).map(|group| text(&group["displayName"]))),
            name: text(&user["displayName"]),
            title: text(&user["title"]),
            unit: last_part(&text(&enterprise["department"])),
            manager: manager.map(|manager| text(&manager["displayName"])).unwrap_or_default(),
            active: user["active"] != false,
        })
    }

    /// Waits until every system but these holds this of a person: after how many seconds each did.
    fn reaches(
        &self,
        service: &Service,
        number: &str,
        but: &[&str],
        as_it_should: impl Fn(&str, Option<&Seen>) -> bool,
    ) -> Vec<(&'static str, f64)> {
        let begun = Instant::now();
        let mut reached: Vec<(&str, f64)> = Vec::new();
        for look in 0.. {
            let logged = service.log().len();
            for system in SYSTEMS {
                if but.contains(&system) || reached.iter().any(|(name, _)| *name == system) {
                    continue;
                }
                if as_it_should(system, self.of(system, number).as_ref()) {
                    reached.push((system, begun.elapsed().as_secs_f64()));
                }
            }
            if reached.len() + but.len() == SYSTEMS.len() {
                return reached;
            }
            if begun.elapsed() > PATIENCE && look > LOOKS {
                let all: Vec<_> = SYSTEMS.iter().map(|system| (system, self.of(system, number))).collect();
                let log = service.log().iter().rev().take(30).map(ToString::to_string).collect::<Vec<_>>().join("\n");
                let waiting = self.hub.rosterd(&["outbox", "list"]).out;
                panic!("{number} did not reach everybody: {all:?}\n{waiting}\nlog, the newest first:\n{log}");
            }
            service.wait_for_more(logged);
        }
        unreachable!("nobody looks so often")
    }
}

#[test]
fn a_hire_a_new_role_and_a_departure_reach_everybody() {
    let all = All::new();
    for job in ["ding", "ad"] {
        let said = all.hub.rosterd(&["run", job]);
        assert_eq!(said.code, Some(0), "{job}: {}{}", said.out, said.err);
    }
    let service = Service::start(&all.hub);
    let line = service.wait_for("remote systems can call");
    let address = line["fields"]["address"].as_str().expect("an address").to_owned();
    let fetch = api::client(&all.hub, &address, "fetcher", "hook", &["hub:read"]);
    all.fetch.set(fetch).expect("it is set once");
    let url = format!("http://{address}/receive/ding");
    let callback = json!({ "url": url, "token": SUBSCRIPTION, "aes_key": AES_KEY, "owner": APP });
    all.vendor.verb("PATCH", "/state", &json!({ "apps": { APP: { "callback": callback } } }));
    let mut table = Vec::new();
    let is = |wanted: Seen| move |system: &str, seen: Option<&Seen>| seen == Some(&wanted.at(system));
    let gone = |system: &str, seen: Option<&Seen>| {
        if system == "DingTalk" {
            seen.is_none()
        } else {
            seen.is_some_and(|seen| !seen.active && seen.groups.is_empty())
        }
    };

    // First in DingTalk.
    let texts = json!({ "mobile": "13800001003", "state_code": "86", "job_number": "1003", "title": "Clerk" });
    all.vendor.verb(
        "POST",
        "/people/wang",
        &json!({ "name": "王芳", "dept_id_list": [1000], "manager_userid": "boss", "texts": texts, "created": 9 }),
    );
    table.push((
        "DingTalk: hired",
        all.reaches(&service, "1003", &["DingTalk"], is(seen("王芳", "Clerk", "Sales", "Li Lei").inside(&["Clerks"]))),
    ));
    all.vendor.verb(
        "POST",
        "/people/wang",
        &json!({ "dept_id_list": [2000], "manager_userid": "second", "texts": { "title": "Director" } }),
    );
    table.push((
        "DingTalk: another role",
        all.reaches(
            &service,
            "1003",
            &["DingTalk"],
            is(seen("王芳", "Director", "Finance, East", "Han Meimei").inside(&["All of Finance", "Directors"])),
        ),
    ));
    all.vendor.verb("DELETE", "/people/wang", &Value::Null);
    table.push(("DingTalk: left", all.reaches(&service, "1003", &["DingTalk"], gone)));

    // Then in the domain.
    let units = read(&all.samba.ldapsearch(DOMAIN, "(objectClass=organizationalUnit)", &["ou"]));
    let unit = |name: &str| units.iter().find(|unit| first(unit, "ou") == name).expect("a unit")["dn"][0].clone();
    let people = read(&all.samba.ldapsearch(DOMAIN, "(objectClass=user)", &["employeeNumber"]));
    let dn = |number: &str| find(&people, number).expect("he is there")["dn"][0].clone();
    let (from, to) = (format!("CN=Tom Li,{}", unit("Sales")), format!("CN=Tom Li,{}", unit("Finance, East")));
    all.samba.modify(&change(
        &from,
        &format!(
            "objectClass: user\nsAMAccountName: tom\ndisplayName: Tom Li\nsn: Li\nemployeeNumber: 2001\nmobile: 13800002001\ntitle: Clerk\nuserAccountControl: 512\nunicodePwd:: {}\nmanager: {}\n",
            unicode(PASSWORD),
            dn("1001")
        ),
    ));
    table.push((
        "Active Directory: hired",
        all.reaches(
            &service,
            "2001",
            &["Active Directory"],
            is(seen("Tom Li", "Clerk", "Sales", "Li Lei").inside(&["Clerks"])),
        ),
    ));
    let role =
        format!("changetype: modify\nreplace: title\ntitle: Director\n-\nreplace: manager\nmanager: {}\n", dn("1002"));
    let place =
        format!("changetype: modrdn\nnewrdn: CN=Tom Li\ndeleteoldrdn: 1\nnewsuperior: {}\n", unit("Finance, East"));
    all.samba.modify(&[change(&from, &role), change(&from, &place)].concat());
    table.push((
        "Active Directory: another role",
        all.reaches(
            &service,
            "2001",
            &["Active Directory"],
            is(seen("Tom Li", "Director", "Finance, East", "Han Meimei").inside(&["All of Finance", "Directors"])),
        ),
    ));
    all.samba.modify(&change(&to, "changetype: delete\n"));
    table.push(("Active Directory: left", all.reaches(&service, "2001", &["Active Directory"], gone)));
    // Whoever stayed is as he was.
    for system in SYSTEMS {
        assert_eq!(
            all.of(system, "1001").map(|seen| (seen.name, seen.active)),
            Some(("Li Lei".to_owned(), true)),
            "{system}"
        );
    }
    assert_eq!(service.end(), Some(0));
    all.hub.verify();
    println!("seconds until it was there");
    for (what, reached) in table {
        let seconds: Vec<String> = reached.iter().map(|(system, seconds)| format!("{system} {seconds:.1}")).collect();
        println!("{what:32} {}", seconds.join(" · "));
    }
}
