//! The pool of model calls: a provider that is asked too much is waited for by all.

use std::num::NonZeroU64;

use protocol::{Event, ModelEvent, PlanEvent};
use scripted::{Rate, Reply, Script};

use crate::swarm_bench::{approved, edit, plan, repository, to_the_end};

#[tokio::test]
async fn forty_agents_at_a_slow_provider_burn_no_attempt() {
    let (requests, per_ms) = (10, 250);
    let script = Script::new().rate(Rate {
        requests: NonZeroU64::new(requests).unwrap(),
        per_ms: NonZeroU64::new(per_ms).unwrap(),
    });
    let bench = repository(
        script.otherwise(Reply::text("seen")),
        &[("a.txt", "alpha\n")],
    );
    let nodes = (0..40).map(|number| {
        let mut node = edit(&format!("n{number}"), &[]);
        node.kind = protocol::Kind::Explore;
        node
    });
    let mut document = plan(nodes.collect());
    document.caps.max_parallel = Some(40);
    let swarm = actors::Swarm::open(bench.options(), approved(document), None)
        .await
        .unwrap();
    let records = bench.records(to_the_end(swarm).await);
    let returned = |event: &Event| matches!(event, Event::Plan(PlanEvent::NodeReturned { .. }));
    assert!(
        !records.iter().any(|record| returned(&record.event)),
        "no attempt was burnt"
    );
    let retried = |event: &Event| {
        matches!(
            event,
            Event::Model(ModelEvent::Retried { .. } | ModelEvent::Failed { .. })
        )
    };
    assert!(
        !records.iter().any(|record| retried(&record.event)),
        "nor any agent's own retry"
    );
    let replied = |event: &Event| matches!(event, Event::Model(ModelEvent::Replied { .. }));
    let replies = records.iter().filter(|record| replied(&record.event));
    assert_eq!(replies.count(), 40);
}
