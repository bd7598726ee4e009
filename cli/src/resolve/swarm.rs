//! A swarm run, resolved: what every session needs, the models of its nodes, and what settings say of swarms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use actors::plans::Prices;
use actors::{ModelChoice, Models, Options};
use config::Sourced;
use protocol::{Caps, CapsDocument, Expect, Isolation, ModelRef, Plan, Price, Tier};
use serde::Deserialize;
use serde_json::Value;

use super::ground::Ground;
use super::{flags, limits, model, run};
use crate::args::swarm::{CrewArgs, ExpectName, IsolationName};
use crate::failure::Failure;

/// The tiers, weakest first, under the names of plans and settings.
const TIERS: [(Tier, &str); 4] = [
    (Tier::Local, "local"),
    (Tier::Small, "small"),
    (Tier::Mid, "mid"),
    (Tier::Frontier, "frontier"),
];

/// The highest cap of sub-agents.
const MOST_TASKS: u32 = 1_000;

/// The keys of `swarm` in the settings.
const KEYS: [&str; 7] = [
    "max_parallel",
    "isolation",
    "gate",
    "planner",
    "worker",
    "tiers",
    "tasks",
];

/// A run that can begin once its servers are found.
pub struct SwarmRun {
    /// Environment, folders and settings.
    pub ground: Ground,
    /// What the session runs on.
    pub options: Options,
    /// What settings and flags say of swarms.
    pub wishes: Wishes,
    /// How long at most.
    pub timeout: Option<Duration>,
}

/// What settings and flags say of swarms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Agents at work at once.
    pub max_parallel: Option<u32>,
    /// How nodes are kept apart.
    pub isolation: Option<Isolation>,
    /// The command that must pass on the merged tree.
    pub gate: Option<String>,
    planner: Option<Named>,
    tiers: BTreeMap<Tier, Named>,
}

/// A model by name and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    text: String,
    by: String,
}

impl SwarmRun {
    /// Resolves flags, environment and settings as far as nobody has to be asked.
    ///
    /// # Errors
    /// Whatever of them keeps the run from beginning.
    pub fn prepare(args: &CrewArgs) -> Result<Self, Failure> {
        let flags = flags::of(&args.model, &args.permission, &args.limits)?;
        let ground = Ground::survey(&args.place, Some(flags))?;
        let stops = limits::of(&ground.loaded.settings);
        let mut options = run::unserved(&ground, &args.permission)?;
        options.prompt.date = run::today(options.source.as_ref());
        options.limits = stops.limits;
        options.crash = run::crash(&ground)?;
        let wishes = Wishes::read(&ground, args)?;
        Ok(Self {
            ground,
            options,
            wishes,
            timeout: stops.timeout,
        })
    }

    /// Finds the model servers: that of the run goes into the options, the others are given back.
    ///
    /// # Errors
    /// When one of them cannot be found.
    pub async fn find_servers(&mut self, args: &CrewArgs) -> Result<Models, Failure> {
        run::find_server(&self.ground, &mut self.options, &args.model).await?;
        let mut models = Models::default();
        if let Some(named) = &self.wishes.planner {
            models.planner = Some(self.model(args, named).await?);
        }
        for (tier, named) in &self.wishes.tiers {
            models.tiers.insert(*tier, self.model(args, named).await?);
        }
        Ok(models)
    }

    /// What the models of a run cost that works in `cwd` and began with `model`; the others are as the settings there have
    /// them.
    ///
    /// # Errors
    /// When one of them cannot be found now.
    pub async fn tariff_of(cwd: &Path, model: &ModelRef) -> Result<Tariff, Failure> {
        let mut args = CrewArgs::default();
        args.place.cwd = Some(cwd.to_owned());
        let mut run = Self::prepare(&args)?;
        // A run with a model for planning began with that one.
        if run.wishes.planner.is_none() {
            args.model.model = Some(model.to_string());
            run = Self::prepare(&args)?;
        }
        let models = run.find_servers(&args).await?;
        Ok(run.tariff(&models))
    }

