//! Why a run goes no further, and why a node was given up, for people.

use protocol::{
    Event, Failure, FailureClass, FaultKind, ModelFault, NodeEnd, PauseCause, PlanEvent, SessionId,
    TurnEnd,
};
use uuid::Uuid;
use views::{Phase, RunStatus, Swarm, View};

use crate::given::*;
use crate::given_swarm::*;
use crate::swarm_report::report_of;

fn paused(cause: PauseCause) -> Event {
    Event::Plan(PlanEvent::Paused { cause })
}

fn of_node(n: u8, fault: ModelFault) -> PauseCause {
    let node = node(n);
    PauseCause::NoModel { node, fault }
}

#[test]
fn a_run_without_a_model_to_ask_says_so_until_somebody_has_it_go_on() {
    let refused = ModelFault {
        kind: FaultKind::Authentication,
        message: "invalid key".into(),
        ..fault(false)
    };
    let mut events = vec![
        (None, accepted(&[(1, &[]), (2, &[])])),
        (None, begun(1, 1)),
        (Some(1), ended(TurnEnd::Failed(refused.clone()))),
        (None, returned(1, 1, FailureClass::Model)),
        (None, paused(of_node(1, refused))),
    ];
    let run = SessionId::new(Uuid::from_u128(1));
    let report = Swarm::fold(&journal(events.clone())).report(run);
    assert_eq!(report.status, RunStatus::Unfinished);
    let why = report.why.as_deref();
    assert_eq!(
        why,
        Some("there is no model to ask: the model of n1: invalid key")
    );
    events.push((None, Event::Plan(PlanEvent::Unpaused)));
    let swarm = Swarm::fold(&journal(events));
    assert_eq!(
        (swarm.report(run).why, &swarm.phase),
        (None, &Phase::Running)
    );
}

#[test]
fn a_run_that_somebody_pauses_does_not_lack_a_model_whatever_its_nodes_hear() {
    let refused = ModelFault {
        kind: FaultKind::Unreachable,
        ..fault(false)
    };
    let mut events = vec![
        (None, accepted(&[(1, &[]), (2, &[])])),
        (None, begun(1, 1)),
        (Some(1), failed(0, false)),
        (None, paused(PauseCause::User)),
        (Some(1), ended(TurnEnd::Failed(refused.clone()))),
    ];
    let no_model = |events: &[(Option<u8>, Event)]| {
        let swarm = Swarm::fold(&journal(events.to_vec()));
        assert_eq!(swarm.phase, Phase::Paused);
        swarm.no_model().map(|no_model| no_model.text.clone())
    };
    assert_eq!(no_model(&events), None);
    events.push((None, paused(of_node(1, refused))));
    let said = Some("the model of n1: overloaded".to_owned());
    assert_eq!(no_model(&events), said);
    events.push((None, resumed()));
    assert_eq!(no_model(&events), None, "it may have been mended since");
}

#[test]
fn what_is_said_besides_its_last_failure_does_not_take_the_place_of_that() {
    let log = "`make` exited with 1:\ncompiling\n2 tests failed";
    let refused = "the change of the plan for it was turned down: no";
    let failed = |why: &str| {
        let failure = Failure {
            class: FailureClass::Check,
            evidence: log.into(),
        };
        let back = PlanEvent::NodeReturned {
            node: node(1),
            attempt: 1,
            failure,
        };
        let over = PlanEvent::NodeEnded {
            node: node(1),
            end: NodeEnd::Failed,
            why: Some(why.into()),
        };
        vec![
            accepted(&[(1, &[])]),
            begun(1, 1),
            Event::Plan(back),
            Event::Plan(over),
        ]
    };
    let ends = "check: `make` exited with 1: ... 2 tests failed";
    for (why, then) in [
        (log.to_owned(), ends.to_owned()),
        (format!("{log}\n{refused}"), format!("{ends}; {refused}")),
        (refused.to_owned(), format!("check: {refused}")),
    ] {
        let reason = report_of(failed(&why)).nodes.remove(0).reason;
        assert_eq!(reason, Some(then));
    }
}
