//! Tests of Rust: functions with an attribute, also inside of macros such as `proptest!`.

use tree_sitter::Node;

use super::constant::{is_hollow, listed};
use super::read::{Function, Mark, Opened, Spot, last, parts_of};

/// Attributes, by their last name, that make a function a test.
const TESTS: [&str; 6] = [
    "test",
    "rstest",
    "test_case",
    "quickcheck",
    "wasm_bindgen_test",
    "property_test",
];

pub(super) fn open(spot: &Spot<'_, '_>) -> Option<Opened> {
    match spot.node.kind() {
        "mod_item" => Some(Opened::Group {
            name: spot.field_text("name").to_owned(),
            is_skipped: spot.leading("attribute_item").into_iter().any(is_off),
            is_alone: false,
        }),
        "function_item" => {
            let attributes = spot.leading("attribute_item");
            let body = spot.field("body");
            Some(function(spot, spot.field_text("name"), &attributes, body))
        }
        "token_tree" => in_macro(spot),
        _ => None,
    }
}

/// A function among the tokens of a macro: `#[test] fn name(..) {`.
fn in_macro(spot: &Spot<'_, '_>) -> Option<Opened> {
    if !spot.own().starts_with('{') {
        return None;
    }
    let at = spot.before.iter().rposition(|node| node.kind() == "fn")?;
    let mut after = spot.before[at + 1..].iter();
    let name = after.next().filter(|node| node.kind() == "identifier")?;
    // Something else ends between the two.
    if after.any(|node| node.kind() == ";" || spot.text_of(*node).starts_with('{')) {
        return None;
    }
    let ahead = spot.before[..at].iter().rev();
    let ahead = ahead.filter(|node| !matches!(node.kind(), "#" | "async" | "identifier"));
    let attributes = ahead.map(|node| spot.text_of(*node));
    let attributes: Vec<&str> = attributes
        .take_while(|text| text.starts_with('['))
        .collect();
    Some(function(
        spot,
        spot.text_of(*name),
        &attributes,
        Some(spot.node),
    ))
}

fn function(
    spot: &Spot<'_, '_>,
    name: &str,
    attributes: &[&str],
    body: Option<Node<'_>>,
) -> Opened {
    let names = || attributes.iter().map(|text| named(text));
    let cases = names().filter(|name| matches!(*name, "case" | "test_case"));
    let cases = u32::try_from(cases.count()).unwrap_or(u32::MAX);
    let values = attributes.iter().filter(|text| named(text) == "values");
    let panics = names().any(|name| name == "should_panic");
    let text = body.map_or("", |body| {
        spot.text.get(body.byte_range()).unwrap_or_default()
    });
    let inner = text.trim_start_matches('{').trim_end_matches('}').trim();
    Opened::Function(Box::new(Function {
        name: name.to_owned(),
        is_test: names().any(|name| TESTS.contains(&name)),
        is_skipped: attributes
            .iter()
            .any(|text| named(text) == "ignore" || is_off(text))
            || returns_at_once(inner),
        is_empty: inner.is_empty(),
        checks: u32::from(panics),
        cases: values
            .map(|text| listed(text))
            .max()
            .unwrap_or(0)
            .max(cases),
        ..Function::default()
    }))
}

fn returns_at_once(body: &str) -> bool {
    body.strip_prefix("return").is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.starts_with(';') || rest.starts_with("Ok(())")
    })
}

/// The last name of an attribute: `test` of `#[tokio::test(..)]`.
fn named(attribute: &str) -> &str {
    let text = attribute.trim_start_matches('#').trim_start_matches('[');
    let end = text.find(['(', '=', ']', ' ']).unwrap_or(text.len());
    last(&text[..end])
}

/// Whether an attribute takes what follows out of every build.
fn is_off(attribute: &str) -> bool {
    let text: String = attribute.chars().filter(|c| !c.is_whitespace()).collect();
    named(attribute) == "cfg" && (text.contains("(any())") || text.contains("(false)"))
}

pub(super) fn mark(spot: &Spot<'_, '_>) -> Option<Mark> {
    match spot.node.kind() {
        "token_tree" => tokens(spot),
        "for_expression" | "while_expression" | "for" => Some(Mark::Loop),
        "array_expression" => Some(Mark::List(parts_of(spot.node))),
        "call_expression" => match last(spot.field_text("function")) {
            "for_each" | "map" | "all" => Some(Mark::Loop),
            name => Some(Mark::Calls(name.to_owned())),
        },
        _ => None,
    }
}

/// The arguments of a macro, or, inside of one, of a call.
fn tokens(spot: &Spot<'_, '_>) -> Option<Mark> {
    let text = spot.own();
    let is_list = text.starts_with('[');
    match spot.before {
        [.., name, sign] if sign.kind() == "!" => {
            let name = last(spot.text_of(*name));
            let inner = text.get(1..text.len().saturating_sub(1))?;
            match name {
                "vec" if is_list => Some(Mark::List(listed(text))),
                _ if is_check(name) => Some(match is_hollow(inner, compared(name)) {
                    true => Mark::Hollow,
                    false => Mark::Check,
                }),
                _ => Some(Mark::Calls(name.to_owned())),
            }
        }
        _ if is_list => Some(Mark::List(listed(text))),
        [.., name] if name.kind() == "identifier" && text.starts_with('(') => {
            Some(Mark::Calls(spot.text_of(*name).to_owned()))
        }
        _ => None,
    }
}

fn is_check(name: &str) -> bool {
    ["assert", "prop_assert", "debug_assert"]
        .iter()
        .any(|begin| name.starts_with(begin))
}

/// How many of its arguments a check compares.
fn compared(name: &str) -> usize {
    match name {
        "assert" | "prop_assert" | "debug_assert" => 1,
        _ => 2,
    }
}
