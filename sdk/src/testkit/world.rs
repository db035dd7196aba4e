//! What a test scripts, and what it may look at afterwards.

use super::{directory, http, secrets, stream};
use crate::log::Level;
use crate::{Fault, Object};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::rc::Rc;

/// A world before it is entered.
#[derive(Default)]
pub struct World {
    pub(super) settings: String,
    pub(super) files: BTreeMap<String, Rc<[u8]>>,
    pub(super) folder: Option<PathBuf>,
    pub(super) http: Option<http::Script>,
    pub(super) requests: Vec<crate::http::Request>,
    pub(super) secrets: BTreeMap<String, Vec<u8>>,
    pub(super) crypto: Option<secrets::Script>,
    pub(super) streams: BTreeMap<(String, u16), stream::Place>,
    pub(super) scratch: BTreeMap<String, Vec<u8>>,
    pub(super) directory: directory::Directory,
    pub(super) now_ms: u64,
    pub(super) random: u64,
    pub(super) logs: Vec<(Level, String, String)>,
    /// Writes and commits after so many succeeded fail, for tests of what happens when a disk is full.
    pub(super) writes_left: Option<u32>,
}

thread_local! {
    static CURRENT: RefCell<World> = RefCell::new(World::new());
}

/// Runs `work` on the world of this thread.
pub(crate) fn with<R>(work: impl FnOnce(&mut World) -> R) -> R {
    CURRENT.with_borrow_mut(work)
}

impl World {
    /// A world with nothing in it; its clock stands at 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        Self { settings: "{}".to_owned(), now_ms: 1_767_225_600_000, random: 1, ..Self::default() }
    }

    /// The settings of the connection.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "tests hand over what json! makes")]
    pub fn settings(mut self, settings: serde_json::Value) -> Self {
        self.settings = settings.to_string();
        self
    }

    /// A file, by the name that the connector opens.
    #[must_use]
    pub fn file(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.insert(name.to_owned(), bytes.as_ref().into());
        self
    }

    /// Files that are not given by [`World::file`] are read and written in this folder of the machine.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Answers HTTP requests.
    #[must_use]
    pub fn http(
        mut self,
        script: impl FnMut(&crate::http::Request) -> Result<crate::http::Response, Fault> + 'static,
    ) -> Self {
        self.http = Some(Box::new(script));
        self
    }

    /// A secret of the connection.
    #[must_use]
    pub fn secret(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.secrets.insert(name.to_owned(), bytes.as_ref().to_vec());
        self
    }

    /// Computes what the host would compute with secrets; this crate has no cryptography of its own.
    #[must_use]
    pub fn crypto(mut self, script: impl FnMut(&secrets::Call) -> Result<Vec<u8>, Fault> + 'static) -> Self {
        self.crypto = Some(Box::new(script));
        self
    }

    /// A server behind a host and port: gets the bytes of each write, and gives what it answers.
    #[must_use]
    pub fn stream(self, host: &str, port: u16, server: impl FnMut(&[u8]) -> Vec<u8> + 'static) -> Self {
        self.server(host, port, stream::Answering::new(server))
    }

    /// A server behind a host and port that also speaks unasked.
    #[must_use]
    pub fn server(mut self, host: &str, port: u16, server: impl stream::Server + 'static) -> Self {
        let server: stream::Script = Rc::new(RefCell::new(server));
        self.streams.insert((host.to_owned(), port), Rc::new(move || Rc::clone(&server)));
        self
    }

    /// A place where each connection meets a server of its own, for connectors that keep several open.
    #[must_use]
    pub fn servers<S: stream::Server + 'static>(
        mut self,
        host: &str,
        port: u16,
        make: impl Fn() -> S + 'static,
    ) -> Self {
        self.streams.insert((host.to_owned(), port), Rc::new(move || Rc::new(RefCell::new(make()))));
        self
    }

    /// An object that the directory shows to a receiver.
    #[must_use]
    pub fn object(mut self, object: Object) -> Self {
        self.directory.objects.insert((object.class.as_str(), object.id.clone()), object);
        self
    }

    /// Sets the clock, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn at_ms(mut self, milliseconds: u64) -> Self {
        self.now_ms = milliseconds;
        self
    }

    /// Lets only so many writes and commits of files succeed, together.
    #[must_use]
    pub fn failing_after_writes(mut self, writes: u32) -> Self {
        self.writes_left = Some(writes);
        self
    }

    /// Makes this the world of the thread, until the answer is dropped.
    #[must_use]
    pub fn enter(self) -> Entered {
        let before = with(|current| std::mem::replace(current, self));
        Entered { before: Some(before), thread: PhantomData }
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files: Vec<&String> = self.files.keys().collect();
        f.debug_struct("World").field("settings", &self.settings).field("files", &files).finish_non_exhaustive()
    }
}

/// The world that this thread is in. Dropping it brings back the one before.
#[derive(Debug)]
pub struct Entered {
    before: Option<World>,
    /// The world belongs to the thread that entered it.
    thread: PhantomData<*const ()>,
}

impl Entered {
    /// A file as it is now; none if it does not exist.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        with(|world| world.files.get(name).map(|bytes| bytes.to_vec()))
    }

    /// Puts a file there, or another content into it.
    pub fn put_file(&self, name: &str, bytes: impl AsRef<[u8]>) {
        with(|world| world.files.insert(name.to_owned(), bytes.as_ref().into()));
    }

    /// The HTTP requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<crate::http::Request> {
        with(|world| world.requests.clone())
    }

    /// Level, message and fields of everything logged so far.
    #[must_use]
    pub fn logs(&self) -> Vec<(Level, String, String)> {
        with(|world| world.logs.clone())
    }

    /// An object of the directory as it is now; none if it does not exist.
    #[must_use]
    pub fn object(&self, class: crate::Class, id: &str) -> Option<Object> {
        with(|world| world.directory.objects.get(&(class.as_str(), id.to_owned())).cloned())
    }

    /// All objects of the directory.
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        with(|world| world.directory.objects.values().cloned().collect())
    }

    /// How often an object of the directory was changed.
    #[must_use]
    pub fn changes(&self) -> u64 {
        with(|world| world.directory.changes)
    }

    /// Lets the next submissions to the directory fail, one with each of these.
    pub fn fail_submissions(&self, faults: impl IntoIterator<Item = Fault>) {
        with(|world| world.directory.failing.extend(faults));
    }

    /// Sets the clock.
    pub fn set_ms(&self, milliseconds: u64) {
        with(|world| world.now_ms = milliseconds);
    }

    /// Lets only so many more writes and commits of files succeed; none: all.
    pub fn fail_after_writes(&self, writes: Option<u32>) {
        with(|world| world.writes_left = writes);
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            with(|current| *current = before);
        }
    }
}
