//! Components before they run: what they are, what they ask for, what the operator grants, and their compiled form.

use crate::input::{fields, number, text, texts};
use rosterd_connector::fuzzing as connector;
use rosterd_connector::package::{CONTRACT_SECTION, MANIFEST_SECTION};
use rosterd_connector::units::{Size, Span};
use rosterd_connector::{ConnectionConfig, Grants, Inspection, Limits, Manifest, inspect, refusals_with_settings};
use serde_json::json;

/// A component as anybody may hand one over: any bytes, and a component with any manifest.
pub fn component(bytes: &[u8]) {
    if let Ok(inspection) = inspect(bytes) {
        assert_eq!(inspection.size, bytes.len() as u64);
        assert!(!inspection.roles.is_empty() && inspection.digest.len() == 64);
    }
    let [manifest, contract] = fields(bytes);
    let mut made = b"\0asm\x0d\0\x01\0".to_vec();
    for (name, content) in [(MANIFEST_SECTION, manifest), (CONTRACT_SECTION, contract)] {
        // Lengths below 128 are one byte.
        let content = &content[..content.len().min(100)];
        let lengths = [1 + name.len() + content.len(), name.len()].map(|length| u8::try_from(length).unwrap_or(0));
        if lengths[0] < 128 {
            made.extend([0, lengths[0], lengths[1]].iter().copied().chain(name.bytes()).chain(content.iter().copied()));
        }
    }
    assert!(inspect(&made).is_err(), "a component without exports was taken for a connector");
}

/// A manifest: TOML, or the same as JSON.
pub fn manifest(bytes: &[u8]) {
    let [manifest, setting] = texts(bytes);
    let Ok(read) = Manifest::parse(&manifest) else { return };
    // The form in which it is kept is read as the same manifest.
    let kept = serde_json::to_string(&read).unwrap_or_default();
    assert_eq!(Manifest::parse(&kept).as_ref(), Ok(&read));
    let Ok(connection) = "fuzz".parse() else { return };
    let mut config = ConnectionConfig::new(connection, "/".into());
    config.settings = json!({ "a": setting, "b": [setting, 1] });
    let _ = connector::policy(&read, &config);
    let inspection = inspection(read);
    for refusal in refusals_with_settings(&inspection, &Grants::default(), &config.settings) {
        assert!(!refusal.explanation.is_empty());
        // The line to add can be added.
        let line = toml::from_str::<Grants>(&refusal.line_to_add);
        assert!(line.is_ok(), "{}: {line:?}", refusal.line_to_add);
    }
}

fn inspection(manifest: Manifest) -> Inspection {
    let imports = ["http.send", "byte-stream.open", "files.open", "directory.get", "random.bytes", "scratch.get"];
    Inspection {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        version: manifest.version.to_string(),
        contract: "0.1.0".to_owned(),
        roles: manifest.roles.iter().copied().collect(),
        imports: imports.map(str::to_owned).into(),
        wasi: Vec::new(),
        requests: manifest.requests.clone(),
        digest: String::new(),
        size: 0,
        settings_schema: manifest.settings.clone(),
        manifest,
    }
}

/// The tables of grants and limits of a connection, as TOML.
pub fn grants(bytes: &[u8]) {
    let [grants, limits] = texts(bytes);
    if let Ok(read) = toml::from_str::<Grants>(&grants) {
        assert_eq!(toml::to_string(&read).ok().and_then(|text| toml::from_str(&text).ok()), Some(read));
    }
    if let Ok(read) = toml::from_str::<Limits>(&limits) {
        assert_eq!(toml::to_string(&read).ok().and_then(|text| toml::from_str(&text).ok()), Some(read));
    }
}

/// A size or a duration with its unit.
pub fn units(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(size) = text.parse::<Size>() {
        assert_eq!(size.to_string().parse(), Ok(size));
    }
    if let Ok(span) = text.parse::<Span>() {
        assert_eq!(span.to_string().parse(), Ok(span));
    }
}

