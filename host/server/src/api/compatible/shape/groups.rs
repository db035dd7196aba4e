//! Groups.

use super::{cleaned, shapes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

shapes! {
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
}
