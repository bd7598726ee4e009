//! The outfit of a node's agent: its law, its tools, its model, its instructions, cut from those of the run.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use policy::{Confine, Whose};
use protocol::{Attempt, Budget, Check, Kind, Limits, Node, Opening, PermissionMode, Tier};

use scheduler::replan::Replan;
use serde_json::Value;

use super::fence::Fence;
use super::house::House;
use super::site::Site;
use crate::answer::Judge;
use crate::error::OpenError;
use crate::law::{Law, resolve};
use crate::options::{Options, PlaceOptions, PromptOptions};
use crate::setup::{self, Ground};
use crate::world::World;

/// How often the planner's choices may make no plan before code makes one.
const REPAIRS: u32 = 2;

/// What an agent is outfitted for.
pub(crate) struct Post<'a> {
    pub node: &'a Node,
    pub attempt: &'a Attempt,
    pub tier: Tier,
    /// The check of the merged tree, which the agent may run too.
    pub gate: Option<&'a Check>,
    /// What is asked of one who plans anew.
    pub replan: Option<&'a Arc<Replan>>,
    pub house: &'a Arc<House>,
}

/// What an agent works with, and how its part of the journal begins.
pub(crate) struct Outfit {
    pub world: Arc<World>,
    pub opening: Opening,
}

impl Outfit {
    /// # Errors
    /// What of the options does not allow it.
    pub(crate) fn new(site: &Arc<Site>, post: &Post<'_>) -> Result<Self, OpenError> {
        let mut outfit = match Cut::of(post) {
            Some(cut) => site
                .commons
                .wardrobe
                .fetch(cut, || Self::sewn(site, post))?,
            None => Self::sewn(site, post)?,
        };
        let run = &site.options.limits;
        outfit.opening.limits = limits(post.node.kind, &post.attempt.allotted, run);
        Ok(outfit)
    }

    /// One that is made from nothing.
    fn sewn(site: &Arc<Site>, post: &Post<'_>) -> Result<Self, OpenError> {
        let server = site.models.of(post.node.kind, post.tier);
        let mut options = options(site, post);
        options.endpoint = server.choice.endpoint.clone();
        options.model = server.choice.model.clone();
        let law = law(site, post.node, (post.house, post.gate))?;
        let asked = asked(site, post);
        options.prompt.schema = asked.as_ref().map(|(schema, _)| schema.clone());
        let mut ground = Ground::on(&options, law, server.provider.clone())?;
        if let Some((_, judge)) = asked {
            ground = ground.judging(judge);
        }
        let opening = setup::opening(&options, &ground)?;
        let mut world = setup::world(options, site.id, ground, &site.base);
        world.offer.board = Some(Arc::new(site.commons.board.clone()));
        world.commands.fence = Some(Fence::around(site, post)?);
        let world = Arc::new(world);
        Ok(Self { world, opening })
    }

    /// The same for another agent that only reads.
    fn another(&self) -> Self {
        Self {
            world: Arc::new(self.world.beside()),
            opening: self.opening.clone(),
        }
    }
}

/// What an outfit depends on in a place that does not change while the run lasts.
#[derive(PartialEq, Eq, Hash)]
struct Cut {
    root: PathBuf,
    kind: Kind,
    tier: Tier,
    writes: Vec<String>,
    checks: Vec<String>,
}

impl Cut {
    /// `None` where the place or the outfit is one agent's own.
    fn of(post: &Post<'_>) -> Option<Self> {
        let node = post.node;
        let is_common = post.house.is_common() && node.kind != Kind::Plan;
        is_common.then(|| Self {
            root: post.house.root.clone(),
            kind: node.kind,
            tier: post.tier,
            writes: node.scope.writes.clone(),
            checks: checks(node, post.gate)
                .map(|check| check.cmd.clone())
                .collect(),
        })
    }
}

/// Outfits of agents that only read, each made once: a thousand of them in one place have a law, tools and
/// instructions in common.
#[derive(Default)]
pub(crate) struct Wardrobe {
    // Outfits are fetched beside the run's actor, which as their owner would make every agent wait in its mailbox.
    made: Mutex<HashMap<Cut, Outfit>>,
}

impl Wardrobe {
    fn fetch(
        &self,
        cut: Cut,
        sew: impl FnOnce() -> Result<Outfit, OpenError>,
    ) -> Result<Outfit, OpenError> {
        // Whoever panicked here left what was made before.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match made.entry(cut) {
            Entry::Occupied(there) => there.get().another(),
            // Not the one just sewn: its fence would keep the tree from being given back.
            Entry::Vacant(place) => place.insert(sew()?.another()).another(),
        })
    }
}

/// The commands an agent may run whatever else it may.
fn checks<'a>(node: &'a Node, gate: Option<&'a Check>) -> impl Iterator<Item = &'a Check> {
    node.accept.iter().chain(gate)
}

