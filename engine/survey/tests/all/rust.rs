//! Rust: modules, paths, crates of one workspace.

use super::given::{edges, facts, symbols, uses};

const MANIFEST: &str = "[package]\nname = \"one-two\"\n";

#[test]
fn modules_are_files_wherever_they_may_stand() {
    let found = facts(&[
        ("Cargo.toml", MANIFEST),
        (
            "src/lib.rs",
            "mod a;\npub(crate) mod b;\n#[path = \"odd/place.rs\"]\nmod c;\nmod inline { mod d; }\nmod gone;\n",
        ),
        ("src/a.rs", "mod deep;"),
        ("src/a/deep.rs", ""),
        ("src/b/mod.rs", "mod deep;"),
        ("src/b/deep.rs", ""),
        ("src/odd/place.rs", ""),
        ("src/inline/d.rs", ""),
    ]);
    assert_eq!(
        edges(&found),
        [
            "src/a.rs has src/a/deep.rs",
            "src/b/mod.rs has src/b/deep.rs",
            "src/lib.rs has src/a.rs",
            "src/lib.rs has src/b/mod.rs",
            "src/lib.rs has src/inline/d.rs",
            "src/lib.rs has src/odd/place.rs",
        ]
    );
}

#[test]
fn paths_lead_to_the_file_that_defines_the_name() {
    let lib = "mod a; mod b; mod c; pub use a::{Thing as Other, deep::Deep}; pub use c::*;";
    let found = uses(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", lib),
        ("src/a.rs", "pub mod deep; pub struct Thing;"),
        (
            "src/a/deep.rs",
            "pub struct Deep; use super::Thing; mod tests { use super::super::super::b::Bee; }",
        ),
        (
            "src/b.rs",
            "use crate::{Other, Deep, /* of c */ Sea}; pub struct Bee; fn f() { crate::a::deep::Deep::new(); std::mem::drop(1) }",
        ),
        ("src/c.rs", "pub struct Sea;"),
        (
            "src/main.rs",
            "use one_two::Sea;\nfn main() { one_two::a::go() }",
        ),
        ("tests/it.rs", "use one_two::Deep;"),
    ]);
    assert_eq!(
        found,
        [
            "src/a/deep.rs -> src/a.rs",
            "src/a/deep.rs -> src/b.rs",
            "src/b.rs -> src/a.rs",
            "src/b.rs -> src/a/deep.rs",
            "src/b.rs -> src/c.rs",
            "src/lib.rs -> src/a.rs",
            "src/lib.rs -> src/a/deep.rs",
            "src/lib.rs -> src/c.rs",
            "src/main.rs -> src/a.rs",
            "src/main.rs -> src/c.rs",
            "tests/it.rs tests src/a/deep.rs",
        ]
    );
}

#[test]
fn crates_of_one_workspace_find_each_other() {
    let found = uses(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        ("crates/base/Cargo.toml", "[package]\nname = \"base-lib\"\n"),
        ("crates/base/src/lib.rs", "pub mod io; pub fn go() {}"),
        ("crates/base/src/io.rs", "pub fn read() {}"),
        (
            "crates/odd/Cargo.toml",
            "[package]\nname = \"odd\"\n[lib]\nname = \"even\"\npath = \"main/entry.rs\"\n",
        ),
        ("crates/odd/main/entry.rs", "use base_lib::io::read;"),
        (
            "crates/top/Cargo.toml",
            "[package]\nname = \"top\"\n[[bin]]\nname = \"x\"\npath = \"cmd/x.rs\"\n",
        ),
        (
            "crates/top/cmd/x.rs",
            "mod y; fn main() { even::z(); base_lib::go(); serde::de(); }",
        ),
        (
            "crates/top/cmd/y.rs",
            "use crate::y; use super::main; extern crate base_lib;",
        ),
    ]);
    assert_eq!(
        found,
        [
            "crates/odd/main/entry.rs -> crates/base/src/io.rs",
            "crates/top/cmd/x.rs -> crates/base/src/lib.rs",
            "crates/top/cmd/x.rs -> crates/odd/main/entry.rs",
            "crates/top/cmd/y.rs -> crates/base/src/lib.rs",
            "crates/top/cmd/y.rs -> crates/top/cmd/x.rs",
        ]
    );
}

#[test]
fn symbols_are_what_a_file_defines_outside_of_function_bodies() {
    let text = "pub struct A; enum B { X } trait C { fn d(&self); } type E = u8; const F: u8 = 1; static G: u8 = 1;\n\
                macro_rules! h { () => {} } impl A { fn i() { struct Hidden; fn hidden() {} } } union J { a: u8 } mod k { fn l() {} }\n\
                fn i() {}";
    assert_eq!(symbols("a.rs", text), "A B C d E F G h i J l");
}

#[test]
fn a_module_tree_that_is_a_circle_ends() {
    let found = facts(&[
        ("Cargo.toml", MANIFEST),
        (
            "src/lib.rs",
            "#[path = \"lib.rs\"] mod again; #[path = \"a.rs\"] mod a; pub use crate::again::Gone; pub use self::Gone as Gone;",
        ),
        (
            "src/a.rs",
            "#[path = \"lib.rs\"] mod up; #[path = \"a.rs\"] mod me; use crate::Gone;",
        ),
    ]);
    assert!(edges(&found).contains(&"src/a.rs has src/lib.rs".to_owned()));
}
