//! The operations of `/v2`.

use super::{answering, group, look_up, scope, unit, user, whereabouts};
use crate::Scope;
use crate::api::call::Call;
use crate::api::operation::{JSON, Operation, Parameter, Place};
use crate::api::pattern;
use crate::api::problem::Refused;
use axum::http::Method;
use axum::response::Response;
use rosterd_model::Class::{Account, Group, OrgUnit};
use serde_json::json;
use std::future::Future;

/// What all paths begin with.
const BASE: &str = "/v2/{instanceId}/{applicationId}";
const TAG: &str = "idaas";

fn text(name: &'static str, at: Place, describe: &'static str) -> Parameter {
    let schema = json!({ "type": "string", "pattern": pattern::ID, "minLength": 1, "maxLength": 256 });
    Parameter { name, at, describe, required: false, schema }
}

fn number(name: &'static str, most: u64) -> Parameter {
    let schema = json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": most });
    Parameter { name, at: Place::Query, describe: "A number.", required: false, schema }
}

fn one<F, R>(method: Method, path: &str, id: &str, summary: &str, scope: Scope, handler: F) -> Operation
where
    F: Fn(Call) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<Response, Refused>> + Send + 'static,
{
    let mut operation =
        Operation::new(method, format!("{BASE}/{path}"), format!("idaas{id}"), summary, answering(handler))
            .tag(TAG)
            .needs(scope)
            .with([
                text("instanceId", Place::Path, "The instance; it is answered as it was asked."),
                text("applicationId", Place::Path, "The application."),
            ])
            .may_answer([404]);
    operation.answer.status = 200;
    operation.problem = (JSON, "IdaasRefusal");
    for name in ["userId", "organizationalUnitId", "groupId"] {
        if path.contains(&format!("{{{name}}}")) {
            operation = operation.with([text(name, Place::Path, "The id.")]);
        }
    }
    operation
}

trait More {
    fn body(self, schema: &str) -> Self;
    fn shows(self, schema: &str) -> Self;
}

impl More for Operation {
    fn body(mut self, schema: &str) -> Self {
        self = self.takes(JSON, format!("Idaas{schema}")).may_answer([409]);
        // What does not fit is a bad request there.
        self.problems.retain(|status| *status != 422);
        self
    }

    fn shows(self, schema: &str) -> Self {
        self.answers(200, "What was asked for.", format!("Idaas{schema}"))
    }
}

/// All of them.
pub(in crate::api) fn operations() -> Vec<Operation> {
    let mut all = users();
    all.extend(units());
    all.extend(groups());
    all.push(
        one(
            Method::GET,
            "provisioningScope",
            "GetApplicationProvisioningScope",
            "Where the client may look.",
            Scope::Read(Account),
            scope,
        )
        .shows("ProvisioningScope"),
    );
    all
}

