//! The site of a run: what all its nodes and effects share, introduced to one another once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::{Event, GitId, Ground, Kind, NodeId, Record, SessionId, Tier};
use providers::Provider;
use ractor::{Actor, ActorRef};
use tokio::sync::{Mutex, OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use workspace::{Repo, Trees};

use super::board::Commons;
use super::chores::Chores;
use super::house::House;
use super::options::{ModelChoice, Models};
use super::planner::Planning;
use crate::base::Base;
use crate::error::OpenError;
use crate::journal::JournalDown;
use crate::law::{Law, spill_root};
use crate::options::Options;
use crate::pool::{PoolActor, PoolMsg, Pooled};
use crate::redact::Redactor;
use crate::setup;

/// Trees that stay in the pool between runs: taking one up is far quicker than making one.
const SPARE: usize = 32;

/// The shared surroundings of a run.
pub(crate) struct Site {
    pub id: SessionId,
    /// Those of the run; a node's are cut from them.
    pub options: Options,
    pub base: Base,
    pub models: Servers,
    pub ground: Ground,
    /// The user's repository and the pool of trees beside it; `None` where work is done in the one folder.
    pub git: Option<Git>,
    pub intent: Intent,
    /// The law of the coordinator itself, which moves branches.
    pub law: Arc<Law>,
    pub redactor: Redactor,
    pub commons: Commons,
    pub yard: Yard,
    pub spill: std::path::PathBuf,
}

/// What is known of a plan that is not there yet.
#[derive(Default)]
pub(crate) struct Intent {
    /// What the plan is made of, while there is none.
    pub planning: Option<Arc<Planning>>,
    /// Whether a plan is done as soon as it is there.
    pub approves: bool,
}

/// Where the run's effects are under way.
pub(crate) struct Yard {
    /// All of them, to be waited for at the close.
    pub effects: TaskTracker,
    /// This process is about to let the run go: what is under way is left as it is.
    pub closing: CancellationToken,
    /// Whoever builds a merged tree holds it: two at once would only take longer, each of them.
    pub build: Semaphore,
    pub chores: Chores,
}

/// The user's repository and formic's trees of it.
pub(crate) struct Git {
    pub repo: Repo,
    pub trees: Trees,
    /// Whether the commit the run began with is kept; filled by whoever takes the first tree.
    pub anchored: OnceCell<()>,
    // Whoever comes first has the tree made, the others wait for it. An owner task would have to await git for them.
    pub readers: Mutex<BTreeMap<GitId, Arc<House>>>,
}

/// What a site is put on.
pub(crate) struct Plot {
    pub id: SessionId,
    pub base: Base,
    pub ground: Ground,
    pub git: Option<Git>,
    pub commons: Commons,
    pub intent: Intent,
}

impl Site {
    pub(crate) async fn new(
        options: Options,
        models: &Models,
        plot: Plot,
    ) -> Result<Self, OpenError> {
        let Plot {
            id,
            base,
            ground,
            git,
            commons,
            intent,
        } = plot;
        Ok(Self {
            id,
            base,
            models: Servers::new(&options, models).await?,
            ground,
            git,
            intent,
            law: setup::law(&options)?,
            redactor: Redactor::new(&options.secrets),
            commons,
            yard: Yard {
                effects: TaskTracker::new(),
                closing: CancellationToken::new(),
                build: Semaphore::new(1),
                chores: Chores::new(),
            },
            spill: spill_root(&options.data).join(id.to_string()),
            options,
        })
    }

    /// Takes away the trees that former runs left, and a former process of this one for nodes that are `over`, all but
    /// some that this one will want.
    pub(crate) fn sweep(&self, over: impl Iterator<Item = NodeId>) {
        if let Some(trees) = self.git.as_ref().map(|git| git.trees.clone()) {
            let over: BTreeSet<String> = over.map(|node| self.tree_of(node)).collect();
            let is_wanted = move |name: &str| !over.contains(name);
            // What cannot be swept now is swept the next time.
            let sweeping = async move { drop(trees.sweep(is_wanted, SPARE).await) };
            self.yard.effects.spawn(sweeping);
        }
    }

    /// Puts the trees that were no single node's back into the pool, once the run is over.
    pub(crate) async fn leave(&self, is_over: bool) {
        let Some(git) = &self.git else {
            return;
        };
        git.readers.lock().await.clear();
        if is_over {
            let own = self.id.to_string();
            let is_others = move |name: &str| !name.starts_with(&own);
            let _ = git.trees.sweep(is_others, usize::MAX).await;
        }
        git.repo.close().await;
    }

    /// The name that a node's tree has in the pool.
    pub(crate) fn tree_of(&self, node: NodeId) -> String {
        format!("{} {node}", self.id)
    }

    /// Keeps facts about a node, or about the run as a whole.
    pub(crate) async fn note(
        &self,
        node: Option<NodeId>,
        events: Vec<Event>,
    ) -> Result<Vec<Arc<Record>>, JournalDown> {
        self.base.note(node, events).await
    }
}

/// The model servers of a run. All calls to one server wait their turn in one pool.
pub(crate) struct Servers {
    usual: Server,
    planner: Option<Server>,
    tiers: BTreeMap<Tier, Server>,
    pools: Vec<ActorRef<PoolMsg>>,
}

/// A model and the way to it.
#[derive(Clone)]
pub(crate) struct Server {
    pub choice: ModelChoice,
    pub provider: Arc<dyn Provider>,
}

impl Servers {
    async fn new(options: &Options, models: &Models) -> Result<Self, OpenError> {
        let mut hall = Hall {
            options,
            known: Vec::new(),
        };
        let usual = ModelChoice {
            endpoint: options.endpoint.clone(),
            model: options.model.clone(),
        };
        let usual = hall.server(&usual).await?;
        let planner = match &models.planner {
            Some(choice) => Some(hall.server(choice).await?),
            None => None,
        };
        let mut tiers = BTreeMap::new();
        for (tier, choice) in &models.tiers {
            tiers.insert(*tier, hall.server(choice).await?);
        }
        Ok(Self {
            usual,
            planner,
            tiers,
            pools: hall.known.into_iter().map(|known| known.pool).collect(),
        })
    }

    /// The model for a node of this kind that wants one of this tier: the next stronger one where that tier has none,
    /// then the usual one.
    pub(crate) fn of(&self, kind: Kind, tier: Tier) -> &Server {
        let planner = self.planner.as_ref().filter(|_| kind == Kind::Plan);
        let stronger = || self.tiers.range(tier..).map(|(_, server)| server).next();
        planner.or_else(stronger).unwrap_or(&self.usual)
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self) {
        self.pools.iter().for_each(|pool| pool.stop(None));
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.close();
    }
}

/// The servers met so far.
struct Hall<'a> {
    options: &'a Options,
    known: Vec<Known>,
}

struct Known {
    choice: ModelChoice,
    provider: Arc<dyn Provider>,
    pool: ActorRef<PoolMsg>,
}

impl Hall<'_> {
    async fn server(&mut self, choice: &ModelChoice) -> Result<Server, OpenError> {
        let same = |known: &&Known| {
            let (ours, theirs) = (&known.choice.endpoint, &choice.endpoint);
            ours.name == theirs.name && ours.base_url == theirs.base_url
        };
        let provider = match self.known.iter().find(same) {
            Some(known) => known.provider.clone(),
            None => self.enter(choice).await?,
        };
        Ok(Server {
            choice: choice.clone(),
            provider,
        })
    }

    async fn enter(&mut self, choice: &ModelChoice) -> Result<Arc<dyn Provider>, OpenError> {
        let provider = providers::connect(choice.endpoint.clone())?;
        let (pool, _) = Actor::spawn(None, PoolActor, self.options.source.clone()).await?;
        let provider: Arc<dyn Provider> = Arc::new(Pooled {
            provider,
            pool: pool.clone(),
        });
        self.known.push(Known {
            choice: choice.clone(),
            provider: provider.clone(),
            pool,
        });
        Ok(provider)
    }
}
