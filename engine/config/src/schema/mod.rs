//! The settings formic knows: their names, shapes and examples, in one table.

mod foreign;
mod nearest;

pub(crate) use foreign::is_foreign;
pub(crate) use nearest::nearest;

use protocol::PermissionMode;

use crate::key::KeyPath;

/// What a setting may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A non-empty string.
    Text,
    /// Any string, empty too.
    FreeText,
    /// A non-empty string that is never shown.
    Secret,
    /// An `http://` or `https://` address.
    Url,
    /// `true` or `false`.
    Switch,
    /// A whole number above zero.
    Count,
    /// US dollars, zero or more.
    Dollars,
    /// A duration above zero.
    Span,
    /// One of the named words.
    Choice(&'static [&'static str]),
    /// A list of non-empty strings that adds up over the layers.
    List,
    /// An object.
    Object(&'static Members),
    /// Any JSON, looked at by nobody.
    Anything,
}

/// What an object may hold.
#[derive(Debug)]
pub(crate) enum Members {
    /// These fields and no others.
    Fields(&'static [Field]),
    /// Any name, each with a value of one shape.
    Named {
        /// The shape of every value.
        shape: Shape,
        /// Characters a name may not hold.
        barred: &'static [char],
    },
}

/// One setting of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// Said as a warning where the setting is accepted without being used.
    pub(crate) unused: Option<&'static str>,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        unused: None,
    }
}

const fn unused(name: &'static str, why: &'static str) -> Field {
    Field {
        name,
        shape: Shape::Anything,
        unused: Some(why),
    }
}

/// The permission modes, as Claude Code names them.
const MODES: &[&str] = &[
    PermissionMode::Default.name(),
    PermissionMode::AcceptEdits.name(),
    PermissionMode::Plan.name(),
    PermissionMode::DontAsk.name(),
    PermissionMode::BypassPermissions.name(),
];

/// The wires a provider may speak.
const WIRES: &[&str] = &["anthropic", "openai"];

/// The whole settings object.
pub(crate) static ROOT: Members = Members::Fields(&[
    field("permissions", Shape::Object(&PERMISSIONS)),
    field("allowManagedPermissionRulesOnly", Shape::Switch),
    field(
        "env",
        Shape::Object(&Members::Named {
            shape: Shape::FreeText,
            barred: &['=', '\0'],
        }),
    ),
    field("model", Shape::Text),
    unused("apiKeyHelper", "not supported yet, the program is not run"),
    unused("hooks", "not supported yet, formic runs no hooks"),
    field(
        "providers",
        Shape::Object(&Members::Named {
            shape: Shape::Object(&PROVIDER),
            barred: &['/'],
        }),
    ),
    field(
        "aliases",
        Shape::Object(&Members::Named {
            shape: Shape::Text,
            barred: &['/'],
        }),
    ),
    field("budgets", Shape::Object(&BUDGETS)),
    field("retry", Shape::Object(&RETRY)),
    field("swarm", Shape::Object(&FREE)),
    field("memory", Shape::Object(&FREE)),
]);

static PERMISSIONS: Members = Members::Fields(&[
    field("allow", Shape::List),
    field("ask", Shape::List),
    field("deny", Shape::List),
    field("defaultMode", Shape::Choice(MODES)),
    field("additionalDirectories", Shape::List),
    field("disableBypassPermissionsMode", Shape::Choice(&["disable"])),
]);

static PROVIDER: Members = Members::Fields(&[
    field("wire", Shape::Choice(WIRES)),
    field("base_url", Shape::Url),
    field("api_key", Shape::Secret),
    field("api_key_env", Shape::Text),
    field(
        "headers",
        Shape::Object(&Members::Named {
            shape: Shape::Secret,
            barred: &[':', ' ', '\r', '\n', '\0'],
        }),
    ),
    field(
        "models",
        Shape::Object(&Members::Named {
            shape: Shape::Object(&MODEL),
            barred: &[],
        }),
    ),
]);

