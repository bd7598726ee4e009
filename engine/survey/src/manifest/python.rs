//! Python: packages, whether pytest is used, and the folders of tests.

use std::collections::BTreeSet;

use super::toml::Document;
use super::{Manifests, command, is_word};
use crate::facts::{folder, name};
use crate::{Command, File, Language, Package, Purpose, Role, System};

/// Reads one manifest into the others.
pub(super) fn read(all: &mut Manifests, path: &str, text: &str) {
    let document = Document::read(text);
    let at = folder(path);
    let is_package = matches!(name(path), "pyproject.toml" | "setup.py" | "setup.cfg");
    if is_package {
        let given = document
            .string("project", "name")
            .or_else(|| document.string("tool.poetry", "name"));
        all.packages.push(Package {
            folder: at.to_owned(),
            name: given.unwrap_or_default().to_owned(),
            system: System::Python,
            manifest: path.to_owned(),
        });
    }
    let configured = [
        "tool.pytest.ini_options",
        "tool.pytest",
        "pytest",
        "tool:pytest",
    ];
    if name(path) == "pytest.ini" || configured.iter().any(|table| document.has(table)) {
        all.pytest.insert(at.to_owned(), path.to_owned());
    }
}

pub(super) fn commands(files: &[File], manifests: &Manifests) -> Vec<Command> {
    let python = || {
        files
            .iter()
            .filter(|file| file.language == Some(Language::Python))
    };
    let tests: Vec<&File> = python().filter(|file| file.role == Role::Test).collect();
    let mut commands = testing(&tests, manifests);
    let tops = python().filter_map(|file| file.path.split_once('/'));
    let tops: BTreeSet<&str> = tops
        .map(|(top, _)| top)
        .filter(|top| is_word(top))
        .collect();
    for top in tops {
        // The compiler would leave its output among the sources.
        let cmd = format!(
            "python3 -c 'import ast, pathlib; [ast.parse(p.read_bytes(), p) for p in pathlib.Path(\"{top}\").rglob(\"*.py\")]'"
        );
        commands.extend(command("", &cmd, Purpose::Check, top, top));
    }
    commands
}

/// The commands that run tests: those of pytest if anything speaks of it, else of what Python brings along.
fn testing(tests: &[&File], manifests: &Manifests) -> Vec<Command> {
    let speaks = |file: &&File| {
        name(&file.path) == "conftest.py" || file.imports.iter().any(|import| import == "pytest")
    };
    let modules: Vec<&File> = tests
        .iter()
        .copied()
        .filter(|f| is_test_module(&f.path))
        .collect();
    let Some(first) = modules.first() else {
        return Vec::new();
    };
    if manifests.pytest.is_empty() && !tests.iter().any(speaks) {
        let cmd = "python3 -m unittest discover";
        return command("", cmd, Purpose::Test, "", &first.path)
            .into_iter()
            .collect();
    }
    let from = manifests.pytest.values().next().unwrap_or(&first.path);
    let one = |path: &str, covers: &str| {
        command(
            "",
            &format!("pytest -q {path}"),
            Purpose::Test,
            covers,
            from,
        )
    };
    let files = modules
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| is_word(path));
    let mut commands: Vec<Command> = files.filter_map(|path| one(path, path)).collect();
    commands.extend(
        tops(tests)
            .into_iter()
            .filter_map(|at| one(at, packaged(at))),
    );
    commands.extend(command("", "pytest -q", Purpose::Test, "", from));
    commands
}

fn is_test_module(path: &str) -> bool {
    let stem = name(path).strip_suffix(".py").unwrap_or_default();
    stem.starts_with("test_") || stem.ends_with("_test")
}

/// The outermost folders that hold tests.
fn tops<'a>(tests: &[&'a File]) -> BTreeSet<&'a str> {
    let folders = tests
        .iter()
        .map(|file| folder(&file.path))
        .filter(|at| is_word(at));
    let folders: BTreeSet<&str> = folders.collect();
    let inner = |at: &&str| {
        folders
            .iter()
            .any(|other| other != at && crate::facts::below(at, other))
    };
    folders.iter().copied().filter(|at| !inner(at)).collect()
}

/// What the tests in a folder cover: the folder beside which they stand, for one called `tests`.
fn packaged(at: &str) -> &str {
    match name(at) {
        "tests" | "test" => folder(at),
        _ => at,
    }
}
