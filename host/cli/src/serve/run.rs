//! The life of the service: open the store, listen, run what is due, and end where a later process can go on.

use super::hub::{Generation, Hub, standing};
use super::work::{CHORES, HubWork};
use super::{events, log, notify, server, socket, watch};
use crate::clock::SystemClock;
use crate::context::Context;
use crate::error::{CommandError, ErrorKind};
use rosterd_engine::scheduler::Scheduler;
use rosterd_engine::{Events, Gate};
use rosterd_model::port::Clock as _;
use rosterd_server::Metrics;
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};
use std::path::Path;
use std::sync::{Arc, OnceLock, RwLock};
use tokio::sync::mpsc;

/// What the service came to: why it ended.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Served {
    /// The signal.
    pub(crate) because: &'static str,
    /// True: everything that ran reached a place from which it can go on.
    pub(crate) in_order: bool,
}

/// Serves until a signal asks it to end.
///
/// # Errors
/// It can not be started: the configuration is broken, the store is taken, an address is in use.
pub(crate) fn serve(context: &Context) -> Result<Served, CommandError> {
    let path = context.config_path()?;
    // Signals are caught from the first moment: one that comes while the store is opened ends the service in order.
    let signals = signals()?;
    let store = Arc::clone(context.store()?);
    let runtime = context.handle()?;
    let host = context.connector_host()?.clone();
    let generation = Generation::load(&path, &host, &store)?;
    for broken in generation.broken_plugins() {
        tracing::error!("{broken}; its jobs will fail until it is mended");
    }
    let metrics = Arc::new(Metrics::default());
    let (notices, inbox) = notify::channel();
    let counted = Arc::clone(&metrics);
    let events = Events::all(vec![Events::new(log::event), Events::new(move |event| counted.event(event)), notices]);
    let hub = Arc::new(Hub {
        path,
        store: Arc::clone(&store),
        host,
        runtime: runtime.clone(),
        gate: Gate::default(),
        delivering: rosterd_engine::engine::Delivering::default(),
        events,
        metrics,
        since: SystemClock.now(),
        scheduler: OnceLock::new(),
        broken: tokio::sync::watch::Sender::new(None),
        generation: RwLock::new(Arc::new(generation)),
        changed: tokio::sync::watch::Sender::new(()),
    });
    hub.generation().connections.serve_directories(super::directory::directories(&hub));
    let at_once = hub.generation().config.file.serve.at_once;
    let work = Arc::new(HubWork(Arc::downgrade(&hub)));
    let scheduler = Scheduler::new(Arc::new(SystemClock), work, at_once, CHORES);
    scheduler.replace(standing(&hub.generation().config, &store)?);
    let scheduler = hub.scheduler.get_or_init(|| scheduler).clone();
    let control = socket::path_beside(store.path());
    let served = context.block_on(life(&hub, &scheduler, &control, signals, inbox));
    // Commands that are still answered keep the store; the process ends all the same, and what they had committed stays.
    let _ = std::fs::remove_file(&control);
    served
}

async fn life(
    hub: &Arc<Hub>,
    scheduler: &Scheduler,
    control: &Path,
    mut signals: mpsc::UnboundedReceiver<i32>,
    inbox: notify::Inbox,
) -> Result<Served, CommandError> {
    let metrics = watch::start(hub).await?;
    let hearing = events::start(hub).await?;
    let listener = socket::listen(control)?;
    let internal =
        |error: &std::io::Error| CommandError::internal("failed to wait at the control socket").because(error);
    listener.set_nonblocking(true).map_err(|error| internal(&error))?;
    let listener = tokio::net::UnixListener::from_std(listener).map_err(|error| internal(&error))?;
    let commands = tokio::spawn(server::serve(Arc::clone(hub), listener));
    let notifying = tokio::spawn(notify::send_all(Arc::clone(hub), inbox));
    let scheduling = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.serve().await }
    });
    tracing::info!(
        store = %hub.store.path().display(),
        control = %control.display(),
        jobs = scheduler.jobs().len(),
        "rosterd serves"
    );
    let mut broken = hub.broken.subscribe();
    let because = loop {
        let signal = tokio::select! {
            signal = signals.recv() => signal,
            _ = broken.changed() => break BROKEN,
        };
        match signal {
            Some(SIGHUP) => {
                let hub = Arc::clone(hub);
                // What it answers is in the log.
                let _ = tokio::task::spawn_blocking(move || hub.reload()).await;
            }
            Some(SIGINT) => break "SIGINT",
            Some(_) => break "SIGTERM",
            None => break "no signals can be received",
        }
    };
    let grace = hub.generation().config.file.serve.grace.0;
    tracing::info!(because, grace = ?grace, "rosterd stops: nothing new is started, what runs goes to a safe place");
    scheduler.stop();
    hub.gate.stop();
    let ended = async { tokio::join!(scheduling, hearing.end()) };
    let in_order = tokio::select! {
        done = tokio::time::timeout(grace, ended) => done.is_ok(),
        // A second signal means now.
        _ = signals.recv() => false,
    };
    commands.abort();
    notifying.abort();
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    tracing::info!(in_order, "rosterd has stopped");
    if let Some(error) = broken.borrow().clone() {
        return Err(CommandError::new(ErrorKind::Store, error).hint("rosterd serve has ended; start it again"));
    }
    Ok(Served { because, in_order })
}

/// Signals as they come. A thread waits for them, because a handler may do next to nothing.
fn signals() -> Result<mpsc::UnboundedReceiver<i32>, CommandError> {
    let failed = |error: &std::io::Error| CommandError::internal("failed to listen for signals").because(error);
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(|error| failed(&error))?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let forward = move || {
        for signal in signals.forever() {
            if sender.send(signal).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(forward).map_err(|error| failed(&error))?;
    Ok(receiver)
}

/// Why the service ends by itself.
const BROKEN: &str = "the store can not be used any more";
