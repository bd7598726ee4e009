//! Reviews: whoever looks at the work of others sees what it changed, as far as its rules let it read.

use protocol::{Kind, NodeDocument, NodeName};
use scripted::{Reply, Rule, Script};

use crate::bench::Bench;
use crate::swarm::landing;
use crate::swarm_bench::{carried, denied, edit, plan, repository, told};

/// A plan in which the second node reviews what a command did to all files.
fn reviewed() -> protocol::PlanDocument {
    let mut work = edit("work", &["*.txt"]);
    work.kind = Kind::Codemod;
    work.brief = Some("sh more.sh".to_owned());
    let look = NodeDocument {
        kind: Kind::Review,
        deps: vec![NodeName::from("work")],
        ..edit("look", &[])
    };
    plan(vec![work, look])
}

/// The first request of the reviewer.
fn asked(bench: &Bench) -> String {
    let requests = bench.server.requests();
    String::from_utf8_lossy(&requests[0].raw).into_owned()
}

fn bench() -> Bench {
    let script = Script::new().rule(Rule::new("look", Reply::text("fine")).marker("[node look]"));
    let more = ("more.sh", "for file in *.txt; do echo more >> $file; done");
    repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n"), more])
}

#[tokio::test]
async fn a_reviewer_is_shown_what_the_nodes_it_waits_for_changed() {
    let bench = bench();
    let records = carried(&bench, reviewed()).await;
    assert!(landing(&records).is_fast_forward, "{}", told(&records));
    let asked = asked(&bench);
    for line in ["## work", "--- a/a.txt", " alpha", "+more", " beta"] {
        assert!(asked.contains(line), "no {line:?} in {asked}");
    }
}

#[tokio::test]
async fn of_files_that_it_may_not_read_a_reviewer_is_shown_nothing() {
    let mut bench = bench();
    bench.rules.push(denied("Read(b.txt)"));
    let records = carried(&bench, reviewed()).await;
    assert!(landing(&records).is_fast_forward, "{}", told(&records));
    let asked = asked(&bench);
    assert!(asked.contains("+more"), "{asked}");
    assert!(!asked.contains("beta"), "{asked}");
    assert!(
        asked.contains("(of 1 more changed files nothing is shown)"),
        "{asked}"
    );
}
