//! Who may know whom: the arrows between rooms, the owners of the great libraries, one place for versions (N1, N2).

use super::findings::{Finding, expect_keys, hold};
use super::survey::{Need, Room, Source, house};

/// The siblings between `protocol` below and `actors` above.
pub const MIDDLE: [&str; 10] = [
    "agent",
    "policy",
    "views",
    "config",
    "workspace",
    "survey",
    "scheduler",
    "tools",
    "providers",
    "store",
];

/// What a room may import besides its third-party crates. `tests` proves the whole house and may see all of it.
const MAY: [(&str, &[&str]); 6] = [
    ("protocol", &[]),
    // The far side of the wire shares no type with ours, or a mistake in one would agree with itself.
    ("scripted", &[]),
    (
        "actors",
        &[
            "protocol",
            "agent",
            "policy",
            "views",
            "config",
            "workspace",
            "survey",
            "scheduler",
            "tools",
            "providers",
            "store",
        ],
    ),
    (
        "cli",
        &["actors", "protocol", "views", "config", "scripted"],
    ),
    (
        "tests",
        &[
            "protocol",
            "agent",
            "policy",
            "views",
            "config",
            "workspace",
            "survey",
            "scheduler",
            "tools",
            "providers",
            "store",
            "scripted",
            "actors",
        ],
    ),
    ("", &["protocol"]),
];

/// The great libraries and the one room that names each.
const OWNERS: [(&str, &str); 8] = [
    ("ractor", "actors"),
    ("sled", "store"),
    ("petgraph", "scheduler"),
    ("reqwest", "providers"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("etcetera", "cli"),
    ("ratatui", "cli"),
];

fn may(room: &str) -> Option<&'static [&'static str]> {
    let row = if MIDDLE.contains(&room) { "" } else { room };
    MAY.iter()
        .find(|(name, _)| *name == row)
        .map(|(_, allowed)| *allowed)
}

/// N1: every import of one room by another follows an arrow. A test may always use `scripted`.
fn arrow_violations(rooms: &[Room]) -> Vec<Finding> {
    let ours: Vec<&str> = rooms.iter().map(|r| r.name.as_str()).collect();
    let mut found = Vec::new();
    for room in rooms {
        let allowed = may(&room.name);
        let manifest = |what: String, key: String, cure| Finding {
            rule: "N1 arrows",
            key,
            place: format!("{}Cargo.toml", room.folder),
            what,
            cure,
        };
        if allowed.is_none() {
            let cure = "give it a row in the table of arrows, here and in docs/architecture.md";
            found.push(manifest(
                format!("`{}` is a room without arrows", room.name),
                room.name.clone(),
                cure,
            ));
        }
        let follows = |need: &Need| {
            let row = allowed.unwrap_or_default();
            row.contains(&need.name.as_str()) || (need.dev && need.name == "scripted")
        };
        let siblings = room.needs.iter();
        let siblings = siblings.filter(|n| ours.contains(&n.name.as_str()));
        let wrong = siblings.filter(|n| !follows(n));
        found.extend(wrong.map(|n| {
            let cure = "let `actors` introduce them, or move the shared name into `protocol`";
            manifest(
                format!("`{}` may not know `{}`", room.name, n.name),
                format!("{} -> {}", room.name, n.name),
                cure,
            )
        }));
    }
    found
}

/// N2 in manifests: a great library is a dependency of its owner only. `tests` may hold one as the floor of a bench.
fn owner_violations(rooms: &[Room]) -> Vec<Finding> {
    let needs = rooms
        .iter()
        .flat_map(|r| r.needs.iter().map(move |n| (r, n)));
    let stray = needs.filter_map(|(room, need)| {
        let (library, owner) = OWNERS.iter().find(|(library, _)| need.name == *library)?;
        let bench = room.name == "tests" && need.dev;
        (room.name != *owner && !bench).then(|| Finding {
            rule: "N2 owners",
            key: format!("{} -> {library}", room.name),
            place: format!("{}Cargo.toml", room.folder),
            what: format!(
                "`{}` depends on `{library}`, which belongs to `{owner}`",
                room.name
            ),
            cure: "ask the owner's own types for what you need",
        })
    });
    stray.collect()
}

