//! `adopt`: the first day at a destination that has people already.
//!
//! [`Engine::adopt_propose`] reads every account there and proposes whose it is. A person looks at the proposals and
//! changes what is wrong; [`Engine::adopt_link`] takes them back and makes a plan of links. Who matches nobody stays as he
//! is, and nobody is made.

mod line;
mod link;
mod propose;

pub use line::{Line, read_lines};
pub use link::Adoption;
pub(crate) use link::adopt;
pub use propose::{Proposals, Tally};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Delivery;
use rosterd_model::port::ScanStart;
use rosterd_model::record::{Change, Record};
use rosterd_model::spec::TierSpec;
use rosterd_model::{Class, ConnectionId, Fault, FaultKind};

impl Engine {
    /// The delivery to a destination.
    pub(crate) fn delivery(&self, destination: &str) -> Result<&Delivery, EngineError> {
        let found = self.policy.deliveries.iter().find(|delivery| delivery.destination.as_str() == destination);
        found.ok_or_else(|| {
            let known: Vec<&str> = self.policy.deliveries.iter().map(|d| d.destination.as_str()).collect();
            EngineError::NotFound(match known.as_slice() {
                [] => format!("nothing is delivered to \"{destination}\": rosterd.toml has no [deliver.CONNECTION]"),
                _ => format!("nothing is delivered to \"{destination}\"; there is {}", known.join(", ")),
            })
        })
    }

    /// Reads every account that a destination has, in its role as a source.
    async fn read_all(
        &self,
        destination: &ConnectionId,
        take: &mut (dyn FnMut(Record) -> Result<(), EngineError> + Send),
    ) -> Result<(), EngineError> {
        let failed = EngineError::of(destination);
        let mut source = self.connections.source(destination).await.map_err(&failed)?;
        let mut reader = source.open(&[Class::Account], ScanStart::Full).await.map_err(&failed)?;
        loop {
            let page = reader.next(self.settings.page_size).await.map_err(&failed)?;
            let end = page.end.is_some();
            for change in page.changes {
                match change {
                    Change::Upsert(record) if record.class == Class::Account => take(record)?,
                    Change::Rejected(rejection) => {
                        let text = format!("{}: {}", rejection.position, rejection.message);
                        return Err(failed(Fault::new(FaultKind::Incomplete, text)));
                    }
                    _ => {}
                }
            }
            if end {
                return Ok(());
            }
        }
    }
}

/// The rules by which accounts at a destination are found; an error if there are none.
fn tiers(delivery: &Delivery) -> Result<&[TierSpec], EngineError> {
    if delivery.correlate.is_empty() {
        let name = &delivery.destination;
        return Err(EngineError::Refused(format!(
            "nothing says by which attributes accounts of {name} are found; write correlate = [{{ tier = 1, match = [\"ATTRIBUTE\"] }}] into [deliver.{name}.account]"
        )));
    }
    Ok(&delivery.correlate)
}
