//! The cookie that binds a login to the browser in which it began.

use super::waiting::{LONGEST_WAIT_MS, random};
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use openidconnect::url::Url;

/// Bytes of the value: 256 bits in base64url.
const LENGTH: usize = 43;

/// The name of the cookie, and what stands behind its value.
#[derive(Debug, Clone)]
pub(super) struct Cookie {
    name: &'static str,
    traits: &'static str,
}

impl Default for Cookie {
    fn default() -> Self {
        Self { name: "__Host-rosterd-login", traits: "Path=/; Secure; HttpOnly; SameSite=Lax" }
    }
}

impl Cookie {
    /// With https nobody else of the same domain can set it (`__Host-`). Over http a browser keeps no such cookie, so that on
    /// this machine it has another name; a hub that others reach has https.
    pub(super) fn new(public: &Url) -> Self {
        match public.scheme() {
            "https" => Self::default(),
            _ => Self { name: "rosterd-login", traits: "Path=/; HttpOnly; SameSite=Lax" },
        }
    }

    /// A new value, and the header that sets it.
    pub(super) fn fresh(&self) -> Result<(String, HeaderValue), getrandom::Error> {
        let value = random()?;
        let header = self.header(&value, LONGEST_WAIT_MS / 1000);
        Ok((value, header))
    }

    /// The header that takes it away.
    pub(super) fn spent(&self) -> HeaderValue {
        self.header("", 0)
    }

    fn header(&self, value: &str, seconds: u64) -> HeaderValue {
        let text = format!("{}={value}; Max-Age={seconds}; {}", self.name, self.traits);
        let mut header = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }

    /// The value that a browser sent; none if it sent several, because then somebody else has set one.
    pub(super) fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let pairs = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let mut own = pairs
            .flat_map(|pairs| pairs.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name);
        let (_, value) = own.next()?;
        (own.next().is_none() && value.len() == LENGTH).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(url: &str) -> Cookie {
        Cookie::new(&Url::parse(url).expect("a url"))
    }

    #[test]
    fn it_is_read_as_it_was_set_and_only_once() {
        let own = cookie("https://hub.example");
        let (value, header) = own.fresh().expect("random");
        let text = header.to_str().expect("text");
        for part in ["__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/;", "Max-Age=600"] {
            assert!(text.contains(part), "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("a=b; __Host-rosterd-login={value}; c").parse().expect("a header"));
        assert_eq!(own.read(&headers), Some(value.as_str()));
        headers.append(COOKIE, format!("__Host-rosterd-login={value}").parse().expect("a header"));
        assert_eq!(own.read(&headers), None);
        assert_eq!(own.read(&HeaderMap::new()), None);
    }

    #[test]
    fn without_https_it_has_a_name_that_browsers_keep() {
        let header = cookie("http://127.0.0.1:80").spent();
        let text = header.to_str().expect("text");
        assert!(text.starts_with("rosterd-login=; Max-Age=0;") && !text.contains("Secure"), "{text}");
    }
}
