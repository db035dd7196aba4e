//! What `check` says: whether the service provider answers, what it can do, and whether users and groups may be
//! read. Nothing is written.

use crate::api::{Api, endpoint};
use crate::list::List;
use crate::provider::Provider;
use crate::reply::Verdict;
use crate::settings::Settings;
use rosterd_sdk::{Class, Fault, Probe};

const REMEDY: &str = "compare url, auth and the secrets with what the service provider gave out";

/// The probes of a connection.
///
/// # Errors
/// What stops all probes.
pub fn probes(settings: &Settings) -> Result<Vec<Probe>, Fault> {
    let api = Api::new(settings);
    let provider = Provider::ask(&api, settings)?;
    let changes = if provider.patch { "PATCH" } else { "PUT" };
    let pages = if provider.cursor { "cursors" } else { "numbers" };
    let filters = if provider.filter { "with filters" } else { "without filters" };
    let known = if provider.told { "it says that it has" } else { "it does not say what it can do; assumed:" };
    let mut all = vec![Probe::passed("abilities", format!("{known} {changes}, pages by {pages}, {filters}"))];
    all.extend(
        [(Class::Account, "read users"), (Class::Group, "read groups")].map(|(class, name)| probe(&api, class, name)),
    );
    Ok(all)
}

fn probe(api: &Api, class: Class, name: &str) -> Probe {
    let request = api.get(endpoint(class)).query("startIndex", "1").query("count", "1");
    match api.send(&request) {
        Verdict::Refused(fault) | Verdict::Doubtful(fault) => Probe::failed(name, fault.message, REMEDY),
        Verdict::Done(page) => match List::of(page.unwrap_or_default()) {
            Ok(list) => match list.total {
                Some(total) => Probe::passed(name, format!("{total} are there")),
                None => Probe::passed(name, "they are listed"),
            },
            Err(wrong) => Probe::failed(name, format!("the answer is no listing: {wrong}"), REMEDY),
        },
    }
}
