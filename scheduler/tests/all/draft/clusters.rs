//! How files become clusters.

use scheduler::draft::{Draft, Limits, Material};

use super::given::{diamond, draft, file, material};

fn clusters(draft: &Draft) -> Vec<String> {
    let line = draft.clusters().iter().map(|cluster| {
        let files: Vec<&str> = draft.files(cluster.id).collect();
        let needs: Vec<String> = cluster.needs.iter().map(ToString::to_string).collect();
        format!("{} {} <- {}", cluster.id, files.join(" "), needs.join(" "))
    });
    line.collect()
}

#[test]
fn each_package_is_a_cluster_and_what_is_imported_comes_first() {
    assert_eq!(
        clusters(&draft(diamond(), "go")),
        [
            "c1 crates/base/src/lib.rs <- ",
            "c2 crates/left/src/lib.rs crates/left/tests/it.rs <- c1",
            "c3 crates/right/src/lib.rs <- c1",
            "c4 crates/top/src/lib.rs <- c2 c3",
            "c5 README.md <- ",
        ]
    );
}

#[test]
fn a_test_that_imports_nothing_stands_with_its_package() {
    let mut facts = diamond();
    facts.files.push(file("crates/top/tests/a.rs", &[]));
    let drafted = draft(facts, "go");
    assert_eq!(
        clusters(&drafted)[3],
        "c4 crates/top/src/lib.rs crates/top/tests/a.rs <- c2 c3"
    );
}

#[test]
fn a_package_is_begun_when_what_it_needs_is_there_and_so_is_not_torn_apart() {
    let facts = material(&[
        ("crates/above/src/alone.rs", &[]),
        ("crates/above/src/lib.rs", &["crates/below/src/lib.rs"]),
        ("crates/below/src/lib.rs", &["crates/roots/src/lib.rs"]),
        ("crates/below/src/alone.rs", &[]),
        ("crates/roots/src/lib.rs", &[]),
        ("crates/roots/tests/dev.rs", &["crates/above/src/lib.rs"]),
    ]);
    assert_eq!(
        clusters(&draft(facts, "go")),
        [
            "c1 crates/roots/src/lib.rs <- ",
            "c2 crates/below/src/alone.rs crates/below/src/lib.rs <- c1",
            "c3 crates/above/src/alone.rs crates/above/src/lib.rs <- c2",
            "c4 crates/roots/tests/dev.rs <- c3",
        ]
    );
}

#[test]
fn files_that_import_one_another_in_a_circle_stay_together() {
    let facts = material(&[
        ("a/x.py", &["b/y.py"]),
        ("b/y.py", &["c/z.py"]),
        ("c/z.py", &["a/x.py"]),
        ("d/w.py", &["b/y.py"]),
    ]);
    assert_eq!(
        clusters(&draft(facts, "go")),
        ["c1 a/x.py b/y.py c/z.py <- ", "c2 d/w.py <- c1"]
    );
}

#[test]
fn a_circle_too_large_is_cut_into_pieces_one_behind_the_other() {
    let names: Vec<String> = (0..10).map(|n| format!("p/f{n}.py")).collect();
    let files = (0..10).map(|n| file(&names[n], &[&names[(n + 1) % 10]]));
    let facts = Material {
        files: files.collect(),
        ..Material::default()
    };
    let limits = Limits {
        files: 4,
        ..Limits::default()
    };
    let drafted = Draft::new(facts, "go", limits);
    assert_eq!(
        clusters(&drafted),
        [
            "c1 p/f0.py p/f1.py p/f2.py p/f3.py <- ",
            "c2 p/f4.py p/f5.py p/f6.py p/f7.py <- ",
            "c3 p/f8.py p/f9.py <- c1",
        ],
        "f9 imports f0; the other arrows of the circle point at what stands behind"
    );
}

#[test]
fn a_cluster_is_cut_by_tokens_and_one_file_may_be_larger() {
    let mut facts = material(&[("p/a.rs", &[]), ("p/b.rs", &[]), ("p/c.rs", &[])]);
    facts.files[1].bytes = u64::MAX;
    let limits = Limits {
        tokens: 100,
        ..Limits::default()
    };
    let drafted = Draft::new(facts, "go", limits);
    assert_eq!(
        clusters(&drafted),
        ["c1 p/a.rs <- ", "c2 p/b.rs <- ", "c3 p/c.rs <- "]
    );
}

#[test]
fn what_the_goal_names_is_shown_first() {
    let files: Vec<String> = (0..90).map(|n| format!("m{n:02}/f.py")).collect();
    let mut facts = Material {
        files: files.iter().map(|path| file(path, &[])).collect(),
        ..Material::default()
    };
    facts.files[70].symbols.push("parseUrl".into());
    facts.files[80].imports.push("m70/f.py".into());
    let limits = Limits {
        shown: 2,
        ..Limits::default()
    };
    let shown = |goal: &str| {
        let drafted = Draft::new(facts.clone(), goal, limits);
        let shown: Vec<String> = drafted.shown().iter().map(ToString::to_string).collect();
        shown.join(" ")
    };
    assert_eq!(shown("rename parseUrl"), "c71 c90");
    assert_eq!(shown("tidy m33 and m44"), "c34 c45");
    assert_eq!(shown("look at m05/f.py"), "c6 c71");
}

#[test]
fn facts_name_clusters_files_commands_and_never_pass_their_limit() {
    let text = draft(diamond(), "go").facts();
    for expected in [
        "c2 in crates/left: 2 files, 20 lines; needs c1; auto is k3\n",
        "  files: crates/left/src/lib.rs, crates/left/tests/it.rs (test)\n",
        "k3 `cargo test -p left` tests crates/left\n",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    let mut facts = diamond();
    for n in 0..3_000 {
        let mut hostile = file(&format!("x{n}/\u{1b}[2J`\n{}.py", "é".repeat(300)), &[]);
        hostile.symbols = vec!["\u{7}s\n".repeat(500); 50];
        facts.files.push(hostile);
    }
    for most in [0, 1, 100, 5_000, 24 * 1024] {
        let limits = Limits {
            facts: most,
            shown: 2_000,
            ..Limits::default()
        };
        let text = Draft::new(facts.clone(), "go", limits).facts();
        assert!(text.len() <= most.max(1), "{} of {most}", text.len());
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'));
    }
}
