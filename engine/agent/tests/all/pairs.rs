//! Every pair of phase and input, legal and illegal, with what it leads to.

use agent::{decide, wishes};
use protocol::{FaultKind, Input, Limits, RetryHint};

use crate::given::*;
use crate::story::{Story, session};
use crate::told;

fn passing() -> protocol::ModelFault {
    fault(FaultKind::Overloaded, RetryHint::Backoff)
}

fn calling() -> Story {
    session().when(submit(1, "hi"))
}

/// Call 1 reads, call 2 writes elsewhere.
fn acting() -> Story {
    calling().reply(asks([read(1, "/w/a"), edit(2, "/w/b")]))
}

fn committing() -> Story {
    acting().when(permitted(2, file_intent("/w/b")))
}

/// Those marked * last only between two records: a session is in them when its process died there.
fn phases() -> Vec<(&'static str, Story)> {
    let never = fault(FaultKind::BadRequest, RetryHint::Never);
    vec![
        ("resting", session()),
        ("due *", calling().without(1)),
        ("calling", calling()),
        ("waiting", calling().when(fails(0, 0, passing()))),
        ("answered *", calling().reply(says("done")).without(1)),
        ("failed *", calling().when(fails(0, 0, never)).without(1)),
        ("acting, open", acting()),
        ("acting, started", committing()),
        (
            "acting, file in doubt",
            committing().when(resume(Limits::default())),
        ),
        (
            "acting, command in doubt *",
            acting()
                .when(permitted(2, command_intent()))
                .when(resume(Limits::default()))
                .without(1),
        ),
        ("stopping, started", committing().when(interrupt())),
        (
            "stopping, nothing started *",
            acting().when(interrupt()).without(1),
        ),
    ]
}

fn inputs(step: u32) -> Vec<(&'static str, Input)> {
    vec![
        ("submit", submit(2, "more")),
        ("steer", steer("also")),
        ("resume", resume(Limits::default())),
        ("interrupt", interrupt()),
        ("reply", says("x").to(step)),
        ("reply, stale", says("x").to(step + 1)),
        ("fault", fails(step, 0, passing())),
        ("fault, stale", fails(step, 3, passing())),
        ("waited", waited(step, 1)),
        ("waited, stale", waited(step, 2)),
        ("permitted 2", permitted(2, file_intent("/w/b"))),
        ("refused 2", denied(2)),
        ("finished 1", ok(1)),
        ("finished 2", ok(2)),
        ("finished, foreign", ok(9)),
        ("not done 2", not_done(2)),
    ]
}

/// One line a pair: events -> wishes. Pairs that lead to nothing at all are left out.
fn table() -> String {
    let mut table = String::new();
    for (phase, story) in phases() {
        table += &format!("{phase}: -> {}\n", told::effects(&wishes(&story.state)));
        for (name, input) in inputs(story.state.flow.step) {
            let led = match decide(&story.state, input.clone()) {
                Err(illegal) => format!("illegal: {illegal}"),
                Ok(events) if events.is_empty() => continue,
                Ok(events) => {
                    let after = story.clone().when(input).state;
                    format!(
                        "{} -> {}",
                        told::events(&events),
                        told::effects(&wishes(&after))
                    )
                }
            };
            table += &format!("    {name}: {}\n", led.trim_end());
        }
    }
    table
}

#[test]
fn every_pair_leads_where_the_table_says() {
    let (told, wanted) = (table(), TABLE.trim_start());
    for (line, (got, want)) in told.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(got.trim_end(), want.trim_end(), "in line {line} of\n{told}");
    }
    assert_eq!(told.lines().count(), wanted.lines().count(), "{told}");
}

const TABLE: &str = "
resting: ->
    submit: submitted, requested 0 -> model 0.0
    steer: illegal: steer: no turn is under way
    resume: resumed ->
due *: ->
    submit: illegal: begin a turn: one is under way
    steer: steered, requested 0 -> model 0.0
    resume: resumed, requested 0 -> model 0.0
    interrupt: interrupted, ended interrupted ->
calling: -> model 0.0
    submit: illegal: begin a turn: one is under way
    steer: steered -> model 0.0
    resume: lost 0, resumed, requested 0 -> model 0.0
    interrupt: interrupted, lost 0, ended interrupted ->
    reply: replied 0, ended completed ->
    fault: retried 0.1 in 500 -> wait 0.1 500
waiting: -> wait 0.1 500
    submit: illegal: begin a turn: one is under way
    steer: steered -> wait 0.1 500
    resume: resumed, requested 0 -> model 0.0
    interrupt: interrupted, ended interrupted ->
    waited: again 0.1 -> model 0.1
answered *: ->
    submit: illegal: begin a turn: one is under way
    steer: steered, requested 1 -> model 1.0
    resume: resumed, ended completed ->
    interrupt: interrupted, ended interrupted ->
failed *: ->
    submit: illegal: begin a turn: one is under way
    steer: steered, ended failed ->
    resume: resumed, ended failed ->
    interrupt: interrupted, ended interrupted ->
acting, open: -> run 1, run 2
    submit: illegal: begin a turn: one is under way
    steer: steered -> run 1, run 2
    resume: resumed -> run 1, run 2
    interrupt: interrupted, ended interrupted ->
    permitted 2: allowed 2, started 2 file -> run 1, commit 2
    refused 2: denied 2, finished 2 Denied -> run 1
    finished 1: finished 1 Ok -> run 2
    finished 2: finished 2 Ok -> run 1
acting, started: -> run 1, commit 2
    submit: illegal: begin a turn: one is under way
    steer: steered -> run 1, commit 2
    resume: resumed -> run 1, settle 2
    interrupt: interrupted -> commit 2
    finished 1: finished 1 Ok -> commit 2
    finished 2: finished 2 Ok -> run 1
acting, file in doubt: -> run 1, settle 2
    submit: illegal: begin a turn: one is under way
    steer: steered -> run 1, settle 2
    resume: resumed -> run 1, settle 2
    interrupt: interrupted -> settle 2
    finished 1: finished 1 Ok -> settle 2
    finished 2: finished 2 Ok -> run 1
    not done 2: reopened 2 -> run 1, run 2
acting, command in doubt *: -> run 1
    submit: illegal: begin a turn: one is under way
    steer: steered, finished 2 InDoubt -> run 1
    resume: resumed, finished 2 InDoubt -> run 1
    interrupt: interrupted, finished 2 InDoubt, ended interrupted ->
    finished 1: finished 1 Ok, finished 2 InDoubt, requested 1 -> model 1.0
stopping, started: -> commit 2
    submit: illegal: begin a turn: one is under way
    steer: illegal: steer: the turn is being stopped
    resume: resumed -> settle 2
    finished 1: finished 1 Ok -> commit 2
    finished 2: finished 2 Ok, ended interrupted ->
stopping, nothing started *: ->
    submit: illegal: begin a turn: one is under way
    steer: illegal: steer: the turn is being stopped
    resume: resumed, ended interrupted ->
    finished 1: finished 1 Ok, ended interrupted ->
    finished 2: finished 2 Ok, ended interrupted ->
";
