//! How large a file and a function may grow before it must be taken apart.

use syn::visit::{self, Visit};

use super::findings::{Exception, Finding, expect_keys, hold, settle};
use super::survey::{Source, house};

/// Lines above which a file needs a reason, inline tests counted.
const FILE_WARN: usize = 400;
/// Lines above which no reason helps.
const FILE_FAIL: usize = 600;
/// Lines above which a function needs a reason, from `fn` to its closing brace.
const FN_FAIL: usize = 60;

const LONG_FILES: [Exception; 0] = [];

const LONG_FUNCTIONS: [Exception; 1] = [Exception {
    key: "engine/agent/src/decide.rs::react",
    why: "the agent's transition table: one `match` of phase and input, read as a whole",
}];

fn file_violations(sources: &[Source], above: usize) -> Vec<Finding> {
    let long = sources
        .iter()
        .map(|s| (s, s.text.lines().count()))
        .filter(|(_, lines)| *lines > above);
    let found = long.map(|(source, lines)| Finding {
        rule: "file size",
        key: source.path.clone(),
        place: source.at(above + 1),
        what: format!("{lines} lines, more than {above}"),
        cure: "split it by what it does; a large test module goes to the crate's `tests/`",
    });
    found.collect()
}

fn function_violations(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        let mut reader = Functions {
            source,
            found: Vec::new(),
        };
        reader.visit_file(&source.tree());
        found.append(&mut reader.found);
    }
    found
}

struct Functions<'a> {
    source: &'a Source,
    found: Vec<Finding>,
}

impl Functions<'_> {
    fn check(&mut self, sig: &syn::Signature, block: &syn::Block) {
        let start = sig.fn_token.span.start().line;
        let lines = block.brace_token.span.close().end().line - start + 1;
        if lines > FN_FAIL {
            self.found.push(Finding {
                rule: "function size",
                key: format!("{}::{}", self.source.path, sig.ident),
                place: self.source.at(start),
                what: format!("`{}` has {lines} lines, more than {FN_FAIL}", sig.ident),
                cure: "name its steps as functions; a table that is one `match` may be listed with that reason",
            });
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.check(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.check(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.check(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[test]
fn no_file_is_long() {
    let sources = &house().sources;
    hold(&file_violations(sources, FILE_FAIL));
    hold(&settle(file_violations(sources, FILE_WARN), &LONG_FILES));
}

#[test]
fn no_function_is_long() {
    hold(&settle(
        function_violations(&house().sources),
        &LONG_FUNCTIONS,
    ));
}

#[test]
fn a_long_file_is_found() {
    let lines = |n: usize| Source::sample("store", &"\n".repeat(n));
    expect_keys(&file_violations(&[lines(400)], FILE_WARN), &[]);
    expect_keys(
        &file_violations(&[lines(401)], FILE_WARN),
        &["store/src/sample.rs"],
    );
}

#[test]
fn a_long_function_is_found_wherever_it_stands() {
    let body = |lines: usize| "\n".repeat(lines - 1);
    for wrap in [
        "fn f() {BODY}",
        "impl T { fn f() {BODY} }",
        "trait T { fn f() {BODY} }",
        "mod m { #[test] fn f() {BODY} }",
    ] {
        let sample = |lines| Source::sample("store", &wrap.replace("BODY", &body(lines)));
        expect_keys(&function_violations(&[sample(60)]), &[]);
        expect_keys(
            &function_violations(&[sample(61)]),
            &["store/src/sample.rs::f"],
        );
    }
}