fn users() -> Vec<Operation> {
    let (see, push) = (Scope::Read(Account), Scope::Write(Account));
    let id = ("userId", "$response.body#/userId");
    let path = [("instanceId", "$request.path.instanceId"), ("applicationId", "$request.path.applicationId")];
    let create =
        one(Method::POST, "users", "CreateUser", "Make a user.", push, user::create).body("CreateUser").shows("UserId");
    let create = linked(
        create,
        &["GetUser", "PatchUser", "DeleteUser", "EnableUser", "DisableUser", "ListGroupsForUser"],
        id,
        path,
    );
    vec![
        create,
        one(Method::GET, "users", "ListUsers", "List users.", see, user::list)
            .with([
                text("organizationalUnitId", Place::Query, "Only those of this org unit."),
                number("pageNumber", super::LAST_PAGE),
                number("pageSize", 100),
            ])
            .shows("Users"),
        one(Method::GET, "users/{userId}", "GetUser", "Read a user.", see, user::get).shows("User"),
        one(Method::PATCH, "users/{userId}", "PatchUser", "Change a user.", push, user::patch).body("PatchUser"),
        one(Method::DELETE, "users/{userId}", "DeleteUser", "Remove a user.", push, user::remove),
        one(Method::POST, "users/{userId}/actions/enable", "EnableUser", "Make a user usable.", push, user::enable),
        one(
            Method::POST,
            "users/{userId}/actions/disable",
            "DisableUser",
            "Make a user unusable.",
            push,
            user::disable,
        ),
        one(
            Method::POST,
            "users/{userId}/actions/updateUserPassword",
            "UpdateUserPassword",
            "Refused: the directory keeps no passwords.",
            push,
            user::password,
        )
        .body("Password"),
        one(
            Method::POST,
            "users/{userId}/actions/setUserPrimaryOrganizationalUnit",
            "SetUserPrimaryOrganizationalUnit",
            "Move a user.",
            push,
            whereabouts::set_primary,
        )
        .body("UnitId"),
        one(
            Method::POST,
            "users/{userId}/actions/addUserToOrganizationalUnits",
            "AddUserToOrganizationalUnits",
            "Add a user to org units.",
            push,
            whereabouts::add_units,
        )
        .body("UnitIds"),
        one(
            Method::POST,
            "users/{userId}/actions/removeUserFromOrganizationalUnits",
            "RemoveUserFromOrganizationalUnits",
            "Take a user out of org units.",
            push,
            whereabouts::remove_units,
        )
        .body("UnitIds"),
        one(
            Method::GET,
            "users/{userId}/actions/listGroupsForUser",
            "ListGroupsForUser",
            "List the groups of a user.",
            Scope::Read(Group),
            group::of_user,
        )
        .with(tokens())
        .shows("Memberships"),
        one(
            Method::POST,
            "users/_/actions/getUserIdByUsername",
            "GetUserIdByUsername",
            "Look a user up.",
            see,
            look_up::by_username,
        )
        .body("ByUsername")
        .shows("UserId"),
        one(
            Method::POST,
            "users/_/actions/getUserIdByEmail",
            "GetUserIdByEmail",
            "Look a user up.",
            see,
            look_up::by_email,
        )
        .body("ByEmail")
        .shows("UserId"),
        one(
            Method::POST,
            "users/_/actions/getUserIdByPhoneNumber",
            "GetUserIdByPhoneNumber",
            "Look a user up.",
            see,
            look_up::by_phone,
        )
        .body("ByPhone")
        .shows("UserId"),
        one(
            Method::POST,
            "users/_/actions/getUserIdByExternalId",
            "GetUserIdByUserExternalId",
            "Look a user up.",
            see,
            look_up::by_external_id,
        )
        .body("ByExternalId")
        .shows("UserId"),
    ]
}

/// Operations that go on with the id of what was made.
fn linked(
    mut operation: Operation,
    to: &[&str],
    id: (&'static str, &'static str),
    path: [(&'static str, &'static str); 2],
) -> Operation {
    for name in to {
        let name = format!("idaas{name}");
        operation = operation.links(&name, id.0, id.1);
        for (part, from) in path {
            operation = operation.links(&name, part, from);
        }
    }
    operation
}

fn tokens() -> [Parameter; 2] {
    let schema = json!({ "type": "string", "pattern": pattern::CURSOR, "maxLength": 2048 });
    let token = Parameter {
        name: "nextToken",
        at: Place::Query,
        describe: "`nextToken` of the page before.",
        required: false,
        schema,
    };
    [number("maxResults", 100), token]
}

