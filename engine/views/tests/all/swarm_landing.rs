//! Where what a run made is told to be.

use protocol::{
    Event, Ground, Isolation, Landing, NodeEnd, PlanEvent, PlanPatch, SessionId, WorkspaceEvent,
};
use uuid::Uuid;

use crate::given_swarm::*;

#[test]
fn what_landed_stays_where_it_is_told_until_more_is_made_when_a_node_is_tried_again() {
    let landing = Landing {
        branch: "main".into(),
        commit: git(9),
        is_fast_forward: true,
        remark: None,
    };
    let patch = PlanPatch {
        modify: plan(&[(2, &[1])]).nodes,
        ..PlanPatch::default()
    };
    let why = "again".into();
    let ground = Ground {
        root: "/w".into(),
        isolation: Isolation::Worktree,
        base: Some(git(0)),
        target: Some("main".to_owned()),
        integration: Some("refs/heads/formic/1".to_owned()),
    };
    let mut events = vec![
        Event::Workspace(WorkspaceEvent::Begun(ground)),
        accepted(&[(1, &[]), (2, &[1])]),
        begun(1, 1),
        taken(1, &[1]),
        advanced(1, &[1]),
        over(2, NodeEnd::Failed),
        Event::Workspace(WorkspaceEvent::Landed(landing)),
        Event::Plan(PlanEvent::Closed),
        Event::Plan(PlanEvent::Patched { patch, why }),
    ];
    let target = |events: &[Event]| {
        let target = run(events.to_vec())
            .report(SessionId::new(Uuid::from_u128(1)))
            .target;
        let target = target.unwrap();
        (target.branch, target.fast_forwarded)
    };
    assert_eq!(target(&events), ("main".into(), true));
    events.extend([taken(2, &[2]), advanced(2, &[2])]);
    assert_eq!(target(&events), ("formic/1".into(), false));
}
