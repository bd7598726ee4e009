//! The coordinator's part that has agents work for agents: takes their orders in, has them wait for their turn, begins
//! them, and answers when they have come to their end.

use std::sync::Arc;

use protocol::{
    AgentId, Attempt, Budget, CallId, Command, Draft, Event, InterruptCause, Limits, Node, NodeId,
    NodeName, Opening, PlanEvent, PlanPatch, Record, Seq, SessionEvent, ToolStatus, TreeStart,
};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef};
use scheduler::subagents::{Ask, Next, Subagents};
use tokio::sync::{oneshot, watch};
use tools::{Delegated, Errand as Work};

use super::brief::{Folded, of_session};
use super::caller::Order;
use super::errand::{self, Errand};
use super::past::{Past, Pasts};
use super::tidings::Tidings;
use super::{CoordinatorMsg, CoordinatorState, Post, Posts};
use crate::agent_actor::{AgentActor, CommandError, Status};
use crate::world::World;

type Taken = Result<(), ActorProcessingErr>;

/// Who works for whom.
pub(super) struct Delegations {
    subagents: Subagents,
    pasts: Pasts,
    /// Orders whose turn has not come.
    waiting: Posts<Order>,
    at_work: Posts<Subagent>,
    /// Why turns are stopped, when they are.
    pub(super) cause: InterruptCause,
}

/// A sub-agent at work.
struct Subagent {
    post: Post,
    description: String,
    answer: oneshot::Sender<Delegated>,
    is_recalled: bool,
}

/// What a sub-agent begins with.
struct Beginning {
    call: CallId,
    work: Work,
    world: Arc<World>,
    opening: Opening,
    past: Option<Past>,
}

impl Delegations {
    pub(super) fn new(mut subagents: Subagents, pasts: Pasts) -> Self {
        for (node, past) in pasts.over() {
            subagents.settle(node, past.folded.core.flow.spent.spending());
        }
        Self {
            subagents,
            pasts,
            waiting: Posts::new(),
            at_work: Posts::new(),
            cause: InterruptCause::User,
        }
    }

    /// The place of an agent whose actor has failed.
    pub(super) fn post(&mut self, failed: ActorId) -> Option<&mut Post> {
        let mut posts = self.at_work.values_mut().map(|one| &mut one.post);
        posts.find(|post| post.actor.get_id() == failed)
    }

    /// Hands a command on to a sub-agent. One that is to stop begins nothing.
    pub(super) fn tell(
        &self,
        node: NodeId,
        command: Box<Command>,
        answer: oneshot::Sender<Result<(), CommandError>>,
    ) {
        let refused = match self.at_work.get(&node) {
            Some(one) if one.is_recalled && matches!(*command, Command::Submit { .. }) => {
                CommandError::Illegal("begin a turn: it is being stopped".to_owned())
            }
            Some(one) => return one.post.give(command, answer),
            None => CommandError::Stopped("it has come to its end".to_owned()),
        };
        let _ = answer.send(Err(refused));
    }

    /// Stops the agents as a crash would: what is not finished is left to another process.
    pub(super) async fn close(&mut self) {
        self.waiting.clear();
        for one in std::mem::take(&mut self.at_work).into_values() {
            let _ = one.post.actor.stop_and_wait(None, None).await;
        }
    }
}

impl CoordinatorState {
    /// Takes an order in.
    pub(super) async fn delegate(&mut self, me: &ActorRef<CoordinatorMsg>, order: Order) -> Taken {
        let node = NodeId::of_call(order.call);
        let own = &mut self.delegations;
        if let Some(one) = own.at_work.get_mut(&node) {
            // Its caller was taken up again and asks again.
            one.answer = order.answer;
            return Ok(());
        }
        let past = own.pasts.of(node);
        if past.is_some_and(|past| past.is_over) {
            self.tell_again(order);
            return Ok(());
        }
        if order.standing.is_stopping && past.is_none() {
            let _ = order.answer.send(unbegun());
            return Ok(());
        }
        let ask = Ask {
            call: order.call,
            caller: order.caller,
            left: order.standing.left,
            open: order.standing.open.clone(),
            former: past.map(|past| past.folded.core.flow.limits()),
        };
        match own.subagents.ask(&ask) {
            Ok(()) => {
                own.waiting.insert(node, order);
                self.admit(me).await
            }
            Err(refusal) => {
                let _ = order.answer.send(refused(refusal.to_string()));
                Ok(())
            }
        }
    }

