//! The OpenAPI document, made from the table of operations and from the shapes.

use super::call::Call;
use super::hub::{HubChange, HubChanges, HubObject, HubPage, value_schema};
use super::import::Outcome;
use super::kind::Kind;
use super::operation::{Operation, Parameter, Place};
use super::pattern;
use super::problem::{Finding, Problem, Refused};
use super::shape::{Account, Group, Member, MemberKind, MemberPage, Members, OrgUnit, own_schema};
use crate::Scope;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, Schema};
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApiBuilder, Ref, RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

/// `GET /v1/openapi.json`
pub(super) async fn get(call: Call) -> Result<Response, Refused> {
    let mut response = call.api.document.to_string().into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The document, as text.
pub(super) fn written(operations: &[Operation]) -> String {
    let mut paths = PathsBuilder::new();
    for operation in operations {
        paths =
            paths.path(operation.path.as_str(), PathItem::new(http_method(&operation.method), described(operation)));
    }
    let info = InfoBuilder::new()
        .title("rosterd Developer API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Accounts, org units and groups of the clients of one connection, and what the hub has. Times are RFC 3339 in \
             UTC, sizes are bytes, and texts are UTF-8.",
        ))
        .license(Some(utoipa::openapi::info::LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let document = OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components())).build();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    // As they are: a schema that is read into the library's types comes out with what those know of it.
    document["components"]["schemas"] = Value::Object(schemas().into_iter().collect());
    named_patterns(&mut document);
    document.to_string()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn schema(value: Value) -> RefOr<Schema> {
    serde_json::from_value(value).unwrap_or_else(|_| RefOr::T(Schema::default()))
}

fn named(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

fn content(name: &str) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(named(name))).build()
}

