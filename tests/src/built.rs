//! What `make test` builds before it tests: the command, and the components.

use std::path::{Path, PathBuf};

/// The folder of the workspace.
#[must_use]
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The command under test.
///
/// # Panics
/// It was not built.
#[must_use]
pub fn binary() -> PathBuf {
    let path = std::env::var_os("ROSTERD").map_or_else(|| top().join("target/debug/rosterd"), PathBuf::from);
    let path = if path.is_absolute() { path } else { top().join(path) };
    assert!(path.is_file(), "there is no {}: run `make test`, or `cargo build -p rosterd`", path.display());
    path
}

/// Where the components lie that the tests need.
#[must_use]
pub fn plugins() -> PathBuf {
    std::env::var_os("ROSTERD_TEST_PLUGINS").map_or_else(|| top().join("target/plugins"), PathBuf::from)
}

/// A component.
///
/// # Panics
/// It was not built.
#[must_use]
pub fn component(name: &str) -> PathBuf {
    let path = plugins().join(format!("{name}.wasm"));
    assert!(
        path.is_file(),
        "there is no component {}: run `make test`, or `rosterd plugin build plugins/callback plugins/csv plugins/dingtalk plugins/ldap plugins/scim tests/guests/* --out target/plugins`",
        path.display()
    );
    path
}

/// A component with a manifest that asks for one more secret, `canary`, and in which some texts are replaced: a test need
/// not go at the pace that a manifest promises to a vendor. The first manifest of a component counts.
///
/// # Errors
/// The component, or the connector.toml of the plugin or guest of this name, can not be read.
///
/// # Panics
/// The manifest has no such text.
pub fn component_asking(name: &str, changes: &[(&str, &str)]) -> std::io::Result<Vec<u8>> {
    let folders = ["plugins", "tests/guests"].map(|folder| top().join(folder).join(name));
    let manifest = folders.into_iter().map(|folder| folder.join("connector.toml")).find(|path| path.is_file());
    let mut manifest = std::fs::read_to_string(manifest.unwrap_or_default())?;
    for (from, to) in changes {
        assert!(manifest.contains(from), "the manifest of {name} has no {from}");
        manifest = manifest.replace(from, to);
    }
    Ok(asking(&std::fs::read(component(name))?, manifest.as_bytes()))
}

fn asking(component: &[u8], manifest: &[u8]) -> Vec<u8> {
    const ASKS: &[u8] =
        b"\n[requests.secrets.canary]\ndescription = \"For tests.\"\nrequired = false\nuses = [\"http-header\"]\n";
    const NAME: &[u8] = b"rosterd:manifest";
    let number = |mut rest: usize| {
        let mut bytes = Vec::new();
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    };
    let content = [&number(NAME.len()), NAME, manifest, ASKS].concat();
    // Magic and version, then a custom section, then all the others.
    let (head, rest) = component.split_at(8);
    [head, &[0], &number(content.len()), &content, rest].concat()
}
