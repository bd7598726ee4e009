//! State has one owner, a task; a lock stands only where a comment says why no owner could hold that state.

use syn::visit::{self, Visit};

use super::findings::{Finding, expect_keys, hold};
use super::survey::{Source, house};

const LOCKS: [&str; 2] = ["Mutex", "RwLock"];

/// Every lock kept in a field, a static or a type's name without the word "owner" in the comment right above.
fn violations(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.test) {
        let mut kept = Kept { lines: Vec::new() };
        kept.visit_file(&source.tree());
        let live = |line: usize| source.words.iter().any(|w| w.line == line && !w.test);
        let bare = kept.lines.into_iter().filter(|line| live(*line));
        let bare = bare.filter(|line| !comment_above(&source.text, *line).contains("owner"));
        found.extend(bare.map(|line| Finding {
            rule: "locks",
            key: source.path.clone(),
            place: source.at(line),
            what: "a lock without a reason".to_owned(),
            cure: "let a task own the state, or say above the lock why no owner task could hold it",
        }));
    }
    found
}

/// The comment lines that touch `line` from above; attributes between them are passed over.
fn comment_above(text: &str, line: usize) -> String {
    let above: Vec<&str> = text.lines().take(line - 1).map(str::trim).collect();
    let touching = above.into_iter().rev();
    let touching = touching.take_while(|l| l.starts_with("//") || l.starts_with("#["));
    touching
        .filter(|l| l.starts_with("//"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The lines where a lock is kept.
struct Kept {
    lines: Vec<usize>,
}

impl Kept {
    fn look(&mut self, ty: &syn::Type) {
        struct Idents(Vec<usize>);
        impl<'ast> Visit<'ast> for Idents {
            fn visit_ident(&mut self, ident: &'ast syn::Ident) {
                if LOCKS.iter().any(|lock| ident == lock) {
                    self.0.push(ident.span().start().line);
                }
            }
        }
        let mut idents = Idents(Vec::new());
        idents.visit_type(ty);
        self.lines.extend(idents.0.first());
    }
}

impl<'ast> Visit<'ast> for Kept {
    fn visit_field(&mut self, field: &'ast syn::Field) {
        self.look(&field.ty);
        visit::visit_field(self, field);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.look(&item.ty);
        visit::visit_item_static(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.look(&item.ty);
        visit::visit_item_type(self, item);
    }
}

#[test]
fn every_lock_says_why_no_owner_task_holds_the_state() {
    hold(&violations(&house().sources));
}

#[test]
fn a_lock_without_a_reason_is_found() {
    let found = |text: &str| violations(&[Source::sample("store", text)]);
    for bad in [
        "struct S {\n    /// The map.\n    map: Mutex<Map>,\n}",
        "struct S(Arc<tokio::sync::RwLock<Map>>);",
        "static MAP: Mutex<Map> = Mutex::new(Map);",
        "// No owner: read from threads.\n\ntype Shared = Arc<Mutex<Map>>;",
    ] {
        expect_keys(&found(bad), &["store/src/sample.rs"]);
    }
    for good in [
        "struct S {\n    // An owner task could not be asked from a thread without a runtime.\n    map: Mutex<Map>,\n}",
        "/// No owner task: the queue is the state.\n#[derive(Clone)]\nstruct S(Arc<Mutex<()>>);",
        "fn f(guard: &Mutex<Map>) {}",
        "#[cfg(test)]\nmod tests {\n    struct S(Mutex<Map>);\n}",
    ] {
        expect_keys(&found(good), &[]);
    }
}
