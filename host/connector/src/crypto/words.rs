//! The names of algorithms and forms that this host serves: one table, which every function asks before it computes.
//!
//! Source: `secrets` in wit/v0.1/host.wit, and "Names of algorithms and forms" in wit/README.md. A name that stands there and
//! not here would be a promise that is not kept; one that stands here and not there would be a door that nobody looked at. Tests
//! compare both directions.

use rosterd_model::fault::{Fault, FaultKind};

/// The names that one function of `secrets` takes.
#[derive(Debug)]
pub(crate) struct Words {
    /// What the names name, for messages: "MAC".
    what: &'static str,
    /// The names.
    pub(crate) all: &'static [&'static str],
}

/// `secret.mac`.
pub(crate) const MAC: Words = Words { what: "MAC", all: &["hmac-sha256", "hmac-sha1"] };
/// `secret.encrypt` and `secret.decrypt`.
pub(crate) const CIPHER: Words = Words { what: "cipher", all: &["aes-cbc", "aes-gcm"] };
/// `secret.seal`.
pub(crate) const SEAL: Words = Words { what: "sealing", all: &["jwe-dir"] };
/// `secret.sign` and `verify`.
pub(crate) const SIGNATURE: Words = Words { what: "signature", all: &["rs256", "ps256", "es256", "ed25519"] };
/// `secret.scram`.
pub(crate) const SCRAM: Words = Words { what: "SCRAM", all: &["scram-sha-256", "scram-sha-1"] };
/// `digest`.
pub(crate) const DIGEST: Words = Words { what: "digest", all: &["sha256", "sha1", "md5"] };
/// `derive`.
pub(crate) const DERIVE: Words =
    Words { what: "derivation", all: &["concat", "sha256", "sha1", "md5", "sha256-hex", "md5-hex"] };
/// How a secret's bytes are written.
pub(crate) const FORM: Words = Words {
    what: "form",
    all: &["raw", "text", "json", "url", "xml", "hex", "base64", "base64url", "utf16le", "utf16le-quoted"],
};

impl Words {
    /// Refuses a name that is not in the table.
    ///
    /// # Errors
    /// `unsupported`, with the names that there are.
    pub(crate) fn check(&self, word: &str) -> Result<(), Fault> {
        if self.all.contains(&word) { Ok(()) } else { Err(self.unsupported(word)) }
    }

    /// The answer to a name that nothing here serves.
    pub(crate) fn unsupported(&self, word: &str) -> Fault {
        let (shown, known): (String, _) = (word.chars().take(100).collect(), self.all.join(", "));
        Fault::new(FaultKind::Unsupported, format!("this host has no {} \"{shown}\"; it has {known}", self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{cipher, digest, jwe, scram, sign};
    use crate::secret::form;
    use std::collections::BTreeSet;
    use zeroize::Zeroizing;

    /// By the function of the contract, as the README names it.
    const TABLE: [(&str, &Words); 8] = [
        ("`mac`", &MAC),
        ("`encrypt`, `decrypt`", &CIPHER),
        ("`seal`", &SEAL),
        ("`sign`, `verify`", &SIGNATURE),
        ("`scram`", &SCRAM),
        ("`digest`", &DIGEST),
        ("`derive`", &DERIVE),
        ("form", &FORM),
    ];

    /// Whether the code behind a table knows a word: whatever else is wrong with the call, it is not the word.
    fn served(words: &Words, word: &str) -> bool {
        let unknown =
            |outcome: Result<(), Fault>| outcome.err().is_some_and(|fault| fault.kind == FaultKind::Unsupported);
        let part = || [Zeroizing::new(b"part".to_vec())];
        !match words.what {
            "MAC" => unknown(digest::mac(word, b"key", b"").map(drop)),
            "cipher" => {
                unknown(cipher::encrypt(word, &[7; 32], Some(&[1; 12]), b"", b"").map(drop))
                    || unknown(cipher::decrypt(word, &[7; 32], Some(&[1; 12]), b"", b"").map(drop))
            }
            "sealing" => unknown(jwe::seal(word, &[7; 32], [1; 12], b"").map(drop)),
            "signature" => {
                unknown(sign::sign(word, &[7; 32], b"").map(drop))
                    || unknown(sign::verify(word, "no key", b"", b"").map(drop))
            }
            "SCRAM" => unknown(scram::scram(word, b"p", b"s", 4096, b"").map(drop)),
            "digest" => unknown(digest::digest(word, &mut part(), false).map(drop)),
            "derivation" => unknown(digest::derive(word, &part()).map(drop)),
            "form" => matches!(form::write(word, b"stored", b"bytes"), Err(form::FormError::Unknown(_))),
            other => panic!("no test for {other}"),
        }
    }

    fn contract() -> (String, String) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
        let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        (read("README.md"), read("v0.1/host.wit"))
    }

    #[test]
    fn every_name_of_the_table_is_served_and_no_other() {
        for (function, words) in TABLE {
            for word in words.all {
                assert!(served(words, word), "{function} {word}");
            }
            let others =
                TABLE.iter().flat_map(|(_, other)| other.all).chain(&["none", "", "base64-decode", "hex-decode"]);
            for word in others.filter(|word| !words.all.contains(word)) {
                assert!(!served(words, word), "{function} serves {word}, which the contract does not name");
            }
        }
    }

    #[test]
    fn the_table_is_the_one_of_the_contracts_readme() {
        let (readme, _) = contract();
        let section = readme.split("\n## ").find(|part| part.starts_with("Names of algorithms and forms")).unwrap();
        let mut rows = 0;
        for row in section.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let (_, words) =
                TABLE.iter().find(|(function, _)| *function == cells[0]).unwrap_or_else(|| panic!("{row}"));
            let stated: BTreeSet<&str> = cells[1].split('`').skip(1).step_by(2).collect();
            assert_eq!(stated, words.all.iter().copied().collect(), "{row}");
            rows += 1;
        }
        assert_eq!(rows, TABLE.len());
    }

    /// The comments of the WIT text name every word too; what they name is found by its shape.
    #[test]
    fn the_comments_of_the_contract_name_the_same_algorithms() {
        let (_, wit) = contract();
        let secrets = wit.split("interface secrets {").nth(1).unwrap().split("\n}\n").next().unwrap();
        let words: BTreeSet<&str> = secrets
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .map(|word| word.trim_matches('-'))
            .filter(|word| !word.is_empty())
            .collect();
        for (function, table) in TABLE.iter().filter(|(function, _)| *function != "form") {
            for word in table.all {
                assert!(words.contains(word), "host.wit does not name {word} of {function}");
            }
        }
        let known: BTreeSet<&str> = TABLE.iter().flat_map(|(_, table)| table.all).copied().collect();
        let shape = |word: &&str| {
            let begins =
                ["hmac-", "aes-", "jwe-", "scram-", "sha", "md5", "ed2"].iter().any(|begin| word.starts_with(begin));
            let signature = word.len() == 5 && word.ends_with("256");
            (begins || signature) && word.chars().any(|c| c.is_ascii_digit() || c == '-')
        };
        let strangers: Vec<&&str> = words.iter().filter(|word| shape(word) && !known.contains(**word)).collect();
        assert!(strangers.is_empty(), "host.wit names what no table has: {strangers:?}");
    }
}
