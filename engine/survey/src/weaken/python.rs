//! Tests of Python: functions that pytest and unittest collect.

use super::constant::{is_hollow, listed};
use super::read::{Function, Mark, Opened, Spot, last, parts_of};
use crate::{Language, roles};

/// Checks that take one thing.
const SINGLE: [&str; 5] = [
    "assertTrue",
    "assertFalse",
    "assertIsNone",
    "assertIsNotNone",
    "assert_",
];

pub(super) fn open(spot: &Spot<'_, '_>) -> Option<Opened> {
    let name = spot.field_text("name").to_owned();
    let decorators = spot.leading("decorator");
    let is_skipped = decorators.iter().any(|text| is_skip(text));
    match spot.node.kind() {
        "class_definition" => Some(Opened::Group {
            name,
            is_skipped,
            is_alone: false,
        }),
        "function_definition" => {
            let body = spot.field_text("body");
            let cases = decorators
                .iter()
                .filter(|text| text.contains("parametrize"));
            let cases = cases.fold(1_u32, |all, text| all.saturating_mul(listed(text)));
            Some(Opened::Function(Box::new(Function {
                is_test: name.starts_with("test") && roles::is_test(Language::Python, spot.path),
                name,
                is_skipped: is_skipped || body.trim_start().starts_with("return"),
                is_empty: is_idle(body),
                cases,
                ..Function::default()
            })))
        }
        _ => None,
    }
}

/// Whether a mark has a test skipped, or lets it fail.
pub(super) fn is_skip(text: &str) -> bool {
    ["skip", "xfail", "expectedFailure"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether a body does nothing: words in quotes, `pass`, `...`.
fn is_idle(body: &str) -> bool {
    let mut rest = body.trim();
    for quotes in ["\"\"\"", "'''"] {
        if let Some((_, after)) = rest
            .strip_prefix(quotes)
            .and_then(|text| text.split_once(quotes))
        {
            rest = after.trim();
        }
    }
    let idle = |line: &str| {
        let line = line.trim();
        matches!(line, "" | "pass" | "...") || line.starts_with('#')
    };
    rest.lines().all(idle)
}

pub(super) fn mark(spot: &Spot<'_, '_>) -> Option<Mark> {
    match spot.node.kind() {
        "assert_statement" => {
            let text = spot.own().trim_start_matches("assert").trim();
            Some(checked(is_hollow(text, 1)))
        }
        "call" => call(spot),
        "for_statement" | "while_statement" | "for_in_clause" => Some(Mark::Loop),
        "list" | "tuple" | "set" | "dictionary" => Some(Mark::List(parts_of(spot.node))),
        _ => None,
    }
}

fn call(spot: &Spot<'_, '_>) -> Option<Mark> {
    let function = spot.field_text("function");
    let name = last(function);
    let of_runner = function.starts_with("pytest.") || function.starts_with("self.");
    let arguments = spot.field_text("arguments");
    let inner = arguments.trim_start_matches('(').trim_end_matches(')');
    Some(match name {
        "skip" | "xfail" | "skipTest" if of_runner => Mark::Skip,
        "raises" | "warns" | "fail" if of_runner => Mark::Check,
        _ if name.starts_with("assert") => {
            let compared = if SINGLE.contains(&name) { 1 } else { 2 };
            checked(!name.starts_with("assert_called") && is_hollow(inner, compared))
        }
        _ => Mark::Calls(name.to_owned()),
    })
}

const fn checked(is_hollow: bool) -> Mark {
    if is_hollow { Mark::Hollow } else { Mark::Check }
}
