//! Looks at what a node left: its changes, what strayed outside its scope, and whether its check passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use protocol::{Attempt, Change, CheckRun, GitId, Inspection, Kind, Node, NodeId, TreeStart};
use ractor::ActorRef;
use scheduler::run::{Proposal, RunOutcome};
use scheduler::scope::Globs;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use workspace::Snapshot;

use super::{Answer, command, keep, markers, weakened};
use crate::swarm::crew::Member;
use crate::swarm::fence;
use crate::swarm::house::{House, Key, NoHouse};
use crate::swarm::messages::RunMsg;
use crate::swarm::outfit;
use crate::swarm::run_actor::RunState;
use crate::swarm::site::Site;

/// How long a look at a tree may take, its check apart: an agent can leave a tree that is slow to look at.
const LONGEST: Duration = Duration::from_secs(900);

/// What is to be looked at.
pub(super) struct Order {
    node: Node,
    attempt: Attempt,
    key: Key,
    member: Option<Member>,
    run: ActorRef<RunMsg>,
}

impl Order {
    pub(super) fn new(state: &RunState, node: NodeId, run: &ActorRef<RunMsg>) -> Option<Self> {
        Some(Self {
            node: state.run.planned(node)?.clone(),
            attempt: state.run.node(node)?.attempt.clone()?,
            key: state.houses.key(node),
            member: state.crew.of(node).cloned(),
            run: run.clone(),
        })
    }
}

/// What was found, if it could be looked at.
struct Found {
    tree: Option<GitId>,
    changed: Vec<Change>,
    strays: Vec<String>,
    markers: Vec<String>,
    weakened: Vec<String>,
}

/// Looks at the tree. What keeps it from being looked at is told as what was found.
pub(super) async fn inspect(site: Arc<Site>, order: Order, cancel: CancellationToken) -> Answer {
    let (node, attempt) = (order.node.id, order.attempt.number);
    // What was undone would not be found by another look.
    let is_undone = AtomicBool::new(false);
    let looking = look(&site, &order, &is_undone);
    let looked = cancel.run_until_cancelled(timeout(LONGEST, looking));
    let found = match looked.await {
        None => return Ok((None, None)),
        Some(Err(_)) => {
            let text = format!(
                "could not look at the tree: it was not done after {} s",
                LONGEST.as_secs()
            );
            fault(text, false)
        }
        Some(Ok(Err(NoHouse::Journal(down)))) => return Err(down.to_string()),
        Some(Ok(Err(error))) => {
            let is_works = matches!(&error, NoHouse::Git(error) if error.is_of_work());
            let may_pass = !is_works && !is_undone.load(Ordering::Relaxed);
            fault(format!("could not {error}"), may_pass)
        }
        Some(Ok(Ok((house, found)))) => match check(&site, &order, (&house, &found), &cancel).await
        {
            Ok(_) if cancel.is_cancelled() => return Ok((None, None)),
            Ok(check) => Inspection {
                tree: found.tree,
                changed: found.changed,
                strays: found.strays,
                markers: found.markers,
                weakened: found.weakened,
                check,
                fault: None,
                may_pass: false,
            },
            Err(text) => {
                let may_pass = !is_undone.load(Ordering::Relaxed);
                fault(format!("could not {text}"), may_pass)
            }
        },
    };
    let outcome = RunOutcome::Inspected {
        node,
        attempt,
        found,
    };
    Ok((Some(outcome), None))
}

/// What kept it from being looked at; the machine's doing if it may pass.
fn fault(text: String, may_pass: bool) -> Inspection {
    Inspection {
        tree: None,
        changed: Vec::new(),
        strays: Vec::new(),
        markers: Vec::new(),
        weakened: Vec::new(),
        check: None,
        fault: Some(text.into()),
        may_pass,
    }
}

