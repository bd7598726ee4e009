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
            own: None,
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
    /// What `Self` stands for here.
    own: Option<String>,
    found: Vec<Finding>,
}

impl Reader<'_> {
    /// The watched enum that a pattern names, at its top or anywhere inside.
    fn watched(&self, pattern: &syn::Pat) -> Option<String> {
        let mut paths = Paths(Vec::new());
        paths.visit_pat(pattern);
        let owners = paths.0.iter().filter_map(|path| path.iter().rev().nth(1));
        let mut named = owners.map(|owner| match &self.own {
            Some(own) if owner == "Self" => own,
            _ => owner,
        });
        let watched = named.find(|n| WATCHED.contains(&n.as_str()) || self.families.contains(n));
        watched.cloned()
    }

    fn is_test(&self, line: usize) -> bool {
        let mut words = self.source.words.iter();
        words.any(|w| w.line == line && w.test)
    }
}

/// The paths inside a pattern, as their segments.
struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|s| s.ident.to_string());
        self.0.push(segments.collect());
        visit::visit_path(self, path);
    }
}

/// Whether an arm takes whatever is left: `_`, a bare name, a tuple of those. With a guard it does not: the compiler
/// then still asks for the rest.
fn takes_all(arm: &syn::Arm) -> bool {
    fn bare(pattern: &syn::Pat) -> bool {
        match pattern {
            syn::Pat::Wild(_) | syn::Pat::Rest(_) => true,
            // A name in capitals is a constant, not a binding.
            syn::Pat::Ident(p) => {
                p.subpat.is_none() && !p.ident.to_string().starts_with(char::is_uppercase)
            }
            syn::Pat::Tuple(p) => p.elems.iter().all(bare),
            syn::Pat::Or(p) => p.cases.iter().any(bare),
            syn::Pat::Paren(p) => bare(&p.pat),
            syn::Pat::Reference(p) => bare(&p.pat),
            _ => false,
        }
    }
    arm.guard.is_none() && bare(&arm.pat)
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let own = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()),
            _ => None,
        };
        let outer = std::mem::replace(&mut self.own, own);
        visit::visit_item_impl(self, item);
        self.own = outer;
    }

    fn visit_expr_match(&mut self, expr: &'ast syn::ExprMatch) {
        let watched = expr.arms.iter().find_map(|arm| self.watched(&arm.pat));
        let lazy = expr.arms.iter().find(|arm| takes_all(arm));
        if let (Some(name), Some(arm)) = (watched, lazy) {
            let line = arm.fat_arrow_token.spans[0].start().line;
            if !self.is_test(line) {
                self.found.push(Finding {
                    rule: "N6 catch-all",
                    key: self.source.path.clone(),
                    place: self.source.at(line),
                    what: format!("an arm takes every `{name}` that is not named"),
                    cure: "name the variants, with `|` where they are answered alike",
                });
            }
        }
        visit::visit_expr_match(self, expr);
    }
}

#[test]
fn no_arm_takes_every_event_effect_or_command() {
    let sources = &house().sources;
    let families = families(sources);
    assert!(
        families.len() > 3,
        "protocol's event families should be seen, not only {families:?}"
    );
    hold(&settle(violations(sources, &families), &CATCH_ALL_ALSO));
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
        "Some(Command::A) => 1, _ => 2",
        "(State::A, Effect::B) => 1, (state, _) => 2",
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
    let own = "impl Event { fn f(&self) { match self { Self::Turn(_) => 1, _ => 2 } } }";
    let found = violations(&[Source::sample("agent", own)], &families);
    expect_keys(&found, &["agent/src/sample.rs"]);
    let test = Source::sample(
        "agent",
        "#[test]\nfn f() { match x { Event::A => 1, _ => 2 } }",
    );
    expect_keys(&violations(&[test], &families), &[]);
}
