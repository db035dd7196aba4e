//! Secrets: where they come from, how they are written, and that they stay where they belong.

use crate::input::{fields, number, text};
use rosterd_connector::fuzzing as connector;
use rosterd_connector::manifest::Decode;
use rosterd_connector::{SecretReference, SecretStore, secret_store};
use std::cell::OnceCell;

/// Forms from which the bytes can be had again by `decode`.
const REVERSIBLE: [(&str, Decode); 3] =
    [("hex", Decode::Hex), ("base64", Decode::Base64), ("base64url", Decode::Base64)];

/// A secret, how it is stored, and the form in which it is asked for.
pub fn secret_form(bytes: &[u8]) {
    let [form, secret] = fields(bytes);
    let form = text(form);
    for how in [Decode::Utf8, Decode::Base64, Decode::Hex, Decode::Sha256, Decode::Whsec, Decode::Pem] {
        let decoded = connector::decode(how, secret);
        assert!(decoded.is_none_or(|decoded| decoded.len() <= secret.len().max(32)));
    }
    for (form, how) in REVERSIBLE {
        let written = connector::write(form, b"", secret);
        assert_eq!(written.and_then(|written| connector::decode(how, &written)).as_deref(), Some(secret), "{form}");
    }
    if let Some(written) = connector::write("json", b"", secret) {
        let quoted = [b"\"", written.as_slice(), b"\""].concat();
        let read: Option<String> = serde_json::from_slice(&quoted).ok();
        assert_eq!(read.as_deref().map(str::as_bytes), Some(secret));
    }
    // Each step makes it at most eighteen times as long.
    let steps = u32::try_from(form.matches('+').count()).unwrap_or(u32::MAX).saturating_add(1);
    if steps < 4
        && let Some(written) = connector::write(&form, secret, secret)
    {
        assert!(written.len() <= (secret.len() + 4) * 18_usize.pow(steps), "{form} of {} bytes", secret.len());
    }
}

/// A request with a secret between its parts, which may look like placeholders themselves.
pub fn secret_splice(bytes: &[u8]) {
    let [secret, before, between, after] = fields(bytes);
    let Ok((request, spliced)) = connector::splice(secret, "raw", &[before, between, after]) else { return };
    let clean =
        [before, between, after].iter().all(|part| !part.windows(15).any(|window| window == b"ROSTERD0SECRET0"));
    if clean {
        assert_eq!(spliced, Some([before, between, after].join(secret)));
    } else {
        // Whatever stands around it: what is not our token stays, and nothing is lost.
        assert!(spliced.is_some_and(|spliced| spliced.len() <= request.len() + 8 * secret.len()));
    }
}

/// A secret, and a text of somebody who repeats it.
pub fn redacted_text(bytes: &[u8]) {
    let [secret, form, before, after] = fields(bytes);
    let form = ["raw", "json", "url", "xml", "hex", "base64", "base64url"][form.len() % 7];
    let Some(written) = connector::write(form, secret, secret) else { return };
    let (Ok(written), true) = (String::from_utf8(written), secret.len() >= 4) else { return };
    let said = format!("{}{written}{}", text(before), text(after));
    let clean = connector::redact(secret, &said);
    let mask = "[secret removed]";
    // What a mask and its neighbours make together is nobody's secret.
    assert!(!clean.replace(mask, "\0").contains(&written) || mask.contains(&written), "{form}: {clean}");
    let mut answer = said.clone().into_bytes();
    connector::blank(secret, &mut answer);
    assert_eq!(answer.len(), said.len());
    if secret.len() >= 8 {
        let found = answer.windows(written.len()).any(|window| window == written.as_bytes());
        assert!(!found || written.bytes().all(|byte| byte == b'*'), "{form}: {}", String::from_utf8_lossy(&answer));
    }
}

/// What a server asks of a client that logs in by SCRAM.
pub fn scram(bytes: &[u8]) {
    let [head, password, salt, message] = fields(bytes);
    let (iterations, _) = number(head);
    let iterations = u32::try_from(iterations % 5000).unwrap_or_default();
    if let Ok((proof, signature)) = connector::scram(password, salt, iterations, message) {
        assert!(iterations >= 4096 && proof.len() == 32 && signature.len() == 32);
    }
}

/// A reference to a secret, as TOML, and the file that it may lead to.
pub fn secret_reference(bytes: &[u8]) {
    #[derive(serde::Deserialize, serde::Serialize, PartialEq, Debug)]
    struct Table {
        secret: SecretReference,
    }
    let [reference, content] = fields(bytes);
    if let Ok(table) = toml::from_str::<Table>(&text(reference)) {
        let again = toml::to_string(&table).ok().and_then(|text| toml::from_str::<Table>(&text).ok());
        assert_eq!(again.as_ref(), Some(&table));
    }
    in_folder(|folder, _| {
        if std::fs::write(folder.join("secret"), content).is_ok() {
            let read = connector::secret(&SecretReference::File("secret".into()), folder);
            // One end of line is not part of it.
            let end =
                content.strip_suffix(b"\n").map(|rest| rest.strip_suffix(b"\r").unwrap_or(rest)).unwrap_or(content);
            assert_eq!(read.ok().as_deref(), (!end.is_empty()).then_some(end));
        }
    });
}

