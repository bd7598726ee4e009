//! Admission played through with ends, failures and spending at random: what must hold at every step.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Budget, Cost, Kind, Node, NodeId, Plan, Tier};
use scheduler::ledger::{Ledger, Spend};
use scheduler::order::{
    Admission, Capacity, Decision, Holding, Order, Pool, Ready, STARVE_AFTER, Wait,
};

use crate::ledger::hold;
use crate::random::{Dice, id, plan};

/// A run as a coordinator would lead it, with chance in place of agents.
struct Drive<'a> {
    plan: &'a Plan,
    order: &'a Order,
    capacity: Capacity,
    ledger: Ledger,
    working: BTreeSet<NodeId>,
    waiting: BTreeSet<NodeId>,
    ended: BTreeMap<NodeId, bool>,
    ages: BTreeMap<NodeId, u32>,
    attempts: BTreeMap<NodeId, u32>,
    trace: Vec<NodeId>,
}

impl<'a> Drive<'a> {
    fn new(order: &'a Order, capacity: Capacity) -> Self {
        Self {
            ledger: Ledger::of(order.plan()),
            plan: order.plan(),
            order,
            capacity,
            working: BTreeSet::new(),
            waiting: BTreeSet::new(),
            ended: BTreeMap::new(),
            ages: BTreeMap::new(),
            attempts: BTreeMap::new(),
            trace: Vec::new(),
        }
    }

    fn ready(&self) -> Vec<Ready> {
        let done = |dep: &NodeId| self.ended.get(dep) == Some(&true);
        let is_open = |node: &&Node| {
            !self.working.contains(&node.id)
                && !self.waiting.contains(&node.id)
                && !self.ended.contains_key(&node.id)
                && node.deps.iter().all(done)
        };
        let ready = |node: &Node| Ready {
            node: node.id,
            age: self.ages.get(&node.id).copied().unwrap_or(0),
        };
        self.plan.nodes.iter().filter(is_open).map(ready).collect()
    }

    fn decide(&mut self) -> Decision {
        let holding = Holding {
            capacity: &self.capacity,
            working: self.working.clone(),
            waiting: self.waiting.clone(),
            ended: self.ended.keys().copied().collect(),
            ledger: &self.ledger,
        };
        let decision = self.order.admit(&self.ready(), &holding);
        for Admission { node, allotted } in &decision.starts {
            self.ledger.reserve(*node, allotted).unwrap();
            self.working.insert(*node);
            self.trace.push(*node);
            self.ages.remove(node);
        }
        for waits in &decision.waits {
            *self.ages.entry(waits.node).or_default() += 1;
        }
        decision
    }

    /// One attempt ends: it has used something, and is done, waits for its integration, or has to be tried again.
    fn end_one(&mut self, dice: &mut Dice) {
        let working: Vec<NodeId> = self.working.iter().copied().collect();
        let node = *dice.pick(&working);
        let held = self.ledger.reserved(node).unwrap();
        let part = |dice: &mut Dice, of: u64| of * dice.between(0, 100) as u64 / 100;
        self.ledger.settle(
            node,
            &Spend {
                tokens: part(dice, held.tokens),
                cost: Cost(part(dice, held.cost.0)),
                tool_calls: part(dice, held.tool_calls),
                attempts: held.attempts,
            },
        );
        self.check();
        self.ledger.release(node);
        self.working.remove(&node);
        let attempts = self.attempts.entry(node).or_default();
        *attempts += 1;
        match dice.below(10) {
            0..5 => _ = self.ended.insert(node, true),
            5..8 => _ = self.waiting.insert(node),
            _ if *attempts >= 3 => _ = self.ended.insert(node, false),
            _ => {}
        }
    }

    fn land_one(&mut self) {
        if let Some(node) = self.waiting.pop_first() {
            self.ended.insert(node, true);
        }
    }

    fn check(&self) {
        let holders: Vec<NodeId> = self.working.union(&self.waiting).copied().collect();
        for a in &holders {
            for b in holders.iter().filter(|b| *b > a) {
                assert!(!self.order.clash(*a, *b), "{a} and {b} hold the same path");
            }
        }
        let at_work = |wanted: &dyn Fn(&Node) -> bool| {
            let nodes = self.plan.nodes.iter();
            let nodes = nodes.filter(|node| self.working.contains(&node.id) && wanted(node));
            nodes.count() as u32
        };
        assert!(at_work(&|node| node.kind.has_agent()) <= self.capacity.slots);
        assert!(at_work(&|node| !node.kind.has_agent()) <= self.capacity.builds);
        for pool in &self.capacity.pools {
            let served = |node: &Node| node.kind.has_agent() && pool.tiers.contains(&node.tier);
            assert!(at_work(&served) <= pool.slots);
        }
        hold(
            &self.plan.budget,
            self.ledger.total(),
            self.ledger.total_reserved(),
        );
        for node in &self.plan.nodes {
            let reserved = self.ledger.reserved(node.id).unwrap_or_default();
            hold(&node.budget, self.ledger.settled(node.id), reserved);
        }
    }
}

