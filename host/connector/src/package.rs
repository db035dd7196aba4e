//! From bytes to what a component is, without compiling it: digest, manifest, contract, roles, imports.
//!
//! The import list is the sandbox, so it is read from the component's own type, down to the function; the manifest is
//! only what the author says.

use crate::error::{Identity, PackageError};
use crate::manifest::{Manifest, Requests, Role};
use crate::version::{Contract, HOST};
use semver::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use wasmparser::{Parser, Payload};
use wit_parser::{Resolve, WorldId, WorldItem};

/// Largest component that is read, in bytes.
pub const MAX_COMPONENT: u64 = 128 << 20;

/// Section that holds the manifest: TOML, or the same as JSON.
pub const MANIFEST_SECTION: &str = "rosterd:manifest";

/// Section that holds the version of the contract, as text.
pub const CONTRACT_SECTION: &str = "rosterd:contract";

/// What a component says about itself and what it needs. Serializes for `plugin inspect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inspection {
    /// Name of the connector.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Version of the connector.
    pub version: String,
    /// Version of the contract in its imports and exports.
    pub contract: String,
    /// What it exports.
    pub roles: Vec<Role>,
    /// What it imports: `http.send`, `settings.get`. Sorted.
    pub imports: Vec<String>,
    /// What its language's library imports of WASI, beside the contract: `wasi:cli/stderr.get-stderr`. Sorted. Such functions
    /// answer that there is nothing, write to the log, or end the call (see wit/README.md).
    #[serde(default)]
    pub wasi: Vec<String>,
    /// What it asks for.
    pub requests: Requests,
    /// `sha256` of the component, hexadecimal.
    pub digest: String,
    /// Bytes of the component.
    pub size: u64,
    /// JSON schema of its settings.
    pub settings_schema: serde_json::Value,
    /// The whole manifest.
    pub manifest: Manifest,
}

impl Inspection {
    /// The interfaces of the contract that it imports: `http`, `files`.
    #[must_use]
    pub fn interfaces(&self) -> BTreeSet<&str> {
        self.imports.iter().filter_map(|import| import.split('.').next()).collect()
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity { name: self.name.clone(), version: self.version.clone(), digest: self.digest.clone() }
    }
}

/// Reads a component. Nothing of it is compiled or run.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, PackageError> {
    let size = bytes.len() as u64;
    if size > MAX_COMPONENT {
        return Err(PackageError::TooLarge { size, limit: MAX_COMPONENT });
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(PackageError::NotAComponent("it does not begin as WebAssembly does".to_owned()));
    }
    let sections = sections(bytes)?;
    let not = |error: &dyn std::fmt::Display| PackageError::NotAComponent(first_line(&format!("{error:#}")));
    let decoded = wit_parser::decoding::decode(bytes).map_err(|error| not(&error))?;
    let wit_parser::decoding::DecodedWasm::Component(resolve, world) = decoded else {
        return Err(PackageError::NotAComponent("a package of WIT texts".to_owned()));
    };
    let surface = Surface::read(&resolve, world)?;
    let contract = Contract::of(&surface.version)?;
    if let Some(stated) = &sections.contract
        && !contract.fits(stated.trim())
    {
        let found = format!("{} (its section says {})", surface.version, stated.trim());
        let hint = "its author must build it with one version of the SDK";
        return Err(PackageError::Contract { found, supported: crate::version::SUPPORTED, hint });
    }
    let text = sections.manifest.ok_or(PackageError::NoManifest)?;
    let manifest = Manifest::parse(&text).map_err(PackageError::Manifest)?;
    judge(&manifest, &surface, contract)?;
    Ok(Inspection {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        version: manifest.version.to_string(),
        contract: surface.version.to_string(),
        roles: surface.roles.into_iter().collect(),
        imports: surface.imports.into_iter().collect(),
        wasi: surface.wasi.into_iter().collect(),
        requests: manifest.requests.clone(),
        digest: sha256_hex(bytes),
        size,
        settings_schema: manifest.settings.clone(),
        manifest,
    })
}

