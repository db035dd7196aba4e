//! The simulator in the process of whoever uses it, on a port that the system chose: for tests and measurements that ask its
//! control verbs very often. It ends with its runtime.

use crate::control;
use crate::exchange::Request;
use crate::program::Program;
use crate::server::{Door, listen, serve};
use crate::vendor::{Desk, Vendor};
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// A simulator at work.
pub struct Here {
    program: Arc<Program>,
    port: u16,
    runtime: Runtime,
}

impl Here {
    /// Starts it with this state, and so many threads.
    ///
    /// # Errors
    /// The state does not fit, or the machine has no port.
    pub fn start(mut vendor: Box<dyn Vendor>, state: Value, threads: usize) -> Result<Self, String> {
        let mut desk = Desk::default();
        vendor.load(&mut desk, state, true).map_err(|why| format!("the state does not fit: {why}"))?;
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        let runtime = runtime.map_err(|error| format!("there is no runtime: {error}"))?;
        let (listener, port) = runtime.block_on(listen(0)).map_err(|error| format!("cannot listen: {error}"))?;
        desk.port = port;
        let program = Program::new(desk, vendor);
        runtime.spawn(Arc::clone(&program).tick());
        runtime.spawn(serve(listener, Arc::clone(&program), Door::Api));
        Ok(Self { program, port, runtime })
    }

    /// The port of the vendor's interface.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a verb of the control port answers.
    ///
    /// # Errors
    /// It makes no sense; the simulator says why.
    pub fn verb(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let request = Request::verb(method, path, body);
        let reply = self.runtime.block_on(control::answer(&self.program, &request));
        let text = String::from_utf8_lossy(&reply.body);
        if reply.status != 200 {
            return Err(format!("{method} {path}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{method} {path}: no JSON ({error}): {text}"))
    }
}
