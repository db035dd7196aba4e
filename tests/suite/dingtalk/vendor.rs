//! The simulator, in this process.

use super::directory::Directory;
use super::tree::minimum;
use rosterd_peer_im::dingtalk::DingTalk;
use rosterd_peer_im::here::Here;
use serde_json::Value;

/// The simulator.
pub(crate) struct Vendor(Here);

impl Vendor {
    /// Starts it with this organisation.
    pub(crate) fn start(organisation: Value) -> Self {
        Self(Here::start(Box::new(DingTalk::default()), organisation, 1).expect("it starts"))
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port()
    }

    /// A verb of the control port, which must make sense.
    pub(crate) fn verb(&self, method: &str, path: &str, body: &Value) -> Value {
        self.0.verb(method, path, body).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The state file.
    pub(crate) fn state(&self) -> Value {
        self.verb("GET", "/state", &Value::Null)
    }

    /// Who and what is there.
    pub(crate) fn directory(&self) -> Directory {
        Directory::of_vendor(&self.state())
    }

    /// The least number of calls that read everything.
    pub(crate) fn minimum(&self) -> u64 {
        minimum(&self.state())
    }

    /// Nothing that a test arranged is left over, and the simulator did not contradict itself.
    pub(crate) fn assert_done(&self) {
        assert_eq!(self.verb("GET", "/faults", &Value::Null), Value::Array(vec![]), "faults that never happened");
        assert_eq!(self.verb("GET", "/mistakes", &Value::Null), Value::Array(vec![]));
    }
}
