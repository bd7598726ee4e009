//! What would be tried again in vain, and what a rule would help.

use protocol::{Event, FailureClass, PlanEvent};
use views::{Swarm, View};

use crate::given::*;
use crate::given_swarm::*;

#[test]
fn a_rule_would_help_only_where_a_command_was_denied_because_there_is_none() {
    let no_rule = || reason("no rule allows make");
    let mut ruled = no_rule();
    ruled.rule = Some(protocol::RuleRef {
        rule: "Bash(make:*)".into(),
        effect: protocol::RuleEffect::Ask,
        layer: "user".into(),
        file: None,
        line: None,
    });
    let deny = protocol::Verdict::Deny;
    for (tool, verdict, helps) in [
        ("Bash", deny(no_rule()), true),
        ("Write", deny(no_rule()), false),
        ("Bash", deny(ruled), false),
        ("Bash", deny(reason("outside the tree")), false),
        ("Bash", protocol::Verdict::Allow(no_rule()), false),
    ] {
        let steps = vec![
            (None, accepted(&[(1, &[])])),
            (None, begun(1, 1)),
            (Some(1), replied(1, reply(vec![use_block(1, tool, "{}")]))),
            (Some(1), decided(1, verdict.clone())),
        ];
        let swarm = Swarm::fold(&journal(steps));
        assert_eq!(swarm.nodes[0].is_unruled(), helps, "{tool} {verdict:?}");
    }
}

#[test]
fn a_node_that_came_back_for_what_nobody_mended_would_do_so_again() {
    let told = "`x` is no command here. Mend it in the plan and begin a new run";
    let mut denied = check_run(1);
    denied.denied = Some("a rule".into());
    for (check, class, evidence, is_in_vain) in [
        (Some(denied), FailureClass::Check, "no".to_owned(), true),
        (None, FailureClass::Check, format!("{told}\nlog"), true),
        (None, FailureClass::Check, format!("log\n{told}"), false),
        (None, FailureClass::Gate, format!("{told}\nlog"), false),
    ] {
        let mut looked = inspected(1, &[], 1);
        if let Event::Workspace(protocol::WorkspaceEvent::Inspected { found, .. }) = &mut looked {
            found.check = check;
        }
        let failure = protocol::Failure {
            class,
            evidence: evidence.as_str().into(),
        };
        let back = Event::Plan(PlanEvent::NodeReturned {
            node: node(1),
            attempt: 1,
            failure,
        });
        let swarm = run(vec![accepted(&[(1, &[])]), begun(1, 1), looked, back]);
        assert_eq!(
            swarm.nodes[0].is_in_vain(),
            is_in_vain,
            "{class:?} {evidence}"
        );
    }
}