/// A plan with limits, many of them tight.
fn limited(dice: &mut Dice) -> Plan {
    let nodes = dice.between(1, 12);
    let mut plan = plan(dice, nodes);
    let each = |dice: &mut Dice| Budget {
        tokens: dice.percent(50).then(|| dice.between(2_000, 50_000) as u64),
        cost: dice
            .percent(30)
            .then(|| Cost(dice.between(1, 1_000) as u64)),
        tool_calls: dice.percent(20).then(|| dice.between(1, 50) as u64),
        attempts: dice.percent(40).then_some(3),
        wall_ms: None,
    };
    plan.budget = each(dice);
    plan.budget.tokens = plan.budget.tokens.map(|tokens| tokens * nodes as u64);
    plan.budget.attempts = dice.percent(10).then(|| dice.between(1, 40) as u32);
    for node in &mut plan.nodes {
        node.budget = each(dice);
    }
    plan
}

fn capacity(dice: &mut Dice) -> Capacity {
    let pool = |dice: &mut Dice| Pool {
        tiers: vec![*dice.pick(&[Tier::Small, Tier::Mid]), Tier::Frontier],
        slots: dice.between(1, 3) as u32,
    };
    Capacity {
        slots: dice.between(1, 5) as u32,
        builds: dice.between(1, 2) as u32,
        pools: (0..dice.below(3)).map(|_| pool(dice)).collect(),
    }
}

fn run(order: &Order, capacity: &Capacity, seed: u64) -> Vec<NodeId> {
    let mut dice = Dice::new(seed);
    let mut drive = Drive::new(order, capacity.clone());
    loop {
        let decision = drive.decide();
        drive.check();
        if drive.working.is_empty() {
            if drive.waiting.is_empty() {
                assert_blocked_or_over(&drive, &decision);
                return drive.trace;
            }
            drive.land_one();
        } else {
            drive.end_one(&mut dice);
            if dice.percent(50) {
                drive.land_one();
            }
        }
    }
}

/// Nothing is at work and nothing starts: what is ready lacks budget, what is not waits for something that failed.
fn assert_blocked_or_over(drive: &Drive<'_>, decision: &Decision) {
    for waiting in &decision.waits {
        let reason = matches!(waiting.why, Wait::Budget(_) | Wait::Turn(_));
        assert!(reason, "{waiting:?} with nothing at work");
    }
    let ready: BTreeSet<NodeId> = decision.waits.iter().map(|waiting| waiting.node).collect();
    let stuck = |node: &Node| {
        let waits = |dep: &NodeId| drive.ended.get(dep) != Some(&true);
        drive.ended.contains_key(&node.id)
            || ready.contains(&node.id)
            || node.deps.iter().any(waits)
    };
    assert!(drive.plan.nodes.iter().all(stuck));
}

#[test]
fn scopes_slots_and_budgets_hold_in_every_run_and_every_run_ends_or_says_why() {
    for seed in 0..10_000 {
        let mut dice = Dice::new(seed);
        let plan = limited(&mut dice);
        let capacity = capacity(&mut dice);
        let order = Order::new(&plan, &capacity);
        let trace = run(&order, &capacity, seed);
        if seed % 10 == 0 {
            assert_eq!(trace, run(&order, &capacity, seed), "seed {seed}");
        }
    }
}

