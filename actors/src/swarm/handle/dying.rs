//! Agents whose actors die in the middle of a run: what they had is taken up again, or ended where nothing is wanted of
//! it any more.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use protocol::{
    FaultEvent, InterruptCause, Kind, ModelEvent, ModelRef, NodeDocument, NodeEnd, NodeName,
    Notice, PermissionMode, PlanDocument, PlanEvent, RuleEffect, RuleRef, Seq, ToolEvent,
    ToolStatus, TurnEnd, TurnEvent,
};
use scripted::{Background, Reply, Rule, Script, Server};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{
    CommandOptions, Endpoint, PermissionOptions, PlaceOptions, SystemSource, Wire, archive,
};

/// A run of agents that each change a file of their own, in a git repository.
struct Stage {
    server: Background,
    tree: TempDir,
    data: TempDir,
}

impl Stage {
    fn new(script: Script) -> Self {
        let stage = Self {
            server: Server::in_background(script).unwrap(),
            tree: TempDir::new().unwrap(),
            data: TempDir::new().unwrap(),
        };
        for file in FILES {
            std::fs::write(stage.root().join(file), "alpha\n").unwrap();
        }
        let name = ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm"];
        for args in [
            &["init", "-q", "-b", "main"][..],
            &["add", "-A"],
            &[&name[..], &["begin"]].concat(),
        ] {
            let mut git = Command::new("git");
            let done = git.args(args).current_dir(stage.root()).status();
            assert!(done.unwrap().success(), "git {args:?}");
        }
        stage
    }

    fn root(&self) -> PathBuf {
        self.tree.path().canonicalize().unwrap()
    }

    fn options(&self) -> Options {
        let root = self.root();
        let rule = |text: &str| policy::RuleSpec {
            text: text.to_owned(),
            effect: RuleEffect::Allow,
            origin: RuleRef {
                rule: text.to_owned(),
                effect: RuleEffect::Allow,
                layer: "test".to_owned(),
                file: None,
                line: None,
            },
        };
        Options {
            data: self.data.path().to_owned(),
            place: PlaceOptions {
                cwd: root.clone(),
                root: root.clone(),
                added: Vec::new(),
                home: None,
            },
            sources: config::Sources {
                user_dir: root.join(".none"),
                claude_user_dir: None,
                home: None,
                project_root: root.clone(),
                cwd: root,
                managed: None,
                settings_flag: None,
                flags: None,
                enabled: config::Enabled::ALL,
            },
            permission: PermissionOptions {
                mode: PermissionMode::AcceptEdits,
                rules: vec![rule("Bash(sleep:*)"), rule("Bash(trap:*)")],
                settings_files: Vec::new(),
            },
            endpoint: Endpoint::new("scripted", Wire::Anthropic, self.server.base_url()),
            model: ModelRef {
                provider: "scripted".to_owned(),
                model: "test-model".to_owned(),
            },
            prompt: Default::default(),
            limits: Default::default(),
            secrets: Default::default(),
            commands: CommandOptions::default(),
            source: Arc::new(SystemSource::new()),
            crash: None,
        }
    }

    /// A run with an agent for each of these files.
    async fn run(&self, files: &[&str]) -> Swarm {
        let node = |file: &&str| NodeDocument {
            name: NodeName::from(file.trim_end_matches(".txt")),
            kind: Kind::Edit,
            brief: Some("change it".to_owned()),
            writes: vec![(*file).to_owned()],
            ..NodeDocument::default()
        };
        let plan = PlanDocument {
            version: 1,
            goal: "change the files".to_owned(),
            nodes: files.iter().map(node).collect(),
            contracts: Vec::new(),
            gate: None,
            budget: Default::default(),
            caps: Default::default(),
        };
        let wanted = SwarmOptions {
            goal: plan.goal.clone(),
            plan: Some(plan),
            approve: true,
            ..SwarmOptions::default()
        };
        Swarm::open(self.options(), wanted, None).await.unwrap()
    }

    /// Sees a run to its end; its records.
    async fn to_the_end(&self, swarm: Swarm) -> Vec<Record> {
        assert_eq!(soon(swarm.rest()).await.unwrap(), RunPhase::Closed);
        let id = swarm.id();
        soon(swarm.close()).await;
        let data = DataFolder::at(self.data.path());
        assert!(archive::replay(&data, id).unwrap().is_faithful());
        archive::read(&data, id, Seq(1)).unwrap().records
    }

    /// How many commands run.
    fn running(&self) -> usize {
        let traces = self.data.path().join("spill/running");
        std::fs::read_dir(traces).map_or(0, Iterator::count)
    }
}

const FILES: [&str; 2] = ["one.txt", "two.txt"];

