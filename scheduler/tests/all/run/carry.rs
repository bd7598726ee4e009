//! How the simulated world carries wishes out.

use protocol::{
    Conflict, Event, FailureClass, FaultKind, GitId, Inspection, InterruptCause, Landing, Limit,
    Merged, NodeId, PlanEvent, TurnEnd, TurnId, WorkspaceEvent,
};
use scheduler::run::{Change, RunInput, RunOutcome, RunPhase, Wish, decide, wishes};
use uuid::Uuid;

use super::given_calls::*;
use super::given_run::*;
use super::world::{World, has_tree, mix};

/// What a step may do.
#[derive(Debug, Clone)]
enum Deed {
    Carry(Wish),
    EndFormer(Speaker),
    Change(Change),
    /// Whoever mended the key or the server has the run go on.
    GoOn,
    Repeat,
}

/// Respects in which an attempt has a fate.
const ENDS: u64 = 1;
const HOW: u64 = 2;
const FOUND: u64 = 3;
const MERGES: u64 = 4;
const BREAKS: u64 = 5;
const NEEDS: u64 = 6;
/// Whether a provider uses more than was set aside.
const OVER: u64 = 7;
/// Whether a conflict lies outside of the scope.
const ASTRAY: u64 = 8;

impl World {
    /// Does one thing of all that could happen next.
    pub(crate) fn step(&mut self) {
        let mut deeds: Vec<Deed> = wishes(&self.sim.run).into_iter().map(Deed::Carry).collect();
        deeds.extend(self.former().into_iter().map(Deed::EndFormer));
        deeds.extend(self.sim.run.change().map(Deed::Change));
        let is_paused = self.sim.run.phase() == RunPhase::Paused;
        deeds.extend(is_paused.then_some(Deed::GoOn));
        deeds.push(Deed::Repeat);
        let at = self.dice.roll(deeds.len() as u64) as usize;
        match deeds.swap_remove(at) {
            Deed::Carry(wish) => self.carry(wish),
            Deed::EndFormer(speaker) => {
                let end = TurnEnd::Interrupted(InterruptCause::Timeout);
                self.agent_says(speaker, turn_ended(end));
            }
            Deed::Change(change) => self.answer_change(change.node),
            Deed::GoOn => self.say(Event::Plan(PlanEvent::Unpaused)),
            Deed::Repeat => self.repeat(),
        }
    }

    /// Agents that are at work though nobody wants it any more.
    pub(crate) fn former(&self) -> Vec<Speaker> {
        let lingering = self.sim.run.nodes().filter(|(_, state)| state.lingers());
        lingering
            .map(|(node, _)| {
                let begun = self.sim.journal.iter().rev().find(|record| {
                    record.node == Some(node.id)
                        && matches!(
                            &record.event,
                            Event::Turn(protocol::TurnEvent::Submitted { .. })
                        )
                });
                let begun = begun.unwrap();
                (node.id, begun.agent.unwrap(), begun.turn.unwrap())
            })
            .filter(|(_, _, turn)| !self.gone.contains(turn))
            .collect()
    }

    pub(crate) fn agent_says(&mut self, speaker: Speaker, event: Event) {
        self.sim.agent_says(speaker, event);
        self.noted();
        if self.deaths < 5 && self.chance(self.weather.death) {
            self.die();
        }
    }

    fn answer(&mut self, outcome: RunOutcome) {
        for event in decide(&self.sim.run, RunInput::Outcome(outcome)).unwrap() {
            self.say(event);
        }
    }

    /// Answers that were given long ago, or never asked for, change nothing.
    fn repeat(&mut self) {
        let nodes: Vec<(NodeId, u32)> = self
            .sim
            .run
            .nodes()
            .map(|(node, state)| (node.id, state.number()))
            .collect();
        let at = self.dice.roll(nodes.len() as u64) as usize;
        let (node, number) = nodes[at];
        let batch = self.sim.run.batch().map_or(0, |batch| batch.number);
        let found = sound(self.sim.run.planned(node).unwrap(), 9);
        let mut stale = vec![
            RunOutcome::Advanced {
                batch: batch + 1,
                to: git(0),
            },
            RunOutcome::Gated {
                batch: batch.wrapping_sub(1),
                commit: git(9),
                runs: Vec::new(),
            },
            RunOutcome::Merged {
                batch: batch + 1,
                commits: Vec::new(),
                conflicts: Vec::new(),
            },
            RunOutcome::Moved {
                batch: batch + 1,
                now: git(3),
            },
        ];
        for attempt in [number.wrapping_sub(1), number + 1] {
            stale.push(RunOutcome::Overdue { node, attempt });
            stale.push(RunOutcome::Worked {
                node,
                attempt,
                failure: None,
            });
            stale.push(RunOutcome::Inspected {
                node,
                attempt,
                found: found.clone(),
            });
            stale.push(RunOutcome::Failed {
                wish: Wish::Inspect { node, attempt },
                text: "no".into(),
            });
        }
        for outcome in stale {
            let input = RunInput::Outcome(outcome.clone());
            assert_eq!(decide(&self.sim.run, input), Ok(Vec::new()), "{outcome:?}");
        }
    }