/// Short readers of a folder without end, and one node that writes there.
#[test]
fn a_writer_is_not_kept_out_for_ever_by_readers_that_keep_coming() {
    let reader = |at: usize| {
        let mut node = Node::new(id(at), Kind::Explore, "read");
        node.scope.reads = vec!["src/**".into()];
        node.weight.est_ms = 1_000_000;
        node.deps = at
            .checked_sub(2)
            .filter(|dep| *dep > 0)
            .map(id)
            .into_iter()
            .collect();
        node
    };
    let mut writer = Node::new(id(0), Kind::Edit, "write");
    writer.scope.writes = vec!["src/a.rs".into()];
    writer.weight.est_ms = 1;
    let nodes = [writer].into_iter().chain((1..200).map(reader));
    let plan = Plan {
        nodes: nodes.collect(),
        ..Plan::default()
    };
    let order = Order::new(&plan, &Capacity::lanes(2));
    let mut drive = Drive::new(&order, Capacity::lanes(2));
    let mut started = None;
    for decisions in 0..300 {
        drive.decide();
        drive.check();
        if drive.working.contains(&id(0)) {
            started = Some(decisions);
            break;
        }
        let oldest = *drive.working.first().unwrap();
        drive.working.remove(&oldest);
        drive.ledger.release(oldest);
        drive.ended.insert(oldest, true);
    }
    // As soon as it has waited too long no reader starts any more; those at work end one by one.
    let started = started.unwrap();
    let bound = STARVE_AFTER + drive.capacity.slots;
    assert!((STARVE_AFTER..=bound).contains(&started), "{started}");
}

#[test]
fn a_node_that_has_waited_too_long_for_budget_gets_it_before_any_other() {
    let node = |at: usize, tokens: u64, est: u64| {
        let mut node = Node::new(id(at), Kind::Explore, "read");
        node.budget.tokens = Some(tokens);
        node.weight.est_ms = est;
        node
    };
    let mut plan = Plan::default();
    plan.budget.tokens = Some(10_000);
    plan.nodes = vec![
        node(0, 8_000, 1),
        node(1, 5_000, 9),
        node(2, 5_000, 8),
        node(3, 2_000, 7),
    ];
    let capacity = Capacity::lanes(8);
    let order = Order::new(&plan, &capacity);
    let mut ledger = Ledger::of(&plan);
    let mut decide = |age, working: &[usize], ready: &[usize]| {
        (0..4).for_each(|at| ledger.release(id(at)));
        for at in working {
            ledger.reserve(id(*at), &plan.nodes[*at].budget).unwrap();
        }
        let holding = Holding {
            capacity: &capacity,
            working: working.iter().map(|at| id(*at)).collect(),
            waiting: BTreeSet::new(),
            ended: BTreeSet::new(),
            ledger: &ledger,
        };
        let ready = ready.iter().map(|at| Ready {
            node: id(*at),
            age: if *at == 0 { age } else { 0 },
        });
        let decision = order.admit(&ready.collect::<Vec<_>>(), &holding);
        decision
            .starts
            .iter()
            .map(|start| start.node)
            .collect::<Vec<_>>()
    };
    assert_eq!(decide(0, &[], &[0, 1, 2, 3]), [id(1), id(2)]);
    assert_eq!(decide(0, &[1], &[0, 3]), [id(3)]);
    assert_eq!(decide(STARVE_AFTER, &[1], &[0, 3]), []);
    assert_eq!(decide(STARVE_AFTER, &[], &[0, 3]), [id(0), id(3)]);
}

/// What starts of two nodes that write the same, the first of which has come back or both; the second has waited that long.
fn of_two_who_clash(came_back: &[usize], age: u32) -> Vec<NodeId> {
    let node = |at: usize| {
        let mut node = Node::new(id(at), Kind::Edit, "write");
        node.scope.writes = vec!["src/**".into()];
        node
    };
    let plan = Plan {
        nodes: vec![node(0), node(1)],
        ..Plan::default()
    };
    let capacity = Capacity::lanes(2);
    let order = Order::new(&plan, &capacity);
    let holding = Holding {
        capacity: &capacity,
        working: BTreeSet::new(),
        waiting: came_back.iter().map(|at| id(*at)).collect(),
        ended: BTreeSet::new(),
        ledger: &Ledger::of(&plan),
    };
    let ready = [(0, 0), (1, age)].map(|(at, age)| Ready { node: id(at), age });
    let starts = order.admit(&ready, &holding).starts;
    starts.iter().map(|start| start.node).collect()
}

#[test]
fn who_came_back_and_holds_a_scope_does_not_wait_for_who_has_waited_too_long_for_it() {
    for age in [0, STARVE_AFTER, 2 * STARVE_AFTER] {
        assert_eq!(of_two_who_clash(&[0], age), [id(0)], "{age}");
    }
}

#[test]
fn of_two_who_came_back_to_one_scope_one_goes_on() {
    assert_eq!(of_two_who_clash(&[0, 1], 0), [id(0)]);
    assert_eq!(of_two_who_clash(&[0, 1], STARVE_AFTER), [id(1)]);
}