/// What changed, with what is outside the scope undone; says so before it undoes it.
async fn look(
    site: &Site,
    order: &Order,
    is_undone: &AtomicBool,
) -> Result<(Arc<House>, Found), NoHouse> {
    if let Some(member) = &order.member {
        // What an agent left running must not go on changing what is looked at.
        member.world.commands.shells.end_all().await;
    }
    let house = order
        .key
        .clone()
        .enter(site, &order.node, &order.attempt)
        .await?;
    let _ = order
        .run
        .send_message(RunMsg::Housed(order.node.id, house.clone()));
    let scope = scope_of(order);
    // Most trees hold no stray, and then one look is enough. What keeps a tree from being recorded may be a stray too.
    let mut snapshot = house.snapshot().await;
    let seen = match &snapshot {
        Ok(Some(snapshot)) => snapshot.changed.clone(),
        Ok(None) | Err(_) => house.changed().await?,
    };
    let strays = fence::strays(&seen, &scope);
    if !strays.is_empty() {
        is_undone.store(true, Ordering::Relaxed);
        house.revert(&strays).await?;
        let reverted = fence::reverted(order.node.id, strays.clone());
        site.note(Some(order.node.id), vec![reverted]).await?;
        snapshot = house.snapshot().await;
    }
    let (tree, changed, weakened) = match snapshot? {
        Some(snapshot) => {
            let weakened = compared(site, order, (&house, &snapshot)).await?;
            (Some(snapshot.tree), snapshot.changed, weakened)
        }
        None => (None, seen, Vec::new()),
    };
    let markers = match &order.attempt.start {
        TreeStart::Onto { .. } => markers::left(&house.root, &changed).await,
        TreeStart::Kept if order.node.kind == Kind::Merge => {
            markers::left(&house.root, &changed).await
        }
        TreeStart::Kept | TreeStart::Shared | TreeStart::Commit(_) => Vec::new(),
    };
    let found = Found {
        tree,
        changed,
        strays,
        markers,
        weakened,
    };
    Ok((house, found))
}

/// The tests that check less than before. What is found is kept meanwhile: neither hangs on the other.
async fn compared(
    site: &Site,
    order: &Order,
    (house, found): (&House, &Snapshot),
) -> Result<Vec<String>, NoHouse> {
    let weakened = async {
        let weakened = weakened::tests(site, &order.node, (house, found));
        Ok(weakened.await?)
    };
    let kept = kept(site, order, (house, found));
    let ((), weakened) = futures_util::try_join!(kept, weakened)?;
    Ok(weakened)
}

/// What is found is kept before anybody is told of it.
async fn kept(
    site: &Site,
    order: &Order,
    (house, found): (&House, &Snapshot),
) -> Result<(), NoHouse> {
    let base = house.base().await.filter(|_| !found.changed.is_empty());
    let Some(base) = base.filter(|_| order.node.kind.writes()) else {
        return Ok(());
    };
    let tree = found.tree.clone();
    let of = (&order.node, order.attempt.number);
    Ok(keep::proposal(site, of, &Proposal { base, tree }).await?)
}

/// The node's check. It is not worth running where nothing was changed that it could be about.
async fn check(
    site: &Site,
    order: &Order,
    (house, found): (&Arc<House>, &Found),
    cancel: &CancellationToken,
) -> Result<Option<CheckRun>, String> {
    let Some(check) = &order.node.accept else {
        return Ok(None);
    };
    let is_idle = order.node.kind.writes() && house.is_private() && found.changed.is_empty();
    // A merge node may leave nothing but what landed, and then its check says whether that is enough.
    let may_be_idle = order.node.scope.noop || order.node.kind == Kind::Merge;
    if is_idle && !may_be_idle {
        return Ok(None);
    }
    let law = outfit::law(site, &order.node, (house, None)).map_err(|error| error.to_string())?;
    let command = command::Order {
        site,
        law: &law,
        root: &house.root,
        cancel,
    };
    house.stir().await;
    let run = command.check(check).await?;
    // What the check itself left lying about is no part of the proposal, and must not be part of the next attempt.
    let left = fence::strays(&house.changed().await.unwrap_or_default(), &scope_of(order));
    let _ = house.revert(&left).await;
    Ok(run)
}

/// The plan was validated: its globs are sound.
fn scope_of(order: &Order) -> Globs {
    Globs::parse(&order.node.scope.writes).unwrap_or_default()
}