static MODEL: Members = Members::Fields(&[
    field("price", Shape::Object(&PRICE)),
    field("context_window", Shape::Count),
    field("max_output", Shape::Count),
    field("vision", Shape::Switch),
]);

static PRICE: Members = Members::Fields(&[
    field("input", Shape::Dollars),
    field("output", Shape::Dollars),
    field("cache_read", Shape::Dollars),
    field("cache_write", Shape::Dollars),
]);

static BUDGETS: Members = Members::Fields(&[
    field("usd", Shape::Dollars),
    field("tokens", Shape::Count),
    field("turns", Shape::Count),
    field("timeout", Shape::Span),
]);

static RETRY: Members = Members::Fields(&[
    field("max_attempts", Shape::Count),
    field("idle_timeout", Shape::Span),
]);

/// Rooms that read their own settings: taken as they are, merged by name.
static FREE: Members = Members::Named {
    shape: Shape::Anything,
    barred: &[],
};

impl Shape {
    /// What an error says was expected.
    pub(crate) fn expected(self) -> String {
        match self {
            Self::Text | Self::Secret => "a non-empty string".to_owned(),
            Self::FreeText => "a string".to_owned(),
            Self::Url => "an address that begins with http:// or https://".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Count => "a whole number above zero".to_owned(),
            Self::Dollars => "an amount of US dollars, zero or more".to_owned(),
            Self::Span => "a duration above zero".to_owned(),
            Self::Choice(words) => match words {
                [only] => format!("{only:?}"),
                _ => format!(
                    "one of {}",
                    words
                        .iter()
                        .map(|w| format!("{w:?}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            },
            Self::List => "a list of non-empty strings".to_owned(),
            Self::Object(_) => "an object".to_owned(),
            Self::Anything => "a value".to_owned(),
        }
    }

    /// A correct value to show in a hint.
    pub(crate) fn example(self) -> String {
        match self {
            Self::Text | Self::FreeText | Self::Secret | Self::Anything => "\"...\"".to_owned(),
            Self::Url => "\"https://host/v1\"".to_owned(),
            Self::Switch => "true".to_owned(),
            Self::Count => "10".to_owned(),
            Self::Dollars => "2.50".to_owned(),
            Self::Span => "\"10m\"".to_owned(),
            Self::Choice(words) => format!("{:?}", words.first().copied().unwrap_or_default()),
            Self::List => "[\"...\"]".to_owned(),
            Self::Object(_) => "{ ... }".to_owned(),
        }
    }
}

impl Members {
    /// The names of the fields; none for maps, whose names are free.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let fields: &'static [Field] = match self {
            Self::Fields(fields) => fields,
            Self::Named { .. } => &[],
        };
        fields.iter().map(|f| f.name)
    }
}

/// Whether the value at this path must never be shown: keys, headers, and variables whose name sounds like one.
pub(crate) fn is_secret(key: &KeyPath) -> bool {
    match key.segments() {
        [providers, _, field, ..] if providers == "providers" => {
            field == "api_key" || field == "headers"
        }
        [env, name, ..] if env == "env" => {
            let name = name.to_ascii_uppercase();
            [
                "KEY",
                "TOKEN",
                "SECRET",
                "PASS",
                "AUTH",
                "CREDENTIAL",
                "COOKIE",
                "HEADERS",
            ]
            .iter()
            .any(|w| name.contains(w))
        }
        _ => false,
    }
}

/// The first part of a key that no table names, and a near name; none for known settings and those of Claude Code.
pub(crate) fn unknown_part(key: &KeyPath) -> Option<(KeyPath, Option<&'static str>)> {
    let (mut members, mut at) = (&ROOT, KeyPath::default());
    for name in key.segments() {
        at = at.child(name);
        let shape = match members {
            Members::Fields(fields) => match fields.iter().find(|f| f.name == name) {
                Some(field) => field.shape,
                None if is_foreign(&at) => return None,
                None => return Some((at, nearest(name, members.names()))),
            },
            Members::Named { shape, .. } => *shape,
        };
        let Shape::Object(below) = shape else {
            return None;
        };
        members = below;
    }
    None
}
