//! What a room may touch of the world outside: terminal and environment, tasks, clocks and chance (N3, N4, N5).

use super::arrows::MIDDLE;
use super::findings::{Exception, Finding, expect_keys, hold, settle};
use super::survey::{Source, house};
use super::words::Mention;

const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

const TERMINAL: [&str; 3] = ["io::stdout", "io::stderr", "io::stdin"];

/// The places a home folder or a setting could be looked up besides `std::env`.
const HOMES: [&str; 4] = ["home_dir", "etcetera", "dirs", "home"];

const SPAWNING: [&str; 8] = [
    "tokio::spawn",
    "task::spawn",
    "task::spawn_local",
    "Handle::spawn",
    "Handle::current",
    "JoinSet",
    "thread::spawn",
    "thread::Builder",
];

const CHANCE: [&str; 12] = [
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "Uuid::now_v7",
    "Uuid::new_v4",
    "Uuid::now_v6",
    "rand",
    "fastrand",
    "getrandom",
    "thread_rng",
    "OsRng",
];

/// The one file where time and chance come in; and the clock of the model server, which is a program of its own.
const SOURCES: [&str; 2] = ["actors/src/source.rs", "engine/scripted/src/clock.rs"];

const SPAWN_ALSO: [Exception; 1] = [Exception {
    key: "engine/tools/src/process/wall.rs",
    why: "walls hold for the thread that puts them up; it starts the one command and is joined before the call returns",
}];

const CHANCE_ALSO: [Exception; 0] = [];

/// The mentions outside tests that `wrong` picks out, one finding a line.
fn pick(
    sources: &[Source],
    rule: &'static str,
    cure: &'static str,
    wrong: impl Fn(&Source, &Mention) -> bool,
) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for source in sources {
        let picked = source.live().filter(|m| wrong(source, m)).map(|m| Finding {
            rule,
            key: source.path.clone(),
            place: source.at(m.line),
            what: format!("`{}` is named in `{}`", m.path.join("::"), source.room),
            cure,
        });
        found.extend(picked);
    }
    found.dedup();
    found
}

/// N3: only `cli` prints, reads keys, or reads environment and home.
fn terminal_violations(sources: &[Source]) -> Vec<Finding> {
    let cure = "return it, or take it as an argument: `cli` reads the environment once and shows what comes back";
    pick(sources, "N3 terminal and environment", cure, |source, m| {
        let prints = m.next == "!"
            && m.path
                .last()
                .is_some_and(|name| PRINTING.contains(&name.as_str()));
        let environment = m.holds("env")
            && m.path.len() > 1
            && !m.holds("env::consts")
            && m.path != ["std", "env"];
        let home = HOMES.iter().any(|name| m.path.len() > 1 && m.holds(name));
        source.room != "cli"
            && (prints || environment || home || TERMINAL.iter().any(|name| m.holds(name)))
    })
}

/// N4: below `actors` nobody starts a task or a thread that outlives the call.
fn spawn_violations(sources: &[Source]) -> Vec<Finding> {
    let cure = "return a future and let `actors` run it beside an owner; `spawn_blocking` that is awaited is fine";
    pick(sources, "N4 spawning", cure, |source, m| {
        let below = MIDDLE.contains(&source.room.as_str())
            || ["protocol", "scripted"].contains(&source.room.as_str());
        // A model server is a program of its own: it owns its connections and its thread, and dropping it ends them.
        let owned = source.room == "scripted" && (m.holds("JoinSet") || m.holds("thread::Builder"));
        // A thread of a scope is joined before the call returns.
        let line = source.text.lines().nth(m.line - 1).unwrap_or_default();
        let scoped = m.holds("thread::Builder") && line.contains(".spawn_scoped(");
        below && !owned && !scoped && SPAWNING.iter().any(|name| m.holds(name))
    })
}

