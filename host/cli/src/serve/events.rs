//! What remote systems tell between two runs: requests that they send, streams that connectors keep open. Both end in the
//! inbox, and what is in there is looked at at once.

use super::clients::StoredClients;
use super::hub::{Generation, Hub};
use super::work::hints;
use crate::clock::SystemClock;
use crate::config::EventWay;
use crate::error::{CommandError, ErrorKind};
use rosterd_model::ConnectionId;
use rosterd_model::port::{Answer, BoxFuture, Call, Connections as _, Receiver};
use rosterd_server::api::StoreView;
use rosterd_server::{Receive, Server, Tls};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

/// Requests that one connection answers at once, each in an instance of its own.
const MOST_AT_ONCE: usize = 4;
/// The same of a connection whose clients push: who waits for the disk waits together with the others, so more at once are
/// stored by fewer transactions.
const MOST_THAT_PUSH: usize = 64;
/// Requests that wait for an instance; further ones are asked to come again.
const MOST_WAITING: usize = 64;
/// Hints that come within this time are looked at together.
const TOGETHER: Duration = Duration::from_millis(200);

/// Tasks that end when this is dropped.
pub(super) struct Hearing {
    tasks: Vec<JoinHandle<()>>,
    /// Where remote systems and clients call, if they can.
    calls: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Hearing {
    /// Takes nothing new, and answers what came; what still is not answered then is sent again by whoever sent it.
    pub(super) async fn end(mut self) {
        if let Some((stop, work)) = self.calls.take() {
            stop.send_replace(true);
            // It ends by itself, in a bounded time.
            let _ = work.await;
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        if let Some((_, work)) = &self.calls {
            work.abort();
        }
    }
}

/// Begins to receive and to listen as the configuration says.
///
/// # Errors
/// The address is in use, or not of this machine.
pub(super) async fn start(hub: &Arc<Hub>) -> Result<Hearing, CommandError> {
    let came = Arc::new(Notify::new());
    let mut tasks = vec![tokio::spawn(look(Arc::downgrade(hub), Arc::clone(&came)))];
    tasks.push(tokio::spawn(listen(Arc::downgrade(hub), Arc::clone(&came))));
    let generation = hub.generation();
    let serve = &generation.config.file.serve;
    let mut calls = None;
    if let Some(text) = &serve.receive {
        let address: SocketAddr =
            text.parse().map_err(|_| CommandError::config(format!("\"{text}\" is no address to listen at")))?;
        let (stop, stopped) = watch::channel(false);
        let logins = super::logins::start(hub)?;
        tasks.push(tokio::spawn(super::logins::keep(Arc::downgrade(hub), logins.clone())));
        let server = Server {
            receive: receiving(Arc::downgrade(hub), came),
            clients: Arc::new(StoredClients(Arc::downgrade(hub))),
            public_url: serve.public_url.as_deref().unwrap_or_default().trim_end_matches('/').to_owned(),
            clock: Arc::new(SystemClock),
            tls: tls(&generation)?,
            api: Some(rosterd_server::api::router(Arc::new(StoreView::new(
                Arc::clone(&hub.store),
                Arc::new(SystemClock),
            )))),
            tell: Some(Arc::new(rosterd_server::api::tell)),
            login: Some(
                rosterd_server::login::router(logins).merge(rosterd_server::keys::router(super::keys::keys(hub))),
            ),
            stop: stopped,
        };
        let (bound, work) = rosterd_server::serve_hub(address, server).await.map_err(|error| {
            CommandError::new(ErrorKind::Config, format!("failed to listen at {address}, which [serve] receive names"))
                .because(&error)
                .hint("stop what listens there, or name another port")
        })?;
        let tls = serve.tls.is_some();
        tracing::info!(address = %bound, tls, "remote systems can call, and clients can");
        calls = Some((stop, tokio::spawn(work)));
    }
    Ok(Hearing { tasks, calls })
}

/// The certificate of the configuration.
fn tls(generation: &Generation) -> Result<Option<Tls>, CommandError> {
    let config = &generation.config;
    let Some(table) = &config.file.serve.tls else { return Ok(None) };
    let loaded = Tls::load(&config.resolve(&table.certificate), &config.resolve(&table.key));
    loaded.map(Some).map_err(|error| CommandError::config(error.to_string()))
}

/// Looks at the inbox whenever something came.
async fn look(hub: Weak<Hub>, came: Arc<Notify>) {
    loop {
        came.notified().await;
        tokio::time::sleep(TOGETHER).await;
        let Some(hub) = hub.upgrade() else { return };
        if let Err(error) = hints(&hub.engine("event")).await {
            hub.examine(&error);
            tracing::warn!(%error, "events were not looked at; it is tried again");
        }
    }
}

/// Keeps the streams of the present configuration open.
async fn listen(hub: Weak<Hub>, came: Arc<Notify>) {
    loop {
        let Some(strong) = hub.upgrade() else { return };
        let mut changed = strong.changed.subscribe();
        let generation = strong.generation();
        let mut streams = JoinSet::new();
        for connection in heard(&generation, EventWay::Listen) {
            let (engine, came) = (strong.engine("event"), Arc::clone(&came));
            let rest = |wait| -> BoxFuture<'static, ()> { Box::pin(tokio::time::sleep(wait)) };
            streams.spawn(async move { engine.listen(&connection, |_| came.notify_one(), rest).await });
        }
        drop((generation, strong));
        // Another configuration may have other streams. Whoever has the sender is the hub: without it we are done.
        if changed.changed().await.is_err() {
            return;
        }
    }
}

/// The connections of a configuration to which events come this way.
fn heard(generation: &Generation, way: EventWay) -> Vec<ConnectionId> {
    let all = generation.config.file.connection.iter();
    all.filter(|(_, table)| table.hears(way)).map(|(name, _)| name.clone()).collect()
}

/// Answers requests.
fn receiving(hub: Weak<Hub>, came: Arc<Notify>) -> Receive {
    let desks: Arc<Mutex<BTreeMap<String, Arc<Desk>>>> = Arc::default();
    Arc::new(move |name: String, call: Call| -> BoxFuture<'static, Option<Answer>> {
        let (hub, came, desks) = (hub.clone(), Arc::clone(&came), Arc::clone(&desks));
        Box::pin(async move {
            let hub = hub.upgrade()?;
            let generation = hub.generation();
            let connection: ConnectionId = name.parse().ok()?;
            if !generation.config.file.connection.get(&connection)?.hears(EventWay::Receive) {
                return None;
            }
            let desk = {
                let mut desks = desks.lock().unwrap_or_else(PoisonError::into_inner);
                let known = desks.entry(name).or_insert_with(|| Desk::of(&generation, &connection));
                if !Arc::ptr_eq(&known.generation, &generation) {
                    *known = Desk::of(&generation, &connection);
                }
                Arc::clone(known)
            };
            Some(desk.answer(&hub, &connection, call, &came).await)
        })
    })
}

/// The instances of one connection that answer requests.
struct Desk {
    generation: Arc<Generation>,
    idle: Mutex<Vec<Box<dyn Receiver>>>,
    seats: Semaphore,
    waiting: Semaphore,
}

impl Desk {
    fn of(generation: &Arc<Generation>, connection: &ConnectionId) -> Arc<Self> {
        let table = generation.config.file.connection.get(connection);
        let most = if table.is_some_and(|table| table.grants.directory) { MOST_THAT_PUSH } else { MOST_AT_ONCE };
        let (seats, waiting) = (Semaphore::new(most), Semaphore::new(most + MOST_WAITING));
        Arc::new(Self { generation: Arc::clone(generation), idle: Mutex::default(), seats, waiting })
    }

