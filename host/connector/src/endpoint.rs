//! Hosts and ports as grants and manifests name them: `api.example.com`, `*.example.com`, `dc1:636`, `http://host:8080`.

use std::fmt;

/// What an entry is about; decides what a missing port or scheme means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// HTTP: https on 443 unless it says otherwise.
    Http,
    /// A byte stream: the port must be named, or follow from a scheme.
    Stream,
}

/// A set of hosts and ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Lower case; `*` for any, `*.example.com` for names below (not itself).
    pub(crate) host: String,
    /// None: any port.
    pub(crate) port: Option<u16>,
    /// HTTP without TLS was asked for by `http://`.
    pub(crate) clear: bool,
}

const DEFAULT_PORTS: [(&str, u16); 10] = [
    ("https", 443),
    ("http", 80),
    ("ldaps", 636),
    ("ldap", 389),
    ("wss", 443),
    ("ws", 80),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("sqlserver", 1433),
];

impl Endpoint {
    /// Reads an entry; a URL is cut to its scheme, host and port. The error is a sentence.
    pub(crate) fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let example = match kind {
            Kind::Http => "\"api.example.com\", \"*.example.com\" or \"http://intranet:8080\"",
            Kind::Stream => "\"dc1.corp.example:636\"",
        };
        let wrong = || format!("\"{text}\" is no host to grant; write it like {example}");
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let authority = if scheme.is_some() { rest.split(['/', '?', '#']).next().unwrap_or_default() } else { rest };
        let known = scheme
            .map(|scheme| DEFAULT_PORTS.iter().find(|(name, _)| *name == scheme).ok_or_else(wrong))
            .transpose()?;
        let (host, port) = split_port(authority).ok_or_else(wrong)?;
        let port = match (port, known, kind) {
            (Some("*"), _, _) => None,
            (Some(port), _, _) => Some(port.parse().map_err(|_| wrong())?),
            (None, Some((_, port)), _) => Some(*port),
            (None, None, Kind::Http) => Some(443),
            (None, None, Kind::Stream) if host == "*" => None,
            (None, None, Kind::Stream) => return Err(wrong()),
        };
        // A dot at the end says that the name is whole, which it always is here.
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let name = host.strip_prefix("*.").unwrap_or(&host);
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host != "*" && (name.is_empty() || !name.chars().all(plain)) {
            return Err(wrong());
        }
        Ok(Self { host, port, clear: kind == Kind::Http && scheme == Some("http") })
    }

    /// True if this set holds that host and port.
    pub(crate) fn allows(&self, host: &str, port: u16, clear: bool) -> bool {
        self.clear == clear && self.port.is_none_or(|own| own == port) && self.host_covers(&host.to_ascii_lowercase())
    }

    /// True if this set holds all of the other one.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.clear == other.clear && (self.port.is_none() || self.port == other.port) && self.host_covers(&other.host)
    }

    /// As an operator would write it for this kind: the port left out where it is the usual one.
    pub(crate) fn short(&self, kind: Kind) -> String {
        match (kind, self.clear, self.port) {
            (Kind::Http, false, Some(443)) => self.to_string().trim_end_matches(":443").to_owned(),
            _ => self.to_string(),
        }
    }

    /// True if this set holds that host and port, whatever the scheme.
    pub(crate) fn holds(&self, host: &str, port: u16) -> bool {
        self.allows(host, port, self.clear)
    }

    fn host_covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => self.host == host,
        }
    }
}

/// Splits `host:port`, with brackets around IPv6 addresses.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.contains('@') {
        return None;
    }
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest {
            "" => Some((host, None)),
            _ => Some((host, Some(rest.strip_prefix(':')?))),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, _)) if host.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.clear {
            f.write_str("http://")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        match (self.port, self.clear) {
            (None, _) => f.write_str(":*"),
            (Some(80), true) => Ok(()),
            (Some(port), _) => write!(f, ":{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn http(text: &str) -> Endpoint {
        Endpoint::parse(text, Kind::Http).unwrap()
    }

    #[test]
    fn a_name_alone_means_https_on_its_port() {
        let entry = http("api.example.com");
        assert!(entry.allows("API.example.com", 443, false) && entry.allows("api.example.com.", 443, false));
        assert!(!entry.allows("api.example.com", 8443, false) && !entry.allows("api.example.com", 443, true));
        assert!(http("api.example.com.").allows("api.example.com", 443, false));
        assert!(!entry.allows("evil-api.example.com", 443, false) && !entry.allows("api.example.com.evil", 443, false));
    }

    #[test]
    fn a_wildcard_means_names_below_and_not_the_name_itself() {
        let entry = http("*.example.com");
        assert!(entry.allows("a.example.com", 443, false) && entry.allows("a.b.example.com", 443, false));
        assert!(!entry.allows("example.com", 443, false) && !entry.allows("badexample.com", 443, false));
    }

    #[test]
    fn clear_http_must_be_said() {
        let entry = http("http://127.0.0.1:8080/scim/v2");
        assert!(entry.allows("127.0.0.1", 8080, true) && !entry.allows("127.0.0.1", 8080, false));
        assert_eq!(entry.to_string(), "http://127.0.0.1:8080");
    }

    #[test]
    fn a_stream_needs_a_port_or_a_scheme_that_implies_one() {
        let stream = |text| Endpoint::parse(text, Kind::Stream);
        assert_eq!(stream("ldaps://dc1.corp.example").unwrap().port, Some(636));
        assert!(stream("[::1]:389").unwrap().allows("::1", 389, false));
        for bad in ["dc1", "user@dc1:1", "dc1:99999", "gopher://x", "a b:1", ":1", "::1:389"] {
            assert!(stream(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn covering_is_by_host_port_and_scheme() {
        assert!(http("*.example.com").covers(&http("a.example.com")));
        assert!(http("*").covers(&http("a.example.com")));
        assert!(!http("a.example.com").covers(&http("*.example.com")));
        assert!(!http("a.example.com").covers(&http("http://a.example.com")));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(text in "[a-z*.:/0-9\\[\\]@-]{0,24}") {
            if let Ok(entry) = Endpoint::parse(&text, Kind::Http) {
                prop_assert_eq!(Endpoint::parse(&entry.to_string(), Kind::Http), Ok(entry));
            }
        }
    }
}
