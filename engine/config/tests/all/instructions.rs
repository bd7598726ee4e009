//! Instruction files: their order, what is imported, what is refused, what is cut.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use config::{
    Enabled, InstructionOrigin, Instructions, MAX_INSTRUCTION_BYTES, MAX_INSTRUCTIONS_BYTES,
    Nested, instructions,
};

use crate::place::Place;

fn paths(place: &Place, found: &Instructions) -> Vec<String> {
    found.files.iter().map(|f| place.shown(&f.path)).collect()
}

fn notes(place: &Place, found: &Instructions) -> Vec<String> {
    found
        .notes
        .iter()
        .map(|n| place.relative(&n.to_string()))
        .collect()
}

fn read(place: &Place) -> Instructions {
    instructions(&place.sources())
}

/// Files of the given contents; a file's text is its own path unless given.
fn with_files(files: &[(&str, &str)]) -> Place {
    files.iter().fold(Place::new(), |place, (file, text)| {
        place.with(file, if text.is_empty() { file } else { text })
    })
}

#[test]
fn general_files_come_first_and_the_closest_last() {
    let order = [
        "home/.claude/CLAUDE.md",
        "config/FORMIC.md",
        "project/AGENTS.md",
        "project/CLAUDE.md",
        "project/CLAUDE.local.md",
        "project/a/AGENTS.md",
        "project/a/b/.claude/CLAUDE.md",
    ];
    let others = [
        "AGENTS.md",
        "project/other/AGENTS.md",
        "project/a/b/c/AGENTS.md",
        "home/AGENTS.md",
    ];
    let place = order
        .iter()
        .chain(&others)
        .fold(Place::new(), |place, file| place.with(file, file));
    let mut sources = place.sources();
    sources.cwd = place.path("project/a/b");
    let found = instructions(&sources);
    assert_eq!(paths(&place, &found), order);
    assert_eq!(found.files[1].origin, InstructionOrigin::User);
    assert_eq!(found.files[5].origin, InstructionOrigin::Project);
    assert_eq!(found.files[5].text, "project/a/AGENTS.md");
    assert_eq!(found.notes, []);

    sources.enabled = Enabled {
        user: false,
        ..Enabled::ALL
    };
    assert_eq!(paths(&place, &instructions(&sources)), order[2..]);
    sources.enabled = Enabled {
        project: false,
        ..Enabled::ALL
    };
    assert_eq!(paths(&place, &instructions(&sources)), order[..2]);
    // A working directory elsewhere sees the root's files only.
    sources.cwd = place.path("home");
    sources.enabled = Enabled::ALL;
    assert_eq!(paths(&place, &instructions(&sources)), order[..5]);
}

#[test]
fn the_same_content_is_given_once() {
    let place = with_files(&[
        ("project/AGENTS.md", "rules\n"),
        ("project/CLAUDE.md", "rules"),
        ("project/a/AGENTS.md", " \n"),
    ]);
    symlink(
        place.path("project/AGENTS.md"),
        place.path("project/CLAUDE.local.md"),
    )
    .unwrap();
    assert_eq!(paths(&place, &read(&place)), ["project/AGENTS.md"]);
}

#[test]
fn imports_follow_the_file_that_names_them() {
    let place = with_files(&[
        ("project/AGENTS.md", "agents know no imports: @docs/a.md"),
        (
            "project/CLAUDE.md",
            "See @docs/a.md and @AGENTS.md, ask @nobody, `@docs/code.md`\n```\n@docs/code.md\n```",
        ),
        ("project/docs/a.md", "@b.md @../CLAUDE.md"),
        ("project/docs/b.md", "@a.md @~/.claude/style.md"),
        ("project/docs/code.md", ""),
        ("home/.claude/style.md", ""),
    ]);
    let found = read(&place);
    assert_eq!(
        paths(&place, &found),
        [
            "project/AGENTS.md",
            "project/CLAUDE.md",
            "project/docs/a.md",
            "project/docs/b.md",
            "home/.claude/style.md"
        ]
    );
    assert_eq!(
        found.files[3].origin,
        InstructionOrigin::Import {
            by: place.path("project/docs/a.md")
        }
    );
    assert!(found.files[1].text.contains("ask @nobody"));
    assert_eq!(found.notes, []);
}

