//! Compiled components on disk.
//!
//! A compiled component is native code, so this folder is as sensitive as the binary itself: it belongs to the user that
//! runs rosterd, mode 0700, files 0600, and anything else is refused. Files are named by the component's digest and the
//! engine's configuration. To hash an 18 MB component and its code at every start would cost more than all the rest, so a
//! digest is remembered together with what the file system says about the file (size, inode, times of data and of inode):
//! who can change a file without moving any of these can read and write this process's files anyway. Whatever does not fit is
//! compiled again.

use crate::error::HostError;
use crate::package::Inspection;
use crate::runtime::Runtime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use wasmtime::component::Component;

/// What the file system says about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    size: u64,
    device: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        let data = fs::metadata(path)?;
        Ok(Self {
            size: data.size(),
            device: data.dev(),
            inode: data.ino(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        })
    }
}

/// The digest of a component at a path, as long as the file there is the same.
#[derive(Serialize, Deserialize)]
struct Memo {
    path: PathBuf,
    stamp: Stamp,
    digest: String,
}

/// What was compiled, and what its code must be.
#[derive(Serialize, Deserialize)]
struct Entry {
    inspection: Inspection,
    code: Stamp,
    code_digest: String,
}

/// The folder.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens the folder, makes it if it is missing, and refuses one that others may write.
    pub(crate) fn open(folder: &Path) -> Result<Self, HostError> {
        let failed = |source| HostError::Io { doing: "create", path: folder.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let refuse = |problem: String| HostError::CacheFolder { path: folder.to_owned(), problem };
        let data = fs::metadata(folder).map_err(failed)?;
        if data.uid() != rustix::process::geteuid().as_raw() {
            return Err(refuse(format!("it belongs to user {}", data.uid())));
        }
        if data.mode() & 0o022 != 0 {
            return Err(refuse(format!("its mode is {:o}", data.mode() & 0o7777)));
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// The remembered digest of a component file.
    pub(crate) fn digest(&self, component: &Path) -> Option<String> {
        let stamp = Stamp::of(component).ok()?;
        let memo: Memo = self.read(&memo_name(component))?;
        (memo.path == component && memo.stamp == stamp).then_some(memo.digest)
    }

    /// Remembers the digest of a component file. A failure costs time at the next start, nothing else.
    pub(crate) fn remember(&self, component: &Path, stamp: Stamp, digest: &str) {
        let memo = Memo { path: component.to_owned(), stamp, digest: digest.to_owned() };
        let _ = serde_json::to_vec(&memo).map(|bytes| self.write(&memo_name(component), &bytes));
    }

    /// A component that was compiled before, by the digest of its bytes.
    pub(crate) fn get(&self, runtime: &Runtime, digest: &str) -> Option<(Inspection, Component)> {
        let name = format!("{digest}-{}", runtime.configuration());
        let entry: Entry = self.read(&format!("{name}.json"))?;
        let path = self.folder.join(format!("{name}.cwasm"));
        if entry.inspection.digest != digest || !ours(&path) {
            return None;
        }
        let same = Stamp::of(&path).is_ok_and(|stamp| stamp == entry.code);
        if !same && blake3_of(&path)? != entry.code_digest {
            return None;
        }
        deserialize(runtime, &path).map(|component| (entry.inspection, component))
    }

    /// Compiles a component and keeps the code.
    pub(crate) fn compile(
        &self,
        runtime: &Runtime,
        component: &Path,
        bytes: &[u8],
        inspection: &Inspection,
    ) -> Result<(Component, PathBuf), HostError> {
        let wrong =
            |error: wasmtime::Error| HostError::Compile { path: component.to_owned(), reason: format!("{error:#}") };
        let code = runtime.engine.precompile_component(bytes).map_err(wrong)?;
        let name = format!("{}-{}", inspection.digest, runtime.configuration());
        let path = self.write(&format!("{name}.cwasm"), &code)?;
        let stamp = Stamp::of(&path).map_err(|source| HostError::Io { doing: "read", path: path.clone(), source })?;
        let entry = Entry { inspection: inspection.clone(), code: stamp, code_digest: blake3::hash(&code).to_string() };
        let text = serde_json::to_vec(&entry).map_err(|error| HostError::Engine(error.to_string()))?;
        self.write(&format!("{name}.json"), &text)?;
        let loaded = deserialize(runtime, &path);
        let loaded = loaded.ok_or_else(|| HostError::Compile {
            path: component.to_owned(),
            reason: "its code can not be loaded".to_owned(),
        })?;
        Ok((loaded, path))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.folder.join(name);
        if !ours(&path) {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Writes a file as a whole, mode 0600.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, HostError> {
        let path = self.folder.join(name);
        let failed = |source| HostError::Io { doing: "write", path: path.clone(), source };
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(path)
    }
}

/// A plain file that belongs to us and that nobody else may write.
fn ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| {
        data.is_file() && data.uid() == rustix::process::geteuid().as_raw() && data.mode() & 0o022 == 0
    })
}

fn memo_name(component: &Path) -> String {
    format!("path-{}.json", &blake3::hash(component.as_os_str().as_encoded_bytes()).to_hex()[..32])
}

fn blake3_of(path: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(path).ok()?).ok()?;
    Some(hasher.finalize().to_string())
}

#[expect(
    unsafe_code,
    reason = "compiled code is trusted code: only a file that this host wrote, checked by the caller, comes here"
)]
fn deserialize(runtime: &Runtime, path: &Path) -> Option<Component> {
    // SAFETY: the file lies in a folder that only this user can write, under the digest of its component and of the
    // engine's configuration, and is the one that was written after compiling (same stamp, or same digest).
    unsafe { Component::deserialize_file(&runtime.engine, path).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use std::os::unix::fs::PermissionsExt;

    /// The smallest component: it holds nothing.
    const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

    struct Bench {
        folder: tempfile::TempDir,
        runtime: Runtime,
        inspection: Inspection,
    }

    impl Bench {
        fn new() -> Self {
            let text = "name = \"p\"\nversion = \"1.0.0\"\ntitle = \"P\"\ncontract = \"0.1\"\nroles = [\"source\"]";
            let manifest = Manifest::parse(text).unwrap();
            let inspection = Inspection {
                name: "p".into(),
                title: "P".into(),
                version: "1.0.0".into(),
                contract: "0.1.0".into(),
                roles: vec![],
                imports: vec![],
                wasi: vec![],
                requests: manifest.requests.clone(),
                digest: crate::package::sha256_hex(&COMPONENT),
                size: 8,
                settings_schema: manifest.settings.clone(),
                manifest,
            };
            let folder = tempfile::tempdir().unwrap();
            Self { folder, runtime: Runtime::new().unwrap(), inspection }
        }

        fn cache(&self) -> Cache {
            Cache::open(&self.folder.path().join("cache")).unwrap()
        }

        fn compile(&self) -> PathBuf {
            self.cache().compile(&self.runtime, Path::new("p.wasm"), &COMPONENT, &self.inspection).unwrap().1
        }

        fn hit(&self) -> bool {
            self.cache().get(&self.runtime, &self.inspection.digest).is_some()
        }
    }

    #[test]
    fn what_was_compiled_is_found_again_and_closed_to_others() {
        let bench = Bench::new();
        assert!(!bench.hit());
        let path = bench.compile();
        assert!(bench.hit());
        for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn changed_code_is_not_loaded() {
        let bench = Bench::new();
        let path = bench.compile();
        let mut code = fs::read(&path).unwrap();
        // A new time alone is no change.
        fs::write(&path, &code).unwrap();
        assert!(bench.hit());
        let last = code.len() - 1;
        code[last] ^= 1;
        fs::write(&path, &code).unwrap();
        assert!(!bench.hit());
        bench.compile();
        assert!(bench.hit());
    }

    #[test]
    fn code_under_the_name_of_another_component_is_not_loaded() {
        let mut bench = Bench::new();
        let path = bench.compile();
        bench.inspection.digest = "f".repeat(64);
        let name = format!("{}-{}", bench.inspection.digest, bench.runtime.configuration());
        fs::copy(&path, path.with_file_name(format!("{name}.cwasm"))).unwrap();
        fs::copy(path.with_extension("json"), path.with_file_name(format!("{name}.json"))).unwrap();
        assert!(!bench.hit());
    }

    #[test]
    fn what_others_can_write_is_not_trusted() {
        let bench = Bench::new();
        let path = bench.compile();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(!bench.hit());
        let folder = path.parent().unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        let refused = Cache::open(folder).err().unwrap().to_string();
        assert!(refused.contains("its mode is 777") && refused.contains("0700"), "{refused}");
    }

    #[test]
    fn a_remembered_digest_holds_as_long_as_the_file_is_the_same() {
        let bench = Bench::new();
        let (file, cache) = (bench.folder.path().join("p.wasm"), bench.cache());
        fs::write(&file, COMPONENT).unwrap();
        assert_eq!(cache.digest(&file), None);
        cache.remember(&file, Stamp::of(&file).unwrap(), "abc");
        assert_eq!(cache.digest(&file).as_deref(), Some("abc"));
        fs::write(&file, [&COMPONENT[..], b"x"].concat()).unwrap();
        assert_eq!(cache.digest(&file), None);
    }
}
