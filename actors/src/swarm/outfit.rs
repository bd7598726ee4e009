//! The outfit of a node's agent: its law, its tools, its model, its instructions, cut from those of the run.

use std::path::Path;
use std::sync::Arc;

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
        world.commands.fence = Fence::around(site, post);
        let world = Arc::new(world);
        Ok(Self { world, opening })
    }
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
    for check in node.accept.iter().chain(gate) {
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
    options.limits = limits(post.node.kind, &post.attempt.allotted, &run.limits);
    options.crash = None;
    options
}
