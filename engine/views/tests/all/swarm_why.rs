//! Why a run goes no further, and why a node was given up, for people.

use protocol::{
    Event, Failure, FailureClass, FaultKind, ModelFault, NodeEnd, PlanEvent, SessionId, TurnEnd,
};
use uuid::Uuid;
use views::{Phase, RunStatus, Swarm, View};

use crate::given::*;
use crate::given_swarm::*;
use crate::swarm_report::report_of;

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
        (Some(1), ended(TurnEnd::Failed(refused))),
        (None, returned(1, 1, FailureClass::Model)),
        (None, Event::Plan(PlanEvent::Paused)),
    ];
    let run = SessionId::new(Uuid::from_u128(1));
    let report = Swarm::fold(&journal(events.clone())).report(run);
    assert_eq!(report.status, RunStatus::Unfinished);
    let why = report.why.as_deref();
    assert_eq!(
        why,
        Some("there is no model to ask: the model of n1: invalid key")
    );
    // Another node that begins says nothing of it; the same one does.
    let with = |event| {
        let events = [events.clone(), vec![(None, event)]].concat();
        Swarm::fold(&journal(events)).no_model().is_some()
    };
    assert_eq!((with(begun(2, 1)), with(begun(1, 2))), (true, false));
    events.push((None, Event::Plan(PlanEvent::Unpaused)));
    let swarm = Swarm::fold(&journal(events));
    assert_eq!(
        (swarm.report(run).why, &swarm.phase),
        (None, &Phase::Running)
    );
}

#[test]
fn a_run_that_pauses_because_nothing_is_heard_of_a_model_says_so_and_one_that_somebody_pauses_does_not()
 {
    let paused = || (None, Event::Plan(PlanEvent::Paused));
    let answered = (Some(2), replied(0, reply(vec![])));
    let (deadline, model) = (FailureClass::Deadline, FailureClass::Model);
    let gave_up = || (Some(1), ended(TurnEnd::Failed(fault(false))));
    let late = || (None, returned(1, 1, deadline));
    let went_on = (None, begun(2, 2));
    for (after, says_so) in [
        (vec![gave_up(), paused()], true),
        (vec![late(), paused()], true),
        (vec![paused()], false),
        (
            vec![gave_up(), (None, returned(1, 1, model)), paused()],
            false,
        ),
        (vec![late(), went_on, paused()], false),
        (vec![(None, returned(2, 1, deadline)), paused()], false),
        (vec![answered, gave_up(), paused()], false),
    ] {
        let mut events = vec![
            (None, accepted(&[(1, &[]), (2, &[])])),
            (None, begun(1, 1)),
            (None, begun(2, 1)),
            (Some(1), failed(0, false)),
        ];
        events.extend(after);
        let swarm = Swarm::fold(&journal(events.clone()));
        let said = swarm.no_model().map(|no_model| no_model.text.as_str());
        let is_it = said == Some("the model of n1: overloaded");
        assert_eq!((is_it, said.is_some()), (says_so, says_so), "{events:?}");
    }
}

#[test]
fn of_two_nodes_that_hear_nothing_each_has_its_own_silence() {
    let late = (None, returned(1, 1, FailureClass::Deadline));
    let paused = (None, Event::Plan(PlanEvent::Paused));
    let other = (Some(2), failed(0, false));
    let ended_meanwhile = (Some(2), ended(TurnEnd::Completed));
    // It was heard since it began, and its end says nothing of the first.
    let gave_up = (Some(2), ended(TurnEnd::Failed(fault(false))));
    for meanwhile in [vec![other], vec![ended_meanwhile], vec![gave_up]] {
        let mut events = vec![
            (None, accepted(&[(1, &[]), (2, &[])])),
            (None, begun(1, 1)),
            (None, begun(2, 1)),
            (Some(1), failed(0, false)),
        ];
        events.extend(meanwhile.clone());
        events.push(late.clone());
        events.extend(meanwhile);
        events.push(paused.clone());
        let swarm = Swarm::fold(&journal(events));
        let said = swarm.no_model().map(|no_model| no_model.text.as_str());
        assert_eq!(said, Some("the model of n1: overloaded"));
    }
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
