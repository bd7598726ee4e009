//! Which commands check what.

use super::given::commands;

#[test]
fn cargo_checks_each_member_of_a_workspace_and_nothing_else() {
    let found = commands(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\n    \"crates/*\", # all\n]\nexclude = [\"crates/out\"]\n",
        ),
        (
            "crates/a/Cargo.toml",
            "[package]\nname = \"a\"\n[dependencies]\nnear = { path = \"../../near\" }\n",
        ),
        ("crates/out/Cargo.toml", "[package]\nname = \"out\"\n"),
        (
            "crates/evil/Cargo.toml",
            "[package]\nname = \"x; rm -rf /\"\n",
        ),
        ("near/Cargo.toml", "[package]\nname = \"near\"\n"),
        ("fixtures/b/Cargo.toml", "[package]\nname = \"b\"\n"),
    ]);
    assert_eq!(
        found,
        [
            "cargo test -p a [crates/a]",
            "cargo check -p a --all-targets [crates/a]",
            "cargo test -p near [near]",
            "cargo check -p near --all-targets [near]",
            "cargo test --workspace []",
            "cargo check --workspace --all-targets []",
        ]
    );
    let alone = commands(&[("sub/Cargo.toml", "[package]\nname = \"a\"\n")]);
    assert_eq!(
        alone,
        [
            "cd sub && cargo test [sub]",
            "cd sub && cargo check --all-targets [sub]"
        ]
    );
}

#[test]
fn scripts_of_npm_run_by_the_tool_of_their_lockfile() {
    let found = commands(&[
        (
            "package.json",
            r#"{ "scripts": { "test": "echo \"Error: no test specified\" && exit 1", "lint": "eslint ." } }"#,
        ),
        ("pnpm-lock.yaml", ""),
        (
            "a/package.json",
            r#"{ "scripts": { "test": "vitest run", "build": "tsc", "typecheck": "tsc --noEmit", "odd": "x" } }"#,
        ),
        (
            "b/package.json",
            r#"{ "scripts": { "test": "jest --watch" } }"#,
        ),
        ("b/tsconfig.json", "{}"),
        ("c d/package.json", r#"{ "scripts": { "test": "x" } }"#),
        ("e/package.json", "not json"),
    ]);
    assert_eq!(
        found,
        [
            "cd a && pnpm test [a]",
            "cd a && pnpm run typecheck [a]",
            "cd a && pnpm run build [a]",
            "cd b && npx --no-install tsc --noEmit [b]",
            "pnpm run lint []",
        ]
    );
}

/// The command that parses every file of a folder and writes nothing.
fn parses(top: &str) -> String {
    let all = format!("pathlib.Path(\"{top}\").rglob(\"*.py\")");
    format!(
        "python3 -c 'import ast, pathlib; [ast.parse(p.read_bytes(), p) for p in {all}]' [{top}]"
    )
}

#[test]
fn the_command_that_parses_python_fails_on_a_broken_file_only() {
    let root = super::given::tree(&[("a/good.py", "x = 1\n"), ("b/c/bad.py", "def (:\n")]);
    let holds = |top: &str| {
        let line = parses(top);
        let cmd = line.split(" [").take(2).collect::<Vec<_>>().join(" [");
        let mut sh = std::process::Command::new("sh");
        let sh = sh.arg("-c").arg(cmd).current_dir(root.path());
        sh.stderr(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    assert_eq!((holds("a"), holds("b")), (true, false));
    assert!(!root.path().join("a/__pycache__").exists());
}

#[test]
fn python_is_tested_by_pytest_where_it_is_used() {
    let found = commands(&[
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\naddopts = \"-q\"\n",
        ),
        ("pkg/a.py", ""),
        ("tests/test_a.py", ""),
        ("tests/$(touch x).py", ""),
        ("tests/test_$(touch x).py", ""),
    ]);
    assert_eq!(
        found,
        [
            "pytest -q tests/test_a.py [tests/test_a.py]",
            &parses("pkg"),
            &parses("tests"),
            "pytest -q tests []",
            "pytest -q []",
        ]
    );
    let plain = commands(&[("a.py", ""), ("test_a.py", "import unittest\n")]);
    assert_eq!(plain, ["python3 -m unittest discover []"]);
}

#[test]
fn go_make_and_just_say_what_they_check() {
    let found = commands(&[
        ("svc/go.mod", "module example.org/svc\n"),
        ("svc/a/a.go", "package a"),
        ("svc/a/a_test.go", "package a"),
        (
            "Makefile",
            "all: build\n\tmake x\ntest := no\nbuild: a.c\n\t cc\n.PHONY: test\nlint:\n",
        ),
        ("justfile", "test:\n    x\nbuild arg:\n    y\n"),
    ]);
    assert_eq!(
        found,
        [
            "cd svc && go test ./a [svc/a]",
            "cd svc && go test ./... [svc]",
            "cd svc && go vet ./... [svc]",
            "cd svc && go build ./... [svc]",
            "make build []",
            "make all []",
            "make lint []",
            "just test []",
        ]
    );
}

#[test]
fn a_thousand_packages_leave_room_for_the_commands_that_cover_everything() {
    let manifests: Vec<(String, String)> = (0..500)
        .map(|n| {
            (
                format!("c/p{n}/Cargo.toml"),
                format!("[package]\nname = \"p{n}\"\n"),
            )
        })
        .collect();
    let mut files = vec![("Cargo.toml", "[workspace]\nmembers = [\"c/*\"]\n")];
    files.extend(
        manifests
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    );
    let found = commands(&files);
    assert_eq!(found.len(), 400);
    assert_eq!(
        found[398..],
        [
            "cargo test --workspace []",
            "cargo check --workspace --all-targets []"
        ]
    );
}