fn parameter(one: &Parameter) -> utoipa::openapi::path::Parameter {
    let at = match one.at {
        Place::Path => ParameterIn::Path,
        Place::Query => ParameterIn::Query,
        Place::Header => ParameterIn::Header,
    };
    let required = if one.required || one.at == Place::Path { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(one.name)
        .parameter_in(at)
        .required(required)
        .description(Some(one.describe))
        .schema(Some(schema(one.schema.clone())))
        .build()
}

fn described(operation: &Operation) -> utoipa::openapi::path::Operation {
    let mut builder = OperationBuilder::new()
        .tag(operation.tag)
        .summary(Some(operation.summary.as_str()))
        .operation_id(Some(operation.id.as_str()));
    for one in &operation.parameters {
        builder = builder.parameter(parameter(one));
    }
    if let Some((media, name)) = &operation.body {
        let body = RequestBodyBuilder::new().content(*media, content(name)).required(Some(Required::True)).build();
        builder = builder.request_body(Some(body));
    }
    let mut answer = ResponseBuilder::new().description(operation.answer.describe);
    if let Some((media, name)) = &operation.answer.body {
        answer = answer.content(*media, content(name));
    }
    if operation.answer.tagged {
        answer = answer.header("ETag", header("The version.", r#"^"[0-9a-f]{1,20}"$"#));
        if operation.answer.status == 201 {
            answer = answer.header("Location", header("Where it is.", "^/v1/"));
        }
    }
    let mut links: BTreeMap<&str, LinkBuilder> = BTreeMap::new();
    for (to, name, from) in &operation.answer.links {
        let link = links.remove(to.as_str()).unwrap_or_else(|| Link::builder().operation_id(to.as_str()));
        links.insert(to.as_str(), link.parameter(*name, *from));
    }
    for (to, link) in links {
        answer = answer.link(to, link.build());
    }
    builder = builder.response(operation.answer.status.to_string(), answer.build());
    for status in problems(operation) {
        builder = builder.response(status.to_string(), problem(operation, status));
    }
    if let Some(scope) = operation.scope {
        builder = builder
            .security(SecurityRequirement::new("oauth2", [scope.as_str()]))
            .security(SecurityRequirement::new("bearer", Vec::<String>::new()));
    }
    builder.build()
}

fn header(describe: &str, pattern: &str) -> utoipa::openapi::Header {
    let text = schema(json!({ "type": "string", "pattern": pattern }));
    HeaderBuilder::new().schema(Some(text)).description(Some(describe)).build()
}

/// Statuses of problems, each once and in order.
fn problems(operation: &Operation) -> Vec<u16> {
    let mut all = operation.problems.clone();
    if operation.scope.is_some() {
        all.extend([400, 401, 403, 429, 500, 503]);
    }
    if operation.body.is_some() {
        all.push(408);
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn problem(operation: &Operation, status: u16) -> utoipa::openapi::Response {
    let describe = match status {
        400 => "The request can not be read, or a parameter can not be used.",
        401 => "Nobody is known by this request.",
        403 => "The client may not do this.",
        404 => "It is not there for this client.",
        408 => "The body did not arrive in time.",
        409 => "It is there already, or it is not certain who it is: then `case` names what an operator has to decide.",
        410 => "What follows this place is not kept any more; begin anew.",
        412 => "It has another version.",
        413 => "The body is too large.",
        415 => "The body is of another kind.",
        422 => "Something of the body can not be used; `errors` names it.",
        429 => "Too much at once; Retry-After says when to come again.",
        503 => "The hub can not take this at present; Retry-After says when to come again.",
        _ => "The hub failed.",
    };
    let (media, name) = operation.problem;
    let mut response = ResponseBuilder::new().description(describe).content(media, content(name));
    if matches!(status, 429 | 503) {
        response = response.header("Retry-After", header("Seconds.", "^[0-9]+$"));
    }
    response.build()
}

fn base<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap_or_default()
}

fn properties(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    schema.get_mut("properties")?.as_object_mut()
}

/// The schema of an object as clients write it.
fn said<K: Kind + PartialSchema>(nothing: bool) -> Value {
    let mut schema = base::<K>();
    if let Some(all) = properties(&mut schema) {
        let own = json!({ "type": ["object", "null"], "maxProperties": super::shape::MOST_OWN,
            "propertyNames": { "type": "string", "pattern": pattern::OWN },
            "additionalProperties": own_schema(nothing),
            "description": "Attributes of the company's own: text, a whole number, true or false, or several texts." });
        all.insert("attributes".to_owned(), own);
        for name in ["id", "version", "created", "modified"] {
            let describe = "What the hub said; it may be sent back.";
            all.insert(
                name.to_owned(),
                json!({ "type": "string", "readOnly": true, "maxLength": 256, "description": describe }),
            );
        }
        if let Some(units) = all.get_mut("orgUnits") {
            units["items"] = json!({ "type": "string", "pattern": pattern::ID, "maxLength": 256 });
        }
    }
    schema
}

fn id_schema() -> Value {
    json!({ "type": "string", "pattern": pattern::ID, "minLength": 1, "maxLength": 256, "description": "The id." })
}

/// The same with an id that the client may give.
fn new<K: Kind + PartialSchema>() -> Value {
    let mut schema = said::<K>(false);
    if let Some(all) = properties(&mut schema) {
        let mut id = id_schema();
        id["description"] = "The client's own id; left out: the server makes one.".into();
        all.insert("id".to_owned(), id);
    }
    schema
}

/// The same as a patch: nothing is required.
fn patch<K: Kind + PartialSchema>() -> Value {
    let mut schema = said::<K>(true);
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
    }
    schema
}

/// The same as it is answered: with id, version and times, and without nulls.
fn shown<K: Kind + PartialSchema>() -> Value {
    let mut schema = said::<K>(false);
    let mut required = vec![json!("id"), json!("version")];
    if let Some(list) = schema["required"].as_array() {
        required.extend(list.iter().cloned());
    }
    if let Some(all) = properties(&mut schema) {
        for one in all.values_mut() {
            if let Some(list) = one["type"].as_array() {
                let kinds: Vec<Value> = list.iter().filter(|kind| *kind != "null").cloned().collect();
                one["type"] = kinds.into_iter().next().unwrap_or_default();
            }
        }
        let time = |describe: &str| json!({ "type": "string", "format": "date-time", "description": describe });
        all.insert("id".to_owned(), id_schema());
        all.insert("created".to_owned(), time("When it was made."));
        all.insert("modified".to_owned(), time("When it was changed."));
        let describe = "The version: the ETag of If-Match.";
        all.insert(
            "version".to_owned(),
            json!({ "type": "string", "pattern": "^[0-9a-f]{1,16}$", "description": describe }),
        );
        if K::CLASS == rosterd_model::Class::Account {
            required.push(json!("active"));
        }
        // Other clients of the connection may have written what this interface would not take.
        for one in all.values_mut() {
            if let Some(one) = one.as_object_mut() {
                one.remove("pattern");
                one.remove("minLength");
                one.remove("maxLength");
                if let Some(items) = one.get_mut("items").and_then(Value::as_object_mut) {
                    items.remove("pattern");
                    items.remove("maxLength");
                }
            }
        }
        all.insert("id".to_owned(), json!({ "type": "string", "description": "The id." }));
        if let Some(attributes) = all.get_mut("attributes").and_then(Value::as_object_mut) {
            attributes.remove("propertyNames");
            attributes.insert(
                "additionalProperties".to_owned(),
                json!({ "anyOf": [
                { "type": "string" }, { "type": "integer" }, { "type": "boolean" },
                { "type": "array", "items": { "type": "string" } } ] }),
            );
        }
    }
    schema["required"] = required.into();
    schema
}

fn list(of: &str) -> Value {
    json!({ "type": "object", "required": ["items"], "additionalProperties": false, "properties": {
        "items": { "type": "array", "maxItems": super::object::LARGEST_PAGE,
            "items": { "$ref": format!("#/components/schemas/{of}") } },
        "next": { "type": "string", "pattern": pattern::CURSOR, "maxLength": 2048,
            "description": "Where the next page begins; left out on the last one." },
        "total": { "type": "integer", "format": "int64", "minimum": 0,
            "description": "How many there are, where that is known without looking at very many." } } })
}

/// Lines of JSON, as the list that they are.
fn lines(describe: &str, of: &str) -> Value {
    json!({ "type": "array", "description": describe, "items": { "$ref": format!("#/components/schemas/{of}") } })
}

fn schemas() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut put = |name: &str, value: Value| all.push((name.to_owned(), value));
    fn of_kind<K: Kind + PartialSchema>(put: &mut dyn FnMut(&str, Value)) {
        let name = K::NAME;
        put(name, said::<K>(false));
        put(&format!("New{name}"), new::<K>());
        put(&format!("{name}Patch"), patch::<K>());
        put(&format!("{name}Shown"), shown::<K>());
        put(&format!("{name}Page"), list(&format!("{name}Shown")));
        put(&format!("New{name}Lines"), lines("Lines of JSON, each of at most 256 KiB.", &format!("New{name}")));
        put(&format!("{name}Lines"), lines("Lines of JSON.", &format!("{name}Shown")));
    }
    of_kind::<Account>(&mut put);
    of_kind::<OrgUnit>(&mut put);
    of_kind::<Group>(&mut put);
    put("Outcomes", lines("Lines of JSON, in the order of the request.", "Outcome"));
    for (name, value) in [
        (Outcome::name(), base::<Outcome>()),
        (Member::name(), base::<Member>()),
        (MemberKind::name(), base::<MemberKind>()),
        (Members::name(), base::<Members>()),
        (MemberPage::name(), base::<MemberPage>()),
        (Problem::name(), base::<Problem>()),
        (Finding::name(), base::<Finding>()),
        (HubPage::name(), base::<HubPage>()),
        (HubChange::name(), base::<HubChange>()),
        (HubChanges::name(), base::<HubChanges>()),
    ] {
        put(&name, value);
    }
    let mut object = base::<HubObject>();
    object["properties"]["attributes"] = json!({ "type": "object",
        "additionalProperties": { "$ref": "#/components/schemas/HubValue" },
        "description": "Attributes by the hub's names." });
    put("HubObject", object);
    put("HubValue", value_schema());
    put(
        "Document",
        json!({ "type": "object", "required": ["openapi", "info"], "properties": {
        "openapi": { "type": "string" },
        "info": { "type": "object", "required": ["title"], "properties": { "title": { "type": "string" } } } } }),
    );
    all.extend(super::compatible::schemas());
    all
}

fn components() -> utoipa::openapi::Components {
    let scopes: Vec<(String, String)> =
        Scope::ALL.iter().map(|scope| (scope.as_str().to_owned(), describe(*scope).to_owned())).collect();
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth2/token", Scopes::from_iter(scopes)));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token that /oauth2/token gave out."))
        .build();
    ComponentsBuilder::new()
        .security_scheme("oauth2", SecurityScheme::OAuth2(OAuth2::new([flow])))
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build()
}

const fn describe(scope: Scope) -> &'static str {
    match scope {
        Scope::Read(_) => "To see what clients of the connection pushed.",
        Scope::Write(_) => "To push.",
        Scope::Hub => "To fetch what the hub has, whoever it came from.",
    }
}

/// Shapes call patterns by name, because an attribute can not name a constant.
fn named_patterns(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("pattern") {
                let known = match text.as_str() {
                    "ID" => pattern::ID,
                    "NAME" => pattern::NAME,
                    "TEXT" => pattern::TEXT,
                    "WORDS" => pattern::WORDS,
                    "EMAIL" => pattern::EMAIL,
                    "PHONE" => pattern::PHONE,
                    "CURSOR" => pattern::CURSOR,
                    "OWN" => pattern::OWN,
                    other => other,
                };
                *text = known.to_owned();
            }
            map.values_mut().for_each(named_patterns);
        }
        Value::Array(list) => list.iter_mut().for_each(named_patterns),
        _ => {}
    }
}
