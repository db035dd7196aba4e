//! The simulator, in this process, on a port that the system chose.

use super::directory::Directory;
use super::tree::minimum;
use rosterd_peer_im::control;
use rosterd_peer_im::dingtalk::DingTalk;
use rosterd_peer_im::exchange::Request;
use rosterd_peer_im::program::Program;
use rosterd_peer_im::server::{Door, listen, serve};
use rosterd_peer_im::vendor::{Desk, Vendor as _};
use serde_json::Value;
use std::sync::Arc;

/// The simulator. It ends with its runtime.
pub(super) struct Vendor {
    program: Arc<Program>,
    port: u16,
    runtime: tokio::runtime::Runtime,
}

impl Vendor {
    /// Starts it with this organisation.
    pub(super) fn start(organisation: Value) -> Self {
        let (mut vendor, mut desk) = (DingTalk::default(), Desk::default());
        vendor.load(&mut desk, organisation, true).expect("the organisation fits");
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
        let (listener, port) = runtime.block_on(listen(0)).expect("loopback has a free port");
        desk.port = port;
        let program = Program::new(desk, Box::new(vendor));
        runtime.spawn(Arc::clone(&program).tick());
        runtime.spawn(serve(listener, Arc::clone(&program), Door::Api));
        Self { program, port, runtime }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// A verb of the control port, which must make sense.
    pub(super) fn verb(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::verb(method, path, body);
        let reply = self.runtime.block_on(control::answer(&self.program, &request));
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, 200, "{method} {path}: {text}");
        serde_json::from_str(&text).expect("verbs answer JSON")
    }

    /// The state file.
    pub(super) fn state(&self) -> Value {
        self.verb("GET", "/state", &Value::Null)
    }

    /// Who and what is there.
    pub(super) fn directory(&self) -> Directory {
        Directory::of_vendor(&self.state())
    }

    /// The least number of calls that read everything.
    pub(super) fn minimum(&self) -> u64 {
        minimum(&self.state())
    }

    /// Nothing that a test arranged is left over, and the simulator did not contradict itself.
    pub(super) fn assert_done(&self) {
        assert_eq!(self.verb("GET", "/faults", &Value::Null), Value::Array(vec![]), "faults that never happened");
        assert_eq!(self.verb("GET", "/mistakes", &Value::Null), Value::Array(vec![]));
    }
}
