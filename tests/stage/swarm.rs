//! A swarm on the stage: a project with a history, a plan beside it, scripted agents, and what the run left.

use std::path::Path;
use std::process::{Command, Output};

use protocol::{Event, GitId, PlanEvent, Record, WorkspaceEvent};
use scripted::{Counts, Reply, Rule, Script, Step};
use serde_json::{Value, json};

use super::{Ended, Formic, Stage, put};

/// A node of a plan that changes `writes` until `check` passes.
pub fn node(name: &str, deps: &[&str], writes: &[&str], check: &str) -> Value {
    json!({
        "id": name, "kind": "Edit", "brief": format!("do {name}"), "deps": deps, "reads": writes, "writes": writes,
        "accept": {"cmd": check, "timeout": "5m"},
    })
}

/// A plan of these nodes.
pub fn plan(nodes: impl IntoIterator<Item = Value>) -> Value {
    let nodes: Vec<Value> = nodes.into_iter().collect();
    json!({"version": 1, "goal": "change everything", "nodes": nodes})
}

/// The rules of a node's agent: its replies in the order of its turns, the last one from then on.
pub fn agent(node: &str, replies: impl IntoIterator<Item = Reply>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = (0..)
        .zip(replies)
        .map(|(turn, reply)| {
            Rule::new(format!("{node} {turn}"), reply)
                .marker(format!("[node {node}"))
                .turn(turn)
        })
        .collect();
    if let Some(last) = rules.last_mut() {
        last.when.turn = None;
    }
    rules
}

/// The rules of an agent that writes one file and says that it is done.
pub fn writer(node: &str, path: &str, content: &str) -> Vec<Rule> {
    let write = Step::tool("write", json!({"file_path": path, "content": content}));
    agent(node, [Reply::steps([write]), Reply::text("Done.")])
}

/// A script of such rules.
pub fn script(rules: impl IntoIterator<Item = Vec<Rule>>) -> Script {
    rules
        .into_iter()
        .flatten()
        .fold(Script::new(), Script::rule)
}

/// What the model server says its replies took: how many, and the tokens of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Took {
    /// Replies.
    pub replies: u64,
    /// Input and output tokens.
    pub tokens: (u64, u64),
}

impl Stage {
    /// The same stage with everything in the project committed.
    pub fn committed(self) -> Self {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", "before"]);
        self
    }

    /// What git says in the project; it must succeed.
    pub fn git<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        let args: Vec<&str> = args.into_iter().collect();
        let output = self.try_git(&args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {}: {said}", args.join(" "));
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// git in the project, whatever it says.
    pub fn try_git(&self, args: &[&str]) -> Output {
        Command::new("git")
            .args([
                "-c",
                "user.name=someone",
                "-c",
                "user.email=someone@localhost",
            ])
            .args(args)
            .current_dir(self.project())
            .env("HOME", self.home())
            .output()
            .expect("git starts")
    }

    /// `formic swarm --plan PLAN --yes --json`, with the plan lying beside the project.
    pub fn swarm(&self, plan: &Value) -> Formic {
        let path = self.place.join("plan.json");
        put(&path, plan.to_string().as_bytes());
        self.swarm_of(&path)
    }

    /// `formic swarm --plan FILE --yes --json`.
    pub fn swarm_of(&self, plan: &Path) -> Formic {
        let path = plan.to_str().expect("a path of the stage is UTF-8");
        self.formic(["swarm", "--plan", path, "--yes", "--json"])
    }

    /// The records of the one run.
    pub fn run_records(&self) -> Vec<Record> {
        self.records(self.session())
    }

    /// The commits of a branch that were not there before, the oldest first.
    pub fn commits(&self, since: &str, branch: &str) -> Vec<GitId> {
        let range = format!("{since}..{branch}");
        let list = self.git(["rev-list", "--reverse", "--first-parent", &range]);
        list.lines().filter_map(|id| id.parse().ok()).collect()
    }

    /// What the server says all replies it gave took.
    pub fn took(&self) -> Took {
        let requests = self.server().requests();
        let counts = requests.iter().filter_map(|request| request.answer.counts);
        counts.fold(Took::default(), |took, counts: Counts| Took {
            replies: took.replies + 1,
            tokens: (
                took.tokens.0 + counts.input + counts.cache_read + counts.cache_write,
                took.tokens.1 + counts.output,
            ),
        })
    }

    /// The requests of one node's agents.
    pub fn asked_by(&self, node: &str) -> usize {
        let marker = format!("[node {node}");
        let requests = self.server().requests();
        let its = |raw: &[u8]| String::from_utf8_lossy(raw).contains(&marker);
        requests.iter().filter(|request| its(&request.raw)).count()
    }
}

/// A run's report as `--json` prints it, read.
#[derive(Debug)]
pub struct Report(pub Value);

impl Report {
    /// The report a run ended with.
    pub fn of(ended: &Ended) -> Self {
        let report = ended.json();
        assert_eq!(report["type"], "swarm_result", "{ended}");
        Self(report)
    }

    /// A node's line.
    pub fn node(&self, name: &str) -> &Value {
        let nodes = self.0["nodes"].as_array().expect("a list of nodes");
        let node = nodes.iter().find(|node| node["id"] == name);
        node.unwrap_or_else(|| panic!("no node {name} in {}", self.0))
    }

    /// The names of the nodes in a state.
    pub fn in_state(&self, state: &str) -> Vec<String> {
        let nodes = self.0["nodes"].as_array().expect("a list of nodes");
        let of_state = nodes.iter().filter(|node| node["state"] == state);
        let name = |node: &Value| node["id"].as_str().expect("a name").to_owned();
        of_state.map(name).collect()
    }

    /// What the report says all replies took.
    pub fn took(&self) -> Took {
        let totals = &self.0["totals"];
        let count = |field: &str| totals["usage"][field].as_u64().expect("a count");
        Took {
            replies: totals["model_calls"].as_u64().expect("a count"),
            tokens: (
                count("input_tokens")
                    + count("cache_creation_input_tokens")
                    + count("cache_read_input_tokens"),
                count("output_tokens"),
            ),
        }
    }
}

/// The nodes whose work was integrated, in order; one entry for each time that a record says so.
pub fn integrated(records: &[Record]) -> Vec<protocol::NodeId> {
    let advanced = records.iter().filter_map(|record| match &record.event {
        Event::Workspace(WorkspaceEvent::Advanced { nodes, .. }) => Some(nodes),
        _ => None,
    });
    advanced.flatten().map(|merged| merged.node).collect()
}

/// Every attempt that came to nothing: the node and why.
pub fn returned(records: &[Record]) -> Vec<(protocol::NodeId, protocol::Failure)> {
    let failed = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::NodeReturned { node, failure, .. }) => {
            Some((*node, failure.clone()))
        }
        _ => None,
    });
    failed.collect()
}
