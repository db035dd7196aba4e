//! Streams of notifications: what comes is stored before the next wait, and a stream that ends is opened again.

use crate::living::{Living, hint};
use rosterd_engine::engine::Engine;
use rosterd_model::port::{
    BoxFuture, Connections, Connector, Destination, Hint, Listener, Probe, Source, Subscription,
};
use rosterd_model::{Class, ConnectionId, Fault, FaultKind};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// What one wait brings.
type Brought = Result<Vec<Hint>, Fault>;

/// What one attempt at a stream comes to: what it brings, or why there is none.
type Opened = Result<VecDeque<Brought>, Fault>;

/// Streams, each with what it brings; one that has brought all waits for ever. And what was asked of them.
#[derive(Clone, Default)]
struct Streams {
    next: Arc<Mutex<VecDeque<Opened>>>,
    said: Arc<Mutex<Vec<String>>>,
    more: Arc<Notify>,
}

impl Streams {
    fn say(&self, what: impl Into<String>) {
        self.said.lock().unwrap().push(what.into());
        self.more.notify_one();
    }
}

impl Connections for Streams {
    fn source<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async { Err(Fault::new(FaultKind::Internal, "nobody reads")) })
    }

    fn destination<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        Box::pin(async { Err(Fault::new(FaultKind::Internal, "nobody writes")) })
    }

    fn listener<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Listener>, Fault>> {
        Box::pin(async { Ok(Box::new(self.clone()) as Box<dyn Listener>) })
    }
}

impl Connector for Streams {
    fn identity(&self) -> String {
        "streams".to_owned()
    }

    fn digest(&self) -> String {
        "streams".to_owned()
    }

    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok("{}".to_owned()) })
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok("{}".to_owned()) })
    }
}

impl Listener for Streams {
    fn listen(&mut self, classes: &[Class]) -> BoxFuture<'_, Result<Box<dyn Subscription>, Fault>> {
        self.say(format!("listen {classes:?}"));
        let next = self.next.lock().unwrap().pop_front();
        Box::pin(async move {
            let brings = next.unwrap_or_else(|| Ok(VecDeque::new()))?;
            Ok(Box::new(Stream { streams: self.clone(), brings }) as Box<dyn Subscription>)
        })
    }
}

struct Stream {
    streams: Streams,
    brings: VecDeque<Brought>,
}

impl Subscription for Stream {
    fn next(&mut self, _: u32) -> BoxFuture<'_, Result<Vec<Hint>, Fault>> {
        self.streams.say("next");
        let brought = self.brings.pop_front();
        Box::pin(async move {
            match brought {
                Some(brought) => brought,
                None => std::future::pending().await,
            }
        })
    }
}

/// Listens until so many waits were begun; what was asked, and how many objects wait in the inbox.
async fn listen(living: &Living, streams: &Streams, waits: usize) -> (Vec<String>, u64) {
    let engine = Engine { connections: Arc::new(streams.clone()), ..living.engine.clone() };
    let connection: ConnectionId = "hr".parse().unwrap();
    let enough = async {
        while streams.said.lock().unwrap().iter().filter(|said| *said == "next").count() < waits {
            streams.more.notified().await;
        }
    };
    let came = |jobs: Vec<String>| streams.say(format!("wake {jobs:?}"));
    let rest = |wait: Duration| -> BoxFuture<'static, ()> {
        streams.say(format!("rest {} s", wait.as_secs()));
        Box::pin(std::future::ready(()))
    };
    tokio::select! {
        () = engine.listen(&connection, came, rest) => panic!("it does not end"),
        () = enough => {}
    }
    let said = streams.said.lock().unwrap().clone();
    (said, living.engine.waiting_hints(&connection).unwrap().objects)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_is_stored_before_the_next_wait_and_wakes_the_job() {
    let living = Living::with_people(3);
    let streams = Streams::default();
    let brings = VecDeque::from([Ok(vec![hint("e1", "101", false), hint("e2", "102", false)]), Ok(Vec::new())]);
    streams.next.lock().unwrap().push_back(Ok(brings));
    let (said, waiting) = listen(&living, &streams, 3).await;
    assert_eq!(said, ["listen [OrgUnit, Group, Account]", "next", "wake [\"hr\"]", "next", "next"]);
    assert_eq!(waiting, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_is_opened_again_after_a_while_that_grows() {
    let living = Living::with_people(3);
    let streams = Streams::default();
    let gone = || Fault::new(FaultKind::Transient, "the gateway went away");
    {
        let mut next = streams.next.lock().unwrap();
        next.push_back(Ok(VecDeque::from([Ok(vec![hint("e1", "101", false)]), Err(gone())])));
        next.push_back(Err(gone()));
        next.push_back(Err(gone()));
        next.push_back(Ok(VecDeque::from([Ok(vec![hint("e1", "101", false), hint("e2", "102", false)])])));
    }
    let (said, waiting) = listen(&living, &streams, 4).await;
    assert_eq!(said.iter().filter(|said| said.starts_with("listen")).count(), 4, "{said:?}");
    let rests: Vec<_> = said.iter().filter(|said| said.starts_with("rest")).collect();
    assert_eq!(rests, ["rest 1 s", "rest 2 s", "rest 4 s"]);
    assert_eq!(waiting, 2, "what was sent again counts once");
}
