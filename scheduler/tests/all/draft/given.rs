//! Repositories in few words: a path, its role by its name, and what it imports.

use protocol::PlanDocument;
use scheduler::draft::{CommandFact, Draft, FileFact, Limits, Material, Purpose, Role};

/// A file; its package is the folder above `src` or `tests`, else its folder.
pub(crate) fn file(path: &str, imports: &[&str]) -> FileFact {
    let name = path.rsplit('/').next().unwrap_or_default();
    let role = match name {
        "Cargo.lock" => Role::Shared,
        "Cargo.toml" if !path.contains('/') => Role::Shared,
        "Cargo.toml" => Role::Manifest,
        _ if path.contains("tests/") => Role::Test,
        _ if name.ends_with(".md") => Role::Plain,
        _ => Role::Source,
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let package = folder.split("/src").next().unwrap_or_default();
    let package = package.split("/tests").next().unwrap_or_default();
    FileFact {
        path: path.into(),
        package: package.into(),
        role,
        bytes: 400,
        lines: 10,
        symbols: Vec::new(),
        imports: imports.iter().map(|&path| path.into()).collect(),
    }
}

pub(crate) fn material(files: &[(&str, &[&str])]) -> Material {
    let crates = ["base", "left", "right", "top"];
    let test = |cmd: String, covers: &str| CommandFact {
        cmd,
        purpose: Purpose::Test,
        covers: covers.into(),
    };
    let mut commands = vec![test("cargo test --workspace".into(), "")];
    commands.extend(
        crates.map(|name| test(format!("cargo test -p {name}"), &format!("crates/{name}"))),
    );
    Material {
        files: files
            .iter()
            .map(|(path, imports)| file(path, imports))
            .collect(),
        commands,
    }
}

/// A workspace: `left` and `right` need `base`, `top` needs both.
pub(crate) fn diamond() -> Material {
    material(&[
        ("Cargo.lock", &[]),
        ("Cargo.toml", &[]),
        ("README.md", &[]),
        ("crates/base/Cargo.toml", &[]),
        ("crates/base/src/lib.rs", &[]),
        ("crates/left/Cargo.toml", &[]),
        ("crates/left/src/lib.rs", &["crates/base/src/lib.rs"]),
        ("crates/left/tests/it.rs", &["crates/left/src/lib.rs"]),
        ("crates/right/Cargo.toml", &[]),
        ("crates/right/src/lib.rs", &["crates/base/src/lib.rs"]),
        ("crates/top/Cargo.toml", &[]),
        (
            "crates/top/src/lib.rs",
            &["crates/left/src/lib.rs", "crates/right/src/lib.rs"],
        ),
    ])
}

pub(crate) fn draft(material: Material, goal: &str) -> Draft {
    Draft::new(material, goal, Limits::default())
}

/// A plan as lines: name, what it waits for, what it writes, its check.
pub(crate) fn lines(plan: &PlanDocument) -> Vec<String> {
    let line = plan.nodes.iter().map(|node| {
        let deps: Vec<&str> = node.deps.iter().map(|dep| dep.as_str()).collect();
        let check = node.accept.as_ref().map_or("-", |check| &check.cmd);
        format!(
            "{} <- {} | {} | {check}",
            node.name,
            deps.join(" "),
            node.writes.join(" ")
        )
    });
    line.collect()
}
