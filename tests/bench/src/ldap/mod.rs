//! A directory that nobody here wrote: OpenLDAP's slapd, over LDAPS, read and written by the ldap connector. What it is
//! compared with are the tools that come with it: `ldapsearch`, a second slapd that follows the first, `ldapadd`.

mod change;
mod company;
mod read;
mod slapd;
mod write;

use crate::hub::Hub;
use crate::report::Report;
use crate::settings::Settings;
use slapd::Slapd;

/// Entries that are read, unless fewer are asked for.
const ENTRIES: usize = 100_000;
/// Pairs of measurements.
const PAIRS: usize = 3;

/// Measures what is wanted.
pub(crate) fn all(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let (read, change) = (settings.wants("ldap-read"), settings.wants("ldap-change"));
    if read || change {
        let entries = ENTRIES.min(settings.people);
        let folder = settings.work.join("ldap-slapd");
        let slapd = Slapd::start(&folder, &company::ldif(entries), slapd::PROVIDER)?;
        if read {
            read::measure(settings, report, &slapd, entries)?;
        }
        if change {
            change::measure(settings, report, &slapd, entries)?;
        }
    }
    if settings.wants("ldap-write") {
        write::measure(settings, report)?;
    }
    Ok(())
}

/// An empty hub with the ldap connector, that may speak with this server.
fn hub<'a>(settings: &'a Settings, name: &str, configuration: &str, slapd: &Slapd) -> Result<Hub<'a>, String> {
    let configuration = configuration.replace("PORT", &slapd.tls.to_string());
    let hub = Hub::with(settings, name, &configuration, &settings.plugin.with_file_name("ldap.wasm"))?;
    crate::dingtalk::secret(hub.folder(), "bind-password", slapd::PASSWORD)?;
    std::fs::copy(slapd.authority(), hub.folder().join("ca.crt"))
        .map_err(|error| format!("can not copy ca.crt: {error}"))?;
    Ok(hub)
}
