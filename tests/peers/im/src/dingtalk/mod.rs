//! DingTalk: the old interface of `oapi.dingtalk.com` and the new one of `api.dingtalk.com` on one port, callbacks, and
//! the gateway of its stream mode.

mod accounts;
mod callbacks;
mod control;
mod departments;
mod events;
mod gate;
mod index;
mod leavers;
mod refusal;
mod scopes;
mod search;
pub mod state;
mod stream;
mod table;
mod token;
mod users;
mod world;

use crate::check;
use crate::clock::Clock;
use crate::exchange::{Answer, Cut, Outcome, Push, Reply, Request};
use crate::faults::Action;
use crate::schema::describe;
use crate::vendor::{Desk, SocketId, Vendor, random_text};
use serde_json::{Value, json};
use state::Org;
use table::{Call, OLD, Work};
use world::World;

/// The vendor.
#[derive(Debug, Default)]
pub struct DingTalk {
    world: World,
}

impl DingTalk {
    /// Answers a call that nothing stands in the way of.
    fn call(&mut self, desk: &mut Desk, request: &Request, id: &str) -> Answer {
        let now = desk.clock.now();
        let admitted = match gate::admit(&mut self.world, desk, request, now) {
            Ok(admitted) => admitted,
            Err(refusal) => return Answer::Now(refusal.reply(id)),
        };
        desk.caller.clone_from(&admitted.app);
        let call = admitted.call;
        if call.writes {
            self.world.org.changes();
            self.world.before_write();
        } else {
            self.world.org.rests();
        }
        let app = admitted.app.unwrap_or_default();
        let mut work = Work { world: &mut self.world, desk, app: &app, fields: &admitted.fields, now, probe: None };
        let outcome = (call.handler)(&mut work);
        let probe = work.probe.take();
        if call.writes {
            self.world.after_write(now);
        }
        match (outcome, probe) {
            (Ok(_), Some(push)) => Answer::After(push),
            (Ok(body), None) => {
                declared(desk, call, &body);
                Answer::Now(success(call, request, body, id))
            }
            (Err(refusal), _) => Answer::Now(refusal.reply(id)),
        }
    }
}

/// The simulator must not say what its own table does not have.
fn declared(desk: &mut Desk, call: &Call, body: &Value) {
    let mut found = Vec::new();
    if let Some(body) = body.as_object() {
        check::undeclared(body, call.response, call.path, &mut found);
    }
    desk.mistakes.extend(found);
}

fn success(call: &Call, request: &Request, body: Value, id: &str) -> Reply {
    if call.generation == OLD {
        return refusal::success(body, id);
    }
    if body.is_null() {
        return Reply { body: Vec::new(), ..Reply::json(200, &Value::Null) };
    }
    // The gateway of sockets answers in XML to who does not ask for JSON, as a comment in the vendor's Node library says.
    let wants_json = request.header("accept").is_some_and(|accept| accept.contains("application/json"));
    if call.path == stream::OPEN && !wants_json {
        let element = |name: &str| format!("<{name}>{}</{name}>", body[name].as_str().unwrap_or_default());
        let text =
            format!("<OpenConnectionResponse>{}{}</OpenConnectionResponse>", element("endpoint"), element("ticket"));
        return Reply::other(200, "application/xml;charset=utf-8", &text);
    }
    Reply::json(200, &body)
}

impl Vendor for DingTalk {
    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Answer {
        let id = random_text::<6>();
        self.world.settle(desk.clock.now());
        if let Some(page) = gate::shut_out(&mut self.world, desk, request) {
            return Answer::Now(page);
        }
        let fault = desk.faults.meet(request);
        match fault {
            None => self.call(desk, request, &id),
            Some(Action::Reply { status, body }) => Answer::Now(Reply::json(status, &body)),
            Some(Action::Text { status, body }) => {
                let page = body.starts_with('<');
                Answer::Now(Reply::other(status, if page { "text/html" } else { "application/json" }, &body))
            }
            Some(Action::Ignore) => Answer::Now(Reply { cut: Cut::Nothing, ..Reply::json(200, &Value::Null) }),
            Some(Action::Throttle(which)) => Answer::Now(gate::throttled(request, &which).reply(&id)),
            Some(Action::Busy) => Answer::Now(gate::busy(request).reply(&id)),
            Some(Action::Meanwhile { method, path, body }) => {
                let verb = Request::verb(&method, &path, &body);
                match self.control(desk, &verb) {
                    Some(reply) if reply.status == 200 => {}
                    Some(reply) => desk.mistakes.push(format!("{path}: {}", String::from_utf8_lossy(&reply.body))),
                    None => desk.mistakes.push(format!("{method} {path} is no verb of this vendor")),
                }
                self.call(desk, request, &id)
            }
            Some(on_the_way) => match self.call(desk, request, &id) {
                Answer::Now(reply) => Answer::Now(match on_the_way {
                    Action::CutAll => Reply { cut: Cut::Nothing, ..reply },
                    Action::CutHalf => Reply { cut: Cut::Half, ..reply },
                    Action::Delay(delay) => Reply { delay, ..reply },
                    _ => reply,
                }),
                after @ Answer::After(_) => after,
            },
        }
    }

    fn control(&mut self, desk: &mut Desk, request: &Request) -> Option<Reply> {
        if request.method != "GET" {
            self.world.org.changes();
        }
        control::answer(&mut self.world, desk, request)
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.world.org).unwrap_or_default()
    }

    fn load(&mut self, desk: &mut Desk, state: Value, afresh: bool) -> Result<(), String> {
        let mut org: Org = serde_json::from_value(state).map_err(|error| error.to_string())?;
        org.complete()?;
        if afresh {
            desk.clock = Clock::new(org.settings.clock);
            desk.windows.clear();
            let streams = std::mem::take(&mut self.world.streams);
            self.world = World { streams, ..World::default() };
        }
        self.world.org = org;
        self.world.seen = None;
        self.world.upcoming.clear();
        Ok(())
    }

    fn due(&mut self, desk: &mut Desk) -> Vec<Push> {
        let now = desk.clock.now();
        self.world.settle(now);
        stream::due(&mut self.world, desk, now);
        events::due(&mut self.world, desk, now)
    }

    fn pushed(&mut self, desk: &mut Desk, id: u64, outcome: Outcome) -> Option<Reply> {
        let now = desk.clock.now();
        if let Some(probe) = self.world.probes.remove(&id) {
            return Some(callbacks::probed(&mut self.world, probe, &outcome));
        }
        events::pushed(&mut self.world, now, id, &outcome);
        None
    }

    fn opens(&mut self, desk: &mut Desk, socket: SocketId, request: &Request) -> bool {
        stream::opens(&mut self.world, desk, socket, request)
    }

    fn opened(&mut self, desk: &mut Desk, socket: SocketId) {
        stream::opened(&mut self.world, desk, socket);
    }

    fn received(&mut self, desk: &mut Desk, socket: SocketId, text: &str) {
        stream::received(&mut self.world, desk, socket, text);
    }

    fn closed(&mut self, _: &mut Desk, socket: SocketId) {
        self.world.streams.close(socket);
    }

    fn describe(&self) -> Value {
        let calls: Vec<Value> = table::calls().map(Call::describe).collect();
        json!({ "vendor": "dingtalk", "calls": calls, "envelope": describe(table::ENVELOPE) })
    }
}

#[cfg(test)]
mod tests;
