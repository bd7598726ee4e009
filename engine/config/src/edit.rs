//! Changing one setting inside the text of a settings file, so that comments, order and spacing of the rest stay.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::text::{self, Kind, Node, SyntaxError};

/// What happens to a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It gets this value, whatever it was.
    Set(Value),
    /// This value joins a list, if it is not in it yet.
    Append(Value),
}

impl Change {
    /// The value of the setting where there was none before.
    pub(crate) fn alone(&self) -> Value {
        match self {
            Self::Set(value) => value.clone(),
            Self::Append(item) => Value::Array(vec![item.clone()]),
        }
    }
}

/// Objects around a value, one for each segment.
pub(crate) fn wrap(segments: &[String], value: Value) -> Value {
    segments.iter().rev().fold(value, |inner, name| {
        Value::Object(Map::from_iter([(name.clone(), inner)]))
    })
}

/// The text with the change made. The result is parsed again: an edit never leaves a file that cannot be read.
pub(crate) fn edited(
    text: &str,
    segments: &[String],
    change: &Change,
) -> Result<String, SyntaxError> {
    let root = text::parse(text)?;
    let page = Page::of(text, &root);
    let changed = if root.span.is_empty() {
        format!(
            "{}{}",
            page.pretty(&wrap(segments, change.alone()), ""),
            page.newline
        )
    } else {
        page.change(&root, segments, change)
    };
    text::parse(&changed).map(|_| changed)
}

/// The deepest node on the way that exists, and the segments that do not.
fn deepest<'n, 's>(root: &'n Node, segments: &'s [String]) -> (&'n Node, &'s [String]) {
    match segments
        .split_first()
        .and_then(|(name, rest)| Some((root.member(name)?, rest)))
    {
        Some((member, rest)) => deepest(&member.value, rest),
        None => (root, segments),
    }
}

/// A list or object that gets one more item.
struct Container {
    /// Where each item stands.
    items: Vec<Range<usize>>,
    trailing_comma: Option<usize>,
}

impl Container {
    fn of(node: &Node) -> Option<Self> {
        let (items, trailing_comma) = match &node.kind {
            Kind::Array(list) => (
                list.items.iter().map(|i| i.span.clone()).collect(),
                list.trailing_comma,
            ),
            Kind::Object(object) => {
                let whole = |m: &text::Member| m.key_span.start..m.value.span.end;
                (
                    object.items.iter().map(whole).collect(),
                    object.trailing_comma,
                )
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => return None,
        };
        Some(Self {
            items,
            trailing_comma,
        })
    }
}

/// The text being edited and its habits.
struct Page<'a> {
    text: &'a str,
    newline: &'static str,
    /// One step of indentation.
    unit: String,
}

impl<'a> Page<'a> {
    fn of(text: &'a str, root: &Node) -> Self {
        let mut page = Page {
            text,
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            unit: "  ".to_owned(),
        };
        let first = Container::of(root).and_then(|c| c.items.first().cloned());
        if let Some(indent) = first
            .and_then(|item| page.own_indent(item.start))
            .filter(|i| !i.is_empty())
        {
            page.unit = indent.to_owned();
        }
        page
    }

    fn change(&self, root: &Node, segments: &[String], change: &Change) -> String {
        let (found, rest) = deepest(root, segments);
        match (&found.kind, rest, change) {
            (Kind::Array(list), [], Change::Append(item)) => {
                if list.items.iter().any(|i| i.to_value() == *item) {
                    return self.text.to_owned();
                }
                self.insert(found, |indent| self.pretty(item, indent))
            }
            (Kind::Object(_), [name, deeper @ ..], _) => {
                let value = wrap(deeper, change.alone());
                self.insert(found, |indent| {
                    format!(
                        "{}: {}",
                        Value::from(name.as_str()),
                        self.pretty(&value, indent)
                    )
                })
            }
            _ => {
                let value = self.pretty(
                    &wrap(rest, change.alone()),
                    self.line_indent(found.span.start),
                );
                splice(self.text, vec![(found.span.clone(), value)])
            }
        }
    }

