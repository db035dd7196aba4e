//! Org units.

use super::{cleaned, shapes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

shapes! {
    /// An org unit to be made.
    CreateUnit = "IdaasCreateUnit" {
        /// What it is called.
        #[schema(pattern = "WORDS", min_length = 1, max_length = 256)]
        organizational_unit_name: String,
        /// The one above; `ou_root` at the top.
        #[schema(pattern = "ID", max_length = 256)]
        parent_id: String,
        /// The id in the client's own system.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 256)]
        organizational_unit_external_id: Option<String>,
        /// Anything to be remembered.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 1024)]
        description: Option<String>,
    }
    /// What becomes of an org unit.
    PatchUnit = "IdaasPatchUnit" {
        /// What it is called.
        #[serde(default)]
        #[schema(pattern = "WORDS", min_length = 1, max_length = 256)]
        organizational_unit_name: Option<String>,
        /// Anything to be remembered.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 1024)]
        description: Option<String>,
    }
    /// Where an org unit goes.
    Parent = "IdaasParent" {
        /// The one above.
        #[schema(pattern = "ID", max_length = 256)]
        parent_id: String,
    }
    /// The org units above.
    ParentIds = "IdaasParentIds" {
        /// The nearest one first.
        parent_ids: Vec<String>,
    }
    /// An org unit.
    Unit = "IdaasUnit" {
        /// The id.
        organizational_unit_id: String,
        /// As it was asked.
        instance_id: String,
        /// What it is called.
        organizational_unit_name: String,
        /// The one above.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        parent_id: Option<String>,
        /// The id in the client's own system.
        organizational_unit_external_id: String,
        /// Where it comes from.
        organizational_unit_source_type: String,
        /// Of which of those.
        organizational_unit_source_id: String,
        /// Anything to be remembered.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        description: Option<String>,
        /// Milliseconds since 1970.
        create_time: i64,
        /// Milliseconds since 1970.
        update_time: i64,
    }
    /// One page of org units.
    Units = "IdaasUnits" {
        /// In the order of ids.
        data: Vec<Unit>,
        /// How many there are.
        total_count: u64,
    }
}
