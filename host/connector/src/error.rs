//! What can go wrong before a connector runs, and how a connector's name gets in front of what goes wrong later.

use rosterd_model::fault::{Fault, FaultKind};
use std::fmt;
use std::path::PathBuf;

/// A component can not be used as a connector. The texts are whole sentences.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Not a component at all.
    #[error("this is no WebAssembly component ({0}); build one with `rosterd plugin build`")]
    NotAComponent(String),
    /// Larger than what is read.
    #[error("the component has {size} bytes; at most {limit} are accepted")]
    TooLarge {
        /// Its size.
        size: u64,
        /// What is accepted.
        limit: u64,
    },
    /// No manifest inside.
    #[error(
        "the component carries no manifest (section \"rosterd:manifest\"); build it with `rosterd plugin build`, which embeds connector.toml"
    )]
    NoManifest,
    /// The manifest is wrong.
    #[error("the manifest of the component is wrong: {0}; its author must correct connector.toml and build again")]
    Manifest(String),
    /// Built for another contract.
    #[error("the component was built for contract {found}; this rosterd speaks {supported}; {hint}")]
    Contract {
        /// What it was built for.
        found: String,
        /// What this host speaks.
        supported: &'static str,
        /// Who must do what.
        hint: &'static str,
    },
    /// Needs another host.
    #[error("{name} needs rosterd {range}; this is {own}")]
    Host {
        /// The connector.
        name: String,
        /// The range that it states.
        range: String,
        /// This host.
        own: &'static str,
    },
    /// Exports and manifest disagree.
    #[error(
        "the manifest of {name} says roles {said}, and the component exports {found}; its author must correct connector.toml or the code"
    )]
    Roles {
        /// The connector.
        name: String,
        /// Roles in the manifest.
        said: String,
        /// Roles by exports.
        found: String,
    },
    /// Imports something that is no part of the contract.
    #[error(
        "the component imports {0}, which is no part of the contract; connectors get nothing else. WASI 0.2 is linked with nothing in it. Build it for wasm32-unknown-unknown, or without the library that wants it"
    )]
    ForeignImport(String),
}

/// The host can not install or load a component.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A file could not be read or written.
    #[error("failed to {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried: "read", "write".
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The component is no connector.
    #[error("{}: {error}", .path.display())]
    Package {
        /// The component.
        path: PathBuf,
        /// Why it is none.
        error: PackageError,
    },
    /// It did not compile.
    #[error("failed to compile {}: {reason}; report this to the author of the connector", .path.display())]
    Compile {
        /// The component.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The engine could not be made.
    #[error("failed to start the WebAssembly engine: {0}; this machine or its memory limits do not allow it")]
    Engine(String),
    /// The cache folder is not ours alone.
    #[error("{} holds compiled code and must belong to the user that runs rosterd and be closed to all others: {problem}; correct owner and mode (0700), or set another folder", .path.display())]
    CacheFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// Who a fault is about: stands in front of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) digest: String,
}

impl Identity {
    /// A fault of the host about this connector.
    pub(crate) fn fault(&self, kind: FaultKind, text: impl fmt::Display) -> Fault {
        Fault::new(kind, format!("{self}: {text}"))
    }

    /// The same fault with this connector's name in front.
    pub(crate) fn prefix(&self, mut fault: Fault) -> Fault {
        fault.message = format!("{self}: {}", fault.message);
        fault
    }
}
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.digest.get(..8).unwrap_or(&self.digest);
        write!(f, "{} {} (sha256 {short}…)", self.name, self.version)
    }
}
