//! What a connector says about its destination, as far as delivery depends on it.

use rosterd_model::Class;
use rosterd_model::port::Destination;
use serde_json::Value;

/// What delivery needs to know of a connector.
#[derive(Debug, Clone, Default)]
pub(super) struct Traits {
    /// Digest of the component.
    pub(super) digest: String,
    /// Operations in one call.
    pub(super) maximum_batch: Option<usize>,
    /// Classes whose ids never change.
    immutable: Vec<Class>,
    /// Receipts count once the run is finished.
    pub(super) late: bool,
}

impl Traits {
    /// Asks the connector. What it does not say is assumed to be the harder case.
    pub(super) async fn of(destination: &mut dyn Destination) -> Self {
        let text = destination.describe().await.unwrap_or_default();
        let described: Value = serde_json::from_str(&text).unwrap_or_default();
        let of = |class: &Class| &described["classes"][class.as_str()]["id"];
        Self {
            digest: destination.digest(),
            maximum_batch: described["maximum-batch"].as_u64().and_then(|most| usize::try_from(most).ok()),
            immutable: Class::ALL.into_iter().filter(|class| of(class) == "immutable").collect(),
            late: destination.settles_after_finish(),
        }
    }

    /// True if an id that is not found is gone.
    pub(super) fn immutable_ids(&self, class: Class) -> bool {
        self.immutable.contains(&class)
    }
}
