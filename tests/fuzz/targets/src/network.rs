//! Where connectors may go: grants, urls, networks, paths.

use crate::input::{fields, number, text, texts};
use rosterd_connector::egress::{Network, denied_because, vet};
use rosterd_connector::fuzzing as connector;
use rosterd_connector::manifest::Manifest;
use rosterd_connector::{ConnectionConfig, Grants};
use std::cell::OnceCell;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Component, Path};

/// A host to grant, for http and for streams.
pub fn endpoint(bytes: &[u8]) {
    let [grant, host] = texts(bytes);
    for stream in [false, true] {
        let Ok((shown, short)) = connector::endpoint(&grant, stream) else { continue };
        assert_eq!(connector::endpoint(&shown, stream).map(|(again, _)| again).as_ref(), Ok(&shown));
        assert_eq!(connector::endpoint(&short, stream).map(|(again, _)| again).as_ref(), Ok(&shown));
        assert_eq!(connector::grant_covers(&grant, &shown, stream), Some(true));
        assert!(!shown.contains(['@', '/', ' ']) || shown.starts_with("http://"));
    }
    // A wildcard holds what stands below its name, and nothing that only ends alike.
    let wildcard = format!("*.{host}");
    if connector::endpoint(&wildcard, false).is_ok_and(|(shown, _)| !shown.contains(':') && !host.contains('*')) {
        assert_eq!(connector::grant_allows(&wildcard, &format!("a.{host}"), 443, false), Some(true));
        for other in [host.clone(), format!("a{host}"), format!("a.{host}.b")] {
            assert_eq!(connector::grant_allows(&wildcard, &other, 443, false), Some(false), "{wildcard} and {other}");
        }
    }
}

/// A url that a connector asks for.
pub fn egress_url(bytes: &[u8]) {
    let url = text(bytes);
    let Ok((host, port, clear)) = connector::target(&url) else { return };
    assert!(!host.is_empty() && !host.contains(['@', '/', '?', '#', '\\', ' ', '[', ']']), "{url:?} leads to {host:?}");
    // The host by itself leads to the same place: nothing else of the url has a say in it.
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let bare = format!("{}://{bracketed}:{port}/", if clear { "http" } else { "https" });
    assert_eq!(connector::target(&bare).ok(), Some((host, port, clear)), "{url:?} and {bare:?}");
}

/// An address range, and an address.
pub fn network(bytes: &[u8]) {
    let [network, rest] = fields(bytes);
    let ((high, rest), (_, _)) = (number(rest), number(rest));
    let (low, _) = number(rest);
    let address = IpAddr::V6(Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)));
    let address = if high == 0 { IpAddr::V4((low as u32).into()) } else { address };
    // What is not granted passes only if nothing speaks against it.
    assert_eq!(vet(&[address], &[]).is_ok(), denied_because(address).is_none(), "{address}");
    let mapped = match address {
        IpAddr::V4(v4) => IpAddr::V6(v4.to_ipv6_mapped()),
        v6 @ IpAddr::V6(_) => v6,
    };
    assert_eq!(vet(&[mapped], &[]).is_ok(), vet(&[address], &[]).is_ok(), "{address} and {mapped}");
    let Ok(network) = text(network).parse::<Network>() else { return };
    assert_eq!(network.to_string().parse::<Network>(), Ok(network));
    if network.contains(address) {
        assert!(vet(&[address, mapped], &[network]).is_ok(), "{network} does not let {address} pass");
    }
}

/// A name of a file that a connector opens, where everything is granted below a folder.
pub fn file_path(bytes: &[u8]) {
    thread_local!(static WORLD: OnceCell<(tempfile::TempDir, Manifest)> = const { OnceCell::new() });
    WORLD.with(|world| {
        let (folder, manifest) = world.get_or_init(|| {
            let manifest = "name = \"p\"\nversion = \"1.0.0\"\ntitle = \"P\"\ncontract = \"0.1\"\nroles = [\"source\"]\n\
                            requests.files.read = [\"*\", \"*/*\"]\nrequests.files.write = [\"*\", \"*/*\"]\n";
            let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
            let below = std::fs::create_dir(folder.path().join("in"));
            below.and_then(|()| std::os::unix::fs::symlink("/", folder.path().join("out"))).unwrap_or_else(|error| panic!("{error}"));
            (folder, Manifest::parse(manifest).unwrap_or_else(|error| panic!("{error}")))
        });
        let name = text(bytes);
        let Ok(connection) = "fuzz".parse() else { return };
        let mut config = ConnectionConfig::new(connection, folder.path().to_owned());
        config.grants = Grants { files: vec!["*".into(), "*/*".into()], ..Grants::default() };
        for writing in [false, true] {
            let Ok(path) = connector::file(manifest, &config, &name, writing) else { continue };
            assert!(path.starts_with(folder.path()), "{name:?} leads to {}", path.display());
            assert!(path.components().all(|part| part != Component::ParentDir));
            let real = |path: &Path| std::fs::canonicalize(path).ok();
            // What is written takes the name's place, also where that is a link.
            let found = if writing { path.parent().and_then(real) } else { real(&path) };
            assert!(found.is_some_and(|found| real(folder.path()).is_some_and(|base| found.starts_with(base))), "{name:?}");
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const URLS: &[&str] = &[
        "http://",
        "https://",
        "HTTPS:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "a.example",
        "b.example",
        "127.0.0.1",
        "[::1]",
        "0x7f.1",
        "。",
        "%2e",
        "%40",
        "?",
        "#",
        "443",
        ":80",
        " ",
        "\t",
        "\n",
        "ß",
        "xn--",
        "*",
        "..",
        ".",
    ];
    const NAMES: &[&str] = &["in", "out", "/", "..", ".", "*", "a.csv", "\0", "\\", "//", "etc", "\u{202e}", " "];

    proptest! {
        #[test]
        fn endpoints(grant in "(http://|ldaps://)?[a-z*.:/0-9\\[\\]@ß-]{0,24}", mixed in words(URLS, 6), host in "[a-zA-Z.-]{0,12}") {
            super::endpoint(&join(&[grant, host.clone()]));
            super::endpoint(&join(&[mixed, host]));
        }

        #[test]
        fn urls(mixed in words(URLS, 10), any in "https?://\\PC{0,20}", bytes in bytes(40)) {
            super::egress_url(mixed.as_bytes());
            super::egress_url(any.as_bytes());
            super::egress_url(&[b"https://", bytes.as_slice()].concat());
        }

        #[test]
        fn networks(v4 in any::<[u8; 4]>(), v6 in any::<[u16; 8]>(), prefix in 0..140_u8, any in "[0-9a-f:./]{0,20}", mapped in any::<bool>()) {
            let address = std::net::Ipv4Addr::from(v4);
            let number = u64::from(u32::from(address)).to_le_bytes();
            for network in [format!("{address}/{prefix}"), format!("{}/{prefix}", std::net::Ipv6Addr::from(v6)), any] {
                // The same address as it is, wrapped in IPv6, and another one.
                let high = if mapped { 1_u64 } else { 0 };
                super::network(&[network.as_bytes(), &[0xFF], &high.to_le_bytes(), &number].concat());
                super::network(&[network.as_bytes(), &[0xFF], &[0; 8], &number].concat());
                super::network(&[network.as_bytes(), &[0xFF], &0x0064_ff9b_0000_0000_u64.to_le_bytes(), &number].concat());
            }
        }

        #[test]
        fn file_paths(mixed in words(NAMES, 8), any in "\\PC{0,20}") {
            super::file_path(mixed.as_bytes());
            super::file_path(any.as_bytes());
        }

    }
}
