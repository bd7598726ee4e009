//! Trees and texts made to hold a tool up: everything ends, in bounded memory, and says what was left out.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use crate::rig::{Rig, failed, ok};

/// Only a tool that hangs takes this long.
async fn ends<T>(what: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(600);
    tokio::time::timeout(patience, what)
        .await
        .expect("the call never ended")
}

fn fifo(rig: &Rig, name: &str) {
    let at = rig.root.join(name);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    mknodat(CWD, &at, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

async fn look(rig: &mut Rig) -> [String; 3] {
    let grep = ends(rig.call("grep", json!({"pattern": "needle"}))).await;
    let glob = ends(rig.call("glob", json!({"pattern": "**/*"}))).await;
    let list = ends(rig.call("list", json!({"depth": 9}))).await;
    [ok(&grep), ok(&glob), ok(&list)]
}

#[tokio::test]
async fn pipes_sockets_loops_and_odd_names_hold_no_search_up() {
    let mut rig = Rig::new();
    rig.put("plain", "needle\n");
    fifo(&rig, "pipe");
    let socket = UnixListener::bind(rig.root.join("socket")).unwrap();
    symlink(".", rig.root.join("loop")).unwrap();
    symlink("b", rig.root.join("a")).unwrap();
    symlink("a", rig.root.join("b")).unwrap();
    symlink("/dev/zero", rig.root.join("zero")).unwrap();
    rig.put(".git", "gitdir: nowhere");
    for name in [
        "new\nline",
        "quo'te\"",
        "\u{1F600}",
        "\u{202e}rtl",
        "-rf",
        "$(x)",
        " ",
    ] {
        rig.put(name, "needle\n");
    }
    let [grep, glob, list] = look(&mut rig).await;
    for text in [&grep, &glob, &list] {
        assert!(
            text.contains("plain") && text.contains("\u{1F600}"),
            "{text}"
        );
        assert!(!text.contains("loop/"), "{text}");
    }
    let own = ends(rig.call("grep", json!({"pattern": "x", "path": "pipe"}))).await;
    assert!(ok(&own).contains("no match"));
    drop(socket);
}

#[tokio::test]
async fn ignore_files_that_are_traps_are_not_read() {
    for place in [
        ".gitignore",
        ".ignore",
        "below/.gitignore",
        ".git/info/exclude",
    ] {
        let mut rig = Rig::new();
        rig.put("plain", "needle\n");
        fifo(&rig, place);
        assert!(look(&mut rig).await[0].contains("plain"), "{place}");

        let mut rig = Rig::new();
        rig.put("plain", "needle\n");
        rig.put("below/x", "");
        fs::create_dir_all(rig.root.join(".git/info")).unwrap();
        symlink("/dev/zero", rig.root.join(place)).unwrap();
        assert!(look(&mut rig).await[0].contains("plain"), "{place}");
    }
}

#[tokio::test]
async fn ignore_files_with_odd_patterns_are_lived_with() {
    let deep = format!("{}x{}", "{a,".repeat(50_000), "}".repeat(50_000));
    for pattern in [
        &*deep,
        "[",
        "!!!",
        "\\",
        "**/**/**/none",
        "\u{0}\n\u{202e}",
        "{",
        "a{1",
        "/",
        "!",
        "#",
    ] {
        let mut rig = Rig::new();
        rig.put("plain", "needle\n");
        rig.put(".gitignore", pattern);
        rig.put("below/.gitignore", pattern);
        rig.put("below/x", "needle\n");
        assert!(look(&mut rig).await[0].contains("plain"), "{pattern:.20}");
    }
}

#[tokio::test]
async fn twenty_thousand_files_are_told_in_one_answer() {
    let mut rig = Rig::new();
    for at in 0..20_000 {
        rig.put(&format!("{}/{at}", at % 100), "needle\nneedle\n");
    }
    for answer in look(&mut rig).await {
        assert!(
            answer.len() < 60_000 && answer.contains("more"),
            "{}",
            answer.len()
        );
    }
    let content =
        json!({"pattern": "needle", "output_mode": "content", "head_limit": i64::MAX, "-C": 50});
    let answer = ok(&ends(rig.call("grep", content)).await);
    assert!(
        answer.len() < 60_000 && answer.contains("more matching lines"),
        "{}",
        answer.len()
    );
}

#[tokio::test]
async fn a_line_of_a_hundred_megabytes_is_cut_by_read_and_passed_over_by_grep() {
    let mut rig = Rig::new();
    rig.put("line", "x".repeat(100 * 1024 * 1024));
    let read = ok(&ends(rig.call("read", json!({"file_path": "line"}))).await);
    assert!(
        read.len() < 3_000 && read.contains("line of 104857600 bytes cut"),
        "{read}"
    );
    for multiline in [false, true] {
        let grep = json!({"pattern": "y", "multiline": multiline});
        let grep = ok(&ends(rig.call("grep", grep)).await);
        assert!(grep.contains("1 files not searched to their end"), "{grep}");
    }
}

#[tokio::test]
async fn globs_that_would_break_their_reader_are_refused() {
    let mut rig = Rig::new();
    let deep = format!("{}x{}", "{a,".repeat(17), "}".repeat(17));
    for pattern in [deep, "*".repeat(5_000)] {
        for call in [
            ("glob", json!({"pattern": pattern})),
            ("grep", json!({"pattern": "x", "glob": pattern})),
        ] {
            let told = failed(&ends(rig.call(call.0, call.1)).await);
            assert!(
                told.contains("use a simpler one") && told.len() < 200,
                "{told}"
            );
        }
    }
    let fine = format!("{}x{}", "{a,".repeat(16), "}".repeat(16));
    ok(&ends(rig.call("glob", json!({"pattern": fine}))).await);
}

#[tokio::test]
async fn edits_of_megabytes_take_no_square_of_time() {
    let mut rig = Rig::new();
    let half = "a".repeat(5 * 1024 * 1024);
    rig.known("long", format!("{half}b{half}"));
    let cases: [(String, String); 4] = [
        // Not there, but nearly everywhere.
        (format!("{half}c"), "x".to_owned()),
        (format!("{}\n", "a\n".repeat(2_000_000)), "x".to_owned()),
        // There once, and many times within what shall stand there.
        (
            "b".to_owned(),
            format!("{}{}", "a".repeat(2_000_000), "b".repeat(2_000_000)),
        ),
        ("bb".to_owned(), half.clone()),
    ];
    for (old, new) in cases {
        let edit = json!({"file_path": "long", "old_string": old, "new_string": new});
        let result = ends(rig.call("edit", edit)).await;
        assert!(crate::rig::text(&result).len() < 20_000);
    }
}

#[tokio::test]
async fn ten_thousand_edits_are_one_change() {
    let mut rig = Rig::new();
    let text: String = (0..10_000).map(|at| format!("line <{at}>\n")).collect();
    rig.known("many", &text);
    let edits: Vec<Value> = (0..10_000)
        .map(|at| json!({"old_string": format!("<{at}>"), "new_string": format!("({at})")}))
        .collect();
    let told =
        ok(&ends(rig.call("multi_edit", json!({"file_path": "many", "edits": edits}))).await);
    assert!(told.len() < 20_000);
    assert_eq!(
        rig.content("many"),
        text.replace('<', "(").replace('>', ")")
    );
}

#[tokio::test]
async fn ten_thousand_edits_of_ten_megabytes_are_refused() {
    let mut rig = Rig::new();
    rig.known("long", "x".repeat(10 * 1024 * 1024));
    let edits = vec![json!({"old_string": "x", "new_string": "y"}); 10_000];
    let call = rig.call("multi_edit", json!({"file_path": "long", "edits": edits}));
    assert!(failed(&ends(call).await).contains("too many"));
}

#[tokio::test]
async fn a_gigabyte_of_output_fits_into_its_answer_and_its_file() {
    let mut rig = Rig::new();
    let flood = "head -c 1073741824 /dev/zero | tr '\\0' 'x'";
    let command = json!({"command": flood, "timeout": 590_000});
    let told = ok(&ends(rig.call("bash", command)).await);
    assert!(
        told.len() < 31_000 && told.contains("the first 64 MiB"),
        "{}",
        told.len()
    );
    let kept: u64 = fs::read_dir(&rig.spill)
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().len())
        .sum();
    assert_eq!(kept, 64 * 1024 * 1024);
}

#[tokio::test]
async fn commands_that_never_end_are_ended_with_all_their_children() {
    let mut rig = Rig::new();
    for command in [
        "yes",
        "trap '' TERM INT HUP; (trap '' TERM; sleep 777) & while :; do :; done",
        "cat /dev/urandom",
        "setsid sleep 777 & wait",
        "(setsid bash -c 'trap \"\" TERM; sleep 777' &) ; exec sleep 777",
    ] {
        let told =
            failed(&ends(rig.call("bash", json!({"command": command, "timeout": 300}))).await);
        assert!(
            told.contains("timed out") && told.len() < 100_000,
            "{command}: {}",
            told.len()
        );
    }
    assert_eq!(fs::read_dir(rig.running()).unwrap().count(), 0);
}