    fn carry(&mut self, wish: Wish) {
        let was_moved = matches!(&wish, Wish::Advance { to, .. } if *to == self.branch);
        if !was_moved && self.chance(self.weather.chaos) {
            let text = "the disk is full".to_owned();
            return self.answer(RunOutcome::Failed { wish, text });
        }
        match wish {
            Wish::Work { node, attempt, .. } => self.work(node, attempt),
            Wish::Deadline { node, attempt, .. } => {
                if self.chance(self.weather.chaos) {
                    self.answer(RunOutcome::Overdue { node, attempt });
                }
            }
            Wish::Inspect { node, attempt } => {
                let found = self.finding(node, attempt);
                self.answer(RunOutcome::Inspected {
                    node,
                    attempt,
                    found,
                });
            }
            Wish::Inform { agent, entries, .. } => {
                self.answer(RunOutcome::Informed { agent, entries });
            }
            Wish::Check => {
                let runs = as_declared(self.sim.run.due_checks());
                self.answer(RunOutcome::Checked { runs });
            }
            Wish::Merge { batch } => self.merge(batch),
            Wish::Gate { batch, commit, .. } => self.gate(batch, commit),
            Wish::Advance { batch, from, to } => self.advance(batch, &from, to),
            Wish::Land { commit } => self.answer(RunOutcome::Landed(Landing {
                branch: "main".into(),
                commit,
                is_fast_forward: true,
                remark: None,
            })),
        }
    }

    /// One more piece of an attempt: a tree, a turn, a reply, the end.
    fn work(&mut self, node: NodeId, number: u32) {
        let planned = self.sim.run.planned(node).unwrap().clone();
        let state = self.sim.run.node(node).unwrap().clone();
        let attempt = state.attempt.clone().unwrap();
        let mine = |record: &&protocol::Record| record.node == Some(node);
        let since = self.sim.journal.iter().rposition(|record| {
            matches!(&record.event, Event::Plan(protocol::PlanEvent::NodeStarted { node: it, .. }) if *it == node)
        });
        let journal = &self.sim.journal[since.unwrap()..];
        let begun = journal.iter().filter(mine).any(|record| {
            matches!(
                &record.event,
                Event::Turn(protocol::TurnEvent::Submitted { .. })
            )
        });
        let has_made = journal.iter().any(|record| {
            matches!(&record.event, Event::Workspace(WorkspaceEvent::TreeMade { node: it, .. }) if *it == node)
        });
        if has_tree(planned.kind, &attempt.start) && !has_made {
            let base = self.sim.run.tip().cloned();
            return self.say(Event::Workspace(WorkspaceEvent::TreeMade {
                node,
                attempt: number,
                root: "/tree".into(),
                base,
            }));
        }
        if !planned.kind.has_agent() {
            let fails = self.fate(node, number, ENDS) < self.weather.failure;
            let failure = fails.then(|| protocol::Failure {
                class: FailureClass::Machine,
                evidence: "no such command".into(),
            });
            return self.answer(RunOutcome::Worked {
                node,
                attempt: number,
                failure,
            });
        }
        let turn = TurnId::new(Uuid::from_u128(
            node.uuid().as_u128() ^ (u128::from(number) << 64),
        ));
        let speaker = (node, state.agent.unwrap(), turn);
        let needs = 1000 + self.fate(node, number, NEEDS) * 5;
        let allotted = attempt.allotted.tokens.unwrap_or(needs);
        if !begun {
            self.agent_says(speaker, submitted(turn));
        } else if state.spent_now.tokens == 0 && allotted > 0 {
            let over = self.overrun(node, number);
            self.speak(&planned, speaker, needs.min(allotted) + over);
        } else {
            let end = match needs > allotted {
                true => TurnEnd::Limited(Limit::Tokens),
                false => self.turn_end(node, number),
            };
            self.ends(speaker, end);
        }
    }

    /// A turn ends, after its last call if that failed.
    fn ends(&mut self, speaker: Speaker, end: TurnEnd) {
        if let TurnEnd::Failed(fault) = &end {
            self.agent_says(speaker, requested());
            self.agent_says(speaker, call_failed(fault));
        }
        self.agent_says(speaker, turn_ended(end));
    }

