//! No catch-all over the enums that will grow: a new event, effect or command must be answered everywhere (N6).

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use super::findings::{Exception, Finding, expect_keys, hold, settle};
use super::survey::{Source, house};

const CATCH_ALL_ALSO: [Exception; 0] = [];

/// The enums no `match` may answer wholesale: `Event`, its families, `Effect` and `Command`.
const WATCHED: [&str; 3] = ["Event", "Effect", "Command"];

/// The event families: the enums that `Event`'s variants wrap, read from `protocol`.
fn families(sources: &[Source]) -> Vec<String> {
    let mut enums: BTreeMap<String, syn::ItemEnum> = BTreeMap::new();
    for source in sources.iter().filter(|s| s.room == "protocol" && !s.test) {
        for item in source.tree().items {
            if let syn::Item::Enum(item) = item {
                enums.insert(item.ident.to_string(), item);
            }
        }
    }
    let Some(event) = enums.get("Event") else {
        return Vec::new();
    };
    let wrapped = event
        .variants
        .iter()
        .flat_map(|v| v.fields.iter())
        .filter_map(|field| match &field.ty {
            syn::Type::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()),
            _ => None,
        });
    wrapped.filter(|name| enums.contains_key(name)).collect()
}

/// N6: a `match` that names a watched enum in one arm has no arm that takes whatever is left.
fn violations(sources: &[Source], families: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.test) {
        let mut reader = Reader {
            source,
            families,
            found: Vec::new(),
        };
        reader.visit_file(&source.tree());
        found.append(&mut reader.found);
    }
    found
}

struct Reader<'a> {
    source: &'a Source,
    families: &'a [String],
    found: Vec<Finding>,
}

impl Reader<'_> {
    /// The watched enum that a pattern names at its top, through references and alternatives.
    fn watched(&self, pattern: &syn::Pat) -> Option<String> {
        let path = match pattern {
            syn::Pat::Path(p) => &p.path,
            syn::Pat::Struct(p) => &p.path,
            syn::Pat::TupleStruct(p) => &p.path,
            syn::Pat::Reference(p) => return self.watched(&p.pat),
            syn::Pat::Paren(p) => return self.watched(&p.pat),
            syn::Pat::Ident(p) => return p.subpat.as_ref().and_then(|(_, sub)| self.watched(sub)),
            syn::Pat::Or(p) => return p.cases.iter().find_map(|case| self.watched(case)),
            _ => return None,
        };
        let owner = path.segments.iter().rev().nth(1)?.ident.to_string();
        (WATCHED.contains(&owner.as_str()) || self.families.contains(&owner)).then_some(owner)
    }

    fn is_test(&self, line: usize) -> bool {
        self.source.words.iter().any(|w| w.line == line && w.test)
    }
}

/// Whether a pattern takes whatever is left: `_`, or a bare name for it. A guard does not excuse it from being found
/// together with an unguarded one, but alone it leaves the compiler to ask for the rest.
fn takes_all(arm: &syn::Arm) -> bool {
    let bare = |pattern: &syn::Pat| match pattern {
        syn::Pat::Wild(_) => true,
        syn::Pat::Ident(p) => {
            p.subpat.is_none()
                && p.ident
                    .to_string()
                    .starts_with(|c: char| c.is_lowercase() || c == '_')
        }
        _ => false,
    };
    let whole = match &arm.pat {
        syn::Pat::Or(p) => p.cases.iter().any(bare),
        pattern => bare(pattern),
    };
    whole && arm.guard.is_none()
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_expr_match(&mut self, expr: &'ast syn::ExprMatch) {
        let line = expr.match_token.span.start().line;
        let watched = expr.arms.iter().find_map(|arm| self.watched(&arm.pat));
        let lazy = expr.arms.iter().find(|arm| takes_all(arm));
        if let (Some(name), Some(arm), false) = (watched, lazy, self.is_test(line)) {
            let line = arm.fat_arrow_token.spans[0].start().line;
            self.found.push(Finding {
                rule: "N6 catch-all",
                key: self.source.path.clone(),
                place: self.source.at(line),
                what: format!("an arm takes every `{name}` that is not named"),
                cure: "name the variants, with `|` where they are answered alike",
            });
        }
        visit::visit_expr_match(self, expr);
    }
}

#[test]
fn no_arm_takes_every_event_effect_or_command() {
    let sources = &house().sources;
    hold(&settle(
        violations(sources, &families(sources)),
        &CATCH_ALL_ALSO,
    ));
}

#[test]
fn a_catch_all_is_found() {
    let families = families(&[Source::sample(
        "protocol",
        "pub enum Event { Turn(TurnEvent), Odd(u8), Box(NotAnEnum) } pub enum TurnEvent { A } pub struct NotAnEnum;",
    )]);
    assert_eq!(families, ["TurnEvent"]);
    let found = |arms: &str| {
        !violations(
            &[Source::sample(
                "agent",
                &format!("fn f() {{ match x {{ {arms} }} }}"),
            )],
            &families,
        )
        .is_empty()
    };
    for bad in [
        "Event::Turn(t) => 1, _ => 2",
        "&protocol::Effect::Ask { .. } => 1, other => 2",
        "Command::A | Command::B => 1, _ => 2",
        "e @ Command::A => 1, rest => 2",
        "Event::Turn(t) => match t { TurnEvent::A => 1, _ => 2 }, Event::Odd(_) => 3",
    ] {
        assert!(found(bad), "{bad}");
    }
    for good in [
        "Event::Turn(t) => 1, Event::Odd(_) | Event::Box(_) => 2",
        "Some(1) => 1, _ => 2",
        "Other::A => 1, _ => 2",
        "Event::Turn(t) => 1, e if old(e) => 2, Event::Odd(_) | Event::Box(_) => 3",
    ] {
        assert!(!found(good), "{good}");
    }
    let test = Source::sample(
        "agent",
        "#[test]\nfn f() { match x { Event::A => 1, _ => 2 } }",
    );
    expect_keys(&violations(&[test], &families), &[]);
}
