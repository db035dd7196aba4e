//! One instance: one store on one thread of its own, with one queue. Calls are serial by construction.
//!
//! The thread is what makes a synchronous guest harmless: whatever it does, it blocks nobody else. Many short calls that wait
//! for the hub are made as tasks instead ([`Actor::call_here`]): to hand a call to a thread and to wake that thread twice takes
//! as long as the call. When a call traps, runs out of time or of memory, the store is dropped with everything in it; whether a
//! fresh one may take its place is decided by whoever holds the actor.

use crate::limit::LimitPassed;
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::state::{Control, State, Stopped, Way};
use crate::tape::words::{Answer, Call};
use crate::tape::{Halt, Seam};
use crate::version_log::VersionLog;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::port::BoxFuture;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Store, Trap};

/// What an instance is made of.
#[derive(Clone)]
pub(crate) struct Blueprint {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) pre: InstancePre<State>,
    /// The same for calls that are tasks: what waits for the hub there waits without a thread.
    pub(crate) pre_of_tasks: InstancePre<State>,
    pub(crate) shared: Arc<Shared>,
}

/// A live store.
pub(crate) struct Live {
    pub(crate) store: Store<State>,
    pub(crate) instance: Instance,
}

type Job = Box<dyn FnOnce(&mut Seat) + Send>;

/// What a thread holds.
struct Seat {
    blueprint: Blueprint,
    control: Arc<Control>,
    versions: Arc<Mutex<VersionLog>>,
    seam: Seam,
    live: Option<Live>,
    ended: bool,
}

/// Whether a fresh instance takes the place of one that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    /// Calls do not depend on each other.
    Fresh,
    /// What the ended instance held is lost, and with it the sense of further calls.
    Never,
}

/// The handle of an instance. The instance starts with the first call and ends with the handle.
pub(crate) struct Actor {
    blueprint: Blueprint,
    restart: Restart,
    thread: Option<Thread>,
    /// The instance without a thread, while no call of it is under way.
    seat: Option<Box<Seat>>,
    ended: Option<Fault>,
    versions: Arc<Mutex<VersionLog>>,
    seam: Seam,
    /// The call that is under way was ended by the host.
    trapped: bool,
}

struct Thread {
    jobs: mpsc::Sender<Job>,
    control: Arc<Control>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.control.stop();
    }
}

impl Actor {
    pub(crate) fn new(blueprint: &Blueprint, restart: Restart) -> Self {
        let (blueprint, versions, seam) = (blueprint.clone(), Arc::default(), blueprint.shared.seam());
        Self { blueprint, restart, thread: None, seat: None, ended: None, versions, seam, trapped: false }
    }

    /// What the host knows about what this instance read.
    pub(crate) fn versions(&self) -> Arc<Mutex<VersionLog>> {
        Arc::clone(&self.versions)
    }

    /// A call of the port begins, if anybody wants to know.
    pub(crate) fn begin(&mut self, call: impl FnOnce() -> Call) {
        self.trapped = false;
        if let Seam::Recording(track) = &self.seam {
            track.call(&call());
        }
    }

    /// And this is what it came to.
    pub(crate) fn end<T>(&mut self, outcome: &Result<T, Fault>, answer: impl FnOnce(&T) -> Answer) {
        if let Seam::Recording(track) = &self.seam {
            track.answer(outcome.as_ref().map(answer).map_err(Fault::clone), self.trapped);
        }
    }

