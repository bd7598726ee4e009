//! What files are for.

use survey::{Flaw, Language, Limits, Role, list, survey};

use super::given::{facts, tree};

#[test]
fn a_file_is_what_its_name_and_place_say() {
    let table = [
        ("src/lib.rs", Role::Source),
        ("src/a/mod.rs", Role::Source),
        ("src/a.rs", Role::Source),
        ("src/a/tests.rs", Role::Test),
        ("tests/all/a.rs", Role::Test),
        ("Cargo.toml", Role::Manifest),
        ("Cargo.lock", Role::Lock),
        ("web/index.tsx", Role::Source),
        ("web/a.spec.js", Role::Test),
        ("web/package.json", Role::Manifest),
        ("py/__init__.py", Role::Source),
        ("py/test_a.py", Role::Test),
        ("go/a_test.go", Role::Test),
        ("README.md", Role::Plain),
        (".rs", Role::Plain),
    ];
    for (path, role) in table {
        let found = facts(&[(path, "")]);
        assert_eq!(found.files[0].role, role, "{path}");
    }
}

#[test]
fn what_everyone_may_touch_is_hot() {
    let hot = |files: &[(&str, &str)]| -> Vec<String> {
        let hot = facts(files).files.into_iter().filter(|file| file.hot);
        hot.map(|file| file.path).collect()
    };
    let root = ("Cargo.toml", "[package]\nname = \"root\"\n");
    let lock = ("Cargo.lock", "");
    let inner = ("a/Cargo.toml", "[package]\nname = \"a\"\n");
    let lib = ("src/lib.rs", "");
    assert_eq!(hot(&[root, lock, inner, lib]), ["Cargo.lock", "Cargo.toml"]);
    assert_eq!(
        hot(&[root, lock, lib]),
        ["Cargo.lock"],
        "one package owns its manifest"
    );
}

#[test]
fn a_file_belongs_to_the_nearest_package_and_tells_its_size() {
    let found = facts(&[
        ("Cargo.toml", "[package]\nname = \"root\"\n"),
        ("a/Cargo.toml", "[package]\nname = \"a\"\n"),
        ("a/b/src/lib.rs", "fn f() {}\nfn g() {}"),
        ("ab/x.rs", ""),
    ]);
    let packages: Vec<(&str, &str)> = found
        .files
        .iter()
        .map(|f| (f.path.as_str(), f.package.as_str()))
        .collect();
    assert_eq!(
        packages,
        [
            ("Cargo.toml", ""),
            ("a/Cargo.toml", "a"),
            ("a/b/src/lib.rs", "a"),
            ("ab/x.rs", "")
        ]
    );
    let lib = &found.files[2];
    assert_eq!(
        (lib.bytes, lib.lines, lib.language, lib.flaw),
        (19, 2, Some(Language::Rust), None)
    );
}

#[test]
fn a_list_leaves_out_what_is_ignored_and_linked() {
    let root = tree(&[
        (".gitignore", "out/\n"),
        (".git/config", ""),
        (".hidden/a.py", ""),
        ("out/b.py", ""),
        ("c.py", ""),
    ]);
    std::os::unix::fs::symlink("/etc", root.path().join("etc")).unwrap();
    std::os::unix::fs::symlink("c.py", root.path().join("d.py")).unwrap();
    assert_eq!(
        list(root.path(), 100),
        [".gitignore", ".hidden/a.py", "c.py"]
    );
    assert_eq!(list(root.path(), 1).len(), 1);
    assert_eq!(list(&root.path().join("gone"), 9), Vec::<String>::new());
}

#[test]
fn the_same_tree_gives_the_same_facts_whatever_the_order_of_the_paths() {
    let files: Vec<(String, String)> = (0..60)
        .map(|n| {
            (
                format!("p{}/m{n}.py", n % 7),
                format!("from p{}.m{} import f{n}\ndef f{n}(): pass\n", n % 5, n / 2),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let root = tree(&files);
    let mut paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let first = survey(root.path(), &paths, Limits::default());
    paths.reverse();
    paths.push(paths[0].clone());
    assert_eq!(survey(root.path(), &paths, Limits::default()), first);
    assert!(!first.edges.is_empty() && first.files.iter().all(|f| f.flaw != Some(Flaw::Broken)));
}
