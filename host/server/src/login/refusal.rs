//! Why a login came to nothing: one word each, for logs, the audit and the page of documentation.

use serde::Serialize;
use std::fmt;

/// The longest detail that is kept: it may quote what a stranger sent.
const LONGEST_DETAIL: usize = 300;

macro_rules! refusals {
    ($($name:ident $word:literal $sentence:literal;)*) => {
        /// Why a login was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Refusal {
            $(#[doc = $sentence] $name,)*
        }

        impl Refusal {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What happened, and who must do what.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

refusals! {
    Request "request" "The request that came back from the provider is malformed; begin the login again.";
    State "state" "No login waits for this answer: it was used already, is older than ten minutes, or never began here; begin again.";
    Browser "browser" "The answer came from another browser than the one that began the login, or without its cookie; begin again in one browser.";
    IssuerParameter "issuer-parameter" "The answer names another provider than the one that was asked, or names none though the provider says that it does; somebody may be mixing up providers.";
    Provider "provider" "The provider refused the login; its own log says why.";
    Unreachable "unreachable" "The provider could not be reached, or did not answer in time; check the network, the grants and the issuer.";
    Answer "answer" "The provider answered with something that can not be read, is too large, or contradicts the configuration; check issuer, client id and client secret.";
    Token "token" "The provider gave no id token, or one that can not be read; check that the scope openid is granted.";
    Algorithm "algorithm" "The id token is not signed, or signed in a way that is not accepted; let the provider sign with RS256 or ES256.";
    Key "key" "The id token is signed with a key that the provider does not publish; if it changed its keys just now, try again in a minute.";
    Signature "signature" "The signature of the id token is wrong; somebody may have changed it.";
    Issuer "issuer" "The id token was issued by somebody else; check the issuer in rosterd.toml, letter by letter.";
    Audience "audience" "The id token is for another application; check the client id.";
    Expired "expired" "The id token has expired, or was issued too long ago; check the clocks of the hub and of the provider.";
    NotYet "not-yet" "The id token is not valid yet; check the clocks of the hub and of the provider.";
    Nonce "nonce" "The id token belongs to another login; somebody may be replaying it.";
    AccessToken "access-token" "The access token is not the one that the id token was issued with; somebody may have exchanged it.";
    Person "person" "What the provider says of the person belongs to another person than the id token; nothing of it was taken.";
    Subject "subject" "The id token does not say who logged in, or in a form that can not be an id; check the claims of the provider.";
    Tenant "tenant" "The id token belongs to another tenant than the one of the issuer; guests must be members of this tenant.";
    Email "email" "The provider does not vouch for the e-mail address, and the login wants it to; verify the address at the provider.";
    Suspended "suspended" "The account is disabled; whoever decides about joining and leaving must enable it.";
    Gone "gone" "The account was removed or its person left, and no login brings anybody back; let the source that decides about joining take him in again.";
    Uncertain "uncertain" "It is not certain who it is: a case waits for an operator; settle it with rosterd quarantine.";
    Directory "directory" "The hub did not take the account; the fault is in the detail.";
    Busy "busy" "Too many logins are under way, or the hub can not store at present; try again later.";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A refusal, with what was seen. The detail is for operators and never for the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// What was seen, in one line; may be empty.
    pub detail: String,
}

impl Refused {
    /// A refusal with a detail, which is cut and has no control characters.
    pub fn new(refusal: Refusal, detail: impl AsRef<str>) -> Self {
        Self { refusal, detail: one_line(detail.as_ref()) }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, detail: String::new() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.refusal.sentence())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Refused {}

/// What a stranger sent, fit for a line of a log.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_word_is_there_once_and_is_the_one_that_is_written() {
        let words: BTreeSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.as_str()).collect();
        assert_eq!(words.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert_eq!(serde_json::to_value(refusal).expect("json"), refusal.as_str());
            assert!(refusal.sentence().ends_with('.'), "{refusal}");
        }
    }

    #[test]
    fn what_a_stranger_sent_does_not_break_the_line() {
        let refused = Refused::new(Refusal::Provider, format!("a\nb{}", "x".repeat(1000)));
        assert!(refused.detail.starts_with("a bx") && refused.detail.len() == LONGEST_DETAIL);
    }

    #[test]
    fn each_reason_is_explained_in_the_page_about_logins() {
        let page = include_str!("../../../../docs/logins.md");
        for refusal in Refusal::ALL {
            assert!(page.contains(&format!("| `{refusal}` |")), "docs/logins.md does not explain {refusal}");
        }
    }
}
