//! `rosterd plugin new`: a crate that builds at once, with the SDK that it needs beside it.
//!
//! SDK, contract and template are embedded in this binary, so that a plugin can be started where nothing but the binary
//! is, and with the SDK that fits it.

use crate::args::{NewArgs, PluginKind};
use crate::config::tidy;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Human, Output, Page};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Paths and contents of `sdk/`, `wit/`, `Cargo.toml` and `Cargo.lock`, as build.rs found them.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// Folder of the unpacked SDK, beside the new crates.
const SDK_FOLDER: &str = ".rosterd-sdk";

#[derive(Serialize)]
struct Created {
    name: String,
    path: PathBuf,
    sdk: PathBuf,
    files: Vec<PathBuf>,
}

/// Runs `rosterd plugin new`.
///
/// # Errors
/// The name is none, the folder is there, or it can not be written to.
pub(crate) fn run(context: &Context, args: &NewArgs) -> Result<Output, CommandError> {
    check_name(&args.name)?;
    let target = tidy(&args.path.join(&args.name));
    if target.exists() {
        return Err(CommandError::usage(format!("{} is already there", target.display()))
            .hint("choose another name, or another folder with --path"));
    }
    let sdk = tidy(&args.path.join(SDK_FOLDER));
    unpack_sdk(&sdk)?;
    context.talk().detail(format!("SDK {} unpacked to {}", env!("CARGO_PKG_VERSION"), sdk.display()));
    let template = match args.kind {
        PluginKind::Source => "sdk/template/source/",
        PluginKind::Destination => "sdk/template/destination/",
    };
    let mut files = Vec::new();
    for (path, bytes) in embedded::FILES {
        let own = path.strip_prefix(template).or_else(|| {
            // A template without kinds serves both.
            let common = path.strip_prefix("sdk/template/")?;
            let of_kind = ["source/", "destination/"].iter().any(|kind| common.starts_with(kind));
            (!of_kind).then_some(common)
        });
        let Some(own) = own else { continue };
        let file = target.join(own.strip_suffix(".in").unwrap_or(own));
        write(&file, &fill(bytes, &args.name))?;
        files.push(file);
    }
    let lock = embedded::FILES.iter().find(|(path, _)| *path == "Cargo.lock");
    if let Some((_, lock)) = lock {
        // The versions that the SDK was tested with; cargo drops what the new crate does not use.
        write(&target.join("Cargo.lock"), lock)?;
    }
    files.sort();
    Ok(Output::new("plugin new", Created { name: args.name.clone(), path: target, sdk, files }))
}

/// The name becomes a crate and a connector.
fn check_name(name: &str) -> Result<(), CommandError> {
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.len() <= 40 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(word) {
        return Ok(());
    }
    Err(CommandError::usage(format!("\"{name}\" is no name of a plugin"))
        .hint("use lower-case words joined with hyphens, such as my-hr; at most 40 characters"))
}

/// Unpacks SDK and contract, with a workspace of their own. An older one is replaced, file by file.
fn unpack_sdk(sdk: &Path) -> Result<(), CommandError> {
    for (path, bytes) in embedded::FILES {
        let wanted = path.starts_with("wit/") || path.starts_with("sdk/") && !path.starts_with("sdk/template/");
        if wanted {
            write(&sdk.join(path), bytes)?;
        }
    }
    // The SDK finds the contract through a link, here as in the repository.
    let link = sdk.join("sdk/wit");
    if !link.exists() {
        std::os::unix::fs::symlink("../wit", &link).map_err(|error| {
            CommandError::usage(format!("failed to make the link {}", link.display())).because(&error)
        })?;
    }
    write(&sdk.join("Cargo.toml"), workspace()?.as_bytes())?;
    write(&sdk.join(".gitignore"), b"/target\n")
}

/// The workspace that the SDK's own Cargo.toml refers to: ours, without our members.
fn workspace() -> Result<String, CommandError> {
    let broken = |text: String| CommandError::internal(format!("the embedded workspace is broken: {text}"));
    let own = embedded::FILES.iter().find(|(path, _)| *path == "Cargo.toml").map(|(_, bytes)| *bytes);
    let own = own.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let mut manifest: toml::Table = toml::from_str(own).map_err(|error| broken(error.to_string()))?;
    manifest.retain(|key, _| key == "workspace");
    let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut);
    let workspace = workspace.ok_or_else(|| broken("it has no [workspace]".to_owned()))?;
    workspace.remove("default-members");
    workspace.insert("members".to_owned(), toml::Value::Array(vec!["sdk".into()]));
    if let Some(dependencies) = workspace.get_mut("dependencies").and_then(toml::Value::as_table_mut) {
        dependencies.retain(|name, _| name == "rosterd-sdk" || !name.starts_with("rosterd-"));
        dependencies.insert("rosterd-sdk".to_owned(), toml::toml! { path = "sdk" }.into());
    }
    toml::to_string(&manifest).map_err(|error| broken(error.to_string()))
}

/// Fills the placeholders of a template; bytes that are no text stay as they are.
fn fill(bytes: &[u8], name: &str) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let crate_name = name.replace('-', "_");
            let type_name: String = name.split('-').map(capitalised).collect();
            text.replace("{{name}}", name)
                .replace("{{crate}}", &crate_name)
                .replace("{{type}}", &type_name)
                .replace("{{sdk}}", &format!("../{SDK_FOLDER}/sdk"))
                .into_bytes()
        }
        Err(_) => bytes.to_vec(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let write = || {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        std::fs::write(path, bytes)
    };
    write().map_err(|error| CommandError::usage(format!("failed to write {}", path.display())).because(&error))
}

impl Human for Created {
    fn human(&self, page: &mut Page) {
        for file in &self.files {
            page.line(format!("  {}", file.display()));
        }
        page.gap();
        let path = self.path.display();
        page.line(format!("next: cd {path} && cargo test"));
        page.line(format!("then: rosterd plugin build {path} && rosterd plugin inspect {path}/{}.wasm", self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled() {
        let text = fill(b"{{name}} {{crate}} {{type}} {{sdk}} {other}", "my-hr");
        assert_eq!(String::from_utf8_lossy(&text), "my-hr my_hr MyHr ../.rosterd-sdk/sdk {other}");
    }

    #[test]
    fn the_workspace_of_the_sdk_stands_alone() {
        let text = workspace().expect("valid");
        assert!(text.contains("members = [\"sdk\"]"));
        assert!(!text.contains("rosterd-model"));
    }

    #[test]
    fn only_plain_names_are_names() {
        assert!(check_name("my-hr2").is_ok());
        for wrong in ["", "My", "my_hr", "-a", "a-", "a--b", "2a", "../x"] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
