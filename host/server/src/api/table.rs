//! The operations of `/v1`.

use super::kind::Kind;
use super::operation::{JSON, Operation, Parameter, Place};
use super::pattern;
use super::shape::{Account, Group, OrgUnit};
use super::{document, export, hub, import, members, object};
use crate::Scope;
use axum::http::Method;
use rosterd_model::Class;
use serde_json::json;

/// All of them.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::new(Method::GET, "/v1/openapi.json", "getDocument", "This document.", document::get)
            .tag("document")
            .answers(200, "The document, as OpenAPI 3.1 has it.", "Document"),
    ];
    all.extend(of_kind::<Account>());
    all.extend(of_kind::<OrgUnit>());
    all.extend(of_kind::<Group>());
    for (id, summary, enables) in
        [("enableAccount", "Make an account usable.", true), ("disableAccount", "Make an account unusable.", false)]
    {
        let path = format!("/v1/accounts/{{id}}/{}", if enables { "enable" } else { "disable" });
        let operation = if enables {
            Operation::new(Method::POST, path, id, summary, object::enable)
        } else {
            Operation::new(Method::POST, path, id, summary, object::disable)
        };
        all.push(
            operation
                .needs(Account::writing())
                .with([path_id("id", "The id of the account."), if_match()])
                .answers(200, "The account as it is now.", "AccountShown")
                .tagged()
                .may_answer([404, 409, 412, 422]),
        );
    }
    all.extend(of_members());
    all.push(
        Operation::new(
            Method::GET,
            "/v1/changes",
            "listChanges",
            "What changed of what clients of this connection pushed.",
            hub::own_changes,
        )
        .tag("changes")
        .needs(Scope::Read(Class::Account))
        .with([after(), limit()])
        .answers(200, "Changes, and where to go on.", "HubChanges")
        .may_answer([410]),
    );
    all.extend(of_hub());
    all
}

fn path_id(name: &'static str, describe: &'static str) -> Parameter {
    let schema = json!({ "type": "string", "pattern": pattern::ID, "minLength": 1, "maxLength": 256 });
    Parameter { name, at: Place::Path, describe, required: false, schema }
}

fn after() -> Parameter {
    let schema = json!({ "type": "string", "pattern": pattern::CURSOR, "maxLength": 2048 });
    Parameter { name: "after", at: Place::Query, describe: "`next` of the page before.", required: false, schema }
}

fn limit() -> Parameter {
    let schema = json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": object::LARGEST_PAGE });
    Parameter {
        name: "limit",
        at: Place::Query,
        describe: "How many at most; 100 if it is left out.",
        required: false,
        schema,
    }
}

