//! A workbench for runs: a scripted model, a git repository, a data folder.

use std::path::Path;
use std::process::Command;

use actors::{RuleSpec, RunPhase, Swarm, SwarmOptions};
use protocol::{
    CheckDocument, Event, Kind, NodeDocument, NodeName, PlanDocument, Record, RuleEffect, RuleRef,
    SessionId,
};
use scripted::Script;

use crate::bench::{Bench, soon};

/// A bench whose tree is a git repository with these files committed on `main`.
pub fn repository(script: Script, files: &[(&str, &str)]) -> Bench {
    let bench = Bench::new(script);
    let root = bench.root();
    git(&root, &["init", "-q", "-b", "main"]);
    git(&root, &["config", "user.name", "A User"]);
    git(&root, &["config", "user.email", "user@example.org"]);
    for (name, text) in files {
        let file = root.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-q", "-m", "begin"]);
    bench
}

/// What git says, without the newline at the end.
pub fn git(root: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {args:?}: {said}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

/// A plan of these nodes.
pub fn plan(nodes: Vec<NodeDocument>) -> PlanDocument {
    PlanDocument {
        version: 1,
        goal: "change the files".to_owned(),
        nodes,
        contracts: Vec::new(),
        gate: None,
        budget: Default::default(),
        caps: Default::default(),
    }
}

/// A node that changes what its globs name.
pub fn edit(name: &str, writes: &[&str]) -> NodeDocument {
    NodeDocument {
        name: NodeName::from(name),
        kind: Kind::Edit,
        brief: Some(format!("change what {name} is about")),
        writes: writes.iter().map(|glob| (*glob).to_owned()).collect(),
        ..NodeDocument::default()
    }
}

pub fn check(cmd: &str) -> CheckDocument {
    CheckDocument {
        cmd: cmd.to_owned(),
        timeout: Some("20s".to_owned()),
        expect: Default::default(),
    }
}

/// A rule that forbids this.
pub fn denied(rule: &str) -> RuleSpec {
    let (effect, rule) = (RuleEffect::Deny, rule.to_owned());
    let origin = RuleRef {
        rule: rule.clone(),
        effect,
        layer: "test".to_owned(),
        file: None,
        line: None,
    };
    RuleSpec {
        text: rule,
        effect,
        origin,
    }
}

pub fn approved(plan: PlanDocument) -> SwarmOptions {
    SwarmOptions {
        goal: plan.goal.clone(),
        plan: Some(plan),
        approve: true,
        ..SwarmOptions::default()
    }
}

/// Carries a plan to its end; the run's records.
pub async fn carried(bench: &Bench, plan: PlanDocument) -> Vec<Record> {
    let swarm = Swarm::open(bench.options(), approved(plan), None)
        .await
        .unwrap();
    let id = to_the_end(swarm).await;
    bench.records(id)
}

pub async fn to_the_end(swarm: Swarm) -> SessionId {
    let phase = soon(swarm.rest()).await.unwrap();
    let id = swarm.id();
    swarm.close().await;
    assert_eq!(phase, RunPhase::Closed);
    id
}

/// The events of some records, for a look at what went wrong.
pub fn told(records: &[Record]) -> String {
    let line = |record: &Record| match &record.event {
        Event::Plan(event) => format!("{} {event:?}", record.seq),
        Event::Workspace(event) => format!("{} {event:?}", record.seq),
        Event::Turn(event) => format!("{} {event:?}", record.seq),
        Event::Fault(event) => format!("{} {event:?}", record.seq),
        _ => format!("{} ...", record.seq),
    };
    records.iter().map(line).collect::<Vec<_>>().join("\n")
}