    async fn model(&self, args: &CrewArgs, named: &Named) -> Result<ModelChoice, Failure> {
        let wanted = model::named(&self.ground, &args.model, &named.text, &named.by)?;
        let (backend, model) = run::served(&self.ground, &args.model, wanted).await?;
        run::price_is_known(&self.ground, &backend.endpoint, &model)?;
        let provider = backend.endpoint.name.clone();
        Ok(ModelChoice {
            endpoint: backend.endpoint,
            model: ModelRef { provider, model },
        })
    }

    /// What the models of the run cost, as far as that is known.
    pub fn tariff(&self, models: &Models) -> Tariff {
        let usual = ModelChoice {
            endpoint: self.options.endpoint.clone(),
            model: self.options.model.clone(),
        };
        let price = |at: &ModelChoice| {
            actors::models::traits(&at.endpoint, &at.model.model)
                .ok()?
                .price
        };
        let mut tariff = Tariff::default();
        for (tier, _) in TIERS {
            let own = models.tiers.range(tier..).map(|(_, at)| at).next();
            let at = own.unwrap_or(&usual);
            tariff.learn(tier, &at.model, price(at));
        }
        tariff
    }
}

/// What the models of a run cost.
#[derive(Debug, Clone, Default)]
pub struct Tariff {
    /// Those whose price is known.
    pub prices: Prices,
    /// Those whose price is not, by name.
    unpriced: BTreeMap<Tier, String>,
}

impl Tariff {
    /// Takes in the model of a tier, and what it costs if that is known.
    pub fn learn(&mut self, tier: Tier, model: &ModelRef, price: Option<Price>) {
        self.prices.remove(&tier);
        self.unpriced.remove(&tier);
        match price {
            Some(price) => drop(self.prices.insert(tier, price)),
            None => drop(self.unpriced.insert(tier, model.to_string())),
        }
    }

    /// The models a plan's agents need whose price is not known.
    pub fn unpriced(&self, plan: &Plan) -> Vec<String> {
        let agents = plan.nodes.iter().filter(|node| node.kind.has_agent());
        let models = agents.filter_map(|node| self.unpriced.get(&node.tier).cloned());
        let unique: BTreeSet<String> = models.collect();
        unique.into_iter().collect()
    }
}

impl Wishes {
    /// Flags above settings.
    fn read(ground: &Ground, args: &CrewArgs) -> Result<Self, Failure> {
        let settings = Settings(&ground.loaded.settings.swarm);
        let flag = |text: &Option<String>, flag: &str| {
            text.as_ref().map(|text| Named {
                text: text.clone(),
                by: flag.to_owned(),
            })
        };
        let worker = match flag(&args.worker_model, "--worker-model") {
            Some(named) => Some(named),
            None => settings.named("worker")?,
        };
        let mut tiers = settings.tiers()?;
        if let Some(worker) = worker {
            let is_flag = args.worker_model.is_some();
            for (tier, _) in TIERS {
                if is_flag || !tiers.contains_key(&tier) {
                    tiers.insert(tier, worker.clone());
                }
            }
        }
        Ok(Self {
            max_parallel: args.max_parallel.or(settings.max_parallel()?),
            isolation: settings.isolation()?,
            gate: settings.text("gate")?.map(|(text, _)| text),
            planner: match flag(&args.planner_model, "--planner-model") {
                Some(named) => Some(named),
                None => settings.named("planner")?,
            },
            tiers,
        })
    }
}

impl From<ExpectName> for Expect {
    fn from(name: ExpectName) -> Self {
        match name {
            ExpectName::Pass => Self::Pass,
            ExpectName::Fail => Self::Fail,
        }
    }
}

impl From<IsolationName> for Isolation {
    fn from(name: IsolationName) -> Self {
        match name {
            IsolationName::Worktree => Self::Worktree,
            IsolationName::Shared => Self::Shared,
        }
    }
}

