//! What was denied to one attempt is told to the next.

use protocol::{CallId, Decider, Event, Isolation, PermissionEvent, Reason, TurnEnd, Verdict};

use super::given_run::*;
use crate::given::node;

/// The agent of node 1 has a call denied.
fn is_denied(sim: &mut Sim, why: &str) {
    let reason = Reason {
        text: why.to_owned(),
        rule: None,
    };
    let decided = PermissionEvent::Decided {
        call: CallId::derived(&[why.as_bytes()]),
        verdict: Verdict::Deny(reason),
        by: Decider::Policy,
    };
    sim.agent_says(sim.speaker(1), Event::Permission(decided));
}

#[test]
fn whoever_tries_next_is_told_what_was_denied() {
    let mut sim = Sim::of(of(vec![writer(1, &[])]), Isolation::Worktree);
    let empty = protocol::Inspection {
        changed: Vec::new(),
        ..sound(sim.run.planned(node(1)).unwrap(), 9)
    };
    sim.say(made(1));
    sim.begin(1);
    is_denied(&mut sim, "no rule allows make");
    is_denied(&mut sim, "no rule allows npm");
    sim.end(1, TurnEnd::Completed);
    sim.found(1, empty.clone());
    sim.work(1);
    sim.found(1, empty);
    let setbacks = &sim.run.node(node(1)).unwrap().setbacks;
    let told: Vec<_> = setbacks
        .iter()
        .map(|one| one.failure.evidence.as_str().into_owned())
        .collect();
    assert!(
        told[0] == "it changed nothing; 2 calls were denied, the last because: no rule allows npm",
        "{told:?}"
    );
    assert!(
        !told[1].contains("denied"),
        "the second met no wall: {told:?}"
    );
}

#[test]
fn what_was_denied_stands_on_a_line_of_its_own_behind_several() {
    let mut sim = Sim::of(of(vec![writer(1, &[])]), Isolation::Worktree);
    let astray = protocol::Inspection {
        strays: vec!["d2/a.rs".into()],
        changed: vec![changed("d2/a.rs")],
        ..sound(sim.run.planned(node(1)).unwrap(), 9)
    };
    sim.say(made(1));
    sim.begin(1);
    is_denied(&mut sim, "no rule allows make");
    sim.end(1, TurnEnd::Completed);
    sim.found(1, astray);
    let setbacks = &sim.run.node(node(1)).unwrap().setbacks;
    assert_eq!(
        setbacks[0].failure.evidence.as_str(),
        "it changed nothing in its scope, and outside of it, which was undone:\nd2/a.rs\n\
         1 call was denied: no rule allows make"
    );
}