/// The form of a planner's answer, and who says whether it can be used.
fn asked(site: &Site, post: &Post<'_>) -> Option<(Value, Judge)> {
    if let Some(replan) = post.replan.cloned() {
        let schema = replan.schema();
        return Some((schema, Arc::new(move |answer| replan.objection(answer))));
    }
    let planning = site.intent.planning.clone();
    let planning = planning.filter(|_| post.node.kind == Kind::Plan)?;
    let schema = planning.schema();
    Some((schema, Arc::new(move |answer| planning.objection(answer))))
}

/// What the attempt may use, as its agent counts it.
pub(crate) fn limits(kind: Kind, allotted: &Budget, run: &Limits) -> Limits {
    let calls = allotted.tool_calls.map(|calls| calls.saturating_add(1));
    let steps = calls.map(|calls| u32::try_from(calls).unwrap_or(u32::MAX));
    Limits {
        steps: steps.into_iter().chain(run.steps).min(),
        cost: allotted.cost,
        tokens: allotted.tokens,
        schema_misses: (kind == Kind::Plan).then_some(REPAIRS),
        retries: run.retries,
    }
}

/// The law in a node's house: the run's rules, the node's scope, the folders of others out of reach.
///
/// # Errors
/// A scope that makes no sense; the plan was validated, so there is none.
pub(crate) fn law(
    site: &Site,
    node: &Node,
    (house, gate): (&House, Option<&Check>),
) -> Result<Arc<Law>, OpenError> {
    let options = &site.options;
    let mut permission = options.permission.clone();
    permission.mode = mode(permission.mode, node.kind);
    let confine = confine(site, node, (house, gate)).map_err(OpenError::Rules)?;
    let place = place(site, house);
    let law = Law::of(&place, &permission, &options.data, Some(confine));
    law.map(Arc::new)
        .map_err(|problems| setup::rule_problems(&problems))
}

/// The law for the checks of a whole tree: nothing but these commands.
///
/// # Errors
/// The run's own rules, which were compiled before.
pub(crate) fn law_of_checks(
    site: &Site,
    root: &Path,
    checks: &[Check],
) -> Result<Arc<Law>, OpenError> {
    let options = &site.options;
    let mut confine = Confine::default();
    if root != site.ground.root {
        confine = confine.without(resolve(&site.ground.root), Whose::Checkout);
    }
    for check in checks {
        confine = confine.allowing(check.cmd.clone());
    }
    let place = PlaceOptions {
        cwd: root.to_owned(),
        root: root.to_owned(),
        added: Vec::new(),
        home: options.place.home.clone(),
    };
    let law = Law::of(&place, &options.permission, &options.data, Some(confine));
    law.map(Arc::new)
        .map_err(|problems| setup::rule_problems(&problems))
}

/// The plan's approval is the consent to what its nodes change in their scope.
const fn mode(run: PermissionMode, kind: Kind) -> PermissionMode {
    match run {
        PermissionMode::Default | PermissionMode::DontAsk if kind.writes() => {
            PermissionMode::AcceptEdits
        }
        own => own,
    }
}

fn confine(
    site: &Site,
    node: &Node,
    (house, gate): (&House, Option<&Check>),
) -> Result<Confine, String> {
    let mut confine = Confine::new(&node.scope.writes)?;
    if house.is_private() {
        confine = confine.without(resolve(&site.ground.root), Whose::Checkout);
    }
    confine = confine.without(resolve(&site.options.data), Whose::Data);
    for check in checks(node, gate) {
        confine = confine.allowing(check.cmd.clone());
    }
    let command = node.brief.as_ref().filter(|_| node.kind == Kind::Codemod);
    Ok(match command {
        Some(command) => confine.allowing(command.as_str()),
        None => confine,
    })
}

fn place(site: &Site, house: &House) -> PlaceOptions {
    let place = &site.options.place;
    match house.is_private() {
        false => place.clone(),
        true => PlaceOptions {
            cwd: house.root.clone(),
            root: house.root.clone(),
            added: Vec::new(),
            home: place.home.clone(),
        },
    }
}

/// The options of a session in the node's house.
fn options(site: &Site, post: &Post<'_>) -> Options {
    let run = &site.options;
    let mut options = run.clone();
    options.place = place(site, post.house);
    let root: &Path = &options.place.root;
    options.sources.project_root = root.to_owned();
    options.sources.cwd = options.place.cwd.clone();
    options.permission.mode = mode(run.permission.mode, post.node.kind);
    let tools = agent::prompt::tools_of(post.node.kind).iter();
    options.prompt = PromptOptions {
        system: Some(agent::prompt::system_of(
            post.node.kind,
            run.prompt.append.as_deref(),
        )),
        append: None,
        tools: Some(tools.map(|tool| (*tool).to_owned()).collect()),
        schema: None,
        date: run.prompt.date.clone(),
        tasks: run.prompt.tasks,
    };
    options.crash = None;
    options
}
