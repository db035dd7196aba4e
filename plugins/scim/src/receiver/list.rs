//! Listings: by number or by cursor, of one kind or of all.

use super::accept::known;
use super::filter::bound::{Bound, Tree, bound, sort_key};
use super::filter::{Filter, Name, matches};
use super::refusal::Refusal;
use super::schema::Kind;
use super::search::Search;
use super::service::Service;
use super::stored;
use super::view::Found;
use rosterd_sdk::directory::Listing;
use rosterd_sdk::{FaultKind, directory};
use serde_json::{Map, Value, json};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Objects that are looked through for one request, where the directory can not tell what fits.
const WALK: usize = 20_000;
/// Objects of one page of such a walk.
const STEP: u64 = 500;
/// Pages of a listing by cursor that are looked through until something fits.
const STEPS: usize = 40;

/// One kind in a listing.
struct Part<'a> {
    service: Service<'a>,
    kind: Kind,
    filter: Option<Filter>,
    bound: Bound,
    sort: Option<Value>,
    /// The members are not read.
    short: bool,
}

/// The answer to a listing.
///
/// # Errors
/// What can not be asked.
pub fn list(service: Service<'_>, kinds: &[Kind], search: &Search) -> Result<Map<String, Value>, Refusal> {
    let parts = kinds.iter().map(|kind| Part::new(service, *kind, search)).collect::<Result<Vec<_>, _>>()?;
    if let Some(cursor) = &search.cursor {
        return by_cursor(&parts, search, cursor);
    }
    let (mut skip, mut want, mut total, mut resources) = (search.start - 1, search.count, 0_u64, Vec::new());
    for part in &parts {
        let (found, of_part) = part.by_number(skip, want)?;
        let due = of_part.saturating_sub(skip).min(want);
        // A page that the hub cut short ends the listing: what follows would leave a gap.
        want = if (found.len() as u64) < due { 0 } else { want - due };
        skip = skip.saturating_sub(of_part);
        total += of_part;
        resources.extend(found.into_iter().map(|found| part.shown(search, &found)));
    }
    let mut all = message(total, resources);
    all.insert("startIndex".to_owned(), search.start.into());
    Ok(all)
}

fn message(total: u64, resources: Vec<Value>) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("schemas".to_owned(), json!([SCHEMA]));
    all.insert("totalResults".to_owned(), total.into());
    all.insert("itemsPerPage".to_owned(), resources.len().into());
    all.insert("Resources".to_owned(), resources.into());
    all
}

