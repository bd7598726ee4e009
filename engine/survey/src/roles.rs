//! What each file is for, by its name and place, and which package it belongs to.

use crate::facts::{File, name};
use crate::look::Looked;
use crate::manifest::{Manifests, nearest};
use crate::{Language, Role};

/// Says of every file what it is for.
pub(crate) fn assign(looked: &mut [Looked], manifests: &Manifests) {
    for file in looked {
        let folders = manifests
            .packages
            .iter()
            .map(|package| package.folder.as_str());
        file.file.package = nearest(folders, file.path()).unwrap_or_default().to_owned();
        file.file.role = role(&file.file);
        file.file.hot = is_hot(&file.file, manifests.packages.len());
    }
}

fn role(file: &File) -> Role {
    match name(&file.path) {
        "Cargo.lock" | "package-lock.json" | "pnpm-lock.yaml" | "yarn.lock" | "bun.lock"
        | "bun.lockb" | "go.sum" | "poetry.lock" | "uv.lock" | "Pipfile.lock" => Role::Lock,
        "Cargo.toml"
        | "package.json"
        | "pyproject.toml"
        | "setup.cfg"
        | "setup.py"
        | "requirements.txt"
        | "go.mod"
        | "go.work"
        | "tsconfig.json"
        | "pnpm-workspace.yaml"
        | "Makefile"
        | "justfile" => Role::Manifest,
        _ => match file.language {
            Some(language) if is_test(language, &file.path) => Role::Test,
            Some(_) => Role::Source,
            None => Role::Plain,
        },
    }
}

/// Whether a file is for tests alone, as its language's tools would say.
pub(crate) fn is_test(language: Language, path: &str) -> bool {
    let name = name(path);
    let mut folders = path.split('/').rev().skip(1);
    match language {
        // Cargo's own places, and the usual one for unit tests in a file of their own.
        Language::Rust => folders.any(|f| matches!(f, "tests" | "benches")) || name == "tests.rs",
        Language::Python => {
            let stem = name.trim_end_matches(".py");
            stem.starts_with("test_")
                || stem.ends_with("_test")
                || name == "conftest.py"
                || folders.any(|f| matches!(f, "tests" | "test"))
        }
        Language::Script => {
            let marked = name
                .split('.')
                .rev()
                .skip(1)
                .any(|part| matches!(part, "test" | "spec"));
            marked || folders.any(|f| matches!(f, "__tests__" | "tests" | "test" | "e2e"))
        }
        Language::Go => name.ends_with("_test.go"),
    }
}

/// Whether everyone's work may touch a file.
fn is_hot(file: &File, packages: usize) -> bool {
    match file.role {
        Role::Lock => true,
        Role::Manifest => file.package.is_empty() && packages > 1,
        Role::Source | Role::Test | Role::Plain => false,
    }
}