/// N2 in sources: nobody reaches a great library through its owner's re-exports either.
fn naming_violations(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| s.room != "tests") {
        for mention in source.mentions.iter().filter(|m| m.path.len() > 1) {
            let named = OWNERS.iter().find(|(library, owner)| {
                mention.path.iter().any(|segment| segment == library) && source.room != *owner
            });
            found.extend(named.map(|(library, owner)| Finding {
                rule: "N2 owners",
                key: source.path.clone(),
                place: source.at(mention.line),
                what: format!(
                    "`{}` names `{library}`, which belongs to `{owner}`",
                    mention.path.join("::")
                ),
                cure: "ask the owner's own types for what you need",
            }));
        }
    }
    found
}

/// Every dependency takes its version from the workspace, and every room its lints.
fn inheritance_violations(rooms: &[Room]) -> Vec<Finding> {
    let mut found = Vec::new();
    for room in rooms {
        let mut section = "";
        let (mut lints, mut stray) = (false, Vec::new());
        for line in room
            .manifest
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
        {
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']);
            }
            let inherits = line.replace(' ', "").contains("workspace=true");
            lints |= section == "lints" && inherits;
            let entry = section.ends_with("dependencies") && !line.starts_with('[');
            let table = section.contains("dependencies.") && line.starts_with('[');
            if (entry && !inherits) || table {
                stray.push(format!("`{line}` does not come from the workspace"));
            }
        }
        if !lints {
            stray.push("the workspace's lints are not inherited".to_owned());
        }
        found.extend(stray.into_iter().map(|what| Finding {
            rule: "inheritance",
            key: room.name.clone(),
            place: format!("{}Cargo.toml", room.folder),
            what,
            cure: "declare it once in the root Cargo.toml and write `name.workspace = true` on one line here",
        }));
    }
    found
}

#[test]
fn every_import_of_a_room_follows_an_arrow() {
    hold(&arrow_violations(&house().rooms));
}

#[test]
fn every_great_library_has_one_owner() {
    hold(&owner_violations(&house().rooms));
    hold(&naming_violations(&house().sources));
}

#[test]
fn every_version_and_lint_comes_from_the_workspace() {
    hold(&inheritance_violations(&house().rooms));
}

fn room(name: &str, needs: &[(&str, bool)], manifest: &str) -> Room {
    let needs = needs
        .iter()
        .map(|(name, dev)| Need {
            name: (*name).to_owned(),
            dev: *dev,
        })
        .collect();
    Room {
        name: name.to_owned(),
        folder: format!("{name}/"),
        manifest: manifest.to_owned(),
        needs,
    }
}

#[test]
fn a_wrong_arrow_is_found() {
    let rooms = [
        room("protocol", &[("agent", true)], ""),
        room(
            "agent",
            &[
                ("protocol", false),
                ("policy", true),
                ("scripted", true),
                ("serde", false),
            ],
            "",
        ),
        room("policy", &[("scripted", false)], ""),
        room("scripted", &[("protocol", false)], ""),
        room("attic", &[], ""),
    ];
    let keys = [
        "protocol -> agent",
        "agent -> policy",
        "policy -> scripted",
        "scripted -> protocol",
        "attic",
    ];
    expect_keys(&arrow_violations(&rooms), &keys);
}

#[test]
fn a_borrowed_library_is_found() {
    let rooms = [
        room("store", &[("sled", false), ("petgraph", true)], ""),
        room("cli", &[("reqwest", false)], ""),
        room("tests", &[("reqwest", true)], ""),
    ];
    expect_keys(
        &owner_violations(&rooms),
        &["store -> petgraph", "cli -> reqwest"],
    );
    let sources = [
        Source::sample("cli", "fn f() { actors::ractor::call() }"),
        Source::sample("agent", "use sled::Db;"),
        Source::sample("store", "use sled::Db; fn sled() {}"),
    ];
    expect_keys(
        &naming_violations(&sources),
        &["cli/src/sample.rs", "agent/src/sample.rs"],
    );
}

#[test]
fn a_version_of_ones_own_is_found() {
    let good = "[dependencies]\nserde.workspace = true\nuuid = { workspace = true }\n[lints]\nworkspace = true\n";
    let bad = "[dependencies]\nserde = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nuuid = { version = \"1\" }\n[dependencies.toml]\n";
    let found = inheritance_violations(&[room("a", &[], good), room("b", &[], bad)]);
    expect_keys(&found, &["b", "b", "b", "b"]);
}
