//! Explanations show every rule and every part.

use policy::explain;
use protocol::PermissionMode;

use crate::world::{run, world, write};

#[test]
fn parts_are_what_the_shell_would_do() {
    let world = world(&["deny Bash(rm:*)", "allow Bash(ls:*)", "deny Edit(a)"]);
    let situation = world.situation(PermissionMode::Default);
    let rows: [(&str, &[&str]); 6] = [
        ("ls -la && r''m x > out", &["ls -la", "> out", "rm x"]),
        ("timeout 5 env ls", &["timeout 5 env ls", "env ls", "ls"]),
        ("echo $(date)", &["date", "echo $..."]),
        (
            "for f in a b; do cat \"$f\"; done",
            &["names a", "names b", "cat $..."],
        ),
        ("ls 'a b'", &["ls 'a b'"]),
        ("ls (", &["unclear: the command could not be parsed"]),
    ];
    for (command, want) in rows {
        assert_eq!(explain(&run(command), &situation).parts, want, "{command}");
    }
}

#[test]
fn every_rule_is_considered() {
    let world = world(&["deny Bash(rm:*)", "allow Bash(ls:*)", "deny Edit(a)"]);
    let situation = world.situation(PermissionMode::Default);
    let matched = |explanation: policy::Explanation| -> Vec<bool> {
        explanation
            .considered
            .iter()
            .map(|(_, matched)| *matched)
            .collect()
    };
    assert_eq!(
        matched(explain(&run("ls; sh -c 'rm x'"), &situation)),
        [true, true, false]
    );
    assert_eq!(
        matched(explain(&write("a"), &situation)),
        [false, false, true]
    );
}