    /// As [`Actor::end`], for calls that answer each object by itself and never fail as a whole.
    pub(crate) fn end_each<T>(&mut self, given: &T, answer: impl FnOnce(&T) -> Answer) {
        if let Seam::Recording(track) = &self.seam {
            track.answer(Ok(answer(given)), self.trapped);
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.blueprint.shared
    }

    /// Calls the guest. `what` names the call in errors: "scan", "apply".
    pub(crate) async fn call<T: Send + 'static>(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&mut Live) -> wasmtime::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        if let Some(fault) = &self.ended {
            return Err(fault.clone());
        }
        let (answer, waiting) = oneshot::channel();
        let job: Job = Box::new(move |seat| {
            let _ = answer.send(seat.run(what, work));
        });
        self.thread()?.jobs.send(job).map_err(|_| self.lost(what))?;
        let outcome = waiting.await.unwrap_or_else(|_| Err(Ended(self.lost(what))));
        outcome.map_err(|ended| {
            self.thread = None;
            self.note(ended)
        })
    }

    /// As [`Actor::call`], as a task in an instance without a thread: it computes beside other tasks, and what it waits for is
    /// waited for without a thread, as far as the host can. When the answer is dropped, the call ends.
    pub(crate) async fn call_here<T: Send + 'static>(
        &mut self,
        what: &'static str,
        work: impl for<'l> FnOnce(&'l mut Live) -> BoxFuture<'l, wasmtime::Result<T>> + Send + 'static,
    ) -> Result<T, Fault> {
        if let Some(fault) = &self.ended {
            return Err(fault.clone());
        }
        let mut seat = self.seat.take().unwrap_or_else(|| {
            let control = Arc::new(Control::new());
            Box::new(Seat::new(&self.blueprint, control, &self.versions, &self.seam))
        });
        let mut unfinished = Unfinished(Some(Arc::clone(&seat.control)));
        let task = self.blueprint.runtime.tasks(&self.blueprint.shared.runtime).spawn(async move {
            let outcome = seat.run_here(what, work).await;
            (outcome, seat)
        });
        let outcome = match task.await {
            Ok((outcome, seat)) => {
                self.seat = outcome.is_ok().then_some(seat);
                outcome
            }
            Err(_) => Err(Ended(self.lost(what))),
        };
        unfinished.0 = None;
        outcome.map_err(|ended| self.note(ended))
    }

    /// The instance has ended, with this fault.
    fn note(&mut self, Ended(fault): Ended) -> Fault {
        self.trapped = true;
        if self.restart == Restart::Never {
            self.ended = Some(fault.clone());
        }
        fault
    }

    fn thread(&mut self) -> Result<&Thread, Fault> {
        if self.thread.is_none() {
            self.thread = Some(start(&self.blueprint, &self.versions, &self.seam)?);
        }
        self.thread.as_ref().ok_or_else(|| self.lost("start"))
    }

    fn lost(&self, what: &str) -> Fault {
        self.blueprint.shared.identity.fault(
            FaultKind::Internal,
            format!("its thread ended during {what}; report this to the authors of rosterd"),
        )
    }
}

/// The instance has ended.
struct Ended(Fault);

/// A call for whose answer somebody waits; nobody does when this is dropped before.
struct Unfinished(Option<Arc<Control>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(control) = &self.0 {
            control.stop();
        }
    }
}

fn start(blueprint: &Blueprint, versions: &Arc<Mutex<VersionLog>>, seam: &Seam) -> Result<Thread, Fault> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let control = Arc::new(Control::new());
    let shared = Arc::clone(&blueprint.shared);
    let mut seat = Seat::new(blueprint, Arc::clone(&control), versions, seam);
    let work = move || {
        for job in queue {
            job(&mut seat);
            if seat.ended {
                break;
            }
        }
    };
    let name = format!("rosterd-{}", shared.connection.chars().take(7).collect::<String>());
    std::thread::Builder::new().name(name).spawn(work).map_err(|error| {
        shared.identity.fault(
            FaultKind::Transient,
            format!("no thread for it: {error}; the machine is short of memory or threads"),
        )
    })?;
    Ok(Thread { jobs, control })
}

impl Seat {
    fn new(blueprint: &Blueprint, control: Arc<Control>, versions: &Arc<Mutex<VersionLog>>, seam: &Seam) -> Self {
        let (blueprint, versions, seam) = (blueprint.clone(), Arc::clone(versions), seam.clone());
        Self { blueprint, control, versions, seam, live: None, ended: false }
    }

    /// Makes the store if there is none yet, and calls the guest. What ends the call ends the store.
    fn run<T>(&mut self, what: &'static str, work: impl FnOnce(&mut Live) -> wasmtime::Result<T>) -> Result<T, Ended> {
        let _running = self.blueprint.runtime.running();
        let live = match self.live.take() {
            Some(mut live) => {
                begin(&mut live.store);
                Ok(live)
            }
            None => self.instantiate(),
        };
        let answer = live.and_then(|mut live| {
            let answer = work(&mut live);
            self.keep(live, answer)
        });
        self.ended(what, answer)
    }

