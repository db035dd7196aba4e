//! What can be asked, one entry each: from this table come both the routes and the document, so that neither has what the
//! other lacks.

use super::call::{Api, Call};
use super::problem::{MEDIA, Refused};
use crate::Scope;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use std::future::Future;

/// The media type of JSON.
pub(super) const JSON: &str = "application/json";

/// A parameter: of the path if the path names it, else behind the question mark or a header.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) at: Place,
    pub(super) describe: &'static str,
    /// True: without it nothing is answered. What stands in the path always is.
    pub(super) required: bool,
    pub(super) schema: serde_json::Value,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

/// An answer that is no problem.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) describe: &'static str,
    /// Media type and name of the schema.
    pub(super) body: Option<(&'static str, String)>,
    /// True: it has the headers ETag, and Location if it was made.
    pub(super) tagged: bool,
    /// Operations that go on with a value of it: name of the operation, parameter, place of the value.
    pub(super) links: Vec<(String, &'static str, &'static str)>,
}

/// What can be asked.
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) tag: &'static str,
    pub(super) summary: String,
    pub(super) scope: Option<Scope>,
    pub(super) parameters: Vec<Parameter>,
    /// Media type and name of the schema of the body.
    pub(super) body: Option<(&'static str, String)>,
    pub(super) answer: Answer,
    /// Statuses of problems, beside those that every operation has.
    pub(super) problems: Vec<u16>,
    /// The media type and schema of problems.
    pub(super) problem: (&'static str, &'static str),
    pub(super) handler: MethodRouter<Api>,
}

fn filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

impl Operation {
    pub(super) fn new<F, R>(
        method: Method,
        path: impl Into<String>,
        id: impl Into<String>,
        summary: impl Into<String>,
        handler: F,
    ) -> Self
    where
        F: Fn(Call) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<Response, Refused>> + Send + 'static,
    {
        let handler = on(filter(&method), handler);
        Self {
            method,
            path: path.into(),
            id: id.into(),
            tag: "directory",
            summary: summary.into(),
            scope: None,
            parameters: Vec::new(),
            body: None,
            answer: Answer { status: 204, describe: "It is done.", body: None, tagged: false, links: Vec::new() },
            problems: Vec::new(),
            problem: (MEDIA, "Problem"),
            handler,
        }
    }

    pub(super) fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }

    pub(super) fn needs(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    pub(super) fn with(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// The body of the request; with it come the problems that a body may have.
    pub(super) fn takes(mut self, media: &'static str, schema: impl Into<String>) -> Self {
        self.body = Some((media, schema.into()));
        self.problems.extend([413, 415, 422]);
        self
    }

    pub(super) fn answers(mut self, status: u16, describe: &'static str, schema: impl Into<String>) -> Self {
        self.answer.status = status;
        self.answer.describe = describe;
        self.answer.body = Some((JSON, schema.into()));
        self
    }

    pub(super) fn answers_lines(mut self, describe: &'static str, schema: impl Into<String>) -> Self {
        self.answer.status = 200;
        self.answer.describe = describe;
        self.answer.body = Some((super::import::LINES, schema.into()));
        self
    }

    /// The answer has a version.
    pub(super) fn tagged(mut self) -> Self {
        self.answer.tagged = true;
        self
    }

    pub(super) fn links(mut self, to: impl Into<String>, parameter: &'static str, from: &'static str) -> Self {
        self.answer.links.push((to.into(), parameter, from));
        self
    }

    pub(super) fn may_answer(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.problems.extend(statuses);
        self
    }
}
