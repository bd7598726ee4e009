//! What a run proposes outlives the tidying of the user's repository, and what did not land is there to be looked at.

use std::cell::Cell;
use std::io::Write;
use std::path::Path;

use actors::{RunPhase, Swarm};
use protocol::{Event, NodeEnd, NodeName, PlanEvent, WorkspaceEvent};
use scripted::Script;

use crate::bench::{soon, until};
use crate::swarm::editing;
use crate::swarm_bench::{approved, check, edit, git, plan, repository, told};

/// What a user may do at the worst moment.
fn tidied(root: &Path) {
    git(root, &["reflog", "expire", "--expire=now", "--all"]);
    git(root, &["gc", "-q", "--prune=now"]);
}

fn refs(root: &Path) -> String {
    git(
        root,
        &["for-each-ref", "--format=%(refname)", "refs/formic"],
    )
}

#[tokio::test]
async fn a_run_lands_what_it_merged_before_the_user_tidied_up_and_keeps_what_did_not_land() {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let script = editing(script, "bad", ("b.txt", "beta", "BETA"));
    let bench = repository(script, &[("a.txt", "alpha\n"), ("b.txt", "beta\n")]);
    let (root, gate) = (bench.root(), bench.data.path().join("gate"));
    let made = std::process::Command::new("mkfifo").arg(&gate).status();
    assert!(made.unwrap().success());
    let mut bad = edit("bad", &["b.txt"]);
    bad.accept = Some(check("false"));
    bad.budget.attempts = Some(1);
    let mut plan = plan(vec![edit("one", &["a.txt"]), bad]);
    plan.gate = Some(check(&format!(
        "grep -q alpha a.txt || {{ read word < {} && test $word = on; }}",
        gate.display()
    )));
    let swarm = Swarm::open(bench.options(), approved(plan), None)
        .await
        .unwrap();
    let mut watch = swarm.subscribe();
    // What an agent is just leaving behind has no ref yet, as a commit of the user's own has none while git makes it.
    let (merged, failed) = (Cell::new(false), Cell::new(false));
    let both = |event: &Event| {
        let is_merge = matches!(event, Event::Workspace(WorkspaceEvent::Merged { .. }));
        let is_end = matches!(
            event,
            Event::Plan(PlanEvent::NodeEnded {
                end: NodeEnd::Failed,
                ..
            })
        );
        merged.set(merged.get() || is_merge);
        failed.set(failed.get() || is_end);
        merged.get() && failed.get()
    };
    soon(until(&mut watch, both)).await;
    // The user rewrites the branch and throws away whatever no ref leads to, while the gate looks at the merged tree.
    let base = git(&root, &["rev-parse", "HEAD"]);
    git(&root, &["commit", "-q", "--amend", "-m", "begun anew"]);
    tidied(&root);
    git(&root, &["reset", "-q", "--soft", &base]);
    let opened = tokio::task::spawn_blocking(move || {
        let mut gate = std::fs::File::options().write(true).open(gate).unwrap();
        gate.write_all(b"on\n").unwrap();
    });
    soon(opened).await.unwrap();
    let phase = soon(swarm.rest()).await.unwrap();
    let id = swarm.id();
    swarm.close().await;
    let records = bench.records(id);
    assert_eq!(phase, RunPhase::Closed);
    let landed = records.iter().any(|record| matches!(&record.event, Event::Workspace(WorkspaceEvent::Landed(landing)) if landing.is_fast_forward));
    assert!(landed, "{}", told(&records));
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
    let kept = NodeName::from("bad").kept_ref(id);
    assert_eq!(refs(&root), format!("{}=base\n{kept}", id.kept_refs()));
    tidied(&root);
    let shown = git(&root, &["show", &kept]);
    assert!(shown.contains("+BETA"), "{shown}");
    assert!(shown.contains(&format!("Formic-Run: {id}")), "{shown}");
}

#[tokio::test]
async fn a_run_that_lands_everything_leaves_no_ref_but_its_branch() {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    crate::swarm_bench::carried(&bench, plan(vec![edit("one", &["a.txt"])])).await;
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
    assert_eq!(refs(&bench.root()), "");
}

#[tokio::test]
async fn a_run_that_is_over_leaves_no_temporary_files_of_its_commands() {
    let script = editing(Script::new(), "one", ("a.txt", "alpha", "ALPHA"));
    let bench = repository(script, &[("a.txt", "alpha\n")]);
    // Without walls there is no such folder, and nothing to be left in it.
    // But for root, nothing can be removed from a folder that may not be written to.
    let litter = check(
        "if [ -n \"$TMPDIR\" ]; then cd \"$TMPDIR\" && mkdir -p shut && echo x > shut/litter; chmod 555 shut; fi; true",
    );
    let mut one = edit("one", &["a.txt"]);
    one.accept = Some(litter.clone());
    // Nothing runs after its command, and its tree is known from then on.
    let mut two = edit("two", &["b.txt"]);
    two.kind = protocol::Kind::Codemod;
    two.brief = Some(format!("echo two > b.txt; {}", litter.cmd).as_str().into());
    let mut plan = plan(vec![one, two]);
    plan.gate = Some(litter);
    crate::swarm_bench::carried(&bench, plan).await;
    assert_eq!(bench.file("a.txt"), "ALPHA\n");
    assert_eq!(bench.file("b.txt"), "two\n");
    let left = std::fs::read_dir(bench.data.path().join("tmp"));
    let left: Vec<_> = left
        .into_iter()
        .flatten()
        .flatten()
        .map(|it| it.path())
        .collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}