/// Each agent reads its file, changes it, and says so.
fn editing() -> Script {
    let mut script = Script::new();
    for file in FILES {
        let marker = format!("[node {}]", file.trim_end_matches(".txt"));
        let edit = json!({"file_path": file, "old_string": "alpha", "new_string": "ALPHA"});
        let replies = [
            Reply::tool("read", json!({"file_path": file})),
            Reply::tool("edit", edit),
            Reply::text("done"),
        ];
        for (turn, reply) in (0..).zip(replies) {
            script = script.rule(Rule::new("step", reply).marker(&marker).turn(turn));
        }
    }
    script
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, what).await.unwrap()
}

/// Waits for the `count`th record that fits; whether it came before the run was over.
async fn passed(swarm: &Swarm, count: usize, fits: impl Fn(&Record) -> bool) -> bool {
    let (mut watch, mut left) = (swarm.subscribe(), count);
    let over = swarm.rest();
    let came = async {
        while let Some(notice) = watch.next().await {
            if matches!(&notice, Notice::Record(record) if fits(record)) {
                left -= 1;
            }
            if left == 0 {
                return true;
            }
        }
        false
    };
    tokio::select! {
        biased;
        came = came => came,
        _ = over => false,
    }
}

/// Has the actors of all agents at work die, as a fault of theirs would; gives how many there were.
fn kill_agents(swarm: &Swarm) -> usize {
    let agents = swarm.inner.actor.get_cell().get_children();
    agents.iter().for_each(ractor::ActorCell::kill);
    agents.len()
}

fn count(records: &[Record], fits: impl Fn(&Event) -> bool) -> usize {
    records.iter().filter(|record| fits(&record.event)).count()
}

fn is_loss(event: &Event) -> bool {
    matches!(event, Event::Fault(FaultEvent::ActorFailed { .. }))
}

#[tokio::test]
async fn agents_that_die_at_any_record_are_taken_up_from_their_own_and_do_nothing_twice() {
    let (mut nth, mut lost) = (1, 0);
    loop {
        let stage = Stage::new(editing());
        let swarm = stage.run(&FILES).await;
        let is_of_agent = |record: &Record| record.agent.is_some();
        let was_there = soon(passed(&swarm, nth, is_of_agent)).await;
        let killed = kill_agents(&swarm);
        let records = stage.to_the_end(swarm).await;
        for file in FILES {
            let text = std::fs::read_to_string(stage.root().join(file)).unwrap();
            assert_eq!(text, "ALPHA\n", "{file}, killed at record {nth}");
        }
        let replied = |event: &Event| matches!(event, Event::Model(ModelEvent::Replied { .. }));
        assert_eq!(count(&records, replied), 6, "killed at record {nth}");
        let done = |event: &Event| {
            let Event::Tool(ToolEvent::Finished { result, .. }) = event else {
                return false;
            };
            result.status == ToolStatus::Ok
        };
        assert_eq!(count(&records, done), 4, "killed at record {nth}");
        let begun = |event: &Event| matches!(event, Event::Turn(TurnEvent::Submitted { .. }));
        assert_eq!(count(&records, begun), 2, "killed at record {nth}");
        assert!(count(&records, is_loss) <= killed);
        lost += count(&records, is_loss);
        if !was_there {
            break;
        }
        nth += 3;
    }
    assert!(nth > 12 && lost > 4, "{lost} died, the last at {nth}");
}

#[tokio::test]
async fn the_turn_of_an_agent_that_dies_while_its_node_is_given_up_is_ended_for_it() {
    // It heeds no request to end: its turn is still ending when its agent dies.
    let wait = |is_left: bool| {
        let command = "trap '' TERM; sleep 600";
        let wait = json!({"command": command, "run_in_background": is_left});
        Rule::new("sleep", Reply::tool("bash", wait))
    };
    let script = Script::new()
        .rule(wait(true).turn(0))
        .rule(wait(false).turn(1));
    let stage = Stage::new(script);
    let swarm = stage.run(&["one.txt"]).await;
    let begun = |record: &Record| matches!(record.event, Event::Tool(ToolEvent::Started { .. }));
    assert!(soon(passed(&swarm, 2, begun)).await);
    let why = "enough".to_owned();
    swarm.command(RunCommand::Cancel { why }).await.unwrap();
    assert_eq!(kill_agents(&swarm), 1);
    let records = stage.to_the_end(swarm).await;
    assert_eq!(count(&records, is_loss), 1);
    let ends = records.iter().filter_map(|record| match &record.event {
        Event::Turn(TurnEvent::Ended { end, .. }) => Some(end.clone()),
        _ => None,
    });
    let by_us = TurnEnd::Interrupted(InterruptCause::Terminate);
    assert_eq!(ends.collect::<Vec<_>>(), [by_us]);
    let given_up = |event: &Event| {
        let Event::Plan(PlanEvent::NodeEnded { end, .. }) = event else {
            return false;
        };
        *end == NodeEnd::Cancelled
    };
    assert_eq!(count(&records, given_up), 1);
    assert_eq!(stage.running(), 0, "what it left running has ended too");
}
