//! Planning: facts by code, small choices by a model, a plan by code; and a plan without the model where it fails.

use std::path::Path;
use std::sync::Arc;

use agent::prompt::planning;
use protocol::{
    Budget, Event, Ground, Kind, ModelEvent, Node, NodeName, PLAN_VERSION, PermissionMode, Plan,
    PlanDocument, Planner, Record, SessionId, Text, ToolEvent,
};
use scheduler::draft::{
    Choices, CommandFact, Draft, FileFact, Limits, Material, Purpose, Role, repair,
};
use scheduler::plan::{self, Defaults, Normal, better_alone, node_id, normalise};
use scheduler::run::RunCommand;
use serde_json::Value;

use super::begin;

/// How often what a node of a drafted plan leaves undone is planned anew.
const REPLANS: u32 = 2;

/// What a plan is made of.
pub(crate) struct Planning {
    draft: Draft,
    run: SessionId,
    /// The goal, and what the options say of the plan: a plan whose only node makes the plan.
    frame: Plan,
    files: Vec<String>,
    mode: PermissionMode,
}

/// The plan whose only node makes the plan.
pub(super) fn frame(run: SessionId, goal: &str, ground: &Ground) -> Plan {
    let name = NodeName::from("plan");
    let mut node = Node::new(node_id(run, &name), Kind::Plan, "make the plan");
    node.name = name;
    node.budget = Budget {
        // Its repairs are part of its one turn.
        attempts: Some(1),
        ..Budget::default()
    };
    Plan {
        version: PLAN_VERSION,
        goal: goal.to_owned(),
        base: ground.base.clone(),
        nodes: vec![node],
        ..Plan::default()
    }
}

impl Planning {
    /// Looks at the repository. Blocks for about a second per several thousand files.
    pub(super) fn new(
        (root, files): (&Path, Vec<String>),
        frame: Plan,
        (run, mode): (SessionId, PermissionMode),
    ) -> Self {
        let facts = survey::survey(root, &files, survey::Limits::default());
        Self {
            draft: Draft::new(material(&facts), &frame.goal, Limits::default()),
            run,
            frame,
            files,
            mode,
        }
    }

    /// The form of the planner's answer.
    pub(crate) fn schema(&self) -> Value {
        self.draft.schema()
    }

    /// The first message of the planner.
    pub(crate) fn message(&self) -> Text {
        planning(&self.frame.goal, &self.draft.facts())
    }

    /// What is wrong with an answer, for the planner; `None` if it makes a plan.
    pub(crate) fn objection(&self, answer: &Value) -> Option<String> {
        self.chosen(answer).err().map(|problems| repair(&problems))
    }

    fn chosen(&self, answer: &Value) -> Result<Normal, Vec<String>> {
        let document = self.draft.assemble(&Choices::read(answer)?)?;
        let told =
            |problems: Vec<plan::Problem>| problems.iter().map(ToString::to_string).collect();
        self.normal(document).map_err(told)
    }

    fn normal(&self, mut document: PlanDocument) -> Result<Normal, Vec<plan::Problem>> {
        // What a model has cut it may cut otherwise; whoever writes a plan says so where that is wanted.
        document.caps.max_replans = document.caps.max_replans.or(Some(REPLANS));
        if document.caps.max_parallel.is_none() {
            document.caps.max_parallel = Some(self.frame.caps.max_parallel);
        }
        if let Some(gate) = &self.frame.gate {
            document.gate = Some(begin::written(gate));
        }
        let ground = plan::Ground {
            run: self.run,
            base: self.frame.base.as_ref(),
            files: &self.files,
            session_mode: self.mode,
            defaults: &Defaults::default(),
        };
        let mut normal = normalise(&document, &ground)?;
        normal.plan.budget = self.frame.budget;
        Ok(normal)
    }

    /// The plan to be proposed: of the planner's answer, if it gave one that makes a plan; for one agent, if several
    /// would only be in each other's way.
    ///
    /// # Errors
    /// Not even the plan for one agent is sound: a fault of formic.
    pub(super) fn proposal(&self, answer: Option<&str>) -> Result<RunCommand, String> {
        let answer = answer.and_then(|answer| serde_json::from_str(answer).ok());
        let chosen = answer.and_then(|answer: Value| self.chosen(&answer).ok());
        let (by, normal) = match chosen {
            Some(normal) => (Planner::Model, Ok(normal)),
            None => (Planner::Fallback, self.normal(self.draft.fallback())),
        };
        let alone = |why: String| {
            let single = self.normal(self.draft.single());
            let single = single.map_err(|problems| listed(&problems));
            single.map(|normal| (normal, vec![why]))
        };
        let (normal, mut remarks) = match normal {
            Ok(normal) => match better_alone(&normal.plan) {
                Some(why) if normal.plan.nodes.len() > 1 => {
                    alone(format!("one agent does it all: {why}"))?
                }
                Some(_) | None => (normal, Vec::new()),
            },
            Err(problems) => alone(format!("one agent does it all: {}", listed(&problems)))?,
        };
        remarks.extend(normal.remarks);
        Ok(RunCommand::Propose {
            plan: normal.plan,
            by,
            remarks,
        })
    }
}

fn listed(problems: &[plan::Problem]) -> String {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// The planner's answer, if a record holds it.
pub(super) fn answer(record: &Record) -> Option<Arc<str>> {
    if let Event::Model(ModelEvent::Replied { answer, .. }) = &record.event {
        return answer.clone();
    }
    let Event::Tool(ToolEvent::Finished { result, .. }) = &record.event else {
        return None;
    };
    result.facts.iter().find_map(|fact| match fact {
        protocol::Fact::Structured(answer) => Some(answer.clone()),
        _ => None,
    })
}

/// The facts as a draft wants them.
fn material(facts: &survey::Facts) -> Material {
    let mut files: Vec<FileFact> = facts.files.iter().map(file).collect();
    for edge in &facts.edges {
        let named = |place: u32| {
            facts
                .files
                .get(place as usize)
                .map(|file| file.path.clone())
        };
        let is_need = match edge.link {
            survey::Link::Uses | survey::Link::Covers => true,
            survey::Link::Declares => false,
        };
        if let (true, Some(from), Some(to)) =
            (is_need, files.get_mut(edge.from as usize), named(edge.to))
        {
            from.imports.push(to);
        }
    }
    let commands = facts.commands.iter().map(|command| CommandFact {
        cmd: command.cmd.clone(),
        purpose: match command.purpose {
            survey::Purpose::Test => Purpose::Test,
            survey::Purpose::Check => Purpose::Check,
            survey::Purpose::Build => Purpose::Build,
            survey::Purpose::Lint => Purpose::Lint,
        },
        covers: command.covers.clone(),
    });
    Material {
        commands: commands.collect(),
        files,
    }
}

fn file(file: &survey::File) -> FileFact {
    FileFact {
        path: file.path.clone(),
        package: file.package.clone(),
        role: match file.role {
            survey::Role::Lock => Role::Shared,
            // The root's manifest is everybody's, a package's belongs to whoever works on the package.
            survey::Role::Manifest if !file.path.contains('/') => Role::Shared,
            survey::Role::Source => Role::Source,
            survey::Role::Test => Role::Test,
            survey::Role::Manifest => Role::Manifest,
            survey::Role::Plain => Role::Plain,
        },
        bytes: file.bytes,
        lines: file.lines,
        symbols: file.symbols.clone(),
        imports: Vec::new(),
    }
}
