//! What no schedule can beat: the longest way through the plan, and what each resource has to carry.

use std::collections::BTreeSet;

use protocol::Plan;

use super::jobs::{Jobs, Seat};
use super::simulate::{Durations, times};
use super::{Capacity, rank};

/// The least time any schedule of a plan takes, in milliseconds: the longest chain; for each resource (slots, each
/// provider's pool, the build lane) its work over its size; and each set of nodes whose scopes exclude one another,
/// which can only go one by one.
pub fn lower_bound(plan: &Plan, capacity: &Capacity, durations: &Durations) -> u64 {
    least(&Jobs::new(plan), capacity, &times(plan, durations))
}

pub(super) fn least(jobs: &Jobs, capacity: &Capacity, own: &[u64]) -> u64 {
    let (heads, ranks) = (rank::downward(jobs, own), rank::upward(jobs, own));
    let tail = |at: usize| ranks[at] - own[at];
    let chain = ranks.iter().copied().max().unwrap_or(0);
    let all = |wanted: &dyn Fn(Seat) -> bool| -> Vec<usize> {
        (0..own.len())
            .filter(|at| wanted(jobs.seats[*at]))
            .collect()
    };
    // Of a group, those that cannot start before some time and have some way to go after their end share what lies
    // between: for each such time, add them by the way they have to go.
    let carried = |group: &[usize], size: u32| {
        let mut by_tail = group.to_vec();
        by_tail.sort_unstable_by_key(|at| std::cmp::Reverse(tail(*at)));
        let mut best = 0;
        for head in group.iter().map(|at| heads[*at]).collect::<BTreeSet<_>>() {
            let mut work = 0;
            for &at in by_tail.iter().filter(|at| heads[**at] >= head) {
                work += own[at];
                best = best.max(head + work.div_ceil(u64::from(size.max(1))) + tail(at));
            }
        }
        best
    };
    let slots = carried(&all(&|seat| matches!(seat, Seat::Agent(_))), capacity.slots);
    let builds = carried(&all(&|seat| seat == Seat::Build), capacity.builds);
    let pools = capacity.pools.iter().map(|pool| {
        let served = |seat| matches!(seat, Seat::Agent(tier) if pool.tiers.contains(&tier));
        carried(&all(&served), pool.slots)
    });
    let cliques = cliques(jobs, own);
    let scopes = cliques.iter().map(|clique| carried(clique, 1));
    pools
        .chain(scopes)
        .chain([chain, slots, builds])
        .max()
        .unwrap_or(0)
}

/// Sets of nodes each of which excludes all others, one grown from each node, the longest first.
fn cliques(jobs: &Jobs, own: &[u64]) -> Vec<Vec<usize>> {
    let grown = |seed: usize| {
        let mut others = jobs.clashes[seed].clone();
        others.sort_by_key(|at| (std::cmp::Reverse(own[*at]), *at));
        let mut clique = vec![seed];
        for at in others {
            if clique
                .iter()
                .all(|in_it| jobs.clashes[*in_it].contains(&at))
            {
                clique.push(at);
            }
        }
        clique
    };
    let seeds = (0..own.len()).filter(|at| !jobs.clashes[*at].is_empty());
    seeds.map(grown).collect()
}