    /// Has those begin whose turn has come.
    async fn admit(&mut self, me: &ActorRef<CoordinatorMsg>) -> Taken {
        while let Some(Next { node, allotted }) = self.delegations.subagents.admit() {
            let Some(order) = self.delegations.waiting.remove(&node) else {
                continue;
            };
            match allotted {
                Ok(limits) => self.begin(me, order, limits).await?,
                Err(refusal) => {
                    let _ = order.answer.send(refused(refusal.to_string()));
                }
            }
        }
        Ok(())
    }

    /// One whose caller is being stopped is stopped first.
    pub(super) async fn recall(&mut self, me: &ActorRef<CoordinatorMsg>, node: NodeId) -> Taken {
        let own = &mut self.delegations;
        if let Some(order) = own.waiting.remove(&node) {
            let former = own
                .pasts
                .of(node)
                .map(|past| past.folded.core.flow.limits());
            match former {
                None => {
                    own.subagents.forget(node);
                    let _ = order.answer.send(unbegun());
                    return self.admit(me).await;
                }
                // What a former process began has to come to its end.
                Some(limits) => {
                    own.subagents.hasten(node, &limits);
                    self.begin(me, order, limits).await?;
                }
            }
        }
        let cause = self.delegations.cause;
        if let Some(one) = self.delegations.at_work.get_mut(&node) {
            one.is_recalled = true;
            one.post.interrupt(cause);
        }
        Ok(())
    }

    /// Opens the sub-agent, or takes it up where a former process left it.
    async fn begin(
        &mut self,
        me: &ActorRef<CoordinatorMsg>,
        order: Order,
        limits: Limits,
    ) -> Taken {
        let node = NodeId::of_call(order.call);
        let (world, opening) = self.brief.outfits.cut(order.errand.kind, limits);
        let beginning = Beginning {
            call: order.call,
            work: order.errand,
            past: self.delegations.pasts.take(node),
            world,
            opening,
        };
        let drafts = self.drafts(&beginning);
        let kept = match drafts.is_empty() {
            true => Vec::new(),
            false => self.brief.journal.append(drafts).await?,
        };
        let (status, watched) = watch::channel(Status::default());
        let errand = self.errand(me, (&beginning, &kept), watched);
        let folded = match beginning.past.filter(|past| past.opened.is_some()) {
            Some(past) => past.folded,
            None => Folded {
                core: agent::State::fold(kept.iter().map(Arc::as_ref)),
                end: None,
            },
        };
        let agent = AgentId::of_call(order.call);
        let start = folded.start(
            (agent, node),
            (&beginning.world, &self.brief.journal),
            (errand.from, status.clone()),
        );
        let (actor, _) = Actor::spawn_linked(None, AgentActor, start, me.get_cell()).await?;
        let post = Post {
            agent,
            node,
            actor,
            status,
            world: beginning.world,
            restarts: 0,
        };
        let one = Subagent {
            post,
            description: beginning.work.description,
            answer: order.answer,
            is_recalled: false,
        };
        self.delegations.at_work.insert(node, one);
        self.brief.world.effects.spawn(errand.see_through());
        Ok(())
    }

    /// What the records do not hold of a beginning yet: a process may have died between any two of them.
    fn drafts(&mut self, beginning: &Beginning) -> Vec<Draft> {
        let (node, agent) = (
            NodeId::of_call(beginning.call),
            AgentId::of_call(beginning.call),
        );
        let mut drafts = Vec::new();
        if !self.delegations.subagents.is_grown(node) {
            let patch = PlanPatch {
                add: vec![planned(node, beginning)],
                ..PlanPatch::default()
            };
            self.delegations.subagents.grow(&patch);
            let why = format!("a sub-agent for call {}", beginning.call);
            drafts.push(of_session(Event::Plan(PlanEvent::Patched { patch, why })));
        }
        if beginning.past.is_none() {
            let attempt = Attempt {
                number: 1,
                is_fresh: true,
                allotted: budget(&beginning.opening.limits),
                start: TreeStart::Shared,
            };
            let attempt = Some(attempt);
            drafts.push(of_session(Event::Plan(PlanEvent::NodeStarted {
                node,
                agent,
                attempt,
            })));
        }
        if beginning
            .past
            .as_ref()
            .is_none_or(|past| past.opened.is_none())
        {
            let opened = SessionEvent::Opened(Box::new(beginning.opening.clone()));
            drafts.push(Draft {
                agent: Some(agent),
                node: Some(node),
                ..of_session(Event::Session(opened))
            });
        }
        drafts
    }

