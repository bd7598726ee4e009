//! The signs at the doors: what a file says it is for, what things may be called, what stands at the top level.

use super::findings::{Finding, expect_keys, hold};
use super::survey::{House, Source, house};

/// Names that attract everything, because they refuse nothing.
const BANNED: [&str; 8] = [
    "core", "common", "util", "utils", "helper", "helpers", "manager", "misc",
];

/// All that may stand at the top level, besides dot-files.
const TOP: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "engine",
    "actors",
    "scheduler",
    "store",
    "cli",
    "tests",
    "docs",
    "README.md",
];

const LICENSE: &str = "LICENSE";

/// Marks of unfinished work, spelled apart so that this file does not carry them.
const MARKS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

const UNFINISHED: [&str; 2] = ["todo", "unimplemented"];

fn finding(rule: &'static str, place: String, what: String, cure: &'static str) -> Finding {
    let key = place.split(':').next().unwrap_or_default().to_owned();
    Finding {
        rule,
        key,
        place,
        what,
        cure,
    }
}

/// Every file opens with its purpose; a crate's root also says what it may do and what it never does.
fn sign_violations(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        let sign: Vec<&str> = source
            .text
            .lines()
            .take_while(|l| l.starts_with("//!"))
            .collect();
        let purpose = sign
            .first()
            .is_some_and(|l| l.trim_start_matches("//!").trim().len() > 10);
        if !purpose {
            let cure = "open the file with `//!` and one sentence of purpose";
            found.push(finding(
                "door signs",
                source.at(1),
                "no sign at the door".to_owned(),
                cure,
            ));
        }
        let says = |word: &str| {
            sign.iter()
                .any(|l| l.split(|c: char| !c.is_alphabetic()).any(|w| w == word))
        };
        if source.path.ends_with("/src/lib.rs") && !(says("May") && says("Never")) {
            let cure =
                "add a line that begins `May` and one that begins `Never` to the crate's header";
            found.push(finding(
                "door signs",
                source.at(1),
                "the crate does not say what it may and never does".to_owned(),
                cure,
            ));
        }
    }
    found
}

/// No file, folder or module carries a name that refuses nothing.
fn name_violations(sources: &[Source]) -> Vec<Finding> {
    let cure = "name it after the one thing it holds";
    let mut found = Vec::new();
    for source in sources {
        let parts = source
            .path
            .trim_end_matches(".rs")
            .split('/')
            .filter(|part| BANNED.contains(part));
        found.extend(parts.map(|part| {
            finding(
                "banned names",
                source.at(1),
                format!("`{part}` in the path"),
                cure,
            )
        }));
        let modules = source
            .words
            .windows(2)
            .filter(|w| w[0].text == "mod" && BANNED.contains(&w[1].text.as_str()));
        found.extend(modules.map(|w| {
            finding(
                "banned names",
                source.at(w[1].line),
                format!("`mod {}`", w[1].text),
                cure,
            )
        }));
    }
    found
}

/// The top level stays as it was drawn.
fn top_violations(tracked: &[String]) -> Vec<Finding> {
    let mut tops: Vec<&str> = tracked
        .iter()
        .filter_map(|path| path.split('/').next())
        .collect();
    tops.dedup();
    let stray = tops
        .into_iter()
        .filter(|top| !top.starts_with('.') && *top != LICENSE && !TOP.contains(top));
    let cure = "put it into the room it serves";
    stray
        .map(|top| {
            finding(
                "top level",
                top.to_owned(),
                "it does not belong to the top level".to_owned(),
                cure,
            )
        })
        .collect()
}

/// Nothing is left unfinished where a reader would find a note instead of code.
fn mark_violations(path: &str, text: &str) -> Vec<Finding> {
    let cure = "finish it, or take it out and open an issue";
    let marked = |line: &str| {
        line.split(|c: char| !c.is_alphanumeric())
            .find(|word| MARKS.contains(word))
            .map(str::to_owned)
    };
    let lines = text
        .lines()
        .enumerate()
        .filter_map(|(n, line)| Some((n + 1, marked(line)?)));
    lines
        .map(|(line, mark)| finding("unfinished", format!("{path}:{line}"), mark, cure))
        .collect()
}

