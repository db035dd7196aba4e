//! What is wrong with the settings of a login, as sentences.

use super::settings::{LoginSettings, Preset};
use openidconnect::url::{Host, Url};

/// Tenants of Entra ID that are no organisation; the last one is that of personal accounts.
const NO_TENANTS: [&str; 4] = ["common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"];
/// Attributes that a login never gives, and why.
const NEVER: [(&str, &str); 5] = [
    ("active", "whether somebody may work is for the source to say that decides about joining and leaving"),
    ("orgUnit", "use org-unit"),
    ("issuer", "it is always given"),
    ("subject", "it is always given"),
    ("password", "a login has none"),
];
/// Claims that people or other tenants can change, so that nobody may be found by them.
const MUTABLE: [&str; 4] = ["email", "upn", "unique_name", "preferred_username"];

impl<S> LoginSettings<S> {
    /// What is wrong with `[login.NAME]`, one sentence each; empty: nothing.
    #[must_use]
    pub fn validate(&self, name: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if !is_name(name) {
            problems.push(
                "its name is part of an address: use lower-case letters, digits and hyphens, at most 63".to_owned(),
            );
        }
        self.issuer_problems(&mut problems);
        if self.client_id.is_empty()
            || self.client_id.len() > 256
            || !self.client_id.bytes().all(|b| b.is_ascii_graphic())
        {
            problems.push(
                "client-id is the id of the application as the provider shows it: printable and without spaces"
                    .to_owned(),
            );
        }
        for scope in &self.scopes {
            if scope.is_empty() || !scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
                problems.push(format!("scopes has \"{}\", which is no scope", scope.escape_debug()));
            }
        }
        self.claim_problems(&mut problems);
        for domain in &self.email_domains {
            if !is_domain(domain) {
                let domain = domain.escape_debug();
                problems.push(format!(
                    "email-domains has \"{domain}\", which is no domain: write it like example.com, in lower case"
                ));
            }
        }
        if self.groups.as_ref().is_some_and(|groups| groups.values.is_empty() || groups.values.len() > 1_000) {
            problems.push(
                "groups.values names 1 to 1000 values of the claim, each with the display name of its group".to_owned(),
            );
        }
        if self.org_unit.as_ref().is_some_and(|unit| unit.values.is_empty() || unit.values.len() > 1_000) {
            problems.push(
                "org-unit.values names 1 to 1000 values of the claim, each with the display name of its org unit"
                    .to_owned(),
            );
        }
        if let Some(after) = &self.after {
            match Url::parse(after) {
                Ok(url) if is_safe(&url) && url.username().is_empty() && url.password().is_none() => {}
                _ => problems
                    .push("after is where the browser goes afterwards: a url that begins with https://".to_owned()),
            }
        }
        problems.into_iter().map(|problem| format!("login \"{name}\": {problem}")).collect()
    }

    fn issuer_problems(&self, problems: &mut Vec<String>) {
        let Ok(url) = Url::parse(&self.issuer) else {
            return problems
                .push("issuer is no url; write it as the provider does, beginning with https://".to_owned());
        };
        if !is_safe(&url) {
            problems.push("issuer must begin with https:// (http:// goes only to this machine)".to_owned());
        }
        if url.query().is_some()
            || url.fragment().is_some()
            || self.issuer.contains(['#', ' '])
            || !url.username().is_empty()
        {
            problems.push("issuer has no user, query or fragment".to_owned());
        }
        if self.issuer.len() > 512 {
            problems.push("issuer is longer than 512 bytes, and is part of the ids of accounts".to_owned());
        }
        if self.preset == Preset::EntraId {
            match tenant_of(&self.issuer) {
                None => problems.push(
                    "issuer of an Entra ID tenant is https://login.microsoftonline.com/TENANT-ID/v2.0, with the id of the tenant"
                        .to_owned(),
                ),
                Some(tenant) if NO_TENANTS.contains(&tenant) => problems.push(format!(
                    "issuer names \"{tenant}\", which is no tenant of one organisation: anybody could log in; make one login for each tenant"
                )),
                Some(_) => {}
            }
        }
    }

    fn claim_problems(&self, problems: &mut Vec<String>) {
        for (attribute, claim) in &self.claims {
            let never = NEVER.iter().find(|(name, _)| attribute.eq_ignore_ascii_case(name));
            if let Some((name, why)) = never {
                problems.push(format!("claims gives \"{name}\", which no login gives: {why}"));
            }
            if attribute.to_ascii_lowercase().starts_with("email") {
                problems.push(format!(
                    "claims gives \"{attribute}\": an address is taken only if the provider vouches for it; name its domain in email-domains"
                ));
            }
            if MUTABLE.contains(&claim.as_str()) && attribute.eq_ignore_ascii_case("userName") {
                problems.push(format!(
                    "claims gives \"{attribute}\" from \"{claim}\", which people can change, so that one could become another: use another attribute, and never correlate by it"
                ));
            }
            if attribute.is_empty() || attribute.len() > 128 || claim.len() > 256 {
                problems.push("claims has a name that is empty or too long".to_owned());
            }
        }
        if self.claims.len() > 100 {
            problems.push("claims has more than 100 attributes".to_owned());
        }
    }
}

