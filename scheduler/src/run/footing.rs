//! What a run stands on: the checks of its plan as they go before any of the work, so that no money is spent on a gate
//! that nothing could pass.

use std::collections::BTreeMap;

use protocol::shell::is_refusal;
use protocol::{Check, CheckRun, Event, Expect, Plan, PlanEvent};

use super::wishes::FAULTS;
use super::{Run, Wish};
use crate::plan::DocumentCode;

/// How much of a log is told, in bytes.
const TOLD_BYTES: usize = 2_000;

/// What is known of the plan's checks on what the work starts from.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Footing {
    /// Checks that are to be run before anything starts.
    due: Vec<Check>,
    /// How they went, by command.
    runs: BTreeMap<String, CheckRun>,
    /// What the plan declares of each.
    declared: Vec<Check>,
    /// The first that does not do what the plan declares.
    why_not: Option<String>,
}

impl Run {
    /// The checks to be run on what the work starts from; none twice.
    pub fn due_checks(&self) -> &[Check] {
        &self.stage.footing.due
    }
}

impl Footing {
    /// A plan was accepted: its gate must hold already unless the plan says that it does not, and whatever else is
    /// declared must be so.
    pub fn wants(&mut self, plan: &Plan) {
        let of_gate = plan.gate.iter().map(|gate| match gate.expect {
            Expect::Any => Check {
                expect: Expect::Pass,
                ..gate.clone()
            },
            Expect::Pass | Expect::Fail => gate.clone(),
        });
        let of_nodes = plan.nodes.iter().filter_map(|node| node.accept.clone());
        let of_nodes = of_nodes.filter(|check| check.expect != Expect::Any);
        self.declared = of_gate.chain(of_nodes).collect();
        self.due.clear();
        for check in &self.declared {
            let is_due = self.due.iter().any(|due| due.cmd == check.cmd);
            if !is_due && !self.runs.contains_key(&check.cmd) {
                self.due.push(check.clone());
            }
        }
        self.judge();
    }

    /// The checks that were due were run.
    pub fn tried(&mut self, runs: &[CheckRun]) {
        let by_command = runs.iter().map(|run| (run.check.cmd.clone(), run.clone()));
        self.runs.extend(by_command);
        self.due.clear();
        self.judge();
    }

    /// Whether everything that is declared was found to be so.
    pub fn is_firm(&self) -> bool {
        self.due.is_empty() && self.why_not.is_none()
    }

    /// Why nothing of the work can begin.
    pub fn why_not(&self) -> Option<&str> {
        self.why_not.as_deref()
    }

    /// The runs with whatever else the plan declares of the same commands: whoever reads them sees what was contradicted.
    fn compared(&self, mut runs: Vec<CheckRun>) -> Vec<CheckRun> {
        for check in &self.declared {
            let same = |run: &&CheckRun| run.check.cmd == check.cmd;
            let is_told = runs
                .iter()
                .any(|run| run.check.cmd == check.cmd && run.check.expect == check.expect);
            if let Some(run) = runs.iter().find(same).filter(|_| !is_told).cloned() {
                let check = check.clone();
                runs.push(CheckRun { check, ..run });
            }
        }
        runs
    }

    fn judge(&mut self) {
        let runs = &self.runs;
        let odd = |check: &Check| Some((check.expect, runs.get(&check.cmd)?));
        let mut wrong = self.declared.iter().filter_map(odd);
        let wrong = wrong.find(|(expect, run)| !run.is_as(*expect));
        self.why_not = wrong.map(|(expect, run)| complaint(expect, run));
    }
}

fn complaint(expect: Expect, run: &CheckRun) -> String {
    let code = crate::plan::Code::from(DocumentCode::BaseCheck);
    let cmd = &run.check.cmd;
    if let Some(why) = &run.denied {
        let why = why.as_str();
        return format!(
            "{code}: permission is denied for the check `{cmd}`: {why}; mend it where the plan or --gate names it, or the \
             rule"
        );
    }
    if expect == Expect::Fail && run.passed() {
        return format!(
            "{code}: the check `{cmd}` passes before any of the work, and it is expected to fail"
        );
    }
    let exit = match run.exit {
        Some(code) => format!("exits with {code}"),
        None => format!("does not end by itself within {} ms", run.check.timeout_ms),
    };
    let cure = match run.exit.is_some_and(is_refusal) {
        true => {
            "there is no such command here, or it may not be run: mend it where the plan or --gate names it"
        }
        false => {
            "if the work is to make it pass, say so: expect = \"fail\" in the plan, or --gate-expect fail beside --gate"
        }
    };
    let log = run.log.as_str();
    let (silence, said) = match end_of(&log) {
        said if said.trim().is_empty() => (" and says nothing", String::new()),
        said => ("", format!("\nIt said:\n{said}")),
    };
    format!("{code}: the check `{cmd}` {exit}{silence} before any of the work; {cure}{said}")
}

/// The end of a log, where the errors are.
fn end_of(log: &str) -> &str {
    let from = log.len().saturating_sub(TOLD_BYTES);
    &log[log.ceil_char_boundary(from)..]
}

/// The checks, once the run knows where it stands.
pub(super) fn wish(run: &Run) -> Option<Wish> {
    let is_due = !run.due_checks().is_empty() && run.ground.is_some();
    (is_due && run.lane.trouble.faults < FAULTS).then_some(Wish::Check)
}

/// How the checks went; an answer to other checks than those that are due says nothing.
pub(super) fn checked(run: &Run, runs: Vec<CheckRun>) -> Option<Event> {
    let due = run.due_checks();
    let is_answered = |check: &Check| runs.iter().any(|run| run.check.cmd == check.cmd);
    let is_live = !due.is_empty() && run.given_up().is_none();
    (is_live && due.iter().all(is_answered)).then(|| {
        let runs = run.stage.footing.compared(runs);
        Event::Plan(PlanEvent::Checked { runs })
    })
}
