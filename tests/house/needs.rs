//! A dependency is named where it is declared: by the room's code, or by its tests if it is only for them.

use super::findings::{Exception, Finding, expect_keys, hold, settle};
use super::survey::{House, Need, Room, Source, house};

const SILENT: [Exception; 0] = [];

/// Dependencies that the code they were declared for never names.
fn violations(rooms: &[Room], sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for room in rooms {
        let named = |need: &Need| {
            let name = need.name.replace('-', "_");
            let mut own = sources.iter().filter(|s| s.room == room.name);
            own.any(|s| {
                s.words
                    .iter()
                    .any(|w| w.text == name && (need.dev || !w.test))
            })
        };
        let silent = room.needs.iter().filter(|need| !named(need));
        found.extend(silent.map(|need| Finding {
            rule: "needs",
            key: format!("{} -> {}", room.name, need.name),
            place: format!("{}Cargo.toml", room.folder),
            what: match need.dev {
                true => format!("nothing in `{}` names `{}`", room.name, need.name),
                false => format!("no code of `{}` names `{}`", room.name, need.name),
            },
            cure: "take it out of the manifest, or move it to the dev-dependencies if only tests name it",
        }));
    }
    found
}

#[test]
fn every_dependency_is_named_by_the_code_it_is_for() {
    let House { rooms, sources, .. } = house();
    hold(&settle(violations(rooms, sources), &SILENT));
}

#[test]
fn a_dependency_that_nothing_names_is_found() {
    let need = |name: &str, dev| Need {
        name: name.to_owned(),
        dev,
    };
    let room = Room {
        name: "store".to_owned(),
        folder: "store/".to_owned(),
        manifest: String::new(),
        needs: vec![
            need("sled", false),
            need("tokio-util", false),
            need("uuid", false),
            need("tempfile", true),
            need("insta", true),
        ],
    };
    let text =
        "use sled::Db; // uuid\n#[cfg(test)] mod tests { use tokio_util::x; use tempfile::y; }";
    let sources = [
        Source::sample("store", text),
        Source::sample("agent", "use uuid::Uuid; use insta::z;"),
    ];
    let keys = ["store -> tokio-util", "store -> uuid", "store -> insta"];
    expect_keys(&violations(&[room], &sources), &keys);
}
