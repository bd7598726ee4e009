//! Laws that hold for any command, not only for those somebody thought of.

use proptest::prelude::*;

use crate::world::{MODES, run, world};

const RULES: [&str; 4] = [
    "allow Bash(npm test:*)",
    "ask Bash(git push:*)",
    "allow Edit(src/**)",
    "allow Bash(cat *)",
];

/// Words and signs that commands are made of, harmless and not.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "ls", "cat", ".env", "rm", "-rf", "/", "~", "$X", "$(", ")", "`", "'", "\"", "\\", ";", "&&",
    "||", "|", "&", "\n", ">", "<", "<<E\n", "E\n", "{", "}", ",", "*", "?", "[", "]", "[[", "]]",
    "((", "))", "if", "then", "fi", "for", "in", "do", "done", "case", "esac", "while", "!", "cd",
    "..", "src", "npm test", "git", "push", "sh -c", "eval", "xargs", "find", "-exec", "env", "A=b",
    "x=", "${x:-", "~1", "~99999999999999999999", "{1..99999999999999999999}", "$'", "\\x41",
    "2>&1", ">&", "#", "=",
];

/// Pieces that shells care about, so that random commands reach deep.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(PIECES).prop_map(str::to_owned),
        Just(" ".to_owned()),
        "[ -~]{0,4}",
    ]
}

fn command() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(piece(), 0..14).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(piece(), 0..10).prop_map(|pieces| pieces.join(" ")),
        any::<String>(),
    ]
}

fn simple() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "ls",
        "make",
        "cat a",
        "cat .env",
        "rm -rf /",
        "npm test",
        "git push",
        "touch a",
        "cat /etc/x",
        "cd src",
        "ls > a",
        "ls > /x",
        "echo $(make)",
        "git reset --hard",
        "$X",
        "cat ~/.ssh/id_rsa",
        "sh -c 'make'",
    ])
}

fn rank(letter: char) -> Option<usize> {
    "a?x".find(letter)
}

/// Squaring the length would take minutes, and the machine's memory.
#[test]
fn a_command_as_long_as_can_be_is_judged_soon() {
    let world = world(&["deny Read(.env)"]);
    for piece in [
        "a,", "a=", "--a=b:", "a ", "$(a)", "{a,", "*,", "../", "a;", "'a',",
    ] {
        let times = 120_000 / piece.len();
        let command = format!("x {}", piece.repeat(times));
        let _ = world.judge(&run(&command), MODES[0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn judging_never_panics(command in command()) {
        let world = world(&RULES);
        for mode in MODES {
            let situation = world.situation(mode);
            let _ = policy::explain(&run(&command), &situation);
            let _ = policy::accesses(&run(&command), &situation);
        }
    }

    #[test]
    fn a_deny_rule_only_takes_away(command in command(), rule in prop::sample::select(vec![
        "deny Read(.env)", "deny Bash(rm:*)", "deny Bash(*evil*)", "deny Edit(src)", "deny Read(src/**)", "deny Bash",
    ])) {
        let before = world(&RULES);
        let after = world(&[&RULES[..], &[rule]].concat());
        for mode in MODES {
            let before = crate::world::letter(&before.judge(&run(&command), mode));
            let after = crate::world::letter(&after.judge(&run(&command), mode));
            prop_assert!(rank(after) >= rank(before), "{mode}: {before} became {after}");
        }
    }

    #[test]
    fn a_compound_is_as_strict_as_each_part(
        a in simple(), b in simple(), joint in prop::sample::select(vec![" ; ", " && ", " || ", " | ", "\n", " & "]),
    ) {
        let world = world(&RULES);
        for mode in MODES {
            let of = |command: &str| rank(crate::world::letter(&world.judge(&run(command), mode)));
            let whole = of(&format!("{a}{joint}{b}"));
            prop_assert!(whole >= of(a), "{mode}: {a}{joint}{b} against {a}");
            // After a cd the second part stands elsewhere, and may be another thing altogether.
            prop_assert!(a.starts_with("cd") || whole >= of(b), "{mode}: {a}{joint}{b} against {b}");
        }
    }

    #[test]
    fn wrapping_never_helps(a in simple(), wrap in prop::sample::select(vec![
        ("(", ")"), ("{ ", "; }"), ("echo $(", ")"), ("if true; then ", "; fi"), ("! ", ""), ("true | ", ""),
    ])) {
        let world = world(&RULES);
        for mode in MODES {
            let of = |command: &str| rank(crate::world::letter(&world.judge(&run(command), mode)));
            let wrapped = format!("{}{a}{}", wrap.0, wrap.1);
            prop_assert!(of(&wrapped) >= of(a), "{mode}: {wrapped}");
        }
    }
}
