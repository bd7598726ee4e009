//! The summary tells how far a session is and which writes are in doubt.

use protocol::{
    Event, ForkPoint, PermissionMode, Seq, SessionEvent, SessionId, Timestamp, TurnEnd,
};
use views::{State, Summary, View};

use crate::given::*;

#[test]
fn a_session_is_fresh_unfinished_or_resting() {
    let events = vec![
        opened("/w"),
        submitted(1, "  fix\n the   bug "),
        ended(TurnEnd::Completed),
        submitted(2, "more"),
        ended(TurnEnd::Cut),
    ];
    let states = [
        State::Fresh,
        State::Unfinished,
        State::Resting(TurnEnd::Completed),
        State::Unfinished,
        State::Resting(TurnEnd::Cut),
    ];
    let mut summary = Summary::default();
    for (record, then) in records(events).iter().zip(states) {
        summary.apply(record);
        assert_eq!(summary.state, then, "after record {}", record.seq);
    }
    assert_eq!(summary.title.as_deref(), Some("fix the bug"));
    assert_eq!(summary.turns, 2);
    assert_eq!(summary.cwd.as_deref(), Some("/w".as_ref()));
    assert_eq!(
        (summary.opened_at, summary.last_at),
        (Some(Timestamp(1_000)), Some(Timestamp(5_000)))
    );
}

#[test]
fn a_title_is_eighty_characters_at_most_and_never_empty() {
    for (said, title) in [
        ("\u{e9}".repeat(200), Some("\u{e9}".repeat(80))),
        (" \n ".to_owned(), None),
    ] {
        let summary = Summary::fold(&records(vec![submitted(1, &said)]));
        assert_eq!(summary.title, title);
    }
}

#[test]
fn a_write_started_under_an_earlier_process_is_in_doubt_until_it_is_settled() {
    let given = [
        (vec![started(2)], vec![call(2)], vec![]),
        (
            vec![started(2), finished(2, (0, 1), ok(""))],
            vec![],
            vec![],
        ),
        (vec![started(2), resumed()], vec![], vec![call(2)]),
        (vec![started(2), resumed(), reopened(2)], vec![], vec![]),
        (
            vec![started(2), resumed(), reopened(2), started(2)],
            vec![call(2)],
            vec![],
        ),
        (
            vec![started(2), resumed(), finished(2, (0, 1), ok(""))],
            vec![],
            vec![],
        ),
        (
            vec![started(2), resumed(), started(4)],
            vec![call(4)],
            vec![call(2)],
        ),
    ];
    for (events, under_way, in_doubt) in given {
        let summary = Summary::fold(&records(events.clone()));
        assert_eq!(summary.writes.under_way, under_way, "{events:?}");
        assert_eq!(summary.writes.in_doubt, in_doubt, "{events:?}");
    }
}

#[test]
fn a_later_run_says_which_mode_holds() {
    let summary = Summary::fold(&records(vec![opened("/w"), resumed()]));
    assert_eq!(summary.mode, Some(PermissionMode::AcceptEdits));
}

#[test]
fn a_fork_says_where_it_branched_off() {
    let point = ForkPoint {
        session: SessionId::new(uuid::Uuid::from_u128(5)),
        seq: Seq(1),
    };
    let forked = Event::Session(SessionEvent::Forked(point));
    let summary = Summary::fold(&records(vec![opened("/w"), forked]));
    assert_eq!(summary.forked, Some(point));
}
