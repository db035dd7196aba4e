//! An authority and a certificate of a test's own, by `openssl`; and commands that must go well.

use std::path::Path;
use std::process::Command;

/// Writes `ca.crt`, `server.crt` and `server.key`, for the loopback address of the relay and for these.
pub(super) fn certificates(dir: &Path, addresses: &[&str]) {
    let openssl = |words: &[&str]| drop(said(Command::new("openssl").args(words).current_dir(dir)));
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl(
        &[&["req", "-x509", "-days", "3650", "-subj", "/CN=test", "-keyout", "ca.key", "-out", "ca.crt"], &key[..]]
            .concat(),
    );
    openssl(&[&["req", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"], &key[..]].concat());
    let mut names = "subjectAltName=DNS:localhost,IP:127.0.0.1".to_owned();
    for address in addresses {
        names.push_str(&format!(",IP:{address}"));
    }
    std::fs::write(dir.join("names"), names).expect("written");
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(&[&sign[..], &["-days", "3650", "-extfile", "names", "-out", "server.crt"]].concat());
}

/// What a command prints that must go well.
#[track_caller]
pub(super) fn said(command: &mut Command) -> String {
    let said = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let err = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{command:?}: {}{err}", String::from_utf8_lossy(&said.stdout));
    String::from_utf8(said.stdout).expect("it prints UTF-8")
}
