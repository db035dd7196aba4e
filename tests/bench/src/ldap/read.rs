//! Reading: to observed records, beside `ldapsearch` that writes LDIF; and to applied state, beside a second slapd that follows
//! the first (RFC 4533, `refreshOnly`) until it has all.

use super::slapd::{ADMIN, PASSWORD, ROOT, SYNC, Slapd};
use super::{PAIRS, company, hub};
use crate::process::{self, median};
use crate::report::Report;
use crate::scenario::number;
use crate::settings::Settings;
use std::fs::File;
use std::time::{Duration, Instant};

const CONFIGURATION: &str = include_str!("read.toml");
/// What the connector asks for of people and groups of this company.
const ASKED: &str = "entryUUID uid cn sn givenName displayName initials title description mail telephoneNumber mobile \
                     homePhone facsimileTelephoneNumber employeeNumber employeeType departmentNumber o ou l st street \
                     postalCode postalAddress roomNumber preferredLanguage labeledURI manager member owner";
/// Nobody waits longer for the second slapd.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is asked whether it has all.
const AGAIN: Duration = Duration::from_millis(50);

pub(super) fn measure(settings: &Settings, report: &mut Report, slapd: &Slapd, entries: usize) -> Result<(), String> {
    // The first of each is for the caches of the machine and of the server.
    ldapsearch(slapd)?;
    let (mut reads, mut shares, mut imports, mut ratios, mut peaks) = (vec![], vec![], vec![], vec![], vec![]);
    for pair in 0..PAIRS {
        let search = ldapsearch(slapd)?;
        let read = observe(settings, slapd, entries)?;
        let follow = follow(settings, slapd)?;
        let hub = hub(settings, "ldap-import", CONFIGURATION, slapd)?;
        let (outcome, json) = hub.run()?;
        all_of_them(number(&json, "/run/scan/records"), entries)?;
        report.note(&format!("ldap, pair {pair}: ldapsearch over LDAPS"), search, "s");
        report.note(&format!("ldap, pair {pair}: to observed records"), read, "s");
        report.note(&format!("ldap, pair {pair}: a second slapd has all"), follow, "s");
        report.note(&format!("ldap, pair {pair}: run to applied"), outcome.seconds, "s");
        reads.push(read);
        shares.push(read / search);
        imports.push(outcome.seconds);
        ratios.push(outcome.seconds / follow);
        peaks.push(outcome.peak_bytes as f64 / 1e6);
    }
    report.note("ldap: entries", entries as f64, "");
    report.note("ldap: entries a second, to observed records", entries as f64 / median(reads), "/s");
    report.limit("ldap: to observed records / ldapsearch", median(shares), "x", 3.0);
    report.note("ldap: largest memory of a run", median(peaks), "MB");
    report.note("ldap: run to applied", median(imports), "s");
    report.limit("ldap: run to applied / a second slapd", median(ratios), "x", 2.5);
    Ok(())
}

/// A scan that saw half of them would be quick.
fn all_of_them(records: f64, entries: usize) -> Result<(), String> {
    if records == entries as f64 { Ok(()) } else { Err(format!("{records} of {entries} entries were read")) }
}

/// The seconds in which `ldapsearch` has written all as LDIF, in pages, over LDAPS.
fn ldapsearch(slapd: &Slapd) -> Result<f64, String> {
    let mut words = vec!["-LLL", "-E", "pr=1000/noprompt", "-b", company::PEOPLE, "(objectClass=*)"];
    words.extend(ASKED.split_ascii_whitespace());
    let file = File::create(slapd.path("found.ldif")).map_err(|error| format!("can not write found.ldif: {error}"))?;
    let mut command = slapd.tool("ldapsearch", true, SYNC, &words);
    let start = Instant::now();
    let status = command.stdout(file).status().map_err(|error| format!("can not start ldapsearch: {error}"))?;
    let seconds = start.elapsed().as_secs_f64();
    if status.success() { Ok(seconds) } else { Err(format!("ldapsearch ended with {status}")) }
}

/// The seconds in which the hub has observed all in an empty store, without planning; by the program itself.
fn observe(settings: &Settings, slapd: &Slapd, entries: usize) -> Result<f64, String> {
    let hub = hub(settings, "ldap-observe", CONFIGURATION, slapd)?;
    let port = hub.folder().join(slapd.tls.to_string());
    std::fs::write(&port, "").map_err(|error| format!("can not write a file: {error}"))?;
    let words = ["observe-ldap", &port.to_string_lossy(), &hub.folder().to_string_lossy()];
    let json = process::run(&settings.binary("tax"), &words, hub.folder(), &[])?.json()?;
    all_of_them(number(&json, "/records"), entries)?;
    Ok(number(&json, "/seconds"))
}

/// The seconds from the start of an empty slapd to the moment in which it has all that the first one has.
fn follow(settings: &Settings, slapd: &Slapd) -> Result<f64, String> {
    let role = format!(
        "syncrepl rid=1 provider=ldaps://127.0.0.1:{} type=refreshOnly interval=00:00:00:30 retry=\"1 +\" \
         searchbase=\"{ROOT}\" filter=\"(objectClass=*)\" scope=sub attrs=\"*,+\" schemachecking=off bindmethod=simple \
         binddn=\"{ADMIN}\" credentials=\"{PASSWORD}\" tls_cacert={}\n",
        slapd.tls,
        slapd.authority().display(),
    );
    let words = ["-s", "base", "-b", ROOT, "(objectClass=*)", "contextCSN"];
    let state = |text: &str| text.lines().find(|line| line.starts_with("contextCSN")).map(str::to_owned);
    let wanted = state(&slapd.search(&words)?).ok_or("the first slapd has no contextCSN")?;
    let folder = settings.work.join("ldap-second");
    let start = Instant::now();
    let second = Slapd::start(&folder, "", &role)?;
    let prepared = second.prepared;
    while start.elapsed() < PATIENCE {
        // Until it has the root there is nothing to be found. It writes its state when it has all.
        if second.search(&words).is_ok_and(|text| state(&text).as_ref() == Some(&wanted)) {
            return Ok((start.elapsed() - prepared).as_secs_f64());
        }
        std::thread::sleep(AGAIN);
    }
    Err("the second slapd never has what the first one has".to_owned())
}
