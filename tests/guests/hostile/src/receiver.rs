//! Its answering role.

use crate::{Hostile, exhaust};
use rosterd_sdk::{Answer, Receiver, Request};

impl Receiver for Hostile {
    fn handle(&mut self, _: Request) -> Answer {
        exhaust::as_told(self.settings.behaviour);
        Answer::status(200, Vec::new())
    }
}
