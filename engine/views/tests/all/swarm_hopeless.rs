//! The report of a run that gave itself up: it has failed, and says why.

use protocol::{Event, Expect, NodeEnd, PlanEvent, PlanPatch, TIME_USED_UP};
use views::RunStatus;

use crate::given::*;
use crate::given_swarm::*;
use crate::swarm_report::report_of;

/// What a run of two nodes comes to that gives itself up before they end like this.
fn given_up_with(first: NodeEnd, second: NodeEnd) -> Vec<Event> {
    vec![
        accepted(&[(1, &[]), (2, &[])]),
        begun(1, 1),
        begun(2, 1),
        given_up(true),
        over(1, first),
        over(2, second),
        Event::Plan(PlanEvent::Closed),
    ]
}

#[test]
fn a_run_that_gave_itself_up_has_failed_unless_all_of_it_is_done_or_a_limit_was_why() {
    let mut late = given_up_with(NodeEnd::Failed, NodeEnd::Cancelled);
    late[4] = Event::Plan(PlanEvent::NodeEnded {
        node: node(1),
        end: NodeEnd::Failed,
        why: Some(TIME_USED_UP.into()),
    });
    let table = [
        (
            given_up_with(NodeEnd::Failed, NodeEnd::Cancelled),
            RunStatus::Failed,
        ),
        (
            given_up_with(NodeEnd::Done, NodeEnd::Cancelled),
            RunStatus::Failed,
        ),
        (
            given_up_with(NodeEnd::Done, NodeEnd::Done),
            RunStatus::Success,
        ),
        (late, RunStatus::LimitReached),
    ];
    for (events, status) in table {
        assert_eq!(run(events[..4].to_vec()).status(), RunStatus::Failed);
        assert!(run(events.clone()).is_retryable());
        let report = report_of(events);
        assert_eq!((report.status, report.why.as_deref()), (status, Some("w")));
    }
}

#[test]
fn it_goes_on_with_a_node_that_is_tried_again() {
    let mut events = given_up_with(NodeEnd::Done, NodeEnd::Cancelled);
    let patch = PlanPatch {
        modify: plan(&[(2, &[])]).nodes,
        ..PlanPatch::default()
    };
    let why = "again".to_owned();
    events.push(Event::Plan(PlanEvent::Patched { patch, why }));
    let again = run(events);
    assert!(!again.has_failed());
    assert_eq!(again.status(), RunStatus::Unfinished);
}

#[test]
fn a_run_that_ends_because_of_a_check_before_any_of_the_work_has_failed() {
    let red = |expect, exit| {
        let mut red = check_run(exit);
        red.check.expect = expect;
        Event::Plan(PlanEvent::Checked { runs: vec![red] })
    };
    let denied = |expect| {
        let mut run = check_run(1);
        (run.check.expect, run.exit) = (expect, None);
        run.denied = Some("a rule".into());
        Event::Plan(PlanEvent::Checked { runs: vec![run] })
    };
    let closed = || Event::Plan(PlanEvent::Closed);
    for (checked, status) in [
        (red(Expect::Pass, 1), RunStatus::Failed),
        (red(Expect::Fail, 0), RunStatus::Failed),
        (denied(Expect::Pass), RunStatus::Failed),
        (denied(Expect::Fail), RunStatus::Failed),
        (red(Expect::Pass, 0), RunStatus::Cancelled),
        (red(Expect::Fail, 1), RunStatus::Cancelled),
    ] {
        let events = vec![accepted(&[(1, &[])]), checked, cancelled(), closed()];
        assert_eq!(
            run(events.clone()).is_retryable(),
            status != RunStatus::Failed
        );
        let report = report_of(events);
        assert_eq!((report.status, report.why.as_deref()), (status, Some("w")));
    }
}
