//! What a vendor's module gives to the program, and what it gets: [`Desk`], the things that are the same for all.

use crate::clock::Clock;
use crate::exchange::{Answer, Frame, Outcome, Push, Reply, Request};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::rates::Windows;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::mpsc::UnboundedSender;

/// Number of an open socket.
pub type SocketId = u64;

/// What all vendors share.
#[derive(Debug, Default)]
pub struct Desk {
    /// The time.
    pub clock: Clock,
    /// The requests so far.
    pub journal: Journal,
    /// The faults to come.
    pub faults: Faults,
    /// Rate windows.
    pub windows: Windows,
    /// The port of the vendor's interface.
    pub port: u16,
    /// Mistakes of the simulator itself, such as an answer that its own definition does not have.
    pub mistakes: Vec<String>,
    /// Open sockets.
    pub sockets: BTreeMap<SocketId, UnboundedSender<Frame>>,
    /// The application that made the call at hand, for the journal.
    pub caller: Option<String>,
    next: u64,
}

impl Desk {
    /// A number that was not given before.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Sends a frame; a socket that is gone gets nothing.
    pub fn send(&self, socket: SocketId, frame: Frame) {
        if let Some(sender) = self.sockets.get(&socket) {
            // The other end may close at any time; its task then says so.
            let _ = sender.send(frame);
        }
    }
}

/// Random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A machine without randomness gives constant ids, which is no secret here.
    let _ = getrandom::fill(&mut bytes);
    bytes
}

/// A random text of `2 * N` hexadecimal digits.
#[must_use]
pub fn random_text<const N: usize>() -> String {
    random::<N>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One vendor.
pub trait Vendor: Send {
    /// Answers a call of the vendor's interface.
    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Answer;

    /// A verb of the control port that only this vendor has; none if it does not know it.
    fn control(&mut self, desk: &mut Desk, request: &Request) -> Option<Reply>;

    /// The whole state, in the form in which it was read.
    fn state(&self) -> Value;

    /// Takes another state. With `afresh` everything else begins anew, too: the clock, tokens, events on their way, bans.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    fn load(&mut self, desk: &mut Desk, state: Value, afresh: bool) -> Result<(), String>;

    /// What is due to be sent now.
    fn due(&mut self, desk: &mut Desk) -> Vec<Push>;

    /// What became of a push. The reply is the one that a waiting call gets, see [`Answer::After`].
    fn pushed(&mut self, desk: &mut Desk, id: u64, outcome: Outcome) -> Option<Reply>;

    /// A client asks for a socket; `false` refuses it.
    fn opens(&mut self, desk: &mut Desk, socket: SocketId, request: &Request) -> bool;

    /// The socket is open and can be written.
    fn opened(&mut self, desk: &mut Desk, socket: SocketId);

    /// Text from a socket.
    fn received(&mut self, desk: &mut Desk, socket: SocketId, text: &str);

    /// A socket is gone.
    fn closed(&mut self, desk: &mut Desk, socket: SocketId);

    /// The definitions of all calls.
    fn describe(&self) -> Value;
}