/// Compares what the manifest says with what the component shows.
fn judge(manifest: &Manifest, surface: &Surface, contract: Contract) -> Result<(), PackageError> {
    if !contract.fits(&manifest.contract) {
        let found = format!("{} (its manifest says {})", surface.version, manifest.contract);
        let hint = "its author must correct `contract` in connector.toml";
        return Err(PackageError::Contract { found, supported: crate::version::SUPPORTED, hint });
    }
    let own = Version::parse(HOST).ok();
    if let Some(range) = manifest.requires_host.as_ref().filter(|range| !own.is_some_and(|own| range.matches(&own))) {
        return Err(PackageError::Host { name: manifest.name.clone(), range: range.to_string(), own: HOST });
    }
    if manifest.roles != surface.roles {
        let list = |roles: &BTreeSet<Role>| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
        let (said, found) = (list(&manifest.roles), list(&surface.roles));
        return Err(PackageError::Roles { name: manifest.name.clone(), said, found });
    }
    Ok(())
}

/// Custom sections of the component itself, and of a core module inside, where a linker may have put them.
struct Sections {
    manifest: Option<String>,
    contract: Option<String>,
}

fn sections(bytes: &[u8]) -> Result<Sections, PackageError> {
    let mut found = Sections { manifest: None, contract: None };
    let broken = |error: wasmparser::BinaryReaderError| PackageError::NotAComponent(error.message().to_owned());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: wasmparser::Encoding::Module, range, .. } if range.start == 0 => {
                return Err(PackageError::NotAComponent("a core module".to_owned()));
            }
            Payload::CustomSection(section) => {
                let slot = match section.name() {
                    MANIFEST_SECTION => &mut found.manifest,
                    CONTRACT_SECTION => &mut found.contract,
                    _ => continue,
                };
                let text = std::str::from_utf8(section.data());
                let text = text.map_err(|_| PackageError::Manifest("it is not UTF-8 text".to_owned()))?;
                slot.get_or_insert_with(|| text.to_owned());
            }
            _ => {}
        }
    }
    Ok(found)
}

/// What the component's type shows.
struct Surface {
    version: Version,
    roles: BTreeSet<Role>,
    imports: BTreeSet<String>,
    wasi: BTreeSet<String>,
}

impl Surface {
    fn read(resolve: &Resolve, world: WorldId) -> Result<Self, PackageError> {
        let world = &resolve.worlds[world];
        let mut version = None;
        let (mut imports, mut wasi) = (BTreeSet::new(), BTreeSet::new());
        for (key, item) in &world.imports {
            let name = resolve.name_world_key(key);
            let interface = match item {
                WorldItem::Interface { id, .. } => &resolve.interfaces[*id],
                WorldItem::Type { .. } => continue,
                WorldItem::Function(_) => return Err(PackageError::ForeignImport(name)),
            };
            if let Some(own) = crate::import::wasi::interface(&name) {
                wasi.extend(interface.functions.keys().map(|function| format!("wasi:{own}.{}", plain(function))));
                continue;
            }
            let (own, found) = split(&name).ok_or_else(|| PackageError::ForeignImport(name.clone()))?;
            version = version.max(Some(found));
            imports.extend(interface.functions.keys().map(|function| format!("{own}.{}", plain(function))));
        }
        let mut roles = BTreeSet::new();
        for (key, _) in &world.exports {
            if let Some((own, found)) = split(&resolve.name_world_key(key)) {
                version = version.max(Some(found));
                roles.extend(Role::ALL.into_iter().find(|role| role.as_str() == own));
            }
        }
        let nothing = || PackageError::NotAComponent("it exports nothing of rosterd:connector".to_owned());
        Ok(Self { version: version.ok_or_else(nothing)?, roles, imports, wasi })
    }
}

/// `rosterd:connector/http@0.1.0` as `http` and its version.
fn split(name: &str) -> Option<(String, Version)> {
    let (interface, version) = name.strip_prefix("rosterd:connector/")?.split_once('@')?;
    Some((interface.to_owned(), version.parse().ok()?))
}

/// `[method]connection.read` as `connection.read`, `[resource-drop]x` likewise.
fn plain(function: &str) -> &str {
    function.rsplit_once(']').map_or(function, |(_, name)| name)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// `sha256` in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    crate::secret::form::hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_named_for_what_it_is() {
        let module = [0, b'a', b's', b'm', 1, 0, 0, 0];
        assert!(inspect(&module).unwrap_err().to_string().contains("a core module"));
        assert!(matches!(inspect(b"MZ\x90\0 not at all"), Err(PackageError::NotAComponent(_))));
        assert!(matches!(inspect(b""), Err(PackageError::NotAComponent(_))));
        let empty = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
        assert!(inspect(&empty).unwrap_err().to_string().contains("exports nothing"), "{:?}", inspect(&empty));
    }
}
