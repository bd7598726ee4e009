//! What ran at the same time, and what was refused.

use protocol::{RuleEffect, RuleRef, Timestamp, ToolStatus, Verdict};
use views::{Denials, Span, Timeline, View};

use crate::given::*;

#[test]
fn spans_that_share_a_moment_overlap_and_touching_ones_do_not() {
    for (a, b, then) in [
        ((0, 10), (5, 15), true),
        ((0, 10), (2, 3), true),
        ((0, 10), (10, 20), false),
        ((0, 10), (11, 20), false),
        ((5, 5), (5, 5), false),
    ] {
        let span = |(began, ended)| Span {
            began: Timestamp(began),
            ended: Timestamp(ended),
        };
        assert_eq!(span(a).overlaps(&span(b)), then, "{a:?} {b:?}");
        assert_eq!(span(b).overlaps(&span(a)), then, "{b:?} {a:?}");
    }
}

#[test]
fn a_timeline_knows_tools_and_models() {
    let content = vec![
        use_block(1, "Read", "{}"),
        use_block(2, "Edit", "{}"),
        use_block(3, "Grep", "{}"),
    ];
    let timeline = Timeline::fold(&records(vec![
        replied(0, reply(content)),
        finished(1, (10, 30), ok("")),
        finished(2, (20, 40), ok("")),
    ]));
    assert!(timeline.overlaps(call(1), call(2)));
    assert!(!timeline.overlaps(call(1), call(3)), "it has not ended");
    let edit = timeline.tool(call(2)).unwrap();
    assert_eq!(
        (edit.tool.as_str(), edit.writes, edit.status),
        ("edit", true, ToolStatus::Ok)
    );
    assert!(!timeline.tool(call(1)).unwrap().writes);
    let model = &timeline.models[0];
    assert_eq!(
        (model.span.began, model.span.ended),
        (Timestamp(600), Timestamp(1_000))
    );
}

#[test]
fn refusals_are_listed_with_what_was_asked_and_which_rule_said_no() {
    let rule = RuleRef {
        rule: "Bash(rm:*)".into(),
        effect: RuleEffect::Deny,
        layer: "user".into(),
        file: None,
        line: None,
    };
    let mut ruled = reason("a rule forbids it");
    ruled.rule = Some(rule.clone());
    let content = vec![
        use_block(1, "Bash", r#"{"command":"rm x"}"#),
        use_block(2, "Edit", "{}"),
        use_block(3, "Edit", "{}"),
    ];
    let denials = Denials::fold(&records(vec![
        replied(0, reply(content)),
        decided(1, Verdict::Deny(ruled)),
        decided(2, Verdict::Allow(reason("fine"))),
        decided(3, Verdict::Ask(reason("nobody was there"))),
    ]));
    let [first, second] = denials.list() else {
        panic!("{denials:?}");
    };
    assert_eq!((first.call, first.tool.as_str()), (call(1), "bash"));
    assert_eq!(first.arguments.as_str(), r#"{"command":"rm x"}"#);
    assert_eq!(first.rule, Some(rule));
    assert_eq!(
        (second.call, second.reason.as_str()),
        (call(3), "nobody was there")
    );
}
