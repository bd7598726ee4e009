//! Tests of Go: functions named `Test`, `Fuzz` and `Example` in files that end in `_test.go`.

use tree_sitter::Node;

use super::constant::{is_hollow, parts};
use super::read::{Function, Mark, Opened, Spot, last, parts_of};

/// Calls of the testing package that let a test fail.
const FAILS: [&str; 6] = ["Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"];

/// Checks that take one thing.
const SINGLE: [&str; 7] = [
    "True", "False", "Nil", "NotNil", "NoError", "Empty", "NotEmpty",
];

pub(super) fn open(spot: &Spot<'_, '_>) -> Option<Opened> {
    if !matches!(
        spot.node.kind(),
        "function_declaration" | "method_declaration"
    ) {
        return None;
    }
    let name = spot.field_text("name").to_owned();
    let body = spot.field_text("body");
    let inner = body.trim_start_matches('{').trim_end_matches('}').trim();
    let begins = ["Test", "Fuzz", "Example"]
        .iter()
        .any(|begin| name.starts_with(begin));
    Some(Opened::Function(Box::new(Function {
        is_test: begins && spot.path.ends_with("_test.go"),
        name,
        is_skipped: inner.starts_with("return"),
        is_empty: inner.is_empty(),
        ..Function::default()
    })))
}

pub(super) fn mark(spot: &Spot<'_, '_>) -> Option<Mark> {
    match spot.node.kind() {
        "call_expression" => Some(call(spot)),
        "for_statement" => Some(Mark::Loop),
        "literal_value" => Some(Mark::List(parts_of(spot.node))),
        _ => None,
    }
}

fn call(spot: &Spot<'_, '_>) -> Mark {
    let function = spot.field_text("function");
    let name = last(function);
    let root = function.split(['.', '(']).next().unwrap_or_default();
    let arguments = spot.field_text("arguments");
    let inner = arguments.trim_start_matches('(').trim_end_matches(')');
    match root {
        "assert" | "require" | "is" | "qt" => {
            let first = parts(inner).first().map_or(0, |first| first.len());
            let rest = inner.trim_start().get(first..).unwrap_or_default();
            let rest = rest.trim_start_matches(',');
            let compared = if SINGLE.contains(&name) { 1 } else { 2 };
            match is_hollow(rest, compared) {
                true => Mark::Hollow,
                false => Mark::Check,
            }
        }
        _ if function.contains('.') && FAILS.contains(&name) => Mark::Check,
        // A test that is only left out of short runs is run all the same.
        _ if matches!(name, "Skip" | "Skipf" | "SkipNow") && !is_short(spot) => Mark::Skip,
        _ => Mark::Calls(name.to_owned()),
    }
}

/// Whether a call stands right in an `if testing.Short() {`.
fn is_short(spot: &Spot<'_, '_>) -> bool {
    let is_wrapped = |node: &Node<'_>| {
        node.kind().starts_with("statement_") || node.kind() == "expression_statement"
    };
    let mut around = spot.around().skip_while(is_wrapped);
    let (block, branch) = (around.next(), around.next());
    let choice = branch.filter(|node| node.kind() == "if_statement");
    choice.is_some_and(|choice| {
        let field = |name| choice.child_by_field_name(name);
        let condition = field("condition").map(|node| spot.text_of(node));
        condition == Some("testing.Short()") && field("consequence") == block
    })
}
