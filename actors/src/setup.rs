//! Builds a session's surroundings from the options, once.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use policy::RuleProblem;
use protocol::{ModelTraits, Opening, SessionId, Text, ToolDecl};
use providers::Provider;
use tokio_util::task::TaskTracker;
use tools::{Registry, Shells};

use crate::answer::{AnswerSchema, Judge};
use crate::base::Base;
use crate::context::Context;
use crate::error::OpenError;
use crate::law::{Law, spill_root};
use crate::options::Options;
use crate::place::Surroundings;
use crate::redact::Redactor;
use crate::world::{Commands, Offer, World};

/// What of a session's surroundings the options may not allow: made before anything is written or started.
pub(crate) struct Ground {
    pub law: Arc<Law>,
    provider: Arc<dyn Provider>,
    offer: Offer,
}

impl Ground {
    pub(crate) fn new(options: &Options) -> Result<Self, OpenError> {
        let law = law(options)?;
        let provider = providers::connect(options.endpoint.clone())?;
        Self::on(options, law, provider)
    }

    /// On what is there already.
    pub(crate) fn on(
        options: &Options,
        law: Arc<Law>,
        provider: Arc<dyn Provider>,
    ) -> Result<Self, OpenError> {
        let vision = provider.traits(&options.model.model).vision;
        Ok(Self {
            law,
            provider,
            offer: offer(options, vision)?,
        })
    }

    /// The same, with answers looked at once more before they are taken.
    pub(crate) fn judging(mut self, judge: Judge) -> Self {
        self.offer.answer = self
            .offer
            .answer
            .map(|answer| Box::new(answer.judged(judge)));
        self
    }

    /// What is known of the model.
    pub(crate) fn traits(&self, options: &Options) -> ModelTraits {
        self.provider.traits(&options.model.model)
    }
}

pub(crate) fn opening(options: &Options, ground: &Ground) -> Result<Opening, OpenError> {
    let (prompt, redactor) = (&options.prompt, Redactor::new(&options.secrets));
    let system = match &prompt.system {
        Some(own) => match &prompt.append {
            Some(more) => format!("{own}\n{more}"),
            None => own.clone(),
        },
        None => agent::prompt::system(prompt.append.as_deref()),
    };
    Ok(Opening {
        cwd: options.place.cwd.clone(),
        formic: env!("CARGO_PKG_VERSION").to_owned(),
        mode: options.permission.mode,
        model: options.model.clone(),
        traits: ground.traits(options),
        system: Text::from(redactor.clean(&system).into_owned()),
        tools: offered(options)?,
        limits: options.limits,
        tool_bytes: declared_bytes(&ground.offer.declared),
    })
}

/// Bytes of tools as they are declared to a model.
pub(crate) fn declared_bytes(tools: &[ToolDecl]) -> u64 {
    let bytes =
        |tool: &ToolDecl| tool.name.len() + tool.description.len() + tool.schema.get().len();
    tools.iter().map(bytes).sum::<usize>() as u64
}

/// Every tool by name; those of the board are offered only where there is one.
fn registry() -> Registry {
    Registry::builtin().with_board()
}

/// The names of the offered tools, sorted.
fn offered(options: &Options) -> Result<Vec<String>, OpenError> {
    let registry = registry();
    let known = || Registry::builtin().names().map(str::to_owned).collect();
    let mut names: Vec<String> = match &options.prompt.tools {
        None => known(),
        Some(wanted) => {
            let canonical = |name: &String| {
                let found = registry.canonical(name).map(str::to_owned);
                found.ok_or_else(|| OpenError::UnknownTool(name.clone()))
            };
            wanted.iter().map(canonical).collect::<Result<_, _>>()?
        }
    };
    if options.prompt.schema.is_some() {
        names.push(agent::ANSWER_TOOL.to_owned());
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// A resumed session offers what it was opened with: the prefix of its requests must not change.
pub(crate) fn with_tools(mut options: Options, opened_with: Vec<String>) -> Options {
    let own = opened_with
        .into_iter()
        .filter(|tool| tool != agent::ANSWER_TOOL);
    options.prompt.tools = Some(own.collect());
    options
}

pub(crate) fn law(options: &Options) -> Result<Arc<Law>, OpenError> {
    let law = Law::new(options).map_err(|problems| rule_problems(&problems))?;
    Ok(Arc::new(law))
}

pub(crate) fn rule_problems(problems: &[RuleProblem]) -> OpenError {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    OpenError::Rules(all.join("; "))
}

fn offer(options: &Options, vision: bool) -> Result<Offer, OpenError> {
    let schema = options.prompt.schema.as_ref();
    let answer = schema.map(AnswerSchema::new).transpose();
    let answer = answer.map_err(OpenError::Schema)?;
    let registry = registry();
    let declared = declare(&registry, &offered(options)?, answer.as_ref());
    Ok(Offer {
        registry: Arc::new(registry),
        declared,
        answer: answer.map(Box::new),
        board: None,
        vision,
        coordinator: Arc::default(),
    })
}

pub(crate) fn world(options: Options, id: SessionId, ground: Ground, base: &Base) -> World {
    let redactor = Redactor::new(&options.secrets);
    let surroundings = Surroundings {
        law: ground.law.clone(),
        scrubbed: options.secrets.scrubbed.clone(),
        added: options.commands.env.clone(),
        walls: ground.law.walls(&options.commands.caches),
        redactor: redactor.clone(),
    };
    World {
        redactor,
        context: Arc::new(Context::new(&options)),
        offer: ground.offer,
        place: Arc::new(surroundings),
        commands: Commands {
            shells: shells(),
            spill: spill_root(&options.data).join(id.to_string()),
            fence: None,
        },
        effects: TaskTracker::new(),
        source: options.source,
        bus: base.bus.clone(),
        law: ground.law,
        broker: base.broker.clone(),
        journal: base.journal.clone(),
        provider: ground.provider,
    }
}

fn declare(
    registry: &Registry,
    names: &[String],
    answer: Option<&AnswerSchema>,
) -> Arc<[ToolDecl]> {
    let own: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut declared = registry.declarations(&own);
    declared.extend(answer.map(AnswerSchema::declaration));
    declared.sort_by(|a, b| a.name.cmp(&b.name));
    declared.into()
}

/// A place for background shells.
pub(crate) fn shells() -> Arc<Shells> {
    Arc::new(Shells::new(Arc::new(spawn)))
}

fn spawn(task: BoxFuture<'static, ()>) {
    drop(tokio::spawn(task));
}
