//! Bodies as the SDK of Alibaba Cloud IDaaS names them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

macro_rules! shapes {
    ($($(#[$more:meta])* $name:ident = $wire:literal { $($(#[$field:meta])* $part:ident: $type:ty,)* })*) => {
        $(
            $(#[$more])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub(super) struct $name { $($(#[$field])* pub(super) $part: $type,)* }
        )*

        /// The schemas of the document.
        pub(in crate::api) fn schemas() -> Vec<(String, Value)> {
            vec![$(($wire.to_owned(), cleaned(serde_json::to_value($name::schema()).unwrap_or_default()))),*]
        }
    };
}

/// References of the library have the names of types; those of the document have others.
fn cleaned(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(map) => {
                for name in ["organizationalUnitIds", "userIds"] {
                    if let Some(items) = map.get_mut(name).and_then(|list| list.get_mut("items")) {
                        *items = serde_json::json!({ "type": "string", "pattern": "ID", "maxLength": 256 });
                    }
                }
                if let Some(Value::String(to)) = map.get_mut("$ref") {
                    let name = to.rsplit('/').next().unwrap_or_default().to_owned();
                    *to = format!("#/components/schemas/Idaas{name}");
                }
                map.values_mut().for_each(walk);
            }
            Value::Array(list) => list.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    value
}

shapes! {
    /// A field of the company's own.
    CustomField = "IdaasCustomField" {
        /// Its name.
        #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", max_length = 40)]
        field_name: String,
        /// Its value, as text.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schema(pattern = "TEXT", max_length = 4096)]
        field_value: Option<String>,
    }
    /// What becomes of a field of the company's own.
    CustomFieldChange = "IdaasCustomFieldChange" {
        /// Its name.
        #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", max_length = 40)]
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
        custom_fields: Option<Vec<CustomField>>,
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
    /// A group to be made.
    CreateGroup = "IdaasCreateGroup" {
        /// What it is called.
        #[schema(pattern = "WORDS", min_length = 1, max_length = 256)]
        group_name: String,
        /// The id in the client's own system.
        #[serde(default)]
        #[schema(pattern = "TEXT", max_length = 256)]
        group_external_id: Option<String>,
    }
    /// What becomes of a group.
    PatchGroup = "IdaasPatchGroup" {
        /// What it is called.
        #[serde(default)]
        #[schema(pattern = "WORDS", min_length = 1, max_length = 256)]
        group_name: Option<String>,
    }
    /// An id of a group.
    GroupId = "IdaasGroupId" {
        /// The id.
        group_id: String,
    }
    /// A group.
    Group = "IdaasGroup" {
        /// The id.
        group_id: String,
        /// As it was asked.
        instance_id: String,
        /// What it is called.
        group_name: String,
        /// The id in the client's own system.
        group_external_id: String,
        /// Where it comes from.
        group_source_type: String,
        /// Of which of those.
        group_source_id: String,
        /// Anything to be remembered.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        description: Option<String>,
        /// Milliseconds since 1970.
        create_time: i64,
        /// Milliseconds since 1970.
        update_time: i64,
    }
    /// One page of groups.
    Groups = "IdaasGroups" {
        /// In the order of ids.
        data: Vec<Group>,
        /// How many there are at most on a page.
        max_results: u64,
        /// Where the next page begins.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        next_token: Option<String>,
        /// How many there are.
        total_count: u64,
    }
    /// A group that a user is in.
    Membership = "IdaasMembership" {
        /// The group.
        group_id: String,
        /// As it was asked.
        instance_id: String,
        /// Where it comes from.
        group_member_relation_source_type: String,
        /// Of which of those.
        group_member_relation_source_id: String,
    }
    /// One page of groups that a user is in.
    Memberships = "IdaasMemberships" {
        /// In the order of ids.
        data: Vec<Membership>,
        /// How many there are at most on a page.
        max_results: u64,
        /// Where the next page begins.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        next_token: Option<String>,
        /// How many there are.
        total_count: u64,
    }
    /// A user of a group.
    UserOfGroup = "IdaasUserOfGroup" {
        /// As it was asked.
        instance_id: String,
        /// The user.
        user_id: String,
    }
    /// One page of users of a group.
    UsersOfGroup = "IdaasUsersOfGroup" {
        /// In the order of ids.
        data: Vec<UserOfGroup>,
        /// How many there are at most on a page.
        max_results: u64,
        /// Where the next page begins.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        next_token: Option<String>,
        /// How many there are.
        total_count: u64,
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
}