    /// Puts one more item at the end of a list or object.
    fn insert(&self, node: &Node, piece: impl Fn(&str) -> String) -> String {
        let Some(container) = Container::of(node) else {
            return self.text.to_owned();
        };
        let close = node.span.end - 1;
        let edits = match (self.own_indent(close), container.items.last()) {
            (Some(outer), last) => {
                let indent = last
                    .and_then(|item| self.own_indent(item.start))
                    .map_or_else(|| format!("{outer}{}", self.unit), str::to_owned);
                let after = if container.trailing_comma.is_some() {
                    ","
                } else {
                    ""
                };
                let line = format!("{indent}{}{after}{}", piece(&indent), self.newline);
                let start = close - outer.len();
                let comma = last
                    .filter(|_| container.trailing_comma.is_none())
                    .map(|item| (item.end..item.end, ",".to_owned()));
                comma.into_iter().chain([(start..start, line)]).collect()
            }
            (None, Some(last)) => {
                let piece = piece(self.line_indent(close));
                let (at, joined) = match container.trailing_comma {
                    Some(comma) => (comma + 1, format!(" {piece}")),
                    None => (last.end, format!(", {piece}")),
                };
                vec![(at..at, joined)]
            }
            (None, None) => vec![self.first_item(node, piece)],
        };
        splice(self.text, edits)
    }

    /// The first item between brackets that share a line.
    fn first_item(&self, node: &Node, piece: impl Fn(&str) -> String) -> (Range<usize>, String) {
        let inside = node.span.start + 1..node.span.end - 1;
        let outer = self.line_indent(node.span.start);
        if !self.text[inside.clone()].trim().is_empty() {
            return (inside.start..inside.start, format!(" {}", piece(outer)));
        }
        if matches!(node.kind, Kind::Array(_)) {
            return (inside, piece(outer));
        }
        let indent = format!("{outer}{}", self.unit);
        (
            inside,
            format!("{0}{indent}{1}{0}{outer}", self.newline, piece(&indent)),
        )
    }

    /// The white space before a place, if nothing else stands before it on its line and it is not the first line.
    fn own_indent(&self, at: usize) -> Option<&'a str> {
        let start = self.text[..at].rfind('\n')? + 1;
        let before = &self.text[start..at];
        before
            .chars()
            .all(|c| c == ' ' || c == '\t')
            .then_some(before)
    }

    /// The white space at the beginning of the line a place is on.
    fn line_indent(&self, at: usize) -> &'a str {
        let start = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
        let line = &self.text[start..at];
        let end = line
            .find(|c: char| c != ' ' && c != '\t')
            .unwrap_or(line.len());
        &line[..end]
    }

    /// A value over several lines; the first carries no indentation, as it follows a key.
    fn pretty(&self, value: &Value, indent: &str) -> String {
        let deeper = format!("{indent}{}", self.unit);
        let line = |text: String| format!("{}{deeper}{text}", self.newline);
        match value {
            Value::Array(items) if items.len() > 1 => {
                let lines: Vec<String> = items
                    .iter()
                    .map(|item| line(self.pretty(item, &deeper)))
                    .collect();
                format!("[{}{}{indent}]", lines.join(","), self.newline)
            }
            Value::Array(items) if items.len() == 1 => {
                format!("[{}]", self.pretty(&items[0], indent))
            }
            Value::Object(members) if !members.is_empty() => {
                let member = |(k, v): (&String, &Value)| {
                    line(format!(
                        "{}: {}",
                        Value::from(k.as_str()),
                        self.pretty(v, &deeper)
                    ))
                };
                let lines: Vec<String> = members.iter().map(member).collect();
                format!("{{{}{}{indent}}}", lines.join(","), self.newline)
            }
            _ => value.to_string(),
        }
    }
}

/// Replaces ranges, given in order, by texts.
fn splice(text: &str, edits: Vec<(Range<usize>, String)>) -> String {
    let mut changed = text.to_owned();
    for (range, piece) in edits.into_iter().rev() {
        changed.replace_range(range, &piece);
    }
    changed
}
