//! From a core module to a component that says what it is.

use crate::error::CommandError;
use std::path::Path;

/// Name of the custom section that holds the manifest. It can be read without compiling the component.
const MANIFEST_SECTION: &str = "rosterd:manifest";

/// Turns the core module of a guest into a component and puts its manifest into it.
///
/// # Errors
/// The module does not speak the contract, as a sentence for its author.
pub(crate) fn encode(module: &[u8], manifest: &str) -> Result<Vec<u8>, CommandError> {
    let encode = || wit_component::ComponentEncoder::default().module(module)?.validate(true).encode();
    let mut component = encode().map_err(|error| {
        let mut failed = CommandError::usage("the compiled module is no component of the contract");
        failed.causes.extend(error.chain().map(ToString::to_string));
        failed.hint("a plugin exports its roles with the macros of the SDK, such as export_source!(MySource)")
    })?;
    append_section(&mut component, MANIFEST_SECTION, manifest.as_bytes());
    Ok(component)
}

/// Appends a custom section: id 0, size, name with its size, content.
fn append_section(wasm: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut body = Vec::with_capacity(name.len() + content.len() + 5);
    leb128(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(content);
    wasm.push(0);
    leb128(wasm, body.len());
    wasm.extend_from_slice(&body);
}

fn leb128(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
/// The folder can not be written to.
pub(crate) fn publish(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let write = || -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir)?;
        let mut file = tempfile::Builder::new().prefix(".rosterd-").tempfile_in(dir)?;
        std::io::Write::write_all(&mut file, bytes)?;
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(readable)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| CommandError::usage(format!("failed to write {}", path.display())).because(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_webassembly_wants_them() {
        let mut wasm = Vec::new();
        append_section(&mut wasm, "n", &[7; 200]);
        assert_eq!(&wasm[..5], &[0, 0xca, 0x01, 1, b'n']);
        assert_eq!(wasm.len(), 5 + 200);
    }

    #[test]
    fn a_module_that_is_none_is_refused_with_a_way_out() {
        let error = encode(b"not wasm", "").expect_err("refused");
        assert!(!error.causes.is_empty() && !error.hints.is_empty());
    }
}