fn units() -> Vec<Operation> {
    let (see, push) = (Scope::Read(OrgUnit), Scope::Write(OrgUnit));
    let of = "organizationalUnits/{organizationalUnitId}";
    let id = ("organizationalUnitId", "$response.body#/organizationalUnitId");
    let path = [("instanceId", "$request.path.instanceId"), ("applicationId", "$request.path.applicationId")];
    let create =
        one(Method::POST, "organizationalUnits", "CreateOrganizationalUnit", "Make an org unit.", push, unit::create)
            .body("CreateUnit")
            .shows("UnitId");
    let to = [
        "GetOrganizationalUnit",
        "PatchOrganizationalUnit",
        "DeleteOrganizationalUnit",
        "ListOrganizationalUnitParentIds",
        "PatchOrganizationalUnitParentId",
    ];
    let mut parent = text("parentId", Place::Query, "Those directly below this org unit. Required.");
    parent.required = true;
    vec![
        linked(create, &to, id, path),
        one(
            Method::GET,
            "organizationalUnits",
            "ListOrganizationalUnits",
            "List the org units below one.",
            see,
            unit::list,
        )
        .with([parent, number("pageNumber", super::LAST_PAGE), number("pageSize", 100)])
        .shows("Units"),
        one(Method::GET, of, "GetOrganizationalUnit", "Read an org unit.", see, unit::get).shows("Unit"),
        one(Method::PATCH, of, "PatchOrganizationalUnit", "Change an org unit.", push, unit::patch).body("PatchUnit"),
        one(Method::DELETE, of, "DeleteOrganizationalUnit", "Remove an org unit.", push, unit::remove),
        one(
            Method::PATCH,
            &format!("{of}/parentId"),
            "PatchOrganizationalUnitParentId",
            "Move an org unit.",
            push,
            unit::set_parent,
        )
        .body("Parent"),
        one(
            Method::GET,
            &format!("{of}/parentIds"),
            "ListOrganizationalUnitParentIds",
            "List the org units above one.",
            see,
            unit::parents,
        )
        .shows("ParentIds"),
        one(
            Method::POST,
            "organizationalUnits/_/actions/getOrganizationalUnitIdByExternalId",
            "GetOrganizationalUnitIdByExternalId",
            "Look an org unit up.",
            see,
            unit::by_external_id,
        )
        .body("UnitByExternalId")
        .shows("UnitId"),
    ]
}

fn groups() -> Vec<Operation> {
    let (see, push) = (Scope::Read(Group), Scope::Write(Group));
    let schema = json!({ "type": "string", "maxLength": 256 });
    let start = Parameter {
        name: "groupNameStartWith",
        at: Place::Query,
        describe: "Only those whose name begins so.",
        required: false,
        schema,
    };
    let id = ("groupId", "$response.body#/groupId");
    let path = [("instanceId", "$request.path.instanceId"), ("applicationId", "$request.path.applicationId")];
    let create = one(Method::POST, "groups", "CreateGroup", "Make a group.", push, group::create)
        .body("CreateGroup")
        .shows("GroupId");
    vec![
        linked(
            create,
            &["GetGroup", "PatchGroup", "DeleteGroup", "ListUsersForGroup", "RemoveUsersFromGroup"],
            id,
            path,
        ),
        one(Method::GET, "groups", "ListGroups", "List groups.", see, group::list)
            .with([start])
            .with(tokens())
            .shows("Groups"),
        one(Method::GET, "groups/{groupId}", "GetGroup", "Read a group.", see, group::get).shows("Group"),
        one(Method::PATCH, "groups/{groupId}", "PatchGroup", "Change a group.", push, group::patch).body("PatchGroup"),
        one(Method::DELETE, "groups/{groupId}", "DeleteGroup", "Remove a group.", push, group::remove),
        one(
            Method::GET,
            "groups/{groupId}/actions/listUsersForGroup",
            "ListUsersForGroup",
            "List the users of a group.",
            see,
            group::users,
        )
        .with(tokens())
        .shows("UsersOfGroup"),
        one(
            Method::POST,
            "groups/{groupId}/actions/addUsersToGroup",
            "AddUsersToGroup",
            "Add users to a group.",
            push,
            group::add,
        )
        .body("UserIds"),
        one(
            Method::POST,
            "groups/{groupId}/actions/removeUsersFromGroup",
            "RemoveUsersFromGroup",
            "Take users out of a group.",
            push,
            group::take_out,
        )
        .body("UserIds"),
    ]
}
