//! One settings document against the schema: leaves with provenance, warnings for the odd, errors for the wrong.

use std::path::PathBuf;

use serde_json::Value;

use crate::error::{ConfigError, Mismatch, Warning};
use crate::key::KeyPath;
use crate::quantity;
use crate::schema::{self, Field, Members, Shape};
use crate::source::{Layer, Source};
use crate::text::{self, Kind, Member, Node, Sequence};

/// A single value of a document; a list of rules gives one leaf per rule.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) key: KeyPath,
    pub(crate) value: Value,
    pub(crate) source: Source,
    /// Whether values of other layers stand beside this one instead of under it.
    pub(crate) accumulates: bool,
}

/// What one or more documents hold.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) errors: Vec<ConfigError>,
}

/// Whose document is read.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) layer: Layer,
    pub(crate) file: Option<PathBuf>,
}

impl Origin {
    fn at(&self, line: u32) -> Source {
        // Text built from single flags has no lines that anybody wrote.
        let line = (!matches!(self.layer, Layer::Flags | Layer::BuiltIn)).then_some(line);
        Source {
            layer: self.layer,
            file: self.file.clone(),
            line,
        }
    }
}

/// Reads one document into `findings`.
pub(crate) fn document(text: &str, origin: &Origin, findings: &mut Findings) {
    let root = match text::parse(text) {
        Ok(root) => root,
        Err(e) => {
            let at = origin.at(e.line);
            findings.errors.push(ConfigError::Syntax {
                at,
                column: e.column,
                message: e.message,
            });
            return;
        }
    };
    if let Kind::Object(object) = &root.kind {
        Walk { origin, findings }.object(&KeyPath::default(), object, &schema::ROOT);
    }
}

struct Walk<'a> {
    origin: &'a Origin,
    findings: &'a mut Findings,
}

impl Walk<'_> {
    fn object(&mut self, parent: &KeyPath, object: &Sequence<Member>, members: &'static Members) {
        for (at, member) in object.items.iter().enumerate() {
            let key = parent.child(&member.key);
            if object.items[at + 1..]
                .iter()
                .any(|later| later.key == member.key)
            {
                self.warn(
                    member.line,
                    &key,
                    "given twice in this file, the later one counts",
                );
                continue;
            }
            match members {
                Members::Fields(fields) => match fields.iter().find(|f| f.name == member.key) {
                    Some(field) => self.field(&key, member, field),
                    None if schema::is_foreign(&key) => {}
                    None => self.unknown(&key, member, members),
                },
                Members::Named { shape, barred } => self.named(&key, member, (*shape, barred)),
            }
        }
    }

    fn field(&mut self, key: &KeyPath, member: &Member, field: &Field) {
        match field.unused {
            Some(why) => self.warn(member.line, key, why),
            None => self.value(key, &member.value, field.shape),
        }
    }

    fn unknown(&mut self, key: &KeyPath, member: &Member, members: &Members) {
        let message = match schema::nearest(&member.key, members.names()) {
            Some(near) => format!("unknown setting, ignored (did you mean {near:?}?)"),
            None => "unknown setting, ignored".to_owned(),
        };
        self.warn(member.line, key, &message);
    }

    fn named(&mut self, key: &KeyPath, member: &Member, (shape, barred): (Shape, &[char])) {
        let reason = if member.key.trim().is_empty() {
            "is empty"
        } else if member.key.contains(barred) {
            "holds a character that cannot stand in it"
        } else {
            return self.value(key, &member.value, shape);
        };
        self.findings.errors.push(ConfigError::BadName {
            at: self.origin.at(member.line),
            key: key.clone(),
            reason,
        });
    }

    fn value(&mut self, key: &KeyPath, node: &Node, shape: Shape) {
        match (shape, &node.kind) {
            (Shape::Object(members), Kind::Object(object)) => self.object(key, object, members),
            (Shape::List, Kind::Array(list)) => self.list(key, list),
            _ => match fault(node, shape) {
                None => {
                    self.warn_of_committed_key(key, node);
                    self.leaf(key, node, false);
                }
                Some(found) => self.wrong(key, node, (shape, found)),
            },
        }
    }

    fn list(&mut self, key: &KeyPath, list: &Sequence<Node>) {
        for (at, item) in list.items.iter().enumerate() {
            match fault(item, Shape::Text) {
                None => self.leaf(key, item, true),
                Some(found) => self.wrong(
                    key,
                    item,
                    (Shape::List, format!("{found} as item {}", at + 1)),
                ),
            }
        }
    }

    fn leaf(&mut self, key: &KeyPath, node: &Node, accumulates: bool) {
        let source = self.origin.at(node.line);
        self.findings.leaves.push(Leaf {
            key: key.clone(),
            value: node.to_value(),
            source,
            accumulates,
        });
    }

    /// A word formic does not know in a file of another program is that program's newer word, not a mistake.
    fn wrong(&mut self, key: &KeyPath, node: &Node, (shape, found): (Shape, String)) {
        if self.origin.layer.is_foreign()
            && matches!((shape, &node.kind), (Shape::Choice(_), Kind::String(_)))
        {
            let message = format!(
                "{found} is not known to formic, ignored (known: {})",
                shape.expected()
            );
            return self.warn(node.line, key, &message);
        }
        let name = key.segments().last().map_or("", String::as_str);
        self.findings.errors.push(ConfigError::WrongValue {
            at: self.origin.at(node.line),
            key: key.clone(),
            mismatch: Box::new(Mismatch {
                expected: shape.expected(),
                found,
                example: format!("{name:?}: {}", shape.example()),
            }),
        });
    }

    fn warn_of_committed_key(&mut self, key: &KeyPath, node: &Node) {
        let committed = matches!(self.origin.layer, Layer::Project | Layer::ClaudeProject);
        let is_key = matches!(key.segments(), [providers, _, field] if providers == "providers" && field == "api_key");
        if committed && is_key {
            self.warn(node.line, key, "a key stands in a file meant to be committed; use api_key_env, or the local or user settings");
        }
    }

    fn warn(&mut self, line: u32, key: &KeyPath, message: &str) {
        let source = self.origin.at(line);
        self.findings.warnings.push(Warning {
            source,
            key: key.clone(),
            message: message.to_owned(),
        });
    }
}

/// What was found instead of the shape, if it does not fit. Objects and lists of the right kind are looked at elsewhere.
fn fault(node: &Node, shape: Shape) -> Option<String> {
    let fits = match (shape, &node.kind) {
        (Shape::Anything, _)
        | (Shape::FreeText, Kind::String(_))
        | (Shape::Switch, Kind::Bool(_)) => true,
        (Shape::Text | Shape::Secret, Kind::String(s)) => !s.trim().is_empty(),
        (Shape::Url, Kind::String(s)) => ["http://", "https://"]
            .iter()
            .any(|p| s.len() > p.len() && s.starts_with(p)),
        (Shape::Choice(words), Kind::String(s)) => words.contains(&s.as_str()),
        (Shape::Count, Kind::Number(n)) => n.as_u64().is_some_and(|n| n > 0),
        (Shape::Dollars, Kind::Number(_)) => quantity::dollars_value(&node.to_value()).is_some(),
        (Shape::Span, Kind::Number(_) | Kind::String(_)) => {
            let reason = quantity::duration_value(&node.to_value()).err()?;
            return Some(format!("{} ({reason})", shown(node)));
        }
        _ => return Some(node.kind_name().to_owned()),
    };
    (!fits).then(|| shown(node))
}

/// A value as an error quotes it, cut when long.
fn shown(node: &Node) -> String {
    let text = node.to_value().to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
