//! The secrets of one instance: their bytes, what each may be used for, and the placeholders that stand for them.

use super::form::{self, FormError};
use crate::endpoint::Endpoint;
use crate::manifest::{Decode, Use};
use rosterd_model::fault::{Fault, FaultKind};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A secret and its limits. Behind a handle, so that derived ones and placeholders share it.
pub(crate) struct SecretValue {
    /// Name in the manifest, or what it was derived from; for messages.
    pub(crate) name: String,
    /// As the operator keeps it.
    pub(crate) stored: Zeroizing<Vec<u8>>,
    /// What the manifest's `decode` made of it.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// What it may be used for; none: anything (it was made of what the connector knows).
    pub(crate) uses: Option<BTreeSet<Use>>,
    /// Forms in which it may be spliced; none: any.
    pub(crate) forms: Option<BTreeSet<String>>,
    /// Where it may be sent; none: wherever the connector may send.
    pub(crate) hosts: Option<Vec<Endpoint>>,
    /// The operator lets the connector see it.
    pub(crate) reveal: bool,
    /// It was made for an operation, and what stands for it ends with the call that applies it.
    pub(crate) passing: bool,
}

/// A shared secret.
pub(crate) type Secret = Arc<SecretValue>;

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretValue").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SecretValue {
    /// A secret in a replay: there is a handle, and nothing behind it.
    pub(crate) fn on_tape() -> Self {
        let empty = || Zeroizing::new(Vec::new());
        let (name, uses, forms) = ("secret on a tape".to_owned(), Some(BTreeSet::new()), None);
        Self { name, stored: empty(), bytes: empty(), uses, forms, hosts: None, reveal: false, passing: false }
    }

    /// Refuses a use that the manifest does not name.
    pub(crate) fn allow(&self, wanted: Use) -> Result<(), Fault> {
        match &self.uses {
            Some(uses) if !uses.contains(&wanted) => {
                let word = wanted.as_str();
                let text = format!(
                    "the secret \"{}\" may not be used for {word}; its author must name \"{word}\" in `uses` of the manifest",
                    self.name
                );
                Err(Fault::new(FaultKind::Denied, text).about(self.name.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a host that it may not go to.
    pub(crate) fn may_go_to(&self, host: &str, port: u16) -> Result<(), Fault> {
        match &self.hosts {
            Some(hosts) if !hosts.iter().any(|own| own.holds(host, port)) => {
                let text = format!(
                    "the secret \"{}\" may not be sent to {host}:{port}; the manifest names other hosts for it",
                    self.name
                );
                Err(Fault::new(FaultKind::Denied, text).about(self.name.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Its bytes in a form.
    pub(crate) fn written(&self, form: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
        if self.forms.as_ref().is_some_and(|forms| !forms.contains(form)) {
            let text = format!("the manifest does not allow the form \"{form}\" for the secret \"{}\"", self.name);
            return Err(Fault::new(FaultKind::Denied, text).about(self.name.clone()));
        }
        form::write(form, &self.stored, &self.bytes).map_err(|error| match error {
            FormError::Unknown(name) => crate::crypto::words::FORM.unsupported(&name),
            FormError::NotText(name) => Fault::new(
                FaultKind::Invalid,
                format!("the secret \"{}\" is no text and can not be written as {name}", self.name),
            ),
        })
    }

    /// A secret made of others: it has only what all of them have.
    pub(crate) fn derived(name: String, bytes: Zeroizing<Vec<u8>>, parts: &[Secret]) -> Secret {
        Arc::new(Self::of(name, bytes, parts))
    }

    /// Others inside of something encrypted: as a derived one, never shown, and for nothing but these uses.
    pub(crate) fn sealed(name: String, bytes: Zeroizing<Vec<u8>>, parts: &[Secret], uses: &[Use]) -> Secret {
        let made = Self::of(name, bytes, parts);
        let may = |wanted: &&Use| made.uses.as_ref().is_none_or(|own| own.contains(*wanted));
        let uses = Some(uses.iter().filter(may).copied().collect());
        Arc::new(Self { uses, reveal: false, ..made })
    }

    fn of(name: String, bytes: Zeroizing<Vec<u8>>, parts: &[Secret]) -> Self {
        let uses =
            parts.iter().filter_map(|part| part.uses.clone()).reduce(|a, b| a.intersection(&b).copied().collect());
        let forms =
            parts.iter().filter_map(|part| part.forms.clone()).reduce(|a, b| a.intersection(&b).cloned().collect());
        let hosts = parts.iter().filter_map(|part| part.hosts.clone()).reduce(|a, b| {
            let both = |own: &Endpoint, other: &[Endpoint]| other.iter().any(|one| one.covers(own));
            let mut kept: Vec<Endpoint> = a.iter().filter(|own| both(own, &b)).cloned().collect();
            kept.extend(b.iter().filter(|own| both(own, &a)).cloned());
            kept
        });
        let reveal = parts.iter().all(|part| part.reveal);
        let passing = parts.iter().any(|part| part.passing);
        Self { name, stored: bytes.clone(), bytes, uses, forms, hosts, reveal, passing }
    }
}

/// Makes a secret of what the operator stored. The error is a sentence.
pub(crate) fn decoded(name: &str, how: Decode, stored: &Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, String> {
    form::decode(how, stored).ok_or_else(|| {
        let word = format!("{how:?}").to_lowercase();
        format!("the secret \"{name}\" is not {word} as the manifest expects; correct what is stored")
    })
}

/// What every placeholder begins with. Letters and digits only: it survives JSON, XML and percent-encoding.
const MARK: &str = "ROSTERD0SECRET0";
const DIGITS: usize = 32;
const MOST_PLACEHOLDERS: usize = 4096;

/// Placeholders of one instance.
#[derive(Default)]
pub(crate) struct Placeholders {
    by_token: HashMap<String, (Secret, String)>,
}

impl Placeholders {
    /// Text that stands for a secret in a form; `random` is fresh.
    pub(crate) fn make(&mut self, secret: &Secret, form: &str, random: [u8; DIGITS / 2]) -> Result<String, Fault> {
        secret.written(form)?;
        let known = self.by_token.iter().find(|(_, (own, own_form))| Arc::ptr_eq(own, secret) && own_form == form);
        if let Some((token, _)) = known {
            return Ok(token.clone());
        }
        if self.by_token.len() >= MOST_PLACEHOLDERS {
            let text = format!("more than {MOST_PLACEHOLDERS} placeholders in one instance; keep and reuse them");
            return Err(Fault::new(FaultKind::Internal, text));
        }
        let token = format!("{MARK}{}", form::hex(&random));
        self.by_token.insert(token.clone(), (Arc::clone(secret), form.to_owned()));
        Ok(token)
    }

    /// The operations are over: nothing stands for their passwords any more.
    pub(crate) fn end_operations(&mut self) {
        self.by_token.retain(|_, (secret, _)| !secret.passing);
    }

    /// Replaces placeholders. Every secret that is spliced is handed to `check` first; what stands between is kept.
    /// Gives nothing if there is no placeholder.
    pub(crate) fn splice(
        &self,
        bytes: &[u8],
        mut check: impl FnMut(&Secret, &[u8]) -> Result<(), Fault>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        if self.by_token.is_empty() {
            return Ok(None);
        }
        let mut out: Option<Zeroizing<Vec<u8>>> = None;
        let mut rest = bytes;
        while let Some(at) = find(rest, MARK.as_bytes()) {
            let end = at + MARK.len() + DIGITS;
            let token = rest.get(at..end).and_then(|token| std::str::from_utf8(token).ok());
            let out = out.get_or_insert_with(|| Zeroizing::new(Vec::with_capacity(bytes.len() + 256)));
            match token.and_then(|token| self.by_token.get(token)) {
                Some((secret, form)) => {
                    let written = secret.written(form)?;
                    check(secret, &written)?;
                    out.extend_from_slice(&rest[..at]);
                    out.extend_from_slice(&written);
                    rest = &rest[end..];
                }
                None => {
                    out.extend_from_slice(&rest[..at + MARK.len()]);
                    rest = &rest[at + MARK.len()..];
                }
            }
        }
        if let Some(out) = &mut out {
            out.extend_from_slice(rest);
        }
        Ok(out)
    }
}

/// Where `needle` begins; an empty one is nowhere.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() { None } else { memchr::memmem::find(haystack, needle) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::endpoint::Kind;

    pub(crate) fn secret(name: &str, value: &str, uses: &[Use], hosts: Option<&[&str]>) -> Secret {
        let bytes = Zeroizing::new(value.as_bytes().to_vec());
        Arc::new(SecretValue {
            name: name.into(),
            stored: bytes.clone(),
            bytes,
            uses: Some(uses.iter().copied().collect()),
            forms: None,
            hosts: hosts.map(|hosts| hosts.iter().map(|host| Endpoint::parse(host, Kind::Http).unwrap()).collect()),
            reveal: false,
            passing: false,
        })
    }

    #[test]
    fn placeholders_of_passwords_go_and_others_stay() {
        let mut placeholders = Placeholders::default();
        let key = secret("key", "1", &[Use::HttpBody], None);
        let stays = placeholders.make(&key, "raw", [255; 16]).unwrap();
        for at in 0..u8::try_from(MOST_PLACEHOLDERS / 32).unwrap() {
            let made = SecretValue { passing: true, ..SecretValue::on_tape() };
            let made = SecretValue::derived("a+b".into(), Zeroizing::default(), &[Arc::new(made), Arc::clone(&key)]);
            assert!(placeholders.make(&made, "raw", [at; 16]).is_ok());
        }
        placeholders.end_operations();
        assert_eq!(placeholders.by_token.keys().collect::<Vec<_>>(), [&stays]);
    }

    #[test]
    fn a_placeholder_is_replaced_and_lookalikes_are_not() {
        let mut placeholders = Placeholders::default();
        let one = secret("key", "a\"b", &[Use::HttpBody], None);
        let token = placeholders.make(&one, "json", [7; 16]).unwrap();
        assert_eq!(placeholders.make(&one, "json", [8; 16]).unwrap(), token, "one token for one form");
        let text = format!("{{\"k\":\"{token}\",\"x\":\"{MARK}\"}}");
        let out = placeholders.splice(text.as_bytes(), |_, _| Ok(())).unwrap().unwrap();
        assert_eq!(std::str::from_utf8(&out).unwrap(), format!("{{\"k\":\"a\\\"b\",\"x\":\"{MARK}\"}}"));
        assert!(placeholders.splice(b"nothing here", |_, _| Ok(())).unwrap().is_none());
    }

    #[test]
    fn a_derived_secret_has_only_what_all_parts_have() {
        let a = secret("a", "1", &[Use::Mac, Use::HttpHeader], Some(&["x.example", "y.example"]));
        let b = secret("b", "2", &[Use::HttpHeader], Some(&["*.example"]));
        let made = SecretValue::derived("a+b".into(), Zeroizing::new(b"12".to_vec()), &[a, b]);
        assert!(made.allow(Use::HttpHeader).is_ok() && made.allow(Use::Mac).unwrap_err().kind == FaultKind::Denied);
        assert!(made.may_go_to("x.example", 443).is_ok() && made.may_go_to("z.example", 443).is_err());
    }

    #[test]
    fn a_sealed_secret_is_sent_and_nothing_else() {
        let uses = [Use::HttpBody, Use::Derive];
        let bytes = || Zeroizing::new(b"e30..".to_vec());
        let password = secret("password", "1", &[Use::HttpBody, Use::Matches], Some(&["x.example"]));
        let made = SecretValue::sealed("sealed".into(), bytes(), &[password], &uses);
        assert!(made.allow(Use::HttpBody).is_ok() && made.may_go_to("z.example", 443).is_err());
        assert!([Use::Derive, Use::Matches, Use::Decrypt].iter().all(|other| made.allow(*other).is_err()));
        // Also if nothing secret is in it.
        let plain = SecretValue::sealed("sealed".into(), bytes(), &[], &uses);
        assert!(plain.allow(Use::Derive).is_ok() && plain.allow(Use::Matches).is_err() && !plain.reveal);
    }

    #[test]
    fn debug_shows_no_bytes() {
        assert!(!format!("{:?}", secret("a", "hunter22", &[], None)).contains("hunter22"));
    }
}
