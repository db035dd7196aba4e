//! Its answering role.

use crate::behaviour::Behaviour;
use crate::{Hostile, exhaust};
use rosterd_sdk::{Answer, Receiver, Request};

impl Receiver for Hostile {
    fn handle(&mut self, _: Request) -> Answer {
        match self.settings.behaviour {
            Behaviour::Trap => exhaust::trap(),
            Behaviour::EndlessLoop => exhaust::compute(),
            Behaviour::EndlessSleep => exhaust::sleep(),
            Behaviour::MemoryEater => exhaust::memory(),
            Behaviour::LogFlood => exhaust::log(),
            Behaviour::CallFlood => exhaust::calls(),
            Behaviour::DeepRecursion => exhaust::recursion(),
            _ => Answer::status(200, Vec::new()),
        }
    }
}