    fn errand(
        &self,
        me: &ActorRef<CoordinatorMsg>,
        (beginning, kept): (&Beginning, &[Arc<Record>]),
        status: watch::Receiver<Status>,
    ) -> Errand {
        let opened = beginning.past.as_ref().and_then(|past| past.opened);
        let opening = &beginning.opening;
        let resume = opened.map(|_| Command::Resume {
            limits: opening.limits,
            mode: opening.mode,
            model: opening.model.clone(),
            traits: opening.traits.clone(),
            structured: false,
        });
        let fresh = || kept.last().map(|record| record.seq);
        Errand {
            call: beginning.call,
            prompt: beginning.work.prompt.clone(),
            resume,
            from: opened.or_else(fresh).unwrap_or(Seq(1)),
            world: beginning.world.clone(),
            status,
            coordinator: me.clone(),
            reader: self.brief.reader.clone(),
        }
    }

    /// Notes the end of a sub-agent, answers its call, and has those begin that waited for its place.
    pub(super) async fn rested(
        &mut self,
        me: &ActorRef<CoordinatorMsg>,
        node: NodeId,
        tidings: Result<Box<Tidings>, String>,
    ) -> Taken {
        let Some(one) = self.delegations.at_work.remove(&node) else {
            return Ok(());
        };
        one.post.actor.stop(None);
        let tidings = tidings.unwrap_or_else(|why| Box::new(Tidings::lost(why)));
        // Only of one that was given up is anything left.
        for left in self.delegations.subagents.under(one.post.agent) {
            self.recall(me, left).await?;
        }
        let (end, why) = tidings.node_end();
        let ended = Event::Plan(PlanEvent::NodeEnded { node, end, why });
        self.brief.journal.append(vec![of_session(ended)]).await?;
        self.delegations.subagents.settle(node, tidings.used);
        // Nobody waits for it where the caller has been given up.
        let _ = one.answer.send(tidings.delegated(&one.description));
        self.admit(me).await
    }

    /// Answers a call whose sub-agent came to its end in a former process.
    fn tell_again(&mut self, order: Order) {
        let (call, description) = (order.call, order.errand.description);
        let past = self.delegations.pasts.take(NodeId::of_call(call));
        let from = past.and_then(|past| past.opened).unwrap_or(Seq(1));
        let reader = self.brief.reader.clone();
        self.brief.world.effects.spawn(async move {
            let tidings = errand::read(reader, (from, AgentId::of_call(call))).await;
            let tidings = tidings.unwrap_or_else(Tidings::lost);
            let _ = order.answer.send(tidings.delegated(&description));
        });
    }
}

fn planned(node: NodeId, beginning: &Beginning) -> Node {
    let Work {
        description,
        prompt,
        kind,
    } = &beginning.work;
    Node {
        name: NodeName(beginning.call.to_string().into()),
        brief: Some(prompt.as_str().into()),
        budget: budget(&beginning.opening.limits),
        ..Node::new(node, *kind, description.clone())
    }
}

fn budget(limits: &Limits) -> Budget {
    Budget {
        tokens: limits.tokens,
        cost: limits.cost,
        attempts: Some(1),
        ..Budget::default()
    }
}

fn refused(remark: String) -> Delegated {
    Delegated {
        status: ToolStatus::Failed,
        said: String::new(),
        remark,
        facts: Vec::new(),
    }
}

fn unbegun() -> Delegated {
    Delegated {
        status: ToolStatus::Interrupted,
        ..refused("no sub-agent was started: the turn was ended before its turn came".to_owned())
    }
}
