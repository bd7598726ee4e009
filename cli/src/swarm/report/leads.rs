//! Where the result of a run is, where work is that did not land, and how to go on.

use views::{Lack, NodeLine, NodeState, RunStatus};

use super::super::node::{indented, log};
use super::{Report, short};

impl Report {
    /// Why the run as a whole goes no further.
    pub(super) fn why(&self) -> Option<String> {
        let why = self.report.why.as_ref().filter(|_| !self.has_process)?;
        Some(match why.split_once('\n') {
            Some((why, said)) => {
                let said = log(said);
                format!("{why}\n{}", indented(said.iter().map(String::as_str)))
            }
            None => why.clone(),
        })
    }

    /// How to go on with what is not done.
    pub(super) fn next(&self) -> Option<String> {
        let run = self.report.run_id.digits();
        let mut lines = Vec::new();
        if !self.is_retryable {
            lines.extend(self.anew().map(str::to_owned));
        } else if let Some(first) = self.given_up() {
            let is_over = self.report.status != RunStatus::Unfinished;
            let again = match is_over {
                true => format!(" && formic swarm resume {run}"),
                false => String::new(),
            };
            let rule = match is_over && self.is_unruled {
                true => " --allowedTools \"Bash(COMMAND:*)\"",
                false => "",
            };
            let node = &first.id;
            if first.attempts > 0 {
                lines.push(format!(
                    "what was tried at a node, and why it came back: formic swarm show {run} {node}"
                ));
            }
            if self.report.totals.agents > 0 {
                lines.push(format!(
                    "what its agents said and did: formic sessions show {run}"
                ));
            }
            if self.is_late() {
                lines.push(
                    "its time is used up, which nothing adds to: what is left is for a new run"
                        .to_owned(),
                );
            } else if self.used_up.contains(node) {
                lines.push(format!(
                    "{node} has used up what the plan gives it: raise its `budget` there, and begin a new run with what is left"
                ));
            } else if self.in_vain.contains(node) {
                lines.push(format!(
                    "try it again once the rule is changed, or its command can be run: formic swarm retry {run} {node}{again}"
                ));
            } else if self.more().is_none() {
                lines.push(format!(
                    "try one again: formic swarm retry {run} {node}{again}{rule}"
                ));
            }
        }
        lines.extend(self.more());
        match self.halt() {
            Some(halt) => lines.push(halt.hint),
            None if self.is_interrupted() => {
                lines.push(format!("go on with the run: formic swarm resume {run}"));
            }
            None => {}
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The node to look at first: one that failed and may be tried again, else one that was ended from outside, else one
    /// that somebody has to mend something for, else any that failed.
    fn given_up(&self) -> Option<&NodeLine> {
        let place = |node: &&NodeLine| match node.state {
            NodeState::Failed if self.used_up.contains(&node.id) => 3,
            NodeState::Failed if self.in_vain.contains(&node.id) => 2,
            NodeState::Failed => 0,
            _ => 1,
        };
        let nodes = self.report.nodes.iter();
        let given_up =
            nodes.filter(|node| matches!(node.state, NodeState::Failed | NodeState::Cancelled));
        given_up.min_by_key(place)
    }

    /// What to do where a check did not go as the plan declares before any of the work.
    pub(super) fn anew(&self) -> Option<&'static str> {
        let is_unfounded = !self.is_retryable && self.report.status == RunStatus::Failed;
        is_unfounded.then_some(
            "mend the check, the rule, the plan or what is committed, and begin anew: this run stays with the commit it began with",
        )
    }

    /// Whether its time is over.
    fn is_late(&self) -> bool {
        self.lack == Some(Lack::Time)
    }

    /// How to go on with a run that has used up what it may.
    fn more(&self) -> Option<String> {
        let budget = &self.report.totals.budget;
        let tokens = budget.tokens.map(|_| " --max-budget-tokens N");
        let usd = budget.usd.map(|_| " --max-budget-usd X");
        let flags: String = tokens.into_iter().chain(usd).collect();
        let is_short = self.lack == Some(Lack::Budget) && !flags.is_empty();
        let is_out = self.report.status == RunStatus::LimitReached && is_short;
        let run = self.report.run_id.digits();
        is_out.then(|| format!("go on with more to use: formic swarm resume {run}{flags}"))
    }

    /// What was done and is on no branch, with the way to it.
    pub(super) fn kept(&self) -> Option<String> {
        let left = self.report.nodes.iter().filter_map(|node| {
            let name = node.kept.as_ref()?;
            Some(format!("\n  {}: git show {name}", node.id))
        });
        let lines: String = left.collect();
        (!lines.is_empty()).then(|| format!("work that did not land is kept:{lines}"))
    }

    pub(super) fn landing(&self) -> Option<String> {
        if let Some(folder) = self
            .shared
            .as_ref()
            .filter(|_| self.report.totals.attempts > 0)
        {
            return Some(format!(
                "what was made is in the folder {folder}, in which all nodes work; it is not committed"
            ));
        }
        let target = self.report.target.as_ref()?;
        let commit = short(&target.commit.to_string());
        let branch = &target.branch;
        if self.report.status == RunStatus::Unfinished {
            return Some(match target.fast_forwarded {
                true => format!("landed so far: {branch} is at {commit}"),
                false => format!("so far on the branch {branch} at {commit}"),
            });
        }
        Some(match (target.fast_forwarded, &target.remark) {
            (true, None) => format!("landed: {branch} is at {commit}"),
            (true, Some(remark)) => format!("landed: {branch} is at {commit}; {remark}"),
            (false, Some(remark)) => format!("left on the branch {branch} at {commit}: {remark}"),
            (false, None) => {
                let why = match self.report.status {
                    RunStatus::Cancelled => ", as the run was given up",
                    _ => "",
                };
                format!(
                    "left on the branch {branch} at {commit}{why}; take it with: git merge {branch}"
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use views::{Swarm, View};

    use super::super::{Moment, Paper, Strokes};
    use super::*;
    use crate::swarm::sample;

    #[test]
    fn what_to_do_about_a_run_that_could_not_begin_is_told_to_programs_too() {
        let swarm = Swarm::fold(&sample::over());
        let mut report = Report::new(&swarm, sample::session(), (None, Moment::AtRest));
        assert_eq!(report.json()["hint"], serde_json::Value::Null);
        report.report.status = RunStatus::Failed;
        report.is_retryable = false;
        let hint = report.json()["hint"].clone();
        assert!(
            hint.as_str()
                .is_some_and(|hint| hint.contains("the rule") && hint.contains("begin anew")),
            "{hint}"
        );
    }

    #[test]
    fn a_check_that_was_not_run_is_not_told_as_one_that_was_cut_off() {
        let swarm = Swarm::fold(&sample::over());
        let mut report = Report::new(&swarm, sample::session(), (None, Moment::AtRest));
        let paper = Paper {
            width: 200,
            room: usize::MAX,
            strokes: Strokes::Box,
        };
        let nodes = report.report.nodes.iter_mut();
        for check in nodes.flat_map(|node| &mut node.checks) {
            (check.passed, check.exit) = (false, None);
        }
        assert!(report.text(paper).contains("cut off"));
        let nodes = report.report.nodes.iter_mut();
        for check in nodes.flat_map(|node| &mut node.checks) {
            check.denied = Some("a rule".to_owned());
        }
        let text = report.text(paper);
        assert!(text.contains("not run: denied"), "{text}");
        assert!(!text.contains("cut off"), "{text}");
    }

    #[test]
    fn the_node_to_look_at_first_is_one_that_failed() {
        let swarm = Swarm::fold(&sample::over());
        let mut report = Report::new(&swarm, sample::session(), (None, Moment::AtRest));
        report.report.nodes[0].state = NodeState::Cancelled;
        let next = report.next().unwrap_or_default();
        assert!(next.contains(" bench\n"), "{next}");
        report.report.nodes.truncate(1);
        let next = report.next().unwrap_or_default();
        assert!(next.contains(" contract\n"), "{next}");
    }

    #[test]
    fn a_node_that_only_another_rule_lets_succeed_is_not_simply_to_be_tried_again() {
        let swarm = Swarm::fold(&sample::over());
        let mut report = Report::new(&swarm, sample::session(), (None, Moment::AtRest));
        report.in_vain = vec!["bench".into()];
        let next = report.next().unwrap_or_default();
        assert!(next.contains("once the rule is changed"), "{next}");
        assert!(!next.contains("--allowedTools"), "{next}");
        report.report.nodes[0].state = NodeState::Failed;
        report.is_unruled = true;
        let next = report.next().unwrap_or_default();
        assert!(
            next.contains("try one again") && next.contains(" contract "),
            "{next}"
        );
        assert!(next.contains("--allowedTools"), "{next}");
    }

    #[test]
    fn a_node_that_used_up_what_the_plan_gives_it_is_to_be_given_more_there() {
        let swarm = Swarm::fold(&sample::over());
        let mut report = Report::new(&swarm, sample::session(), (None, Moment::AtRest));
        assert!(report.used_up.is_empty(), "its check failed");
        report.used_up = vec!["bench".into()];
        let next = report.next().unwrap_or_default();
        assert!(next.contains("raise its `budget`"), "{next}");
        assert!(!next.contains("swarm retry"), "{next}");
        report.report.nodes[0].state = NodeState::Failed;
        let next = report.next().unwrap_or_default();
        assert!(
            next.contains("swarm retry") && next.contains(" contract "),
            "{next}"
        );
    }

    #[test]
    fn more_is_offered_only_where_the_run_itself_had_too_little() {
        let swarm = Swarm::fold(&sample::over());
        for (lack, offers_more, offers_retry) in [
            (Lack::Budget, true, false),
            (Lack::Own, false, true),
            (Lack::Time, false, false),
        ] {
            let mut report = Report::new(&swarm, sample::session(), (None, Moment::AtRest));
            report.report.status = RunStatus::LimitReached;
            report.lack = Some(lack);
            let next = report.next().unwrap_or_default();
            assert_eq!(next.contains("--max-budget-"), offers_more, "{next}");
            assert_eq!(next.contains("swarm retry"), offers_retry, "{next}");
            assert_eq!(report.code(), 4);
        }
    }
}
