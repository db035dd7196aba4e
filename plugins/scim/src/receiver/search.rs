//! What a listing is asked for, in the address or in the body of `/.search`.

use super::accept::cut;
use super::filter::{Filter, Name, parse};
use super::refusal::Refusal;
use super::request::Call;
use super::view::Projection;
use crate::place::get;
use serde_json::{Map, Value};

/// Resources in one page, unless the client says.
pub const PAGE: u64 = 100;
/// Most resources in one page; the hub may give fewer.
pub const MOST: u64 = 1000;

/// A listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What fits.
    pub filter: Option<Filter>,
    /// By what, and whether from the greatest to the least.
    pub sort: Option<(Name, bool)>,
    /// From 1.
    pub start: u64,
    /// Resources in the page.
    pub count: u64,
    /// Pages by cursor: empty for the first.
    pub cursor: Option<String>,
    /// What is shown.
    pub projection: Projection,
}

impl Search {
    /// From an address.
    ///
    /// # Errors
    /// What can not be read.
    pub fn of_query(call: &Call) -> Result<Self, Refusal> {
        let text = |name: &str| call.parameter(name).map(str::to_owned);
        let list = |name: &str| call.parameter(name).map(|list| list.split(',').map(str::to_owned).collect());
        let number = |name: &str| {
            let text = call.parameter(name).filter(|text| !text.is_empty());
            text.map(|text| text.trim().parse::<i64>().map_err(|_| Refusal::value(format!("{name} is to be a number"))))
                .transpose()
        };
        Self::new(
            text("filter"),
            text("sortBy"),
            text("sortOrder").as_deref(),
            [number("startIndex")?, number("count")?],
            text("cursor"),
            Projection::of(list("attributes"), list("excludedAttributes"))?,
        )
    }

    /// From a body.
    ///
    /// # Errors
    /// What can not be read.
    pub fn of_body(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let text = |name: &str| match get(body, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Refusal::syntax(format!("{name} is to be a text"))),
        };
        let number = |name: &str| match get(body, name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| Refusal::value(format!("{name} is to be a number"))),
        };
        let list = |name: &str| match get(body, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.split(',').map(str::to_owned).collect())),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                Ok(Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
            }
            Some(_) => Err(Refusal::syntax(format!("{name} is to be a list of attributes"))),
        };
        Self::new(
            text("filter")?,
            text("sortBy")?,
            text("sortOrder")?.as_deref(),
            [number("startIndex")?, number("count")?],
            text("cursor")?,
            Projection::of(list("attributes")?, list("excludedAttributes")?)?,
        )
    }

    fn new(
        filter: Option<String>,
        sort: Option<String>,
        order: Option<&str>,
        [start, count]: [Option<i64>; 2],
        cursor: Option<String>,
        projection: Projection,
    ) -> Result<Self, Refusal> {
        let filter = filter.map(|text| {
            parse::filter(&text)
                .map_err(|why| Refusal::filter(format!("the filter \"{}\" can not be read: {why}", cut(&text))))
        });
        let descending = match order.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "ascending") => false,
            Some("descending") => true,
            Some(_) => return Err(Refusal::value("sortOrder is ascending or descending")),
        };
        let sort = sort.filter(|name| !name.is_empty()).map(|name| {
            let name =
                Name::of(&name).ok_or_else(|| Refusal::path(format!("sortBy: \"{}\" is no attribute", cut(&name))))?;
            Ok::<_, Refusal>((name, descending))
        });
        Ok(Self {
            filter: filter.transpose()?,
            sort: sort.transpose()?,
            start: start.and_then(|start| u64::try_from(start).ok()).unwrap_or(1).max(1),
            count: count.map_or(PAGE, |count| u64::try_from(count).unwrap_or(0)).min(MOST),
            cursor,
            projection,
        })
    }
}
