//! The encrypted secret store: one file, encrypted with age, that holds a TOML table of names and values.
//!
//! It is opened by an identity file (as `age-keygen` writes it) or by a passphrase from an environment variable. Values
//! are decrypted into memory that is cleared; the file is replaced as a whole.

use age::secrecy::SecretString;
use age::{DecryptError, x25519};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where the store lies and what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretStore {
    /// The encrypted file.
    pub file: PathBuf,
    /// File with an age identity (`AGE-SECRET-KEY-1...`).
    pub identity: Option<PathBuf>,
    /// Environment variable that holds a passphrase; used if there is no identity.
    pub passphrase_env: Option<String>,
}

/// Why the store can not be used. The texts are sentences without any value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error("failed to {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Nothing to open it with.
    #[error("the secret store {} needs an identity file or a passphrase variable; configure one of them", .0.display())]
    NoKey(PathBuf),
    /// The identity file holds no identity.
    #[error("{} holds no age identity; make one with `age-keygen -o FILE`, or `rosterd secret init`", .0.display())]
    BadIdentity(PathBuf),
    /// The key does not fit.
    #[error("the secret store {} does not open with this key ({reason})", .path.display())]
    Closed {
        /// The store.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// What was decrypted is no table.
    #[error("the secret store {} holds something else than names and values", .0.display())]
    Damaged(PathBuf),
    /// There is no such entry.
    #[error("the secret store has no entry \"{0}\"; add it with `rosterd secret set {0}`")]
    NoEntry(String),
    /// The name can not be used.
    #[error("\"{0}\" is no name of a secret; use letters, digits, hyphens, dots and underscores, at most 100")]
    BadName(String),
}

type Entries = BTreeMap<String, String>;

/// Largest store that is read.
const LARGEST: u64 = 4 << 20;

/// The value of an entry.
pub fn get(store: &SecretStore, name: &str) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let mut entries = Cleared(load(store)?);
    entries
        .0
        .remove(name)
        .map(|value| Zeroizing::new(value.into_bytes()))
        .ok_or_else(|| StoreError::NoEntry(name.to_owned()))
}

/// Sets an entry; the store is made if there is none.
pub fn set(store: &SecretStore, name: &str, value: &str) -> Result<(), StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
        return Err(StoreError::BadName(name.to_owned()));
    }
    let mut entries = Cleared(if store.file.exists() { load(store)? } else { Entries::new() });
    entries.0.insert(name.to_owned(), value.to_owned());
    save(store, &entries.0)
}

/// Removes an entry. True if there was one.
pub fn remove(store: &SecretStore, name: &str) -> Result<bool, StoreError> {
    let mut entries = Cleared(load(store)?);
    let found = entries.0.remove(name).map(Zeroizing::new).is_some();
    if found {
        save(store, &entries.0)?;
    }
    Ok(found)
}

/// The names of all entries.
pub fn list(store: &SecretStore) -> Result<Vec<String>, StoreError> {
    Ok(Cleared(load(store)?).0.keys().cloned().collect())
}

