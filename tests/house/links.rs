//! Every relative link in the documents leads to a file that is there.

use std::path::{Component, Path, PathBuf};

use super::findings::{Finding, expect_keys, hold};
use super::survey::house;

/// The links of one document that lead nowhere. `exists` says whether a path from the root is there.
fn violations(path: &str, text: &str, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let broken = links(text).into_iter().filter(|(_, target)| {
        let target = target.split(['#', '?']).next().unwrap_or_default();
        !target.is_empty() && resolve(folder, target).is_none_or(|file| !exists(&file))
    });
    let found = broken.map(|(line, target)| Finding {
        rule: "links",
        key: path.to_owned(),
        place: format!("{path}:{line}"),
        what: format!("the link to `{target}` leads nowhere"),
        cure: "correct the path, or take the link out",
    });
    found.collect()
}

/// Relative link targets with their lines; fenced code and addresses with a scheme are left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let targets = line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        let relative =
            targets.filter(|t| !fenced && !t.contains("://") && !t.starts_with("mailto:"));
        found.extend(relative.map(|target| (number, target.to_owned())));
    }
    found
}

/// The path from the root, or nothing if the link climbs out of it.
fn resolve(folder: &Path, target: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => path.pop().then_some(())?,
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let house = house();
    let documents = house
        .files
        .iter()
        .filter(|f| f.ends_with(".md") && (f.starts_with("docs/") || *f == "README.md"));
    for path in documents {
        let text = std::fs::read_to_string(house.root.join(path)).expect("a document can be read");
        hold(&violations(path, &text, |file| {
            house.root.join(file).exists()
        }));
    }
}

#[test]
fn a_broken_link_is_found() {
    let there = |file: &Path| file == Path::new("docs/a.md") || file == Path::new("LICENSE");
    let left = |text: &str| violations("docs/adr/x.md", text, there);
    for good in [
        "[a](../a.md#part)",
        "[l](../../LICENSE)",
        "[h](https://x.y/z)",
        "[p](#here)",
        "```\n[b](b.md)\n```",
    ] {
        expect_keys(&left(good), &[]);
    }
    for bad in [
        "[b](b.md)",
        "[a](a.md), [l](../../LICENSE)",
        "[out](../../../LICENSE)",
        "[abs](/LICENSE)",
    ] {
        expect_keys(&left(bad), &["docs/adr/x.md"]);
    }
}
