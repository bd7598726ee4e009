//! Files that are broken, huge, endless, not text or not there.

use std::fs;
use std::time::Instant;

use proptest::prelude::*;
use survey::{Facts, Flaw, Limits, Touched, list, survey, weakened};

use super::given::{facts, tree};

fn flaw(path: &str, text: &str) -> Option<Flaw> {
    facts(&[(path, text)]).files[0].flaw
}

#[test]
fn what_is_no_text_file_is_said_to_be_so() {
    let root = tree(&[("a.py", "import b"), ("inner/b.py", "x = 1")]);
    let at = |path: &str| root.path().join(path);
    fs::write(at("bin.py"), b"abc\0def").unwrap();
    fs::write(at("latin.py"), b"def caf\xe9(): pass\ndef after(): pass\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", at("link.py")).unwrap();
    std::os::unix::fs::symlink("inner", at("linked")).unwrap();
    pipe(&at("pipe.py"));
    let paths = [
        "a.py",
        "bin.py",
        "gone.py",
        "inner",
        "latin.py",
        "link.py",
        "linked/b.py",
        "pipe.py",
        "/etc/passwd",
        "../x",
        "a/../b",
        "",
    ];
    let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
    let found = survey(root.path(), &paths, Limits::default());
    let flaws: Vec<(&str, Option<Flaw>)> = found
        .files
        .iter()
        .map(|f| (f.path.as_str(), f.flaw))
        .collect();
    assert_eq!(
        flaws,
        [
            ("a.py", None),
            ("bin.py", Some(Flaw::Binary)),
            ("gone.py", Some(Flaw::Unreadable)),
            ("inner", Some(Flaw::Special)),
            ("latin.py", Some(Flaw::Broken)),
            ("link.py", Some(Flaw::Link)),
            ("linked/b.py", Some(Flaw::Link)),
            ("pipe.py", Some(Flaw::Special)),
        ]
    );
    assert!(
        found.files[4].symbols.contains(&"after".to_owned()),
        "what stands around the odd byte is read"
    );
}

fn pipe(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo")
        .arg(path)
        .status()
        .unwrap();
    assert!(made.success());
}

#[test]
fn what_is_too_large_is_not_parsed_and_what_is_endless_is_given_up() {
    let root = tree(&[("a.rs", "fn f() {}\nfn g() {}\n")]);
    let look = |limits: Limits| {
        survey(root.path(), &["a.rs".to_owned()], limits)
            .files
            .remove(0)
    };
    let small = look(Limits {
        parse: 10,
        ..Limits::default()
    });
    assert_eq!(
        (small.flaw, small.lines, small.symbols.len()),
        (Some(Flaw::Large), 2, 0)
    );
    let smaller = look(Limits {
        read: 10,
        ..Limits::default()
    });
    assert_eq!(
        (smaller.flaw, smaller.lines, smaller.bytes),
        (Some(Flaw::Large), 0, 20)
    );
    let few = look(Limits {
        names: 1,
        ..Limits::default()
    });
    assert_eq!(few.symbols, ["f"]);
    let root = tree(&[("a.rs", &"fn f() { x + 1; }\n".repeat(10_000))]);
    let look = |limits: Limits| {
        survey(root.path(), &["a.rs".to_owned()], limits)
            .files
            .remove(0)
    };
    assert_eq!(look(Limits::default()).flaw, None);
    let tangled = look(Limits {
        steps_per_byte: 0,
        ..Limits::default()
    });
    assert_eq!((tangled.flaw, tangled.lines), (Some(Flaw::Tangled), 10_000));
}

