//! Between the generated bindings and the traits of this crate. Public for the export macros only.
#![doc(hidden)]

use crate::bindings::{connector_part, destination_part, listener_part, receiver_part, source_part};
use crate::connector::{Connector, Probe};
use crate::destination::{Destination, Operation, Receipt};
use crate::fault::Fault;
use crate::listener::{Listener, Subscription};
use crate::receiver::{Answer, Receiver, Request};
use crate::record::{Class, Hint, Object, ObjectRef};
use crate::source::{Page, Reader, Source};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::thread::LocalKey;

/// A connector whose one instance lives in a place of its own; `export_connector!` makes the place.
pub trait Hosted: Connector {
    /// The place.
    fn place() -> &'static LocalKey<RefCell<Option<Self>>>;
}

/// The type that is exported for the connector `T`.
#[derive(Debug)]
pub struct Exported<T>(PhantomData<T>);

/// A resource that the host holds: calls come one at a time, so the borrow never fails.
#[derive(Debug)]
pub struct Held<R>(RefCell<R>);

/// Runs `work` on the connector, which is made from the settings first if there is none yet.
fn with<T: Hosted, R>(work: impl FnOnce(&mut T) -> Result<R, Fault>) -> Result<R, Fault> {
    log_panics();
    T::place().with_borrow_mut(|place| {
        let connector = match place {
            Some(connector) => connector,
            None => place.insert(T::open(crate::settings::read()?)?),
        };
        work(connector)
    })
}

/// A trap says nothing about its cause, so the message goes to the log before it.
fn log_panics() {
    #[cfg(target_arch = "wasm32")]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            std::panic::set_hook(Box::new(|panic| crate::log::error(&format!("the connector broke off: {panic}"))));
        });
    }
}

impl<T: Hosted> connector_part::exports::rosterd::connector::connector::Guest for Exported<T> {
    fn describe() -> String {
        log_panics();
        T::describe().to_json()
    }
    fn check() -> Result<Vec<Probe>, Fault> {
        with(T::check)
    }
    fn discover() -> Result<String, Fault> {
        with(T::discover)
    }
}

impl<T: Hosted + Source> source_part::exports::rosterd::connector::source::Guest for Exported<T> {
    type Reader = Held<T::Reader>;

    fn scan(classes: Vec<Class>, resume: Option<String>) -> Result<SourceReader, Fault> {
        with(|source: &mut T| source.scan(&classes, resume)).map(|reader| SourceReader::new(Held(RefCell::new(reader))))
    }
    fn changes_since(classes: Vec<Class>, cursor: String) -> Result<SourceReader, Fault> {
        with(|source: &mut T| source.changes_since(&classes, cursor))
            .map(|reader| SourceReader::new(Held(RefCell::new(reader))))
    }
    fn read(objects: Vec<ObjectRef>) -> Vec<Result<Option<Object>, Fault>> {
        with(|source: &mut T| Ok(source.read(&objects)))
            .unwrap_or_else(|fault| objects.iter().map(|_| Err(fault.clone())).collect())
    }
}
use source_part::exports::rosterd::connector::source::Reader as SourceReader;

impl<R: Reader> source_part::exports::rosterd::connector::source::GuestReader for Held<R> {
    fn next(&self, max: u32) -> Result<Page, Fault> {
        self.0.borrow_mut().next(max)
    }
}

impl<T: Hosted + Destination> destination_part::exports::rosterd::connector::destination::Guest for Exported<T> {
    fn apply(operations: Vec<Operation>) -> Vec<Receipt> {
        let count = operations.len();
        with(|destination: &mut T| Ok(destination.apply(operations)))
            .unwrap_or_else(|fault| (0..count).map(|_| Receipt::NotAttempted(fault.clone())).collect())
    }
    fn find(class: Class, attribute: String, value: String) -> Result<Vec<Object>, Fault> {
        with(|destination: &mut T| destination.find(class, &attribute, &value))
    }
    fn read(objects: Vec<ObjectRef>) -> Vec<Result<Option<Object>, Fault>> {
        with(|destination: &mut T| Ok(destination.read(&objects)))
            .unwrap_or_else(|fault| objects.iter().map(|_| Err(fault.clone())).collect())
    }
    fn finish() -> Result<(), Fault> {
        with(T::finish)
    }
}

impl<T: Hosted + Receiver> receiver_part::exports::rosterd::connector::receiver::Guest for Exported<T> {
    fn handle(request: Request) -> Answer {
        with(|receiver: &mut T| Ok(receiver.handle(request))).unwrap_or_else(|fault| {
            crate::log::error(&fault.message);
            Answer::status(503, Vec::new())
        })
    }
}

impl<T: Hosted + Listener> listener_part::exports::rosterd::connector::listener::Guest for Exported<T> {
    type Subscription = Held<T::Subscription>;

    fn listen(classes: Vec<Class>) -> Result<ListenerSubscription, Fault> {
        with(|listener: &mut T| listener.listen(&classes))
            .map(|subscription| ListenerSubscription::new(Held(RefCell::new(subscription))))
    }
}
use listener_part::exports::rosterd::connector::listener::Subscription as ListenerSubscription;

impl<S: Subscription> listener_part::exports::rosterd::connector::listener::GuestSubscription for Held<S> {
    fn next(&self, timeout_ms: u32) -> Result<Vec<Hint>, Fault> {
        self.0.borrow_mut().next(timeout_ms)
    }
}