/// The tenant that an issuer of Entra ID names.
pub(super) fn tenant_of(issuer: &str) -> Option<&str> {
    let (_, path) = issuer.strip_prefix("https://")?.split_once('/')?;
    let tenant = path.strip_suffix("/v2.0")?;
    (!tenant.is_empty() && !tenant.contains('/')).then_some(tenant)
}

/// The address under which browsers know the hub.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if is_safe(&url) && url.query().is_none() && url.fragment().is_none() => Ok(url),
        _ => Err("logins need serve.public-url, beginning with https:// (http:// only on this machine): it is where the provider sends browsers back"
            .to_owned()),
    }
}

/// True for https, and for http to this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(url),
        _ => false,
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(more: &str) -> LoginSettings<String> {
        let text = format!("connection = \"okta\"\nclient-id = \"c\"\n{more}");
        toml::from_str(&text).expect("settings")
    }

    fn problem(more: &str, part: &str) {
        let problems = settings(more).validate("okta");
        assert!(problems.iter().any(|problem| problem.contains(part)), "{more}: {problems:?}");
    }

    #[test]
    fn what_is_right_has_no_problems() {
        let more = "issuer = \"https://acme.okta.com\"\npreset = \"okta\"\nemail-domains = [\"acme.com\"]\n\
            after = \"https://portal.acme.com/in\"\nclaims = { title = \"title\" }\n\
            groups = { values = { Eng = \"Engineering\" } }\norg-unit = { claim = \"department\", values = { S = \"Sales\" } }";
        assert_eq!(settings(more).validate("okta"), Vec::<String>::new());
        assert_eq!(settings("issuer = \"http://127.0.0.1:8/op\"").validate("dev"), Vec::<String>::new());
    }

    #[test]
    fn each_trap_is_named() {
        problem("issuer = \"http://acme.okta.com\"", "https://");
        problem("issuer = \"https://acme.okta.com?x=1\"", "no user, query");
        problem("issuer = \"https://acme.okta.com#x\"", "no user, query");
        for tenant in NO_TENANTS {
            let issuer = format!("preset = \"entra-id\"\nissuer = \"https://login.microsoftonline.com/{tenant}/v2.0\"");
            problem(&issuer, "no tenant of one organisation");
        }
        problem("preset = \"entra-id\"\nissuer = \"https://sts.windows.net/x/\"", "TENANT-ID");
        let issuer = "issuer = \"https://acme.okta.com\"\n";
        problem(&format!("{issuer}claims = {{ \"emails.work\" = \"email\" }}"), "email-domains");
        problem(&format!("{issuer}claims = {{ userName = \"upn\" }}"), "never correlate");
        problem(&format!("{issuer}claims = {{ active = \"x\" }}"), "joining and leaving");
        problem(&format!("{issuer}email-domains = [\"Acme\"]"), "no domain");
        problem(&format!("{issuer}after = \"javascript:alert(1)\""), "https://");
        problem(&format!("{issuer}scopes = [\"a b\"]"), "no scope");
        assert!(settings(issuer).validate("No/Name").iter().any(|problem| problem.contains("lower-case")));
        assert!(
            toml::from_str::<LoginSettings<String>>("connection = \"a\"\nissuer = \"x\"\nclient-id = \"c\"\nx = 1")
                .is_err()
        );
        assert!(public_url("http://hub.example").is_err() && public_url("http://[::1]:8").is_ok());
    }
}
