//! Which contracts this host speaks, and the sentence for a component that needs another one.
//!
//! A contract is told by the version in the names of a component's imports and exports, before anything is compiled. Older
//! contracts are thin modules under `contract/`, which convert at the edge; nothing else in the host knows a version.

use crate::error::PackageError;
use semver::Version;

/// The contracts that this host speaks, for people.
pub const SUPPORTED: &str = "0.1";

/// The host's own version, for `requires-host`.
pub const HOST: &str = env!("CARGO_PKG_VERSION");

/// The contracts, each with its adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    /// `contract/v0_1.rs`.
    V0_1,
}

impl Contract {
    /// The contract for a version of the package `rosterd:connector`. Pre-releases fit nothing but themselves.
    pub(crate) fn of(version: &Version) -> Result<Self, PackageError> {
        if version.major == 0 && version.minor == 1 && version.pre.is_empty() {
            return Ok(Self::V0_1);
        }
        let newer = (version.major, version.minor) > (0, 1);
        let hint = if newer {
            "install a newer rosterd, or an older version of the connector"
        } else {
            "install a newer version of the connector"
        };
        Err(PackageError::Contract { found: version.to_string(), supported: SUPPORTED, hint })
    }

    /// True if what a manifest states (`0.1`, `^0.1.0`) is this contract.
    pub(crate) fn fits(self, stated: &str) -> bool {
        match self {
            Self::V0_1 => {
                let mut parts = stated.trim_start_matches('^').split('.');
                parts.next() == Some("0") && parts.next() == Some("1")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_fit_and_other_minors_do_not() {
        assert!(Contract::of(&Version::new(0, 1, 7)).is_ok());
        assert!(Contract::of(&Version::new(0, 2, 0)).unwrap_err().to_string().contains("newer rosterd"));
        assert!(
            Contract::of(&Version::new(0, 0, 9)).unwrap_err().to_string().contains("newer version of the connector")
        );
        assert!(Contract::of(&"0.1.0-rc.1".parse().unwrap()).is_err());
    }

    #[test]
    fn a_manifest_may_state_it_in_short() {
        assert!(["0.1", "^0.1", "0.1.3"].iter().all(|text| Contract::V0_1.fits(text)));
        assert!(["0.2", "1", "0"].iter().all(|text| !Contract::V0_1.fits(text)));
    }
}
