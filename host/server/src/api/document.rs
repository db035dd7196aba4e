//! The OpenAPI document, made from the table of operations and from the shapes.

use super::call::Call;
use super::operation::{Operation, Parameter, Place};
use super::problem::Refused;
use super::schemas::{named_patterns, schemas};
use crate::Scope;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
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
