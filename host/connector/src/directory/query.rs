//! A query as a connector writes it: JSON text, bounded and checked here, so that the hub sees shapes only.
//!
//! Source: "Queries of the directory" in wit/README.md. The comparisons are those of SCIM (RFC 7644, section 3.4.2.2).

use rosterd_model::directory::{Comparison, Filter, Query, Sort};
use rosterd_model::fault::{Fault, FaultKind};
use serde::Deserialize;
use serde_json::Value;

/// Longest query, in bytes.
const LONGEST: usize = 64 << 10;
/// Filters inside of filters.
const DEEPEST: usize = 16;
/// Comparisons and operators of one filter.
const MOST_PARTS: usize = 256;
/// Keys to sort by, and attributes to give out.
const MOST_NAMES: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    filter: Option<Value>,
    #[serde(default)]
    sort: Vec<Sort>,
    offset: Option<u64>,
    after: Option<String>,
    max: Option<u64>,
    attributes: Option<Vec<String>>,
}

/// Reads a query; `most` is the limit directory-rows, which also stands in where nothing is said.
///
/// # Errors
/// `invalid`, as a sentence that says which part.
pub fn parse(text: &str, most: u64) -> Result<Query, Fault> {
    if text.len() > LONGEST {
        return Err(invalid(format!("it has {} bytes; at most {LONGEST} are read", text.len())));
    }
    let raw: Raw = serde_json::from_str(text).map_err(invalid)?;
    if raw.offset.is_some() && raw.after.is_some() {
        return Err(invalid("it has both `offset` and `after`; a page begins at one place"));
    }
    let names = raw.attributes.iter().flatten().chain(raw.sort.iter().map(|key| &key.attribute));
    if names.count() > MOST_NAMES {
        return Err(invalid(format!("`sort` and `attributes` name more than {MOST_NAMES} attributes")));
    }
    let mut parts = 0;
    Ok(Query {
        filter: raw.filter.filter(|value| !value.is_null()).map(|value| filter(value, 0, &mut parts)).transpose()?,
        sort: raw.sort,
        offset: raw.offset.unwrap_or(0),
        after: raw.after,
        max: raw.max.unwrap_or(most).min(most),
        attributes: raw.attributes,
    })
}

fn filter(value: Value, depth: usize, parts: &mut usize) -> Result<Filter, Fault> {
    *parts += 1;
    if depth > DEEPEST || *parts > MOST_PARTS {
        return Err(invalid(format!("its filter has more than {DEEPEST} levels or more than {MOST_PARTS} parts")));
    }
    let Value::Object(mut members) = value else {
        return Err(invalid("a filter is an object"));
    };
    if members.contains_key("attribute") {
        return compare(members);
    }
    let word = members.keys().next().cloned().filter(|_| members.len() == 1);
    match word.as_deref().and_then(|word| Some((word, members.remove(word)?))) {
        Some(("not", inner)) => Ok(Filter::Not(Box::new(filter(inner, depth + 1, parts)?))),
        Some((word @ ("and" | "or"), Value::Array(list))) if !list.is_empty() => {
            let list = list.into_iter().map(|one| filter(one, depth + 1, parts)).collect::<Result<_, _>>()?;
            Ok(if word == "and" { Filter::And(list) } else { Filter::Or(list) })
        }
        _ => Err(invalid("a filter is one of and, or (with a list that is not empty), not, or a comparison")),
    }
}

fn compare(mut members: serde_json::Map<String, Value>) -> Result<Filter, Fault> {
    let attribute = members.remove("attribute").and_then(|name| name.as_str().map(str::to_owned));
    let is = members.remove("is").and_then(|is| serde_json::from_value::<Comparison>(is).ok());
    let value = members.remove("value");
    let fits = match (is, &value) {
        (Some(Comparison::Pr), None) => true,
        (Some(Comparison::Co | Comparison::Sw | Comparison::Ew), Some(value)) => value.is_string(),
        (Some(Comparison::Eq | Comparison::Ne), Some(value)) => !value.is_array() && !value.is_object(),
        (Some(Comparison::Gt | Comparison::Ge | Comparison::Lt | Comparison::Le), Some(value)) => {
            value.is_string() || value.is_number()
        }
        _ => false,
    };
    match (attribute, is) {
        (Some(attribute), Some(is)) if fits && members.is_empty() && !attribute.is_empty() => {
            Ok(Filter::Compare { attribute, is, value: value.unwrap_or(Value::Null) })
        }
        _ => Err(invalid(
            "a comparison has attribute, is (eq, ne, co, sw, ew, gt, ge, lt, le, pr) and a value that fits it",
        )),
    }
}

fn invalid(why: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Invalid, format!("the query of the directory can not be used: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_and_its_page_is_bounded() {
        let text = r#"{"filter":{"and":[{"attribute":"userName","is":"eq","value":"ada"},{"not":{"attribute":"mail","is":"pr"}}]},
            "sort":[{"attribute":"userName"}],"offset":20,"max":5000,"attributes":["userName"]}"#;
        let query = parse(text, 1000).unwrap();
        assert_eq!((query.offset, query.max, query.sort.len()), (20, 1000, 1));
        let Some(Filter::And(parts)) = query.filter else { panic!("no and") };
        assert!(
            matches!(&parts[1], Filter::Not(inner) if matches!(&**inner, Filter::Compare { is: Comparison::Pr, .. }))
        );
        assert_eq!(parse("{}", 7).unwrap().max, 7);
        assert_eq!(parse(r#"{"max":0}"#, 7).unwrap().max, 0);
    }

    #[test]
    fn what_is_not_understood_is_invalid() {
        let deep =
            format!("{{\"filter\":{}{{\"attribute\":\"a\",\"is\":\"pr\"}}{}}}", "{\"not\":".repeat(20), "}".repeat(20));
        let wide = format!("{{\"filter\":{{\"or\":[{}]}}}}", vec![r#"{"attribute":"a","is":"pr"}"#; 300].join(","));
        for text in [
            "",
            "[]",
            r#"{"where":1}"#,
            r#"{"filter":{"and":[]}}"#,
            r#"{"filter":{"attribute":"a","is":"like","value":"x"}}"#,
            r#"{"filter":{"attribute":"a","is":"pr","value":"x"}}"#,
            r#"{"filter":{"attribute":"a","is":"eq","value":["x"]}}"#,
            r#"{"filter":{"attribute":"a","is":"co","value":1}}"#,
            r#"{"filter":{"and":[{"attribute":"a","is":"pr"}],"or":[]}}"#,
            r#"{"offset":1,"after":"x"}"#,
            r#"{"max":-1}"#,
            &deep,
            &wide,
            &format!("{{\"after\":\"{}\"}}", "x".repeat(LONGEST)),
        ] {
            let fault = parse(text, 10).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Invalid, "{text:.80}");
        }
    }
}
