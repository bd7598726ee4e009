//! Settings text: JSON with comments and trailing commas, read into nodes that know their line and span.

mod parse;

use std::ops::Range;

use serde_json::{Map, Number, Value};

pub(crate) use parse::{SyntaxError, parse};

/// One JSON value and where it stands in the text.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The value itself.
    pub(crate) kind: Kind,
    /// Byte range in the text, without surrounding space or comments.
    pub(crate) span: Range<usize>,
    /// Line of the first byte, from 1.
    pub(crate) line: u32,
}

/// The six JSON kinds.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Sequence<Node>),
    Object(Sequence<Member>),
}

/// The parts of a list or an object, in order of the text.
#[derive(Debug, Clone)]
pub(crate) struct Sequence<T> {
    /// Elements or members; an object keeps duplicates, the last one counts.
    pub(crate) items: Vec<T>,
    /// Byte offset of a comma after the last item, if one stands there.
    pub(crate) trailing_comma: Option<usize>,
}

/// One `"key": value` of an object.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The key, unescaped.
    pub(crate) key: String,
    /// Byte range of the key with its quotes.
    pub(crate) key_span: Range<usize>,
    /// Line of the key, from 1.
    pub(crate) line: u32,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// The plain JSON value, positions forgotten.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Number(n) => Value::Number(n.clone()),
            Kind::String(s) => Value::String(s.clone()),
            Kind::Array(list) => Value::Array(list.items.iter().map(Self::to_value).collect()),
            Kind::Object(object) => Value::Object(
                object
                    .items
                    .iter()
                    .map(|m| (m.key.clone(), m.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// What a reader would call this kind of value.
    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(true) => "true",
            Kind::Bool(false) => "false",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    /// The member `key` of an object; of duplicates the last, as every JSON reader in the field does.
    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        match &self.kind {
            Kind::Object(object) => object.items.iter().rev().find(|m| m.key == key),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Array(_) => None,
        }
    }
}
