//! Writing: people of a CSV file go into an empty tree of a slapd, and the same entries by four `ldapadd` at once into another
//! one. The server's own stamps (`entryCSN`) tell from when to when it wrote.

use super::slapd::{ADMIN, EVERYTHING, PROVIDER, Slapd, said};
use super::{company, hub};
use crate::process::median;
use crate::report::Report;
use crate::settings::Settings;

const CONFIGURATION: &str = include_str!("write.toml");
/// Entries, unless there are fewer people.
const ENTRIES: usize = 10_000;
/// Times that a hub and the tools take turns: one pair alone has the noise of the machine.
const PAIRS: usize = 5;
/// `ldapadd` at once.
const WRITERS: usize = 4;

/// Of a server as it usually is, which looks after groups and references and logs what was written; and, for comparison, of one
/// that only stores.
pub(super) fn measure(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let (rate, share) = pairs(settings, report, "", EVERYTHING)?;
    report.note("ldap, writing: entries a second", rate, "/s");
    report.at_least("ldap, writing: the hub / four ldapadd", share, "x", 0.9);
    let (_, share) = pairs(settings, report, "only storing, ", PROVIDER)?;
    report.note("ldap, writing to a server that only stores: the hub / four ldapadd", share, "x");
    Ok(())
}

/// The median of what a hub writes in a second, and of that as a share of what the tools write.
fn pairs(settings: &Settings, report: &mut Report, kind: &str, role: &str) -> Result<(f64, f64), String> {
    let entries = ENTRIES.min(settings.people);
    let slapd = Slapd::start(&settings.work.join("ldap-target"), &company::head(), role)?;
    let (mut rates, mut shares) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let tree = format!("hub{pair}");
        let by_hub = by_hub(settings, report, &slapd, &tree, entries)?;
        let by_tools = by_tools(&slapd, &tree, &format!("tools{pair}"), entries)?;
        report.note(&format!("ldap, writing, {kind}pair {pair}: the hub"), by_hub, "/s");
        report.note(&format!("ldap, writing, {kind}pair {pair}: four ldapadd"), by_tools, "/s");
        rates.push(by_hub);
        shares.push(by_hub / by_tools);
    }
    Ok((median(rates), median(shares)))
}

/// Entries that the server took in a second from a hub, in whose directory they are before.
fn by_hub(settings: &Settings, report: &mut Report, slapd: &Slapd, tree: &str, entries: usize) -> Result<f64, String> {
    slapd.modify(&company::unit(&base(tree), tree))?;
    let hub = hub(settings, "ldap-write", &CONFIGURATION.replace("TREE", tree), slapd)?;
    hub.rosterd(&["plugin", "install", &absolute(settings)?])?;
    hub.write_people(entries, 0)?;
    let (outcome, _) = hub.run()?;
    report.note(&format!("ldap, writing to {tree}: the whole run, import included"), outcome.seconds, "s");
    rate(slapd, tree, entries)
}

fn absolute(settings: &Settings) -> Result<String, String> {
    let found = settings.plugin.canonicalize().map_err(|error| format!("can not find the component: {error}"))?;
    Ok(found.to_string_lossy().into_owned())
}

/// The same with four `ldapadd` at once over LDAPS, of the entries that the hub wrote.
fn by_tools(slapd: &Slapd, from: &str, tree: &str, entries: usize) -> Result<f64, String> {
    slapd.modify(&company::unit(&base(tree), tree))?;
    let text = slapd.search(&["-b", &base(from), "(objectClass=inetOrgPerson)"])?;
    let text = text.replace(&format!(",{}", base(from)), &format!(",{}", base(tree)));
    let all: Vec<&str> = text.split("\n\n").filter(|entry| !entry.trim().is_empty()).collect();
    let mut running = Vec::new();
    for (number, part) in all.chunks(all.len().div_ceil(WRITERS).max(1)).enumerate() {
        let name = format!("part{number}.ldif");
        std::fs::write(slapd.path(&name), part.join("\n\n") + "\n")
            .map_err(|error| format!("can not write {name}: {error}"))?;
        running.push(name);
    }
    std::thread::scope(|scope| {
        let add = |name: String| move || said(&mut slapd.tool("ldapadd", true, ADMIN, &["-f", &name]));
        let all: Vec<_> = running.into_iter().map(|name| scope.spawn(add(name))).collect();
        all.into_iter().try_for_each(|one| one.join().map_err(|_| "a thread was lost".to_owned())?.map(drop))
    })?;
    rate(slapd, tree, entries)
}

fn base(tree: &str) -> String {
    format!("ou={tree},{}", super::slapd::ROOT)
}

/// Entries a second, from the first that the server wrote in a tree to the last. All must be there.
fn rate(slapd: &Slapd, tree: &str, entries: usize) -> Result<f64, String> {
    let text = slapd.search(&["-b", &base(tree), "(objectClass=inetOrgPerson)", "entryCSN"])?;
    let mut stamps: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("entryCSN: ")).collect();
    if stamps.len() != entries {
        return Err(format!("{} of {entries} entries were written to {tree}", stamps.len()));
    }
    stamps.sort_unstable();
    let ends = stamps.first().and_then(|text| second(text)).zip(stamps.last().and_then(|text| second(text)));
    let (first, last) = ends.ok_or("an entryCSN is no time")?;
    Ok((entries - 1) as f64 / (last - first).rem_euclid(86_400.0))
}

/// The second of the day: `20261126221938.123456Z#…`.
fn second(stamp: &str) -> Option<f64> {
    let part = |from: usize, to: usize| stamp.get(from..to)?.parse::<f64>().ok();
    Some(part(8, 10)? * 3600.0 + part(10, 12)? * 60.0 + part(12, 21)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_microseconds() {
        let at = second("20261126221938.123456Z#000001#000#000000").expect("a time");
        assert!((at - 80_378.123_456).abs() < 1e-6, "{at}");
        assert_eq!(second("2026"), None);
    }
}