#[test]
fn imports_end_at_the_fifth_file() {
    let chain = |n: usize| (format!("project/{n}.md"), format!("@{}.md", n + 1));
    let place = (1..8)
        .map(chain)
        .fold(Place::new(), |place, (file, text)| place.with(&file, &text));
    let place = place.with("project/CLAUDE.md", "@1.md");
    let found = read(&place);
    assert_eq!(paths(&place, &found).last().unwrap(), "project/5.md");
    assert_eq!(
        notes(&place, &found),
        ["project/6.md: left out, imported more than 5 files deep"]
    );
}

#[test]
fn a_repository_cannot_name_what_is_not_its_own() {
    let outside = "left out, imports stay inside the project and the user's folders";
    let hidden = "left out, of hidden files only .md and .txt are imported";
    let user = "left out, from the user's folders only .md and .txt files are imported";
    let table = [
        ("@../secret.md", Some(("secret.md", outside))),
        ("@~/.ssh/id.md", Some(("home/.ssh/id.md", outside))),
        ("@link.md", Some(("secret.md", outside))),
        ("@.env", Some(("project/.env", hidden))),
        (
            "@.formic/settings.local.json",
            Some(("project/.formic/settings.local.json", hidden)),
        ),
        (
            "@~/.claude/.credentials.json",
            Some(("home/.claude/.credentials.json", user)),
        ),
        (
            "@../config/settings.json",
            Some(("config/settings.json", user)),
        ),
        ("@.github/notes.md", None),
        ("@package.json", None),
    ];
    for (text, refused) in table {
        let place = with_files(&[("project/CLAUDE.md", text)]);
        for file in [
            "secret.md",
            "home/.ssh/id.md",
            "project/.env",
            "project/.github/notes.md",
            "project/package.json",
        ] {
            place.write(file, b"plain");
        }
        for file in [
            "home/.claude/.credentials.json",
            "config/settings.json",
            "project/.formic/settings.local.json",
        ] {
            place.write(file, b"{}");
        }
        symlink(place.path("secret.md"), place.path("project/link.md")).unwrap();
        let found = read(&place);
        let expected: Vec<String> = refused
            .iter()
            .map(|(file, why)| format!("{file}: {why}"))
            .collect();
        assert_eq!(notes(&place, &found), expected, "{text}");
        assert_eq!(
            found.files.len(),
            if refused.is_some() { 1 } else { 2 },
            "{text}"
        );
    }
}

#[test]
fn a_link_out_of_the_project_is_refused_but_the_user_may_keep_files_elsewhere() {
    let place = with_files(&[("dotfiles/agents.md", "")]);
    symlink(
        place.path("dotfiles/agents.md"),
        place.path("project/AGENTS.md"),
    )
    .unwrap();
    symlink(
        place.path("dotfiles/agents.md"),
        place.path("config/FORMIC.md"),
    )
    .unwrap();
    symlink(
        place.path("project/CLAUDE.md"),
        place.path("project/CLAUDE.md"),
    )
    .unwrap();
    let found = read(&place);
    assert_eq!(paths(&place, &found), ["dotfiles/agents.md"]);
    let told = notes(&place, &found);
    assert_eq!(
        told[0],
        "project/AGENTS.md: left out, it is a link that leads outside the project"
    );
    assert!(
        told[1].starts_with("project/CLAUDE.md: left out, it cannot be read: "),
        "{told:?}"
    );
    // Nobody is told twice.
    let again = Nested::of(place.sources()).near(&place.path("project/x.rs"), &[&found.seen]);
    assert_eq!(again.notes, []);
}

#[test]
fn a_folder_or_a_device_in_place_of_a_file_is_left_out() {
    let place = with_files(&[("project/AGENTS.md/x", ""), ("project/CLAUDE.md", "fine")]);
    let found = read(&place);
    assert_eq!(paths(&place, &found), ["project/CLAUDE.md"]);
    assert_eq!(
        notes(&place, &found),
        ["project/AGENTS.md: left out (project/AGENTS.md: this is a folder, not a file)"]
    );
}