    /// As [`Seat::run`], as part of a task.
    async fn run_here<T>(
        &mut self,
        what: &'static str,
        work: impl for<'l> FnOnce(&'l mut Live) -> BoxFuture<'l, wasmtime::Result<T>>,
    ) -> Result<T, Ended> {
        let _running = self.blueprint.runtime.running();
        let live = match self.live.take() {
            Some(mut live) => {
                begin(&mut live.store);
                Ok(live)
            }
            None => self.instantiate_here().await,
        };
        let answer = match live {
            Ok(mut live) => {
                let answer = work(&mut live).await;
                self.keep(live, answer)
            }
            Err(error) => Err(error),
        };
        self.ended(what, answer)
    }

    /// Keeps the store for the next call. What ended the call ends the store with it.
    fn keep<T>(&mut self, mut live: Live, answer: wasmtime::Result<T>) -> wasmtime::Result<T> {
        live.store.data_mut().end_lines();
        #[cfg(any(feature = "testing", debug_assertions))]
        if let Some(hook) = &self.blueprint.shared.after_call {
            crate::memory::show(live.store.data().used.memory, &**hook);
        }
        answer.inspect(|_| self.live = Some(live))
    }

    /// Notes whether the instance has ended.
    fn ended<T>(&mut self, what: &'static str, answer: wasmtime::Result<T>) -> Result<T, Ended> {
        answer.map_err(|error| {
            self.ended = true;
            let fault = explain(&self.blueprint.shared, what, &error);
            tracing::debug!(target: "connector", connection = %self.blueprint.shared.connection, "an instance ended: {fault}");
            Ended(fault)
        })
    }

    fn store(&self, way: Way) -> Store<State> {
        let state = State::new(&self.blueprint.shared, &self.control, &self.versions, &self.seam, way);
        let mut store = Store::new(&self.blueprint.runtime.engine, state);
        store.limiter(|state| state);
        store.epoch_deadline_callback(|mut context| context.data_mut().tick());
        begin(&mut store);
        store
    }

    fn instantiate(&self) -> wasmtime::Result<Live> {
        let mut store = self.store(Way::Thread);
        let instance = self.blueprint.pre.instantiate(&mut store)?;
        Ok(self.started(store, instance))
    }

    async fn instantiate_here(&mut self) -> wasmtime::Result<Live> {
        let mut store = self.store(Way::Task);
        let instance = self.blueprint.pre_of_tasks.instantiate_async(&mut store).await?;
        Ok(self.started(store, instance))
    }

    fn started(&self, store: Store<State>, instance: Instance) -> Live {
        let (connection, identity) = (&self.blueprint.shared.connection, &self.blueprint.shared.identity);
        tracing::debug!(target: "connector", %connection, connector = %identity, "an instance started");
        Live { store, instance }
    }
}

fn begin(store: &mut Store<State>) {
    store.data_mut().begin_call();
    store.set_epoch_deadline(1);
}

/// Why a call ended, for an operator: the connector, the limit and its value, or what its author must mend.
fn explain(shared: &Shared, what: &str, error: &wasmtime::Error) -> Fault {
    let author = "report this to the author of the connector";
    match error.downcast_ref::<Halt>() {
        Some(Halt::AsRecorded(fault)) => return fault.clone(),
        Some(halt) => return shared.identity.fault(FaultKind::Internal, format!("{what}: {halt}")),
        None => {}
    }
    let (kind, text) = if let Some(passed) = error.downcast_ref::<LimitPassed>() {
        let kind = if passed.key.starts_with("call-") { FaultKind::Timeout } else { FaultKind::Internal };
        (kind, format!("{what}: {}", passed.sentence(&shared.limits, &shared.connection)))
    } else if error.downcast_ref::<Stopped>().is_some() {
        (FaultKind::Cancelled, format!("{what}: the run is being stopped"))
    } else {
        let reason = match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) => format!("it panicked or gave up; see its log, and {author}"),
            Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => {
                format!("its stack or memory was overrun, most likely by a recursion without end; {author}")
            }
            Some(trap) => format!("it trapped ({trap}); {author}"),
            None => format!("it can not go on ({}); {author}", error.root_cause()),
        };
        (FaultKind::Internal, format!("{what}: {reason}"))
    };
    shared.redactor.fault(shared.identity.fault(kind, text))
}