/// How deep, how many and how many at once the sub-agents of a chat may be: `swarm.tasks` of the settings.
///
/// # Errors
/// When the setting is no object of whole numbers above zero.
pub fn tasks(ground: &Ground) -> Result<Caps, Failure> {
    let usual = Caps::default();
    let Some(set) = ground.loaded.settings.swarm.get("tasks") else {
        return Ok(usual);
    };
    let read = CapsDocument::deserialize(&set.value).ok();
    // No plan of theirs could be changed.
    let read = read.filter(|wanted| wanted.max_replans.is_none());
    let said = |wanted: &CapsDocument| Caps {
        max_nodes: wanted.max_nodes.unwrap_or(usual.max_nodes),
        max_depth: wanted.max_depth.unwrap_or(usual.max_depth),
        max_parallel: wanted.max_parallel.unwrap_or(usual.max_parallel),
        ..usual
    };
    let fits = |caps: &Caps| {
        let all = [caps.max_nodes, caps.max_depth, caps.max_parallel];
        all.iter().all(|cap| (1..=MOST_TASKS).contains(cap))
    };
    read.as_ref().map(said).filter(fits).ok_or_else(|| {
        wrong(
            &format!("{}: swarm.tasks", set.source),
            &set.value,
            &format!("max_depth, max_nodes and max_parallel, whole numbers from 1 to {MOST_TASKS}"),
            "{\"max_depth\": 1, \"max_nodes\": 20, \"max_parallel\": 4}",
        )
    })
}

/// Remarks on keys of `swarm` that nothing reads.
pub fn unread(ground: &Ground) -> Vec<String> {
    let keys = ground.loaded.settings.swarm.iter();
    let unread = keys.filter(|(key, _)| !KEYS.contains(&key.as_str()));
    unread
        .map(|(key, value)| format!("{}: swarm.{key}: no such setting", value.source))
        .collect()
}

/// `swarm` of the settings.
struct Settings<'a>(&'a BTreeMap<String, Sourced<Value>>);

impl Settings<'_> {
    fn text(&self, key: &str) -> Result<Option<(String, String)>, Failure> {
        let Some(set) = self.0.get(key) else {
            return Ok(None);
        };
        let by = format!("{}: swarm.{key}", set.source);
        match set.value.as_str() {
            Some(text) => Ok(Some((text.to_owned(), by))),
            None => Err(wrong(&by, &set.value, "a string", "\"...\"")),
        }
    }

    fn named(&self, key: &str) -> Result<Option<Named>, Failure> {
        Ok(self.text(key)?.map(|(text, by)| Named { text, by }))
    }

    fn max_parallel(&self) -> Result<Option<u32>, Failure> {
        let Some(set) = self.0.get("max_parallel") else {
            return Ok(None);
        };
        let number = set.value.as_u64().and_then(|n| u32::try_from(n).ok());
        match number.filter(|n| (1..=1_000).contains(n)) {
            Some(number) => Ok(Some(number)),
            None => {
                let by = format!("{}: swarm.max_parallel", set.source);
                Err(wrong(&by, &set.value, "a whole number from 1 to 1000", "8"))
            }
        }
    }

    fn isolation(&self) -> Result<Option<Isolation>, Failure> {
        match self.text("isolation")? {
            None => Ok(None),
            Some((text, by)) => match text.as_str() {
                "worktree" => Ok(Some(Isolation::Worktree)),
                "shared" => Ok(Some(Isolation::Shared)),
                _ => Err(wrong(
                    &by,
                    &Value::from(text),
                    "worktree or shared",
                    "\"worktree\"",
                )),
            },
        }
    }

    fn tiers(&self) -> Result<BTreeMap<Tier, Named>, Failure> {
        let mut tiers = BTreeMap::new();
        let Some(set) = self.0.get("tiers") else {
            return Ok(tiers);
        };
        let by = format!("{}: swarm.tiers", set.source);
        let example = "{\"small\": \"provider/model\"}";
        let Some(members) = set.value.as_object() else {
            return Err(wrong(&by, &set.value, "an object", example));
        };
        for (name, value) in members {
            let tier = TIERS.iter().find(|(_, known)| known == name);
            match (tier, value.as_str()) {
                (Some((tier, _)), Some(text)) => {
                    let named = Named {
                        text: text.to_owned(),
                        by: format!("{by}.{name}"),
                    };
                    tiers.insert(*tier, named);
                }
                _ => {
                    return Err(wrong(
                        &by,
                        &set.value,
                        "models for local, small, mid, frontier",
                        example,
                    ));
                }
            }
        }
        Ok(tiers)
    }
}

fn wrong(by: &str, found: &Value, expected: &str, example: &str) -> Failure {
    Failure::settings(
        format_args!("{by}: expected {expected}, found {found}"),
        format_args!("write it for example as {example}"),
    )
}
