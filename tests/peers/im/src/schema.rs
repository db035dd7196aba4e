//! Endpoints as data: what a call takes and what it answers. One table is read by the checker of requests, by the checker
//! of the simulator's own answers, and, printed by `--describe`, by tests that walk the vendors' client libraries.

use serde_json::{Value, json};

/// The type of a field on the wire.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number; vendors use 64 bits.
    Integer,
    /// `true` or `false`.
    Flag,
    /// A string that lists values between commas.
    Commas,
    /// A string that holds JSON text of an object.
    Json,
    /// A list of strings.
    Texts,
    /// A list of whole numbers.
    Integers,
    /// An object with these fields.
    Object(&'static [Field]),
    /// A list of objects with these fields.
    List(&'static [Field]),
    /// An object whose keys are data, with strings as values.
    Map,
    /// Anything: the vendor says no more.
    Any,
}

/// One field of a request or an answer.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// A request without it is refused.
    pub required: bool,
    /// Most letters of a text, most items of a list; 0 for no limit.
    pub max: usize,
    /// Fewest letters of a text.
    pub min: usize,
    /// Smallest and largest number.
    pub range: Option<(i64, i64)>,
    /// All values that a text may have; empty for any.
    pub one_of: &'static [&'static str],
    /// The vendor's code for a wrong value, where it differs from that of the endpoint.
    pub refusal: Option<i64>,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, max: 0, min: 0, range: None, one_of: &[], refusal: None }
    }

    /// A request without it is refused.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Most letters, or items.
    #[must_use]
    pub const fn max(mut self, max: usize) -> Self {
        self.max = max;
        self
    }

    /// Fewest letters.
    #[must_use]
    pub const fn min(mut self, min: usize) -> Self {
        self.min = min;
        self
    }

    /// Smallest and largest number.
    #[must_use]
    pub const fn range(mut self, least: i64, most: i64) -> Self {
        self.range = Some((least, most));
        self
    }

    /// All values that it may have.
    #[must_use]
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.one_of = values;
        self
    }

    /// The vendor's own code for a wrong value of this field.
    #[must_use]
    pub const fn refused(mut self, code: i64) -> Self {
        self.refusal = Some(code);
        self
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $function:ident $kind:ident)*) => { $(
        $(#[$doc])*
        #[must_use]
        pub const fn $function(name: &'static str) -> Field {
            Field::new(name, Kind::$kind)
        }
    )* };
}

kinds! {
    /// A field of type [`Kind::Text`].
    text Text
    /// A field of type [`Kind::Integer`].
    integer Integer
    /// A field of type [`Kind::Flag`].
    flag Flag
    /// A field of type [`Kind::Commas`].
    commas Commas
    /// A field of type [`Kind::Json`].
    json_text Json
    /// A field of type [`Kind::Texts`].
    texts Texts
    /// A field of type [`Kind::Integers`].
    integers Integers
    /// A field of type [`Kind::Map`].
    map Map
    /// A field of type [`Kind::Any`].
    any Any
}

/// A field of type [`Kind::Object`].
#[must_use]
pub const fn object(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::Object(fields))
}

/// A field of type [`Kind::List`].
#[must_use]
pub const fn list(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::List(fields))
}

/// Where the fields of a request stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the query.
    Query,
    /// In the body, as JSON only.
    Json,
    /// In the body, as JSON or as a form.
    JsonOrForm,
}

/// One call of a vendor. `H` is what answers it.
#[derive(Debug)]
pub struct Endpoint<H: 'static> {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, as the vendor's documents write it.
    pub path: &'static str,
    /// Which of a vendor's generations of interfaces: their envelopes and tokens differ.
    pub generation: &'static str,
    /// The permission point that the application needs.
    pub permission: Option<&'static str>,
    /// Where its fields stand.
    pub place: Place,
    /// What it takes.
    pub request: &'static [Field],
    /// What it answers, with everything around the result.
    pub response: &'static [Field],
    /// The vendor's code for a request whose shape is wrong.
    pub refusal: i64,
    /// Whether it changes the directory.
    pub writes: bool,
    /// Whether it needs a token.
    pub token: bool,
    /// What answers it.
    pub handler: H,
}

impl<H> Endpoint<H> {
    /// A `POST` that needs a token and no permission, and reads.
    #[must_use]
    pub const fn new(
        generation: &'static str,
        path: &'static str,
        request: &'static [Field],
        response: &'static [Field],
        handler: H,
    ) -> Self {
        Self {
            method: "POST",
            path,
            generation,
            permission: None,
            place: Place::Json,
            request,
            response,
            refusal: 0,
            writes: false,
            token: true,
            handler,
        }
    }

    /// It is a `GET`.
    #[must_use]
    pub const fn get(mut self) -> Self {
        self.method = "GET";
        self.place = Place::Query;
        self
    }

    /// Where its fields stand.
    #[must_use]
    pub const fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The permission point that it needs.
    #[must_use]
    pub const fn permission(mut self, permission: &'static str) -> Self {
        self.permission = Some(permission);
        self
    }

    /// The code for a request whose shape is wrong.
    #[must_use]
    pub const fn refusal(mut self, code: i64) -> Self {
        self.refusal = code;
        self
    }

    /// It changes the directory.
    #[must_use]
    pub const fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// It needs no token.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.token = false;
        self
    }

    /// The definition as JSON, for tests in other languages.
    #[must_use]
    pub fn describe(&self) -> Value {
        json!({
            "method": self.method, "path": self.path, "generation": self.generation, "permission": self.permission,
            "place": match self.place { Place::Query => "query", Place::Json => "json", Place::JsonOrForm => "json-or-form" },
            "writes": self.writes, "token": self.token, "refusal": self.refusal,
            "request": describe(self.request), "response": describe(self.response),
        })
    }
}

/// Fields as JSON.
#[must_use]
pub fn describe(fields: &[Field]) -> Value {
    let described = fields.iter().map(|field| {
        let (kind, within) = match field.kind {
            Kind::Text => ("text", None),
            Kind::Integer => ("integer", None),
            Kind::Flag => ("flag", None),
            Kind::Commas => ("commas", None),
            Kind::Json => ("json", None),
            Kind::Texts => ("texts", None),
            Kind::Integers => ("integers", None),
            Kind::Object(within) => ("object", Some(within)),
            Kind::List(within) => ("list", Some(within)),
            Kind::Map => ("map", None),
            Kind::Any => ("any", None),
        };
        let mut value = json!({ "name": field.name, "kind": kind, "required": field.required });
        if let Some(within) = within {
            value["fields"] = describe(within);
        }
        if field.max > 0 {
            value["max"] = field.max.into();
        }
        if let Some((least, most)) = field.range {
            value["range"] = json!([least, most]);
        }
        if !field.one_of.is_empty() {
            value["one_of"] = json!(field.one_of);
        }
        value
    });
    described.collect()
}