    /// What a provider uses beyond what was set aside, in tokens.
    fn overrun(&mut self, node: NodeId, attempt: u32) -> u64 {
        let over = match self.fate(node, attempt, OVER) < self.weather.overrun {
            true => 1 + self.fate(node, attempt, NEEDS) * 20,
            false => 0,
        };
        self.over += over;
        over
    }

    fn turn_end(&self, node: NodeId, attempt: u32) -> TurnEnd {
        if self.fate(node, attempt, ENDS) >= self.weather.failure {
            return TurnEnd::Completed;
        }
        match self.fate(node, attempt, HOW) % 7 {
            0 => TurnEnd::Looping,
            1 => TurnEnd::Refused,
            2 => TurnEnd::Limited(Limit::Steps),
            3 => TurnEnd::Interrupted(InterruptCause::Terminate),
            4 => fault(FaultKind::RateLimited),
            5 => fault(FaultKind::Authentication),
            _ => fault(FaultKind::Broken),
        }
    }

    fn finding(&self, node: NodeId, attempt: u32) -> Inspection {
        let planned = self.sim.run.planned(node).unwrap();
        let (high, low) = node.uuid().as_u64_pair();
        let tree = mix(high ^ low ^ u64::from(attempt));
        let sound = sound(planned, tree);
        let is_bad = self.fate(node, attempt, FOUND) < self.weather.failure;
        match self.fate(node, attempt, HOW) % 4 {
            _ if !is_bad => sound,
            0 => Inspection {
                changed: Vec::new(),
                ..sound
            },
            1 => Inspection {
                check: planned.accept.as_ref().map(|check| check_run(check, 1)),
                ..sound
            },
            2 => Inspection {
                changed: Vec::new(),
                strays: vec!["elsewhere".into()],
                ..sound
            },
            _ => Inspection {
                fault: Some("git is gone".into()),
                may_pass: attempt.is_multiple_of(2),
                ..sound
            },
        }
    }

    fn merge(&mut self, number: u32) {
        let batch = self.sim.run.batch().unwrap().clone();
        let mut head = batch.tip.clone();
        let (mut commits, mut conflicts) = (Vec::new(), Vec::new());
        for node in batch.nodes {
            assert!(self.sim.run.proposal(node).is_some(), "nothing to merge");
            let attempt = self.sim.run.node(node).unwrap().number();
            if self.fate(node, attempt, MERGES) < self.weather.conflict {
                conflicts.push(Conflict {
                    node,
                    paths: self.in_conflict(node, attempt),
                    onto: head.clone(),
                    tree: git(77),
                });
                continue;
            }
            let commit = git(1_000_000 + self.commits.len() as u64);
            self.commits.insert(commit.clone(), (head, node));
            head = commit.clone();
            commits.push(Merged { node, commit });
        }
        self.answer(RunOutcome::Merged {
            batch: number,
            commits,
            conflicts,
        });
    }

    fn in_conflict(&self, node: NodeId, attempt: u32) -> Vec<String> {
        if self.fate(node, attempt, ASTRAY) < self.weather.astray {
            return vec!["d1/file".into()];
        }
        let found = self
            .sim
            .run
            .node(node)
            .and_then(|state| state.found.as_ref());
        let changed = found.into_iter().flat_map(|found| &found.changed);
        changed.map(|change| change.path.clone()).collect()
    }

    fn gate(&mut self, number: u32, commit: GitId) {
        let run = &self.sim.run;
        let batch = run.batch().unwrap();
        let checks = run.checks(batch);
        assert!(!checks.is_empty(), "nothing to run");
        let breaks = batch.commits.iter().any(|merged| {
            let attempt = run.node(merged.node).unwrap().number();
            self.fate(merged.node, attempt, BREAKS) < self.weather.red
        });
        let by_chance =
            !breaks && self.chance(self.weather.red) && self.flaked.insert(commit.clone());
        let last = checks.len() - 1;
        let exit = |at: usize| i32::from(at == last && (breaks || by_chance));
        let runs = checks.iter().enumerate();
        let runs = runs.map(|(at, check)| check_run(check, exit(at))).collect();
        self.answer(RunOutcome::Gated {
            batch: number,
            commit,
            runs,
        });
    }

    fn advance(&mut self, batch: u32, from: &GitId, to: GitId) {
        if self.branch != *from {
            let now = self.branch.clone();
            return self.answer(RunOutcome::Moved { batch, now });
        }
        let mut brought = Vec::new();
        let mut at = to.clone();
        while at != *from {
            let (parent, node) = self.commits[&at].clone();
            brought.push(node);
            at = parent;
        }
        self.integrated.extend(brought.into_iter().rev());
        self.branch = to.clone();
        if self.deaths < 5 && self.chance(self.weather.death * 5) {
            // The branch has moved and nobody wrote it down.
            return self.die();
        }
        self.answer(RunOutcome::Advanced { batch, to });
    }
}