/// An encrypted store of secrets: any file in its place, and any identity; and names and values that are put in.
pub fn secret_store_file(bytes: &[u8]) {
    let [mode, name, value] = fields(bytes);
    in_folder(|folder, store| {
        let (name, value) = (text(name), text(value));
        if mode.is_empty() {
            let _ = std::fs::remove_file(&store.file);
            let Ok(()) = secret_store::set(store, &name, &value) else { return };
            assert_eq!(secret_store::get(store, &name).ok().as_deref().map(Vec::as_slice), Some(value.as_bytes()));
            assert_eq!(secret_store::list(store).ok(), Some(vec![name]));
            // A store that was changed on the way does not open.
            let Ok(mut raw) = std::fs::read(&store.file) else { return };
            let at = value.len() % raw.len();
            raw[at] ^= 1;
            let _ = std::fs::write(&store.file, raw);
            assert!(secret_store::list(store).is_err(), "byte {at} of the file was changed, and nobody saw it");
        } else {
            let _ = std::fs::write(&store.file, value.as_bytes());
            assert!(secret_store::list(store).is_err());
            let (file, identity) = (store.file.clone(), Some(folder.join("made-up")));
            let made_up = SecretStore { file, identity, passphrase_env: None };
            if std::fs::write(folder.join("made-up"), mode).is_ok() {
                assert!(secret_store::list(&made_up).is_err());
            }
        }
    });
}

/// A folder of this thread with the identity of a secret store.
fn in_folder(work: impl FnOnce(&std::path::Path, &SecretStore)) {
    thread_local!(static FOLDER: OnceCell<(tempfile::TempDir, SecretStore)> = const { OnceCell::new() });
    FOLDER.with(|cell| {
        let (folder, store) = cell.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
            let identity = folder.path().join("identity");
            secret_store::create_identity(&identity).unwrap_or_else(|error| panic!("{error}"));
            let store =
                SecretStore { file: folder.path().join("s.age"), identity: Some(identity), passphrase_env: None };
            (folder, store)
        });
        work(folder.path(), store);
    });
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const FORMS: &[&str] =
        &["raw", "text", "json", "url", "xml", "hex", "base64", "base64url", "utf16le", "utf16le-quoted", "+", "x"];
    const LOOKALIKES: &[&str] = &[
        "ROSTERD0SECRET0",
        "ROSTERD0",
        "07070707",
        "0707070707070707",
        "R",
        "x",
        "\"",
        "07070707070707070707070707070707",
    ];

    proptest! {
        #[test]
        fn forms(form in words(FORMS, 6), secret in bytes(60), said in "\\PC{0,20}") {
            super::secret_form(&join(&[form.as_bytes(), &secret]));
            super::secret_form(&join(&[form.as_bytes(), said.as_bytes()]));
        }

        #[test]
        fn splices(secret in "[ -~]{1,12}|ROSTERD0SECRET0", parts in [words(LOOKALIKES, 4), words(LOOKALIKES, 4), words(LOOKALIKES, 4)], any in ".{0,12}") {
            super::secret_splice(&join(&[&secret, &parts[0], &parts[1], &parts[2]]));
            super::secret_splice(&join(&[&secret, &any, &any, &any]));
        }

        #[test]
        fn redacted(secret in "[ -~]{4,20}|[a*é\"\\[]{4,9}", form in 0..7_usize, before in "\\PC{0,20}", after in "\\PC{0,20}") {
            super::redacted_text(&join(&[&secret, &"f".repeat(form), &before, &after]));
            // A secret whose neighbours are made of it.
            super::redacted_text(&join(&[&secret, &"f".repeat(form), &secret[..secret.ceil_char_boundary(2)], &secret]));
        }

        #[test]
        fn references(any in "\\PC{0,30}", kind in "env|file|command|store|x", value in "\"[a-z/]{0,8}\"|\\[(\"[a-z]\",){0,3}\\]|1", content in bytes(20)) {
            super::secret_reference(&join(&[any.as_bytes(), &content]));
            super::secret_reference(&join(&[format!("secret = {{ {kind} = {value} }}").as_bytes(), b"x\r\n\n"]));
        }

    }

    // Dearer ones: each case writes files durably, or counts to 4096.
    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, ..ProptestConfig::default() })]

        #[test]
        fn stores(mode in bytes(12), name in "[a-z.-]{0,6}|.{0,6}", value in ".{0,40}") {
            super::secret_store_file(&join(&["", &name, &value]));
            let header = format!("age-encryption.org/v1\n-> X25519 {value}\n---\n");
            super::secret_store_file(&join(&[&mode[..], b"", value.as_bytes()]));
            super::secret_store_file(&join(&[&mode[..], b"", header.as_bytes()]));
        }

        #[test]
        fn scrams(iterations in prop_oneof![Just(4096_u64), 0..5000_u64], password in ".{0,12}", salt in bytes(20), message in bytes(40)) {
            super::scram(&join(&[&iterations.to_le_bytes()[..], password.as_bytes(), &salt, &message]));
        }
    }
}