fn if_match() -> Parameter {
    let schema = json!({ "type": "string", "pattern": r#"^("[0-9a-f]{1,16}"|[0-9a-f]{1,16}|\*)$"# });
    let describe = "The version (ETag) that has to be the present one; else nothing is done and the answer is 412.";
    Parameter { name: "If-Match", at: Place::Header, describe, required: false, schema }
}

fn value(name: &'static str) -> Parameter {
    let schema = json!({ "type": "string", "pattern": pattern::TEXT, "minLength": 1, "maxLength": 256 });
    Parameter {
        name,
        at: Place::Query,
        describe: "Only those that have this value. Case does not count.",
        required: false,
        schema,
    }
}

fn of_kind<K: Kind>() -> Vec<Operation> {
    let (path, name) = (K::PATH, K::NAME);
    let (shown, one) = (format!("{name}Shown"), format!("/v1/{path}/{{id}}"));
    let id = || path_id("id", "The id.");
    let noun = path.trim_end_matches('s').replace('-', " ");
    let article = if noun.starts_with(['a', 'o']) { "an" } else { "a" };
    let follow = |operation: Operation| {
        let of = |verb: &str| format!("{verb}{name}");
        operation
            .links(of("get"), "id", "$response.body#/id")
            .links(of("replace"), "id", "$response.body#/id")
            .links(of("modify"), "id", "$response.body#/id")
            .links(of("delete"), "id", "$response.body#/id")
    };
    let mut create = follow(
        Operation::new(
            Method::POST,
            format!("/v1/{path}"),
            format!("create{name}"),
            format!("Make {article} {noun}."),
            object::create::<K>,
        )
        .needs(K::writing())
        .takes(JSON, format!("New{name}"))
        .answers(201, "It is made.", &shown)
        .tagged()
        .may_answer([409]),
    );
    if K::CLASS == Class::Account {
        create = create
            .links("enableAccount", "id", "$response.body#/id")
            .links("disableAccount", "id", "$response.body#/id")
            .links("removeMember", "memberId", "$response.body#/id");
    }
    if K::CLASS == Class::Group {
        create = create
            .links("listMembers", "id", "$response.body#/id")
            .links("addMembers", "id", "$response.body#/id")
            .links("removeMembers", "id", "$response.body#/id");
    }
    vec![
        create,
        Operation::new(
            Method::GET,
            format!("/v1/{path}"),
            format!("list{name}s"),
            format!("List or look up {path}."),
            object::list::<K>,
        )
        .needs(K::reading())
        .with([limit(), after()])
        .with(K::FILTERS.iter().map(|(name, _)| value(name)))
        .answers(200, "One page.", format!("{name}Page"))
        .links(format!("get{name}"), "id", "$response.body#/items/0/id")
        .may_answer([410]),
        Operation::new(Method::GET, &one, format!("get{name}"), format!("Read {article} {noun}."), object::get::<K>)
            .needs(K::reading())
            .with([id()])
            .answers(200, "As it is now.", &shown)
            .tagged()
            .may_answer([404]),
        Operation::new(
            Method::PUT,
            &one,
            format!("replace{name}"),
            format!("Replace {article} {noun}: what is left out is emptied."),
            object::replace::<K>,
        )
        .needs(K::writing())
        .with([id(), if_match()])
        .takes(JSON, name)
        .answers(200, "As it is now.", &shown)
        .tagged()
        .may_answer([404, 409, 412]),
        Operation::new(
            Method::PATCH,
            &one,
            format!("modify{name}"),
            format!("Change {article} {noun} by a merge patch of RFC 7386."),
            object::modify::<K>,
        )
        .needs(K::writing())
        .with([id(), if_match()])
        .takes("application/merge-patch+json", format!("{name}Patch"))
        .answers(200, "As it is now.", &shown)
        .tagged()
        .may_answer([404, 409, 412]),
        Operation::new(
            Method::DELETE,
            &one,
            format!("delete{name}"),
            format!("Remove {article} {noun}."),
            object::remove::<K>,
        )
        .needs(K::writing())
        .with([id(), if_match()])
        .may_answer([404, 409, 412]),
        Operation::new(
            Method::POST,
            format!("/v1/import/{path}"),
            format!("import{name}s"),
            format!("Make or change many {path}: a line of JSON for each."),
            import::import::<K>,
        )
        .tag("bulk")
        .needs(K::writing())
        .with([results()])
        .takes(import::LINES, format!("New{name}Lines"))
        .answers_lines("A line for each line, in the same order.", "Outcomes"),
        Operation::new(
            Method::GET,
            format!("/v1/export/{path}"),
            format!("export{name}s"),
            format!("Read all {path}: a line of JSON for each."),
            export::export::<K>,
        )
        .tag("bulk")
        .needs(K::reading())
        .answers_lines("A line for each, in the order of ids.", format!("{name}Lines")),
    ]
}

fn results() -> Parameter {
    let schema = json!({ "type": "string", "enum": ["all", "errors"] });
    let describe = "`errors`: only lines that failed are answered.";
    Parameter { name: "results", at: Place::Query, describe, required: false, schema }
}

fn of_members() -> Vec<Operation> {
    let group = || path_id("id", "The id of the group.");
    vec![
        Operation::new(
            Method::GET,
            "/v1/groups/{id}/members",
            "listMembers",
            "List the members of a group.",
            members::list,
        )
        .needs(Group::reading())
        .with([group(), limit(), after()])
        .answers(200, "One page.", "MemberPage")
        .may_answer([404, 410]),
        Operation::new(
            Method::POST,
            "/v1/groups/{id}/members",
            "addMembers",
            "Add members; who is one already stays one.",
            members::add,
        )
        .needs(Group::writing())
        .with([group()])
        .takes(JSON, "Members")
        .may_answer([404, 409]),
        Operation::new(
            Method::POST,
            "/v1/groups/{id}/remove-members",
            "removeMembers",
            "Take members out; who is none stays none.",
            members::remove,
        )
        .needs(Group::writing())
        .with([group()])
        .takes(JSON, "Members")
        .may_answer([404, 409]),
        Operation::new(
            Method::DELETE,
            "/v1/groups/{id}/members/{memberId}",
            "removeMember",
            "Take one member out.",
            members::remove_one,
        )
        .needs(Group::writing())
        .with([group(), path_id("memberId", "The id of the member.")])
        .may_answer([404, 409]),
    ]
}

fn of_hub() -> Vec<Operation> {
    let mut all = Vec::new();
    for (class, path, name) in [
        (Class::Account, "accounts", "Account"),
        (Class::OrgUnit, "org-units", "OrgUnit"),
        (Class::Group, "groups", "Group"),
    ] {
        all.push(
            Operation::new(
                Method::GET,
                format!("/v1/hub/{path}"),
                format!("listHub{name}s"),
                format!("List the {path} of the hub, whoever they came from."),
                move |call| hub::list(call, class),
            )
            .tag("hub")
            .needs(Scope::Hub)
            .with([limit(), after()])
            .answers(200, "One page.", "HubPage")
            .links(format!("getHub{name}"), "id", "$response.body#/items/0/id")
            .may_answer([410]),
        );
        all.push(
            Operation::new(
                Method::GET,
                format!("/v1/hub/{path}/{{id}}"),
                format!("getHub{name}"),
                format!("Read one of the {path} of the hub."),
                move |call| hub::get(call, class),
            )
            .tag("hub")
            .needs(Scope::Hub)
            .with([path_id("id", "The id in the hub.")])
            .answers(200, "As it is now.", "HubObject")
            .tagged()
            .may_answer([404]),
        );
    }
    all.push(
        Operation::new(
            Method::GET,
            "/v1/hub/changes",
            "listHubChanges",
            "What changed in the hub, whoever changed it.",
            hub::changes,
        )
        .tag("hub")
        .needs(Scope::Hub)
        .with([after(), limit()])
        .answers(200, "Changes, and where to go on.", "HubChanges")
        .may_answer([410]),
    );
    all
}
