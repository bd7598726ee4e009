//! Projects and servers made to bring formic down: it starts or says why not, and never panics.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;

use serde_json::json;

use crate::stage::{Ended, Fifo, Reply, Stage, Step};

/// The longest instruction a project may give, with what surrounds it.
const REQUEST_BYTES: usize = 256 * 1024;

fn assert_calm(ended: &Ended, case: &str) {
    assert!(
        !ended.stderr.contains("panicked") && !ended.was_killed(),
        "{case}: {ended}"
    );
}

/// A project with one thing in it, and whether formic should work there.
struct Case {
    name: &'static str,
    lay: fn(&Stage),
    works: bool,
}

const fn case(name: &'static str, lay: fn(&Stage), works: bool) -> Case {
    Case { name, lay, works }
}

fn trap(link: &Path) {
    symlink("/dev/zero", link).unwrap();
}

const CASES: [Case; 14] = [
    case(
        "instructions that import themselves",
        |stage| stage.write("CLAUDE.md", "@CLAUDE.md\n@./CLAUDE.md\nhello"),
        true,
    ),
    case(
        "a circle of imports",
        |stage| {
            stage.write("CLAUDE.md", "@a.md");
            stage.write("a.md", "@b.md");
            stage.write("b.md", "@a.md @CLAUDE.md");
        },
        true,
    ),
    case(
        "ten megabytes of instructions",
        |stage| stage.write("AGENTS.md", "x ".repeat(5 * 1024 * 1024)),
        true,
    ),
    case(
        "instructions that are no text",
        |stage| stage.write("AGENTS.md", b"\xff\xfe\x00\x80"),
        true,
    ),
    case(
        "imports of devices and folders",
        |stage| stage.write("CLAUDE.md", "@/dev/zero @/ @/dev/stdin @/proc/self/mem"),
        true,
    ),
    case(
        "a hundred thousand imports",
        |stage| stage.write("CLAUDE.md", "@missing.md\n".repeat(100_000)),
        true,
    ),
    case(
        "instructions that are a pipe",
        |stage| drop(Fifo::at(&stage.path("AGENTS.md"))),
        true,
    ),
    case(
        "instructions that are a device",
        |stage| trap(&stage.path("CLAUDE.md")),
        true,
    ),
    case(
        "a git folder that is a file",
        |stage| {
            std::fs::remove_dir_all(stage.path(".git")).unwrap();
            stage.write(".git", "gitdir: /dev/zero\n");
        },
        true,
    ),
    case(
        "a git folder that is a pipe",
        |stage| {
            std::fs::remove_dir_all(stage.path(".git")).unwrap();
            Fifo::at(&stage.path(".git"));
        },
        true,
    ),
    case(
        "ten megabytes of settings",
        |stage| stage.write(".formic/settings.json", " ".repeat(10 * 1024 * 1024)),
        false,
    ),
    case(
        "settings that are a pipe",
        |stage| {
            stage.write(".formic/x", "");
            Fifo::at(&stage.path(".formic/settings.json"));
        },
        false,
    ),
    case(
        "settings that nest",
        |stage| stage.write(".formic/settings.json", "[".repeat(100_000)),
        false,
    ),
    case(
        "a rule that nests",
        |stage| {
            let rule = format!("Read({}x{})", "{a,".repeat(20_000), "}".repeat(20_000));
            stage.write(
                ".formic/settings.json",
                json!({"permissions": {"deny": [rule]}}).to_string(),
            );
        },
        false,
    ),
];

#[test]
fn no_project_brings_formic_down() {
    for case in CASES {
        let look = [
            Step::tool("list", json!({})),
            Step::tool("grep", json!({"pattern": "x"})),
        ];
        let stage = Stage::of([Reply::steps(look), Reply::text("done")]);
        (case.lay)(&stage);
        let ended = stage.prompt("look").run();
        assert_calm(&ended, case.name);
        let code = if case.works { 0 } else { 2 };
        assert_eq!(ended.code(), Some(code), "{}: {ended}", case.name);
        if case.works {
            assert_eq!(ended.answer(), "done", "{}", case.name);
            assert!(
                stage.last_asked().raw().len() < REQUEST_BYTES,
                "{}",
                case.name
            );
        } else {
            assert_eq!(ended.stderr.lines().count(), 2, "{}: {ended}", case.name);
        }
    }
}

/// A server that gives every request the same bytes.
fn server_of(reply: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let _ = reader.read_exact(&mut vec![0; length]);
            // A client that has heard enough may leave.
            let _ = stream.write_all(&reply);
        }
    });
    url
}

#[test]
fn no_server_brings_formic_down() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let body = |body: &str| format!("{head}{body}").into_bytes();
    let replies = [
        Vec::new(),
        b"\x00\xff\x16\x03\x01".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n".to_vec(),
        b"HTTP/1.1 999 Odd\r\nretry-after: -1\r\n\r\n{".to_vec(),
        b"HTTP/1.1 302 Found\r\nlocation: \xff\r\ncontent-length: 0\r\n\r\n".to_vec(),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1024 * 1024)).into_bytes(),
        body(""),
        body("data: \n\ndata: {}\n\ndata: []\n\ndata: null\n\n"),
        body("data: {\"type\":\"message_stop\"}\n\n"),
        body(&"[".repeat(1_000_000)),
        body("<html>\u{1b}[2J\u{0}</html>"),
        body("data: {\"type\":\"error\",\"error\":{\"message\":\"\\u001b]0;x\\u0007\"}}\n\n"),
    ];
    let stage = Stage::of([Reply::text("unused")]);
    for reply in replies {
        let shown = String::from_utf8_lossy(&reply[..reply.len().min(200)]).into_owned();
        let run = stage
            .formic(["-p", "hi"])
            .env("ANTHROPIC_BASE_URL", server_of(reply));
        let ended = run
            .arg("--settings")
            .arg(r#"{"retry": {"max_attempts": 1}}"#)
            .run();
        assert_calm(&ended, &shown);
        assert!(
            !ended.stderr.contains('\u{1b}') && !ended.stdout.contains('\u{1b}'),
            "{shown}: {ended}"
        );
        assert!(matches!(ended.code(), Some(0 | 1 | 3)), "{shown}: {ended}");
    }
}