#[test]
fn a_long_file_is_cut_at_a_line_and_says_so() {
    let line = "ä".repeat(50) + "\n";
    let long = line.repeat(MAX_INSTRUCTION_BYTES / line.len() + 5);
    let place = with_files(&[("project/AGENTS.md", &long)]);
    let found = read(&place);
    let text = &found.files[0].text;
    let kept = text
        .strip_suffix("\n[cut here: the file is longer than what is read of it]")
        .unwrap();
    assert!(
        kept.len() <= MAX_INSTRUCTION_BYTES && kept.len() > MAX_INSTRUCTION_BYTES - 2 * line.len()
    );
    assert!(
        long.starts_with(kept) && kept.ends_with('ä') && kept.len() % line.len() == line.len() - 1
    );
    assert_eq!(
        notes(&place, &found),
        ["project/AGENTS.md: cut to 32768 bytes"]
    );

    let exact = "x".repeat(MAX_INSTRUCTION_BYTES);
    let place = with_files(&[("project/AGENTS.md", &exact)]);
    assert_eq!(read(&place).files[0].text, exact);
    assert_eq!(read(&place).notes, []);
}

#[test]
fn of_too_many_files_the_users_and_the_closest_stay() {
    let big = |letter: &str| (letter.repeat(99) + "\n").repeat(300);
    let place = with_files(&[
        ("config/FORMIC.md", &big("u")),
        ("project/AGENTS.md", &big("r")),
        ("project/a/AGENTS.md", &big("a")),
        ("project/a/b/AGENTS.md", &big("b")),
    ]);
    let mut sources = place.sources();
    sources.cwd = place.path("project/a/b");
    let found = instructions(&sources);
    assert_eq!(
        paths(&place, &found),
        [
            "config/FORMIC.md",
            "project/a/AGENTS.md",
            "project/a/b/AGENTS.md"
        ]
    );
    assert_eq!(
        notes(&place, &found),
        [
            "project/a/AGENTS.md: cut to 5536 bytes, the instructions are longer than 65536 bytes together",
            "project/AGENTS.md: left out, the instructions are longer than 65536 bytes together",
        ]
    );
    let total: usize = found.files.iter().map(|f| f.text.len()).sum();
    assert!(total <= MAX_INSTRUCTIONS_BYTES, "{total}");
}

#[test]
fn a_touched_file_brings_the_instructions_of_its_folders_once() {
    let place = with_files(&[
        ("project/AGENTS.md", ""),
        ("project/a/AGENTS.md", ""),
        ("project/a/CLAUDE.md", "project/a/AGENTS.md"),
        ("project/a/b/CLAUDE.md", ""),
        ("project/node_modules/x/AGENTS.md", ""),
        ("AGENTS.md", ""),
    ]);
    let nested = Nested::of(place.sources());
    let mut seen = read(&place).seen;
    let touch = |file: &str, seen: &mut BTreeSet<_>| {
        let found = nested.near(&place.path(file), &[seen]);
        seen.extend(found.seen.iter().cloned());
        assert!(
            found
                .files
                .iter()
                .all(|f| f.origin == InstructionOrigin::Nested)
        );
        paths(&place, &found)
    };
    assert_eq!(touch("project/x.rs", &mut seen), [""; 0]);
    // The file and its folder need not exist yet.
    assert_eq!(
        touch("project/a/new/deep/x.rs", &mut seen),
        ["project/a/AGENTS.md"]
    );
    assert_eq!(
        touch("project/a/b/x.rs", &mut seen),
        ["project/a/b/CLAUDE.md"]
    );
    assert_eq!(touch("project/a/b/x.rs", &mut seen), [""; 0]);
    assert_eq!(touch("project/node_modules/x/y.js", &mut seen), [""; 0]);
    assert_eq!(touch("outside.rs", &mut seen), [""; 0]);

    // What was told in one of two readings is told.
    let (first, none) = (read(&place).seen, BTreeSet::new());
    let told = nested.near(&place.path("project/a/x.rs"), &[&first, &none]);
    assert_eq!(paths(&place, &told), ["project/a/AGENTS.md"]);
    let again = nested.near(&place.path("project/a/x.rs"), &[&first, &told.seen]);
    assert_eq!(again, Instructions::default());
}

#[test]
fn text_that_is_not_utf_8_is_read_as_well_as_possible() {
    let place = Place::new();
    place.write("project/AGENTS.md", b"\xef\xbb\xbfcaf\xe9 rules");
    assert_eq!(read(&place).files[0].text, "caf\u{fffd} rules");
}
