//! What is named, and what is looked up.

use super::{cleaned, shapes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

shapes! {
    /// A look-up.
    ByUsername = "IdaasByUsername" {
        /// Login name.
        #[schema(min_length = 1, max_length = 256)]
        username: String,
    }
    /// A look-up.
    ByEmail = "IdaasByEmail" {
        /// E-mail.
        #[schema(min_length = 1, max_length = 256)]
        email: String,
    }
    /// A look-up.
    ByPhone = "IdaasByPhone" {
        /// Telephone, without the country.
        #[schema(pattern = "^[0-9]{6,15}$", max_length = 15)]
        phone_number: String,
    }
    /// A look-up.
    ByExternalId = "IdaasByExternalId" {
        /// The id in the client's own system.
        #[schema(min_length = 1, max_length = 256)]
        user_external_id: String,
        /// Where it comes from.
        #[serde(default)]
        user_source_type: Option<String>,
        /// Of which of those.
        #[serde(default)]
        user_source_id: Option<String>,
    }
    /// An org unit to be named.
    UnitId = "IdaasUnitId" {
        /// The id.
        #[schema(pattern = "ID", max_length = 256)]
        organizational_unit_id: String,
    }
    /// Org units to be named.
    UnitIds = "IdaasUnitIds" {
        /// At most a hundred.
        #[schema(min_items = 1, max_items = 100)]
        organizational_unit_ids: Vec<String>,
    }
    /// Users to be named.
    UserIds = "IdaasUserIds" {
        /// At most a hundred.
        #[schema(min_items = 1, max_items = 100)]
        user_ids: Vec<String>,
    }
    /// Where the client may look.
    ProvisioningScope = "IdaasProvisioningScope" {
        /// With all below.
        organizational_unit_ids: Vec<String>,
        /// Always empty.
        group_ids: Vec<String>,
    }
    /// A problem.
    Refusal = "IdaasRefusal" {
        /// A number of its own.
        request_id: String,
        /// The kind.
        code: String,
        /// What happened and what to do.
        message: String,
    }
    /// A look-up.
    UnitByExternalId = "IdaasUnitByExternalId" {
        /// The id in the client's own system.
        #[schema(min_length = 1, max_length = 256)]
        organizational_unit_external_id: String,
        /// Where it comes from.
        #[serde(default)]
        organizational_unit_source_type: Option<String>,
        /// Of which of those.
        #[serde(default)]
        organizational_unit_source_id: Option<String>,
    }
}