#[test]
fn names_passed_on_in_branches_and_circles_end() {
    let globs = |module: &str| -> String {
        (0..400)
            .map(|n| format!("pub use crate::{module}::Gone{n}::*; use crate::{module}::Lost{n};"))
            .collect()
    };
    let files = [
        ("Cargo.toml", "[package]\nname = \"a\"".to_owned()),
        ("src/lib.rs", "mod a; mod b; mod c;".to_owned()),
        ("src/a.rs", globs("b")),
        ("src/b.rs", globs("c")),
        ("src/c.rs", globs("a")),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    assert!(is_sound(&facts(&files)));
}

#[test]
fn broken_sources_give_what_can_be_read_of_them() {
    let found = facts(&[("a.rs", "pub fn good() {}\nfn }{ ((\npub struct Also;\n")]);
    assert_eq!(found.files[0].flaw, Some(Flaw::Broken));
    assert!(
        found.files[0].symbols.contains(&"good".to_owned()),
        "{:?}",
        found.files[0].symbols
    );
}

/// Sources that make naive readers recurse without end or read the same text again and again.
fn monsters() -> Vec<(&'static str, String)> {
    let many = 100_000;
    let opened = |open: &str| open.repeat(many);
    let closed = |open: &str, close: &str| format!("{}{}", open.repeat(many), close.repeat(many));
    let text = |start: &str, each: &str| format!("{start}{}", each.repeat(many));
    vec![
        ("a.rs", opened("(")),
        ("b.rs", text("fn f() { ", "{")),
        ("c.rs", format!("use {}", opened("a::{"))),
        ("d.rs", format!("use {};", closed("a::{", "}"))),
        ("e.rs", format!("type T = {};", closed("A<", ">"))),
        ("f.rs", format!("fn f() {{ x{} }}", "::a".repeat(many))),
        ("m.rs", format!("fn f() {{ {}1 }}", opened("a::b::<"))),
        ("g.rs", text("", "mod a;\n")),
        ("h.rs", text("", "mod a {")),
        ("i.rs", format!("use a::{{{}}};", "b, // c\n".repeat(3_000))),
        ("j.rs", text("", "#[a]")),
        (
            "k.rs",
            format!("fn f() {{ let a = {}1; }}", "1+".repeat(many)),
        ),
        ("l.rs", text("", "if a { } else ")),
        ("a.py", opened("(")),
        (
            "b.py",
            (0..900)
                .map(|n| format!("{}if x:\n", " ".repeat(n)))
                .collect(),
        ),
        ("c.py", text("", "from ")),
        ("d.py", text("import a", ".b")),
        ("e.py", text("x = ", "lambda: ")),
        ("f.py", text("", "f'{")),
        ("a.ts", opened("<a>")),
        ("b.ts", opened("{")),
        ("c.ts", opened("`${")),
        ("d.ts", text("type A = ", "B extends C ? D : ")),
        ("e.ts", text("", "a<b>(")),
        ("f.ts", text("", "async (a, b = ")),
        ("a.go", format!("package a\nvar x = {}", opened("[]"))),
        (
            "b.go",
            format!("package a\nfunc f() {{ {}", opened("func() {")),
        ),
        (
            "c.go",
            format!("package a\nimport (\n{}", opened("\"a\"\n")),
        ),
        ("package.json", opened("[")),
        ("tsconfig.json", opened("{\"a\":")),
        ("Cargo.toml", text("[package]\nname = [", "\"a\",\n")),
        ("x/Cargo.toml", text("", "[")),
        ("pyproject.toml", text("", "a = [\n")),
        ("Makefile", text("", ":")),
        ("go.mod", text("module ", "\"")),
        ("y/Cargo.toml", format!("{}]", "a = [\n".repeat(80_000))),
    ]
}

#[test]
fn nothing_nested_or_repeated_without_end_brings_the_survey_down() {
    for (path, mut text) in monsters() {
        // What is larger is not parsed at all.
        text.truncate(500_000);
        let start = Instant::now();
        let found = facts(&[(path, &text)]);
        println!(
            "{path}: {} bytes, {:?}, {:?}",
            text.len(),
            found.files[0].flaw,
            start.elapsed()
        );
        assert_eq!(found.files.len(), 1);
    }
}

#[test]
fn a_source_of_a_megabyte_is_only_counted() {
    assert_eq!(
        flaw("a.go", &"package a\n".repeat(100_000)),
        Some(Flaw::Large)
    );
}

#[test]
fn deep_folders_and_imports_of_everything_by_everything_are_bounded() {
    let deep = format!("{}x.py", "d/".repeat(100));
    let names: Vec<String> = (0..150).map(|n| format!("m{n}.py")).collect();
    let all: String = (0..150)
        .map(|n| format!("from m{n} import a{n}\n"))
        .collect();
    let mut files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), all.as_str()))
        .collect();
    files.push((&deep, ""));
    let found = facts(&files);
    assert_eq!(found.edges.len(), 150 * 149);
}

#[test]
fn names_of_tests_are_as_long_as_people_read_however_they_are_nested() {
    let (levels, long) = (2_000, "a".repeat(20_000));
    let deep = format!(
        "{}{}",
        "mod a{#[test]fn f(){g()}".repeat(levels),
        "}".repeat(levels)
    );
    let wide = format!("mod {long}{{{}}}", "#[test]fn f(){g()}".repeat(10));
    let group =
        format!("describe('{long}', () => {{ it('{long}', () => {{ expect(f()).toBe(1) }}) }})");
    for (path, before) in [("a.rs", deep), ("a.rs", wide), ("a.test.ts", group)] {
        let (before, after) = (Some(before.as_str()), None);
        let touched = Touched {
            path,
            before,
            after,
        };
        let found = weakened(&[touched], Limits::default());
        assert!(!found.is_empty(), "{path}");
        assert!(found.iter().all(|one| one.test.len() <= 1_000), "{path}");
    }
}

/// Places in edges are places of files.
fn is_sound(found: &Facts) -> bool {
    let inside = |place: u32| (place as usize) < found.files.len();
    found
        .edges
        .iter()
        .all(|edge| inside(edge.from) && inside(edge.to) && edge.from != edge.to)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_file_give_facts(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        words in prop::collection::vec("(use|mod|from|import|fn|def|class|module|[{}()<>\"';:=.*/#\\[\\]]| |\n|name|\\[package\\]|a|crate|super|é)", 0..60),
    ) {
        let text = words.concat();
        let names = ["a.rs", "src/lib.rs", "a.py", "b.ts", "c.tsx", "d.go", "Cargo.toml", "package.json", "tsconfig.json", "go.mod",
            "pyproject.toml", "Makefile", "justfile", "setup.cfg"];
        let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, text.as_str())).collect();
        let root = tree(&files);
        for name in names {
            fs::write(root.path().join(format!("raw-{}", name.replace('/', "-"))), &bytes).unwrap();
        }
        let paths = list(root.path(), 1_000);
        let found = survey(root.path(), &paths, Limits::default());
        prop_assert!(is_sound(&found));
        prop_assert_eq!(survey(root.path(), &paths, Limits::default()), found);
    }
}
