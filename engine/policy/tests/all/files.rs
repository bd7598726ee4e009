//! Modes and file claims.

use protocol::{PermissionMode, Verdict};

use crate::world::{EDIT, FREE, read, search, world, write};

#[test]
fn modes_decide_where_no_rule_does() {
    world(&[]).check_claims(&[
        (read("a"), FREE),
        (search("grep", "."), FREE),
        (search("glob", "src"), FREE),
        (write("a"), EDIT),
    ]);
}

#[test]
fn ask_rules_ask_even_for_what_is_free() {
    world(&["ask Read(a)", "ask Edit"]).check_claims(&[
        (read("a"), "???xa"),
        (read("b"), FREE),
        (write("b"), "??xxa"),
    ]);
}

#[test]
fn plan_mode_says_so() {
    let verdict = world(&["allow Edit"]).judge(&write("a"), PermissionMode::Plan);
    let Verdict::Deny(reason) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(reason.text, "plan mode changes nothing: /w/tree/a");
}