    /// Asks the connector, and stores what it says to look at before the answer goes out. Whatever fails is 503, so that
    /// the remote system comes again.
    async fn answer(&self, hub: &Arc<Hub>, connection: &ConnectionId, call: Call, came: &Notify) -> Answer {
        let Ok(_place) = self.waiting.try_acquire() else {
            tracing::warn!(%connection, "too many requests wait; one was asked to come again");
            return unavailable();
        };
        let Ok(_seat) = self.seats.acquire().await else { return unavailable() };
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let opened = match idle {
            Some(receiver) => Ok(receiver),
            None => self.generation.connections.receiver(connection).await,
        };
        let handled = match opened {
            Ok(mut receiver) => {
                let answer = receiver.handle(call).await;
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(receiver);
                answer
            }
            Err(fault) => Err(fault),
        };
        let mut answer = match handled {
            Ok(answer) => answer,
            Err(fault) => {
                tracing::error!(%connection, "a request was not answered: {fault}");
                return unavailable();
            }
        };
        let hints = std::mem::take(&mut answer.hints);
        if hints.is_empty() {
            return answer;
        }
        match hub.engine("event").keep(connection, hints).await {
            Ok(_) => came.notify_one(),
            Err(error) => {
                hub.examine(&error);
                tracing::error!(%connection, %error, "what a request told could not be stored");
                return unavailable();
            }
        }
        answer
    }
}

fn unavailable() -> Answer {
    Answer {
        status: 503,
        headers: vec![("retry-after".to_owned(), "30".to_owned())],
        body: Vec::new(),
        hints: Vec::new(),
    }
}
