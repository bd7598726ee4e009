//! The shapes of types and signatures: how many variants, fields, parameters; ids that are not bare text.

use syn::visit::{self, Visit};

use super::findings::{Exception, Finding, expect_keys, hold, settle};
use super::survey::{Source, house};

const VARIANTS: usize = 12;
const FIELDS: usize = 12;
const PARAMETERS: usize = 5;
const BOOLS: usize = 1;
const TYPE_PARAMETERS: usize = 2;

const WIDE: [Exception; 0] = [];

const TEXT_IDS: [Exception; 0] = [];

/// Everything outside tests that is wider than the house allows.
fn width_violations(sources: &[Source]) -> Vec<Finding> {
    read(sources)
        .into_iter()
        .filter(|f| f.rule != TEXT_ID)
        .collect()
}

/// Every field called `id`, `.._id` or `.._ids` whose type is text. The model server is spared: it plays another
/// program, to which every id on the wire is foreign text.
fn text_id_violations(sources: &[Source]) -> Vec<Finding> {
    read(sources)
        .into_iter()
        .filter(|f| !f.key.starts_with("engine/scripted/"))
        .filter(|f| f.rule == TEXT_ID)
        .collect()
}

const TEXT_ID: &str = "text ids";

fn read(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.test) {
        let mut reader = Shapes {
            source,
            found: Vec::new(),
        };
        reader.visit_file(&source.tree());
        found.append(&mut reader.found);
    }
    found
}

struct Shapes<'a> {
    source: &'a Source,
    found: Vec<Finding>,
}

impl Shapes<'_> {
    fn wide(&mut self, name: &syn::Ident, count: usize, limit: usize, what: &str) {
        if count > limit && !self.is_test(name) {
            self.found.push(Finding {
                rule: "width",
                key: format!("{}::{name}", self.source.path),
                place: self.source.at(name.span().start().line),
                what: format!("`{name}` has {count} {what}, more than {limit}"),
                cure: "group what belongs together under a name of its own",
            });
        }
    }

    fn is_test(&self, name: &syn::Ident) -> bool {
        let line = name.span().start().line;
        self.source
            .words
            .iter()
            .any(|w| w.test && w.line == line && *name == w.text.as_str())
    }

    fn signature(&mut self, sig: &syn::Signature, public: bool) {
        let bools = sig.inputs.iter().filter(|input| match input {
            syn::FnArg::Typed(arg) => {
                matches!(&*arg.ty, syn::Type::Path(p) if p.path.is_ident("bool"))
            }
            syn::FnArg::Receiver(_) => false,
        });
        let bools = bools.count();
        self.wide(&sig.ident, sig.inputs.len(), PARAMETERS, "parameters");
        self.wide(&sig.ident, bools, BOOLS, "bool parameters");
        if public {
            self.wide(
                &sig.ident,
                type_parameters(&sig.generics),
                TYPE_PARAMETERS,
                "type parameters",
            );
        }
    }

    fn item(&mut self, name: &syn::Ident, vis: &syn::Visibility, generics: &syn::Generics) {
        if is_public(vis) {
            self.wide(
                name,
                type_parameters(generics),
                TYPE_PARAMETERS,
                "type parameters",
            );
        }
    }
}

fn is_public(vis: &syn::Visibility) -> bool {
    matches!(vis, syn::Visibility::Public(_))
}

fn type_parameters(generics: &syn::Generics) -> usize {
    generics.type_params().count()
}

impl<'ast> Visit<'ast> for Shapes<'_> {
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.wide(&item.ident, item.variants.len(), VARIANTS, "variants");
        for variant in &item.variants {
            self.wide(&variant.ident, variant.fields.len(), FIELDS, "fields");
        }
        self.item(&item.ident, &item.vis, &item.generics);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.wide(&item.ident, item.fields.len(), FIELDS, "fields");
        self.item(&item.ident, &item.vis, &item.generics);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.item(&item.ident, &item.vis, &item.generics);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.signature(&item.sig, is_public(&item.vis));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.signature(&item.sig, is_public(&item.vis));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.signature(&item.sig, true);
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        let named = field
            .ident
            .as_ref()
            .filter(|name| is_id(&name.to_string()) && !self.is_test(name));
        if let Some(name) = named.filter(|_| is_text(&field.ty)) {
            self.found.push(Finding {
                rule: TEXT_ID,
                key: format!("{}::{name}", self.source.path),
                place: self.source.at(name.span().start().line),
                what: format!("`{name}` is an id kept as bare text"),
                cure: "give the id a type of its own, so that two kinds of id cannot be confused",
            });
        }
        visit::visit_field(self, field);
    }
}

fn is_id(name: &str) -> bool {
    let name = name.strip_suffix('s').unwrap_or(name);
    name == "id" || name.ends_with("_id")
}

/// Whether text stands anywhere in a type: `String`, `Option<String>`, `&str`, `Arc<str>`, `Vec<String>`.
fn is_text(ty: &syn::Type) -> bool {
    struct Text(bool);
    impl<'ast> Visit<'ast> for Text {
        fn visit_ident(&mut self, ident: &'ast syn::Ident) {
            self.0 |= ident == "String" || ident == "str";
        }
    }
    let mut text = Text(false);
    text.visit_type(ty);
    text.0
}

#[test]
fn no_type_or_signature_is_wide() {
    hold(&settle(width_violations(&house().sources), &WIDE));
}

#[test]
fn no_id_is_bare_text() {
    hold(&settle(text_id_violations(&house().sources), &TEXT_IDS));
}

#[test]
fn a_wide_shape_is_found() {
    let with = |n: usize, shape: &str, one: &str| {
        let many: String = (0..n).map(|i| one.replace('#', &i.to_string())).collect();
        Source::sample("store", &shape.replace("MANY", &many))
    };
    for (shape, one) in [("enum X { MANY }", "A#,"), ("struct X { MANY }", "a#: u8,")] {
        expect_keys(&width_violations(&[with(12, shape, one)]), &[]);
        expect_keys(
            &width_violations(&[with(13, shape, one)]),
            &["store/src/sample.rs::X"],
        );
    }
    for bad in [
        "fn X(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}",
        "impl T { fn X(&self, a: bool, b: bool) {} }",
        "trait T { fn X<A, B, C>(); }",
        "pub struct X<A, B, C>(A, B, C);",
        "pub fn X<A, B, C>() {}",
    ] {
        expect_keys(
            &width_violations(&[Source::sample("store", bad)]),
            &["store/src/sample.rs::X"],
        );
    }
    for good in [
        "fn X<A, B, C>() {}",
        "pub fn X<'a, A, B, const N: usize>(&self, a: bool) {}",
        "#[cfg(test)] mod t { fn X(a: bool, b: bool) {} }",
    ] {
        expect_keys(&width_violations(&[Source::sample("store", good)]), &[]);
    }
}

#[test]
fn an_id_of_bare_text_is_found() {
    for bad in [
        "struct S { id: String }",
        "enum E { A { call_id: Option<String> } }",
        "struct S<'a> { node_ids: Vec<&'a str> }",
    ] {
        assert_eq!(
            text_id_violations(&[Source::sample("store", bad)]).len(),
            1,
            "{bad}"
        );
    }
    for good in [
        "struct S { id: CallId, idea: String, valid: String }",
        "#[cfg(test)] struct S { id: String }",
    ] {
        expect_keys(&text_id_violations(&[Source::sample("store", good)]), &[]);
    }
}