/// N5: clocks, chance and new ids come from one file.
fn chance_violations(sources: &[Source]) -> Vec<Finding> {
    let cure = "take the value as an argument, or ask the source that `actors` injects";
    pick(sources, "N5 clocks and chance", cure, |source, m| {
        let long = |name: &str| {
            name.contains("::") || name.contains(char::is_uppercase) || m.path.len() > 1
        };
        !SOURCES.contains(&source.path.as_str())
            && CHANCE.iter().any(|name| long(name) && m.holds(name))
    })
}

#[test]
fn only_the_cli_prints_and_reads_the_environment() {
    hold(&terminal_violations(&house().sources));
}

#[test]
fn nothing_below_actors_spawns() {
    hold(&settle(spawn_violations(&house().sources), &SPAWN_ALSO));
}

#[test]
fn clocks_and_chance_come_from_one_source() {
    hold(&settle(chance_violations(&house().sources), &CHANCE_ALSO));
}

/// Shows a rule one line at a time: every bad line is found, no good line is.
fn tell_apart(rule: fn(&[Source]) -> Vec<Finding>, room: &str, bad: &[&str], good: &[&str]) {
    for line in bad {
        let found = rule(&[Source::sample(room, &format!("fn f() {{ {line} }}"))]);
        expect_keys(&found, &[&format!("{room}/src/sample.rs")]);
    }
    for line in good {
        hold(&rule(&[Source::sample(
            room,
            &format!("fn f() {{ {line} }}"),
        )]));
    }
}

#[test]
fn a_print_or_a_read_of_the_environment_is_found() {
    let bad = [
        "println!(\"x\")",
        "assert!({ dbg!(x); true })",
        "std::io::stdout().write_all(b)",
        "tokio::io::stderr()",
        "use std::env::{self, var_os};",
        "env::vars()",
        "std::env::temp_dir()",
        "etcetera::home_dir()",
    ];
    let good = [
        "use std::env;",
        "env::consts::OS",
        "env!(\"X\")",
        "command.stdout(Stdio::piped()).env_clear()",
        "home(x)",
    ];
    tell_apart(terminal_violations, "tools", &bad, &good);
    tell_apart(terminal_violations, "cli", &[], &bad);
}

#[test]
fn a_spawn_below_actors_is_found() {
    let bad = [
        "tokio::spawn(x)",
        "use tokio::task::{JoinHandle, spawn};",
        "Handle::current()",
        "JoinSet::new()",
        "std::thread::spawn(x)",
        "std::thread::Builder::new().spawn(x)",
    ];
    let good = [
        "tokio::task::spawn_blocking(x)",
        "Command::new(x).spawn()",
        "std::thread::Builder::new().spawn_scoped(scope, x)",
    ];
    tell_apart(spawn_violations, "store", &bad, &good);
    tell_apart(spawn_violations, "actors", &[], &bad);
    tell_apart(
        spawn_violations,
        "scripted",
        &["tokio::spawn(x)"],
        &["JoinSet::new()"],
    );
}

#[test]
fn a_clock_or_a_die_outside_the_source_is_found() {
    let bad = [
        "SystemTime::now()",
        "use std::time::Instant as Clock; Clock::now()",
        "tokio::time::Instant::now()",
        "jiff::Timestamp::now()",
        "Uuid::now_v7()",
        "map(Uuid::new_v4)",
        "rand::random()",
        "fastrand::u64(..)",
    ];
    let good = [
        "since(SystemTime::UNIX_EPOCH)",
        "let rand = 1; rand + 1",
        "clock.now()",
    ];
    tell_apart(chance_violations, "agent", &bad, &good);
    let source = Source::new(SOURCES[0], "actors", "fn f() { SystemTime::now() }", false);
    hold(&chance_violations(&[source]));
    let test = Source::sample(
        "agent",
        "#[cfg(test)] mod tests { fn f() { SystemTime::now() } }",
    );
    hold(&chance_violations(&[test]));
}