/// Makes a new identity file, mode 0600. Refuses to replace one.
pub fn create_identity(path: &Path) -> Result<(), StoreError> {
    use age::secrecy::ExposeSecret;
    let text = x25519::Identity::generate().to_string();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |source| StoreError::Io { doing: "create", path: path.to_owned(), source };
    let mut file = options.open(path).map_err(failed)?;
    writeln!(file, "{}", text.expose_secret()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Entries that clear their values when they go.
struct Cleared(Entries);

impl Drop for Cleared {
    fn drop(&mut self) {
        std::mem::take(&mut self.0).into_values().for_each(|value| drop(Zeroizing::new(value)));
    }
}

enum Key {
    Identity(x25519::Identity),
    Passphrase(SecretString),
}

fn key(store: &SecretStore) -> Result<Key, StoreError> {
    if let Some(path) = &store.identity {
        let read =
            fs::read_to_string(path).map_err(|source| StoreError::Io { doing: "read", path: path.clone(), source })?;
        let text = Zeroizing::new(read);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let identity = line.and_then(|line| line.parse().ok()).ok_or_else(|| StoreError::BadIdentity(path.clone()))?;
        return Ok(Key::Identity(identity));
    }
    let passphrase = store.passphrase_env.as_ref().and_then(|name| std::env::var(name).ok());
    passphrase
        .map(|text| Key::Passphrase(SecretString::from(text)))
        .ok_or_else(|| StoreError::NoKey(store.file.clone()))
}

fn load(store: &SecretStore) -> Result<Entries, StoreError> {
    let io = |source| StoreError::Io { doing: "read", path: store.file.clone(), source };
    let closed = |error: &DecryptError| StoreError::Closed { path: store.file.clone(), reason: error.to_string() };
    let key = key(store)?;
    let file = fs::File::open(&store.file).map_err(io)?;
    let decryptor = age::Decryptor::new(file.take(LARGEST)).map_err(|error| closed(&error))?;
    let mut reader = match &key {
        Key::Identity(identity) => decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)),
        Key::Passphrase(passphrase) => {
            let identity = age::scrypt::Identity::new(passphrase.clone());
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
        }
    }
    .map_err(|error| closed(&error))?;
    let mut text = Zeroizing::new(String::new());
    reader.read_to_string(&mut text).map_err(io)?;
    toml::from_str(&text).map_err(|_| StoreError::Damaged(store.file.clone()))
}

fn save(store: &SecretStore, entries: &Entries) -> Result<(), StoreError> {
    let io = |source| StoreError::Io { doing: "write", path: store.file.clone(), source };
    let closed = |reason: String| StoreError::Closed { path: store.file.clone(), reason };
    let encryptor = match key(store)? {
        Key::Identity(identity) => {
            let recipient = identity.to_public();
            age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
                .map_err(|error| closed(error.to_string()))?
        }
        Key::Passphrase(passphrase) => age::Encryptor::with_user_passphrase(passphrase),
    };
    let text = Zeroizing::new(toml::to_string(entries).map_err(|error| closed(error.to_string()))?);
    let folder = store.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made with mode 0600; renaming keeps it.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    let mut writer = encryptor.wrap_output(&mut file).map_err(io)?;
    writer.write_all(text.as_bytes()).map_err(io)?;
    writer.finish().map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(&store.file).map_err(|error| io(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path, identity: &str) -> SecretStore {
        let path = folder.join(identity);
        create_identity(&path).unwrap();
        SecretStore { file: folder.join("secrets.age"), identity: Some(path), passphrase_env: None }
    }

    #[test]
    fn what_is_set_is_read_back_and_lies_encrypted() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), "key");
        set(&store, "ad.password", "correct horse \"battery\"\n").unwrap();
        set(&store, "other", "x").unwrap();
        assert_eq!(&**get(&store, "ad.password").unwrap(), b"correct horse \"battery\"\n");
        assert_eq!(list(&store).unwrap(), ["ad.password", "other"]);
        let raw = fs::read(&store.file).unwrap();
        assert!(!raw.windows(7).any(|window| window == b"correct"));
        assert!(remove(&store, "other").unwrap() && !remove(&store, "other").unwrap());
        assert!(matches!(get(&store, "other"), Err(StoreError::NoEntry(_))));
    }

    #[test]
    fn another_key_does_not_open_it_and_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let first = store(folder.path(), "key");
        set(&first, "a", "1").unwrap();
        let second = store(folder.path(), "other-key");
        assert!(matches!(get(&second, "a"), Err(StoreError::Closed { .. })));
        assert!(matches!(set(&second, "b", "2"), Err(StoreError::Closed { .. })));
        assert!(create_identity(&folder.path().join("key")).is_err());
        assert!(matches!(set(&first, "a b", "1"), Err(StoreError::BadName(_))));
    }

    #[cfg(unix)]
    #[test]
    fn key_and_store_are_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), "key");
        set(&store, "a", "1").unwrap();
        for path in [&store.file, store.identity.as_ref().unwrap()] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