/// The compiled form of a component, and the note about it, after somebody changed one of them.
pub fn code_cache(bytes: &[u8]) {
    let ((at, rest), note) = (number(bytes), bytes.first().is_some_and(|byte| byte % 2 == 1));
    let manifest = "name = \"p\"\nversion = \"1.0.0\"\ntitle = \"P\"\ncontract = \"0.1\"\nroles = [\"source\"]";
    let Ok(manifest) = Manifest::parse(manifest) else { panic!("it is a manifest") };
    let Ok(folder) = tempfile::tempdir() else { return };
    let Some((code, noted, loads)) = connector::code_cache(&folder.path().join("cache"), &inspection(manifest)) else {
        panic!("the smallest component can not be compiled")
    };
    assert!(loads(), "what was compiled is not found again");
    let file = if note { noted } else { code };
    let Ok(before) = std::fs::read(&file) else { panic!("there is no {}", file.display()) };
    let mut after = before.clone();
    let at = usize::try_from(at).unwrap_or_default() % after.len();
    match rest.split_first() {
        Some((0, _)) | None => after.truncate(at),
        Some((1, more)) => after.extend(more),
        Some((2, more)) => after = more.to_vec(),
        Some((change, _)) => after[at] ^= change,
    }
    let Ok(()) = std::fs::write(&file, &after) else { return };
    let loaded = loads();
    // Code is loaded as it was compiled, or not at all. A note that still says the same may be written otherwise.
    assert!(!loaded || note || before == after, "code that was changed at {at} was loaded");
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const HEAD: &str = "name = \"p\"\nversion = \"1.0.0\"\ntitle = \"P\"\ncontract = \"0.1\"\nroles = [\"source\"]\n";
    const LINES: &[&str] = &[
        "[requests]\n",
        "http = [\"{a}\"]\n",
        "http = [\"api.example\", \"{settings.b}\"]\n",
        "stream = [\"dc:636\"]\n",
        "files.read = [\"{a}\"]\n",
        "files.write = [\"x/*.csv\", \"{a.b}\"]\n",
        "directory = true\n",
        "random = true\n",
        "[requests.secrets.key]\n",
        "description = \"d\"\n",
        "uses = [\"recipe\"]\n",
        "hosts = [\"{a}\"]\n",
        "[recipes.t]\n",
        "secret = \"key\"\n",
        "request = { method = \"POST\", url = \"{a}\" }\n",
        "reply = { token = \"/t\", lifetime = \"1m\" }\n",
        "[[recipes.t.place]]\n",
        "hosts = [\"h\"]\n",
        "in = \"header\"\n",
        "name = \"n\"\n",
        "format = \"x{token}\"\n",
        "[buckets.b]\n",
        "capacity = 1\n",
        "per = \"1s\"\n",
        "concurrent = 0\n",
        "match = { hosts = [\"{b}\"] }\n",
        "penalty = [{ when = { status = [429] }, wait = \"1s\" }]\n",
        "[settings]\n",
        "type = \"object\"\n",
        "properties.a.type = \"string\"\n",
        "requires-host = \">=0.1\"\n",
        "description = \"\\u0000\"\n",
    ];
    const GRANTS: &[&str] = &[
        "http",
        "stream",
        "files",
        "networks",
        "reveal",
        "clear-text",
        "directory",
        " = ",
        "[",
        "]",
        "\"a\"",
        "true",
        ",",
        "\n",
    ];
    const LIMITS: &[&str] = &["memory", "call-cpu", "streams", " = ", "\"1 MiB\"", "\"5s\"", "\"0\"", "7", "\n"];

    proptest! {
        #[test]
        fn components(bytes in bytes(200), manifest in words(LINES, 4), contract in "\\^?[0-9.]{0,6}") {
            super::component(&bytes);
            super::component(&[b"\0asm\x0d\0\x01\0", bytes.as_slice()].concat());
            super::component(&join(&[manifest, contract]));
        }

        #[test]
        fn manifests(lines in words(LINES, 24), setting in "[a-z:/.*{}\"\\\\ ]{0,10}|https://[a-z.]{1,9}", any in ".{0,60}") {
            super::manifest(&join(&[&format!("{HEAD}{lines}"), &setting]));
            super::manifest(&join(&[&format!("{HEAD}[requests]\nhttp = [\"{{a}}\"]\nstream = [\"{{b}}\"]\nfiles.read = [\"{{a}}\"]\n"), &setting]));
            super::manifest(any.as_bytes());
        }

        #[test]
        fn tables(grants in words(GRANTS, 16), limits in words(LIMITS, 9), limit in "(memory|call-wall|files) = \"?[0-9]{1,4} ?(B|MiB|s|m|)\"?") {
            super::grants(&join(&[grants, limits]));
            super::grants(&join(&["http = [\"a\", \"\\u0000\"]\ndirectory = true", &limit]));
        }

        #[test]
        fn quantities(number in "[0-9]{0,21} ?(B|kB|MB|GB|KiB|MiB|GiB|ms|[smhd])?", any in ".{0,20}") {
            super::units(number.as_bytes());
            super::units(any.as_bytes());
        }
    }

    // Each case compiles a component.
    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, ..ProptestConfig::default() })]

        #[test]
        fn caches(at in any::<[u8; 8]>(), how in 0..9_u8, more in bytes(9)) {
            super::code_cache(&[&at[..], &[how], &more].concat());
        }
    }
}