fn unfinished_violations(sources: &[Source]) -> Vec<Finding> {
    let cure = "finish it, or take it out";
    let calls = |source: &Source| -> Vec<Finding> {
        let wrong = source
            .mentions
            .iter()
            .filter(|m| m.next == "!" && UNFINISHED.contains(&m.path[m.path.len() - 1].as_str()));
        wrong
            .map(|m| {
                finding(
                    "unfinished",
                    source.at(m.line),
                    format!("{}!", m.path.join("::")),
                    cure,
                )
            })
            .collect()
    };
    sources.iter().flat_map(calls).collect()
}

/// Looks for marks in every text that people read or machines run.
fn marks_in(house: &House) -> Vec<Finding> {
    let texts = house.files.iter().filter(|f| {
        [".rs", ".toml", ".md", ".yml", ".ci/run"]
            .iter()
            .any(|end| f.ends_with(end))
    });
    let read = |path: &String| {
        std::fs::read_to_string(house.root.join(path)).map(|text| mark_violations(path, &text))
    };
    texts.filter_map(|path| read(path).ok()).flatten().collect()
}

#[test]
fn every_file_has_a_sign_at_its_door() {
    hold(&sign_violations(&house().sources));
}

#[test]
fn nothing_has_a_name_that_attracts_everything() {
    hold(&name_violations(&house().sources));
}

#[test]
fn the_top_level_is_as_drawn() {
    hold(&top_violations(&house().tracked));
}

#[test]
fn nothing_is_left_unfinished() {
    let mut found = marks_in(house());
    found.append(&mut unfinished_violations(&house().sources));
    hold(&found);
}

#[test]
fn a_missing_sign_is_found() {
    let lib = |text: &str| Source::new("store/src/lib.rs", "store", text, false);
    let key: &[&str] = &["store/src/lib.rs"];
    expect_keys(
        &sign_violations(&[Source::sample("store", "fn f() {}")]),
        &["store/src/sample.rs"],
    );
    expect_keys(
        &sign_violations(&[Source::sample("store", "//!\nfn f() {}")]),
        &["store/src/sample.rs"],
    );
    expect_keys(
        &sign_violations(&[lib(
            "//! The store remembers.\n//! May write. Nevertheless small.\n",
        )]),
        key,
    );
    expect_keys(
        &sign_violations(&[lib(
            "//! The store remembers.\n//!\n//! May: write. Never: call a model.\n",
        )]),
        &[],
    );
}

#[test]
fn a_banned_name_is_found() {
    let at =
        |path: &str, text: &str| name_violations(&[Source::new(path, "store", text, false)]).len();
    assert_eq!(at("store/src/utils.rs", ""), 1);
    assert_eq!(at("store/src/common/keys.rs", ""), 1);
    assert_eq!(at("store/src/keys.rs", "mod helpers { }"), 1);
    assert_eq!(at("store/src/keys.rs", "use core::fmt; mod utility;"), 0);
}

#[test]
fn a_stray_at_the_top_level_is_found() {
    let tracked = [
        ".gitignore",
        "Cargo.toml",
        "LICENSE",
        "crates/a/b.rs",
        "crates/c.rs",
        "docs/a.md",
        "notes.md",
    ];
    expect_keys(
        &top_violations(&tracked.map(str::to_owned)),
        &["crates", "notes.md"],
    );
}

#[test]
fn unfinished_work_is_found() {
    for mark in MARKS {
        assert_eq!(
            mark_violations("a.rs", &format!("fine\n// {mark}: later\n")).len(),
            1,
            "{mark}"
        );
    }
    expect_keys(&mark_violations("a.rs", "mktemp /tmp/x.XXXXXX; todos"), &[]);
    let sample = Source::sample(
        "store",
        "fn f() { todo!() } fn g() { std::unimplemented!() } fn todo() {}",
    );
    assert_eq!(unfinished_violations(&[sample]).len(), 2);
}
