//! Users.

use super::{cleaned, shapes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

shapes! {
    /// A field of the company's own.
    CustomField = "IdaasCustomField" {
        /// Its name.
        #[schema(pattern = "OWN", max_length = 64)]
        field_name: String,
        /// Its value, as text.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schema(pattern = "TEXT", max_length = 4096)]
        field_value: Option<String>,
    }
    /// A field of the company's own, as it is kept.
    FieldOfUser = "IdaasFieldOfUser" {
        /// Its name.
        field_name: String,
        /// Its value, as text.
        field_value: String,
    }
    /// What becomes of a field of the company's own.
    CustomFieldChange = "IdaasCustomFieldChange" {
        /// Its name.
        #[schema(pattern = "OWN", max_length = 64)]
        field_name: String,
        /// Its value, as text.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schema(pattern = "TEXT", max_length = 4096)]
        field_value: Option<String>,
        /// `add`, `replace` or `remove`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schema(pattern = "^(add|replace|remove)$")]
        operation: Option<String>,
        /// The same, by its former name.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schema(pattern = "^(add|replace|remove)$")]
        operator: Option<String>,
    }
    /// How a first password is made. The hub makes those by its own rules, and looks at nothing of this.
    PasswordInitialization = "IdaasPasswordInitialization" {
        /// Whose rules.
        #[serde(default)]
        password_initialization_policy_priority: Option<String>,
        /// How.
        #[serde(default)]
        password_initialization_type: Option<String>,
        /// Whether it has to be changed.
        #[serde(default)]
        password_forced_update_status: Option<String>,
        /// How it is handed over.
        #[serde(default)]
        user_notification_channels: Option<Vec<String>>,
    }
    /// A user to be made.
    CreateUser = "IdaasCreateUser" {
        /// Login name.
        #[schema(pattern = "NAME", min_length = 1, max_length = 256)]
        username: String,
        /// The org unit where the user is.
        #[schema(pattern = "ID", max_length = 256)]
        primary_organizational_unit_id: String,
        /// How the user is called.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 256)]
        display_name: Option<String>,
        /// E-mail; together with `emailVerified`.
        #[serde(default)]
        #[schema(pattern = "EMAIL", max_length = 254)]
        email: Option<String>,
        /// Whether the address was checked.
        #[serde(default)]
        email_verified: Option<bool>,
        /// Country of the telephone, without + or 00.
        #[serde(default)]
        #[schema(pattern = "^[1-9][0-9]{0,5}$", max_length = 6)]
        phone_region: Option<String>,
        /// Telephone; together with `phoneRegion` and `phoneNumberVerified`.
        #[serde(default)]
        #[schema(pattern = "^[0-9]{6,15}$", max_length = 15)]
        phone_number: Option<String>,
        /// Whether the telephone was checked.
        #[serde(default)]
        phone_number_verified: Option<bool>,
        /// Never taken: the directory keeps no passwords.
        #[serde(default)]
        #[schema(write_only, max_length = 256)]
        password: Option<String>,
        /// How a first password is made.
        #[serde(default)]
        password_initialization_config: Option<PasswordInitialization>,
        /// Anything to be remembered.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 1024)]
        description: Option<String>,
        /// The id in the client's own system.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 256)]
        user_external_id: Option<String>,
        /// Fields of the company's own.
        #[serde(default)]
        #[schema(max_items = 100)]
        custom_fields: Option<Vec<CustomField>>,
    }
    /// What becomes of a user.
    PatchUser = "IdaasPatchUser" {
        /// Login name.
        #[serde(default)]
        #[schema(pattern = "NAME", min_length = 1, max_length = 256)]
        username: Option<String>,
        /// How the user is called.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 256)]
        display_name: Option<String>,
        /// E-mail; together with `emailVerified`.
        #[serde(default)]
        #[schema(pattern = "EMAIL", max_length = 254)]
        email: Option<String>,
        /// Whether the address was checked.
        #[serde(default)]
        email_verified: Option<bool>,
        /// Country of the telephone.
        #[serde(default)]
        #[schema(pattern = "^[1-9][0-9]{0,5}$", max_length = 6)]
        phone_region: Option<String>,
        /// Telephone.
        #[serde(default)]
        #[schema(pattern = "^[0-9]{6,15}$", max_length = 15)]
        phone_number: Option<String>,
        /// Whether the telephone was checked.
        #[serde(default)]
        phone_number_verified: Option<bool>,
        /// Fields of the company's own.
        #[serde(default)]
        #[schema(max_items = 100)]
        custom_fields: Option<Vec<CustomFieldChange>>,
    }
    /// An id of a user.
    UserId = "IdaasUserId" {
        /// The id.
        user_id: String,
    }
    /// An org unit of a user.
    UnitOfUser = "IdaasUnitOfUser" {
        /// The id.
        organizational_unit_id: String,
        /// What it is called.
        organizational_unit_name: String,
        /// Whether it is the one where the user is.
        primary: bool,
    }
    /// A group of a user.
    GroupOfUser = "IdaasGroupOfUser" {
        /// The id.
        group_id: String,
        /// What it is called.
        group_name: String,
        /// Anything to be remembered.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        description: Option<String>,
    }
    /// A user.
    User = "IdaasUser" {
        /// The id.
        user_id: String,
        /// As it was asked.
        instance_id: String,
        /// Login name.
        username: String,
        /// How the user is called.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        display_name: Option<String>,
        /// E-mail.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        email: Option<String>,
        /// Whether the address was checked.
        email_verified: bool,
        /// Country of the telephone.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        phone_region: Option<String>,
        /// Telephone.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        phone_number: Option<String>,
        /// Whether the telephone was checked.
        phone_number_verified: bool,
        /// Always false: the directory keeps no passwords.
        password_set: bool,
        /// `enabled` or `disabled`.
        status: String,
        /// Anything to be remembered.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        description: Option<String>,
        /// The id in the client's own system.
        user_external_id: String,
        /// Where it comes from.
        user_source_type: String,
        /// Of which of those.
        user_source_id: String,
        /// Never: -1.
        account_expire_time: i64,
        /// Never: -1.
        lock_expire_time: i64,
        /// Milliseconds since 1970.
        register_time: i64,
        /// Milliseconds since 1970.
        create_time: i64,
        /// Milliseconds since 1970.
        update_time: i64,
        /// The org unit where the user is.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        primary_organizational_unit_id: Option<String>,
        /// All org units.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        organizational_units: Option<Vec<UnitOfUser>>,
        /// All groups.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        groups: Option<Vec<GroupOfUser>>,
        /// Fields of the company's own.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        custom_fields: Option<Vec<FieldOfUser>>,
    }
    /// One page of users.
    Users = "IdaasUsers" {
        /// In the order of ids.
        data: Vec<User>,
        /// How many there are.
        total_count: u64,
    }
    /// A password, which is never taken.
    Password = "IdaasPassword" {
        /// It.
        #[schema(write_only, max_length = 256)]
        password: String,
    }
}
