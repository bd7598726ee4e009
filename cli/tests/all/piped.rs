//! What stands on stdin beside a prompt: a pipe, a file, a pipe of which nothing or little comes.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::formic::{World, ran};

fn script() -> Value {
    json!({"version": 1, "rules": [
        {"name": "greet", "when": {"last_user": "hi"}, "reply": {"text": "Hello."}}
    ]})
}

#[test]
fn what_is_piped_in_goes_after_the_prompt() {
    let (world, server) = World::with_model(&script());
    assert_eq!(
        world.feed(&["-p", "hi, look:"], "the pipe\n").out,
        "Hello.\n"
    );
    assert_eq!(world.feed(&["-p"], "hi alone").out, "Hello.\n");
    let said = server.requests();
    let last = |at: usize| said[at].body().unwrap().to_string();
    assert!(last(0).contains("hi, look:\\n\\nthe pipe"), "{}", last(0));
    assert!(last(1).contains("hi alone"), "{}", last(1));
}

#[test]
fn a_file_on_stdin_is_taken_as_a_pipe_is() {
    let (world, server) = World::with_model(&script());
    let from = |bytes: &[u8]| {
        std::fs::write(world.path("input"), bytes).unwrap();
        let file = std::fs::File::open(world.path("input")).unwrap();
        ran(world.command(&["-p", "hi"]).stdin(file).output().unwrap())
    };
    assert_eq!(from(b"the file\n").out, "Hello.\n");
    let said = server.requests()[0].body().unwrap().to_string();
    assert!(said.contains("hi\\n\\nthe file"), "{said}");
    let odd = from(b"\xff");
    assert_eq!(odd.code, 2, "{}", odd.err);
    assert!(odd.err.contains("stdin: not UTF-8 text"), "{}", odd.err);
    let long = from("\u{e9}".repeat(8 * 1024 * 1024 + 1).as_bytes());
    assert!(
        long.err.contains("stdin: more than 16777216 bytes"),
        "{}",
        long.err
    );
}

#[test]
fn a_prompt_does_not_wait_for_ever_for_a_pipe_that_nobody_writes_to_or_closes() {
    let (world, server) = World::with_model(&script());
    let begin = || {
        let mut command = world.command(&["-p", "hi"]);
        command.stdin(Stdio::piped()).spawn().unwrap()
    };
    let (mut slow, mut silent) = (begin(), begin());
    let mut pipe = slow.stdin.take().unwrap();
    pipe.write_all(b"first\n").unwrap();
    let open = silent.stdin.take();
    let alone = ran(silent.wait_with_output().unwrap());
    drop(open);
    assert_eq!(alone.out, "Hello.\n");
    assert!(alone.err.contains("stdin: nothing came"), "{}", alone.err);
    // By then the other one has waited as long; what began to come is read to its end.
    pipe.write_all(b"second\n").unwrap();
    drop(pipe);
    let fed = ran(slow.wait_with_output().unwrap());
    assert_eq!((fed.out.as_str(), fed.err.as_str()), ("Hello.\n", ""));
    let said = server.requests()[1].body().unwrap().to_string();
    assert!(said.contains("hi\\n\\nfirst\\nsecond"), "{said}");
}
