//! Tests of TypeScript and JavaScript: calls of `it` and `test` inside of calls of `describe`.

use tree_sitter::Node;

use super::constant::{is_hollow, listed, parts};
use super::read::{Function, Mark, Opened, Spot, last, parts_of};

/// Checks that take one thing.
const SINGLE: [&str; 8] = [
    "assert", "ok", "true", "false", "truthy", "falsy", "isTrue", "isFalse",
];

pub(super) fn open(spot: &Spot<'_, '_>) -> Option<Opened> {
    match spot.node.kind() {
        "call_expression" => case(spot),
        "function_declaration" | "method_definition" => Some(helper(spot.field_text("name"))),
        "variable_declarator" => {
            let value = spot.field("value").map(|value| value.kind());
            let is_function = matches!(value, Some("arrow_function" | "function_expression"));
            is_function.then(|| helper(spot.field_text("name")))
        }
        _ => None,
    }
}

fn helper(name: &str) -> Opened {
    Opened::Function(Box::new(Function {
        name: name.to_owned(),
        ..Function::default()
    }))
}

/// `it("..", () => {..})` and its kin; `describe` with them.
fn case(spot: &Spot<'_, '_>) -> Option<Opened> {
    let function = spot.field_text("function");
    let path = function.split(['(', '`']).next().unwrap_or_default();
    let mut words = path.split('.').map(str::trim);
    let root = words.next()?;
    let words: Vec<&str> = words.collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let arguments = spot.field("arguments")?;
    let first = arguments.named_child(0)?;
    if !matches!(first.kind(), "string" | "template_string") {
        return None;
    }
    let is_group = matches!(
        root,
        "describe" | "suite" | "context" | "xdescribe" | "fdescribe"
    );
    let is_test = matches!(
        root,
        "it" | "test" | "specify" | "xit" | "xtest" | "fit" | "ftest"
    );
    if !is_group && !is_test {
        return None;
    }
    let name = spot.text_of(first).to_owned();
    let off = [
        "skip", "todo", "fixme", "failing", "fails", "skipIf", "runIf",
    ];
    let said = options(spot, arguments);
    let is_skipped = root.starts_with('x') || has(&off) || said.contains("skip: true");
    let is_alone = root.starts_with('f') || has(&["only"]) || said.contains("only: true");
    if is_group || has(&["describe"]) {
        return Some(Opened::Group {
            name,
            is_skipped,
            is_alone,
        });
    }
    let body = body(spot, arguments);
    Some(Opened::Function(Box::new(Function {
        name,
        is_test: true,
        is_skipped: is_skipped || body.starts_with("return;"),
        is_alone,
        is_empty: body.is_empty(),
        cases: if has(&["each", "for"]) {
            listed(function)
        } else {
            0
        },
        ..Function::default()
    })))
}

/// What is said beside name and body.
fn options<'a>(spot: &Spot<'a, '_>, arguments: Node<'_>) -> &'a str {
    let second = arguments.named_child(1);
    let said = second.filter(|node| node.kind() == "object");
    said.map_or("", |node| {
        spot.text.get(node.byte_range()).unwrap_or_default()
    })
}

/// What the test's function does; empty where there is none.
fn body<'a>(spot: &Spot<'a, '_>, arguments: Node<'_>) -> &'a str {
    let all = (0..arguments.named_child_count()).filter_map(|at| arguments.named_child(at as _));
    let mut bodies = all.filter_map(|node| node.child_by_field_name("body"));
    let text = bodies.next_back().map_or("", |body| {
        spot.text.get(body.byte_range()).unwrap_or_default()
    });
    match text.strip_prefix('{') {
        Some(inner) => inner.trim_end_matches('}').trim(),
        None => text,
    }
}

pub(super) fn mark(spot: &Spot<'_, '_>) -> Option<Mark> {
    match spot.node.kind() {
        "call_expression" => call(spot),
        "for_statement" | "for_in_statement" | "while_statement" => Some(Mark::Loop),
        "array" => Some(Mark::List(parts_of(spot.node))),
        _ => None,
    }
}

fn call(spot: &Spot<'_, '_>) -> Option<Mark> {
    let function = spot.field_text("function");
    let root = function.split(['.', '(']).next().unwrap_or_default();
    let name = last(function);
    let arguments = spot.field_text("arguments");
    let inner = arguments.trim_start_matches('(').trim_end_matches(')');
    match root {
        "expect" => expected(spot, function, inner),
        "assert" | "t" | "chai" => {
            let compared = if SINGLE.contains(&name) { 1 } else { 2 };
            Some(checked(is_hollow(inner, compared)))
        }
        _ => Some(match name {
            "forEach" | "map" => Mark::Loop,
            "skip" if matches!(root, "this" | "ctx" | "context") => Mark::Skip,
            _ => Mark::Calls(name.to_owned()),
        }),
    }
}

/// `expect(a)` is the check; whether it looks at anything the `.toBe(b)` around it tells.
fn expected(spot: &Spot<'_, '_>, function: &str, inner: &str) -> Option<Mark> {
    if !matches!(function, "expect" | "expect.soft") {
        return None;
    }
    let mut around = spot.around();
    let outer = around.find(|node| node.kind() != "member_expression");
    let matcher = outer.filter(|node| node.kind() == "call_expression");
    let wanted = matcher.and_then(|call| call.child_by_field_name("arguments"));
    let wanted = wanted.map_or("", |node| {
        spot.text.get(node.byte_range()).unwrap_or_default()
    });
    let wanted = wanted.trim_start_matches('(').trim_end_matches(')');
    Some(checked(match parts(wanted).is_empty() {
        true => is_hollow(inner, 1),
        false => is_hollow(&format!("{inner}, {wanted}"), 2),
    }))
}

const fn checked(is_hollow: bool) -> Mark {
    if is_hollow { Mark::Hollow } else { Mark::Check }
}