/// Cursors of the directory, and before them the place of their kind in the listing.
fn by_cursor(parts: &[Part<'_>], search: &Search, cursor: &str) -> Result<Map<String, Value>, Refusal> {
    let foreign = || Refusal::cursor("this cursor is not of this listing; begin at the first page");
    let (at, after) = match cursor.split_at_checked(1) {
        None => (0, None),
        Some((digit, rest)) => {
            (digit.parse::<usize>().map_err(|_| foreign())?, Some(rest).filter(|rest| !rest.is_empty()))
        }
    };
    let part = parts.get(at).ok_or_else(foreign)?;
    let (found, total, next) = part.by_cursor(after, search.count)?;
    let next = next.map(|next| format!("{at}{next}")).or_else(|| (at + 1 < parts.len()).then(|| (at + 1).to_string()));
    let mut all = message(total, found.iter().map(|found| part.shown(search, found)).collect());
    if parts.len() > 1 || total == u64::MAX {
        all.shift_remove("totalResults");
    }
    if let Some(next) = next.filter(|_| search.count > 0) {
        all.insert("nextCursor".to_owned(), next.into());
    }
    Ok(all)
}

impl<'a> Part<'a> {
    fn new(service: Service<'a>, kind: Kind, search: &Search) -> Result<Self, Refusal> {
        let extensions = service.extensions(kind);
        let name = |name: Name| known(kind, name.resolved(kind.schema(), extensions.iter().map(String::as_str)));
        let filter = search.filter.clone().map(|filter| filter.renamed(&name));
        let bound = filter.as_ref().map_or(Ok(Bound { tree: Tree::All, exact: true }), |filter| bound(kind, filter))?;
        let sort = search.sort.clone().and_then(|(by, descending)| {
            sort_key(kind, &name(by)).map(|attribute| json!([{ "attribute": attribute, "descending": descending }]))
        });
        let short = kind == Kind::Group && bound.exact && !search.projection.shows(kind, "members");
        Ok(Self { service, kind, filter, bound, sort, short })
    }

    fn shown(&self, search: &Search, found: &Found) -> Value {
        Value::Object(search.projection.apply(self.kind, found.shown(self.service.base)))
    }

    fn ask(&self, offset: Option<u64>, after: Option<&str>, max: u64) -> Result<Listing, Refusal> {
        let mut query = Map::new();
        let mut put = |name: &str, value: Value| query.insert(name.to_owned(), value);
        if let Tree::Of(tree) = &self.bound.tree {
            put("filter", tree.clone());
        }
        if let Some(sort) = &self.sort {
            put("sort", sort.clone());
        }
        if let Some(offset) = offset {
            put("offset", offset.into());
        }
        if let Some(after) = after {
            put("after", after.into());
        }
        if self.short {
            put("attributes", json!(stored::SHORT));
        }
        put("max", max.into());
        directory::query(self.kind.class(), &Value::Object(query).to_string()).map_err(|fault| {
            let words = fault.message.clone();
            if fault.kind == FaultKind::Invalid { Refusal::filter(words) } else { fault.into() }
        })
    }

    fn read(&self, listing: Listing) -> Result<Vec<Found>, Refusal> {
        let mut all = Vec::with_capacity(listing.objects.len());
        for object in listing.objects {
            let found = Found::of(self.kind, object)?;
            if self.short && found.kept.contains_key(stored::MORE) {
                // Gone since: left out, as it would be a moment later.
                all.extend(self.service.fetch(self.kind, &found.id).ok());
            } else {
                all.push(found);
            }
        }
        Ok(all)
    }

    fn fits(&self, found: &Found) -> bool {
        let resource = found.shown(self.service.base);
        self.filter.as_ref().is_none_or(|filter| matches::fits(self.kind, &resource, filter))
    }

    /// A page, and how many fit.
    fn by_number(&self, skip: u64, want: u64) -> Result<(Vec<Found>, u64), Refusal> {
        if self.bound.tree == Tree::Nothing {
            return Ok((Vec::new(), 0));
        }
        if self.bound.exact {
            let listing = self.ask(Some(skip), None, want)?;
            let counted =
                listing.total.unwrap_or(skip + listing.objects.len() as u64 + u64::from(listing.next.is_some()));
            return Ok((self.read(listing)?, counted));
        }
        let (mut page, mut fitting, mut seen, mut after) = (Vec::new(), 0_u64, 0_usize, None);
        loop {
            let listing = self.ask(None, after.as_deref(), STEP)?;
            after.clone_from(&listing.next);
            seen += listing.objects.len();
            for found in self.read(listing)?.into_iter().filter(|found| self.fits(found)) {
                if fitting >= skip && (page.len() as u64) < want {
                    page.push(found);
                }
                fitting += 1;
            }
            if after.is_none() {
                return Ok((page, fitting));
            }
            if seen >= WALK {
                let text = format!(
                    "more than {WALK} resources would have to be looked through; ask for less, or page by cursor"
                );
                return Err(Refusal::too_many(text));
            }
        }
    }

    /// A page, how many fit if that is known, and where the next one begins.
    fn by_cursor(&self, after: Option<&str>, count: u64) -> Result<(Vec<Found>, u64, Option<String>), Refusal> {
        if self.bound.tree == Tree::Nothing {
            return Ok((Vec::new(), 0, None));
        }
        let (mut page, mut after) = (Vec::new(), after.map(str::to_owned));
        for _ in 0..STEPS {
            let listing = self.ask(None, after.as_deref(), count)?;
            let (next, total) = (listing.next.clone(), listing.total);
            let found = self.read(listing)?;
            if self.bound.exact {
                return Ok((found, total.unwrap_or(u64::MAX), next));
            }
            page.extend(found.into_iter().filter(|found| self.fits(found)));
            after = next;
            if !page.is_empty() || after.is_none() || count == 0 {
                break;
            }
        }
        Ok((page, u64::MAX, after))
    }
}

/// Groups that a user is a direct member of, as `groups` has them; at most one page.
///
/// # Errors
/// What the directory says.
pub fn groups_of(service: Service<'_>, id: &str) -> Result<Value, Refusal> {
    let filter = json!({ "attribute": format!("members{}", stored::ID_OF_REFERENCE), "is": "eq", "value": id });
    let query = json!({ "filter": filter, "attributes": ["displayName"] });
    let listing = directory::query(Kind::Group.class(), &query.to_string())?;
    let mut all = Vec::new();
    for object in listing.objects {
        let found = Found::of(Kind::Group, object)?;
        let display = found.resource.get("displayName").cloned().unwrap_or_default();
        all.push(
            json!({ "value": found.id, "$ref": found.location(service.base), "display": display, "type": "direct" }),
        );
    }
    Ok(Value::Array(all))
}
