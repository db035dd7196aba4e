//! One instance of a component, called by the words of a tape.

use super::words::{Answer, Bytes, Call};
use crate::Connection;
use crate::manifest::Role;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::port;

/// An instance in the role that it had.
pub(super) enum Stage {
    Plain(Box<dyn port::Connector>),
    Source(Box<dyn port::Source>, Option<Box<dyn port::Reader>>),
    Destination(Box<dyn port::Destination>),
    Receiver(Box<dyn port::Receiver>),
    Listener(Box<dyn port::Listener>, Option<Box<dyn port::Subscription>>),
}

/// The role whose call this is; none: every connector answers it.
pub(super) const fn role(call: &Call) -> Option<Role> {
    match call {
        Call::Describe | Call::Check | Call::Discover => None,
        Call::Open { .. } | Call::Next { .. } | Call::Version | Call::Read { .. } => Some(Role::Source),
        Call::Apply { .. } | Call::Finish | Call::Find { .. } | Call::LookAt { .. } => Some(Role::Destination),
        Call::Handle { .. } => Some(Role::Receiver),
        Call::Listen { .. } | Call::Hints { .. } => Some(Role::Listener),
    }
}

impl Stage {
    /// The instance starts with its first call.
    pub(super) fn new(connection: &Connection, role: Option<Role>) -> Result<Self, Fault> {
        Ok(match role {
            None => Self::Plain(connection.connector()?),
            Some(Role::Source) => Self::Source(connection.source()?, None),
            Some(Role::Destination) => Self::Destination(connection.destination()?),
            Some(Role::Receiver) => Self::Receiver(connection.receiver()?),
            Some(Role::Listener) => Self::Listener(connection.listener()?, None),
        })
    }

    /// Calls it.
    pub(super) async fn call(&mut self, call: &Call) -> Result<Answer, Fault> {
        let call = call.clone();
        match (self, call) {
            (Self::Plain(own), call) => plain(own.as_mut(), call).await,
            (Self::Source(own, reader), Call::Open { classes, start }) => {
                *reader = Some(own.open(&classes, start).await?);
                Ok(Answer::Done)
            }
            (Self::Source(_, Some(reader)), Call::Next { max }) => reader.next(max).await.map(Answer::Page),
            (Self::Source(own, _), Call::Read { objects }) => Ok(Answer::Records(own.read(objects).await)),
            (Self::Source(own, _), Call::Version) => own.version().await.map(Answer::Version),
            (Self::Source(own, _), call) => plain(own.as_mut(), call).await,
            (Self::Destination(own), Call::Apply { requests }) => Ok(Answer::Receipts(own.apply(requests).await)),
            (Self::Destination(own), Call::Finish) => own.finish().await.map(|()| Answer::Done),
            (Self::Destination(own), Call::Find { class, attribute, value }) => {
                own.find(class, attribute, value).await.map(Answer::Found)
            }
            (Self::Destination(own), Call::LookAt { objects }) => Ok(Answer::Records(own.read(objects).await)),
            (Self::Destination(own), call) => plain(own.as_mut(), call).await,
            (Self::Receiver(own), Call::Handle { method, path, query, headers, body: Bytes(body), context }) => {
                let call = port::Call { method, path, query, headers, body, context };
                own.handle(call).await.map(|answer| Answer::response(&answer))
            }
            (Self::Receiver(own), call) => plain(own.as_mut(), call).await,
            (Self::Listener(own, subscription), Call::Listen { classes }) => {
                *subscription = Some(own.listen(&classes).await?);
                Ok(Answer::Done)
            }
            (Self::Listener(_, Some(subscription)), Call::Hints { timeout_ms }) => {
                subscription.next(timeout_ms).await.map(Answer::Hints)
            }
            (Self::Listener(own, _), call) => plain(own.as_mut(), call).await,
        }
    }
}

async fn plain<T: port::Connector + ?Sized>(own: &mut T, call: Call) -> Result<Answer, Fault> {
    match call {
        Call::Describe => own.describe().await.map(Answer::Text),
        Call::Check => own.check().await.map(Answer::Probes),
        Call::Discover => own.discover().await.map(Answer::Text),
        other => {
            let text = format!("the tape has a {} where no such instance is open", other.name());
            Err(Fault::new(FaultKind::Internal, text))
        }
    }
}
