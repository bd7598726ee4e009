//! TOML as the same tree that settings text becomes, so that both forms of a plan are read and blamed alike.

use std::ops::Range;

use serde_json::Number;
use toml::de::{DeTable, DeValue};

use super::syntax;
use crate::text::{Kind, Member, Node, Sequence, SyntaxError};

/// Parses a TOML document.
///
/// # Errors
/// What is no TOML, and the values JSON has no word for: dates, infinities, numbers beyond 64 bits.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().next().unwrap_or_default();
        syntax(text, at, message.to_owned())
    })?;
    Tree { text }.table(table.get_ref(), table.span())
}

struct Tree<'a> {
    text: &'a str,
}

impl Tree<'_> {
    fn table(&self, table: &DeTable<'_>, span: Range<usize>) -> Result<Node, SyntaxError> {
        let members = table.iter().map(|(key, value)| {
            let key_span = key.span();
            Ok(Member {
                key: key.get_ref().to_string(),
                line: self.line(key_span.start),
                key_span,
                value: self.value(value.get_ref(), value.span())?,
            })
        });
        let items = members.collect::<Result<Vec<Member>, SyntaxError>>()?;
        Ok(self.node(Kind::Object(sequence(items)), span))
    }

    fn value(&self, value: &DeValue<'_>, span: Range<usize>) -> Result<Node, SyntaxError> {
        let wrong = |what: &str| Err(syntax(self.text, span.start, what.to_owned()));
        let kind = match value {
            DeValue::String(text) => Kind::String(text.to_string()),
            DeValue::Boolean(is) => Kind::Bool(*is),
            DeValue::Integer(whole) => match i64::from_str_radix(whole.as_str(), whole.radix()) {
                Ok(whole) => Kind::Number(whole.into()),
                Err(_) => return wrong("this number does not fit into 64 bits"),
            },
            DeValue::Float(real) => match real.as_str().parse().ok().and_then(Number::from_f64) {
                Some(real) => Kind::Number(real),
                None => return wrong("this number is not finite"),
            },
            DeValue::Datetime(_) => return wrong("no field of a plan is a date"),
            DeValue::Array(list) => {
                let items = list
                    .iter()
                    .map(|item| self.value(item.get_ref(), item.span()));
                Kind::Array(sequence(items.collect::<Result<Vec<Node>, SyntaxError>>()?))
            }
            DeValue::Table(table) => return self.table(table, span),
        };
        Ok(self.node(kind, span))
    }

    fn node(&self, kind: Kind, span: Range<usize>) -> Node {
        Node {
            kind,
            line: self.line(span.start),
            span,
        }
    }

    fn line(&self, at: usize) -> u32 {
        super::place(self.text, at).0
    }
}

fn sequence<T>(items: Vec<T>) -> Sequence<T> {
    Sequence {
        items,
        trailing_comma: None,
    }
}
