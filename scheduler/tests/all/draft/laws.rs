//! Laws of drafts over random repositories and choices.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::{PermissionMode, PlanDocument, SessionId};
use scheduler::draft::{
    Choices, CommandFact, Draft, FileFact, Limits, Material, Piece, Purpose, Role,
};
use scheduler::plan::{Defaults, Ground, normalise};

fn repository() -> impl Strategy<Value = Material> {
    let file = (
        0..6_usize,
        0..8_usize,
        0..5_usize,
        prop::collection::vec((0..6_usize, 0..8_usize), 0..4),
        0..2_000_u64,
    );
    prop::collection::vec(file, 0..40).prop_map(|files| {
        let path = |package: usize, name: usize| format!("p{package}/s{}/f{name}.rs", name % 2);
        let fact = |(package, name, role, imports, bytes): (
            usize,
            usize,
            usize,
            Vec<(usize, usize)>,
            u64,
        )| FileFact {
            path: path(package, name),
            package: format!("p{package}"),
            role: [
                Role::Source,
                Role::Source,
                Role::Test,
                Role::Plain,
                Role::Shared,
            ][role],
            bytes,
            lines: 3,
            symbols: vec![format!("sym{name}")],
            imports: imports.into_iter().map(|(p, n)| path(p, n)).collect(),
        };
        Material {
            files: files.into_iter().map(fact).collect(),
            commands: vec![CommandFact {
                cmd: "make test".into(),
                purpose: Purpose::Test,
                covers: String::new(),
            }],
        }
    })
}

fn wild_choices() -> impl Strategy<Value = Choices> {
    let id = prop_oneof![9 => (1..30_u32).prop_map(|n| format!("c{n}")), 1 => ".*"];
    let ids = prop::collection::vec(id, 0..4);
    let piece = (
        ids.clone(),
        ".{0,8}",
        ids,
        any::<bool>(),
        "(k1|auto|none||.*)",
    );
    let piece = piece.prop_map(|(clusters, brief, after, split, accept)| Piece {
        clusters,
        brief,
        accept,
        after,
        split,
        ..Piece::default()
    });
    (prop::collection::vec(piece, 0..6), any::<bool>()).prop_map(|(pieces, shared)| Choices {
        pieces,
        shared,
        ..Choices::default()
    })
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..6_usize, 1..800_u64, 1..40_usize).prop_map(|(files, tokens, fallback)| Limits {
        files,
        tokens,
        fallback,
        ..Limits::default()
    })
}

/// Deps exist, names are unique and valid, and the nodes can be put into an order.
fn is_sound(plan: &PlanDocument) {
    let names: BTreeSet<&str> = plan.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names.len(), plan.nodes.len());
    assert!(
        plan.nodes
            .iter()
            .all(|node| node.name.is_valid() && !node.writes.is_empty())
    );
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < names.len() {
        let free = plan
            .nodes
            .iter()
            .filter(|n| n.deps.iter().all(|dep| done.contains(dep.as_str())));
        let free: Vec<&str> = free
            .map(|n| n.name.as_str())
            .filter(|name| !done.contains(name))
            .collect();
        assert!(!free.is_empty(), "a circle: {plan:?}");
        done.extend(free);
    }
}

/// No two nodes may write the same glob, nor one what lies in a folder of another.
fn is_disjoint(plan: &PlanDocument) {
    let mut owner: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, node) in plan.nodes.iter().enumerate() {
        for glob in &node.writes {
            assert!(owner.insert(glob, place).is_none(), "{glob} twice");
        }
    }
    for (glob, place) in &owner {
        let Some(folder) = glob.strip_suffix("**") else {
            continue;
        };
        let inside = owner.iter().filter(|(other, _)| other.starts_with(folder));
        assert!(
            inside.into_iter().all(|(_, other)| other == place),
            "{glob} holds others"
        );
    }
}

/// The plan passes every rule, whatever the paths are called.
fn is_accepted(plan: &PlanDocument) {
    let ground = Ground {
        run: SessionId::new(uuid::Uuid::from_u128(1)),
        base: None,
        files: &[],
        session_mode: PermissionMode::default(),
        defaults: &Defaults::default(),
    };
    let normal = normalise(plan, &ground).unwrap();
    assert!(normal.derived.is_empty(), "{:?}", normal.derived);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_owned_file_is_in_exactly_one_cluster_within_limits(facts in repository(), limits in limits()) {
        let drafted = Draft::new(facts.clone(), "change sym1", limits);
        let mut seen = BTreeSet::new();
        for cluster in drafted.clusters() {
            let files: Vec<&str> = drafted.files(cluster.id).collect();
            prop_assert!(!files.is_empty() && files.len() <= limits.files);
            prop_assert!(files.len() == 1 || cluster.tokens <= limits.tokens);
            prop_assert!(cluster.needs.iter().all(|need| *need < cluster.id));
            for file in files {
                prop_assert!(seen.insert(file.to_owned()));
            }
        }
        let mut first = BTreeMap::new();
        for file in &facts.files {
            first.entry(file.path.clone()).or_insert(file.role);
        }
        let owned: BTreeSet<String> = first.into_iter().filter(|(_, role)| *role != Role::Shared).map(|(path, _)| path).collect();
        prop_assert_eq!(seen, owned);
    }

    #[test]
    fn the_fallback_is_sound_and_the_same_whatever_the_order_of_the_facts(facts in repository(), limits in limits()) {
        let plan = Draft::new(facts.clone(), "change sym1 in p2", limits).fallback();
        is_sound(&plan);
        is_disjoint(&plan);
        is_accepted(&plan);
        prop_assert!(plan.nodes.len() <= limits.fallback.max(1));
        let mut turned = facts;
        let mut seen = BTreeSet::new();
        turned.files.retain(|file| seen.insert(file.path.clone()));
        turned.files.reverse();
        prop_assert_eq!(Draft::new(turned, "change sym1 in p2", limits).fallback(), plan);
    }

    #[test]
    fn any_choices_give_a_sound_plan_or_problems(facts in repository(), limits in limits(), choices in wild_choices()) {
        let drafted = Draft::new(facts, "go", limits);
        match drafted.assemble(&choices) {
            Ok(plan) => {
                is_sound(&plan);
                is_disjoint(&plan);
            }
            Err(problems) => prop_assert!(!problems.is_empty() && problems.iter().all(|p| p.contains(": "))),
        }
    }

    #[test]
    fn a_chosen_cluster_waits_for_every_chosen_cluster_it_needs(facts in repository(), limits in limits()) {
        let drafted = Draft::new(facts, "go", limits);
        let pieces = drafted.shown().iter().map(|id| Piece {
            clusters: vec![id.to_string()],
            brief: id.to_string(),
            ..Piece::default()
        });
        let choices = Choices { pieces: pieces.collect(), ..Choices::default() };
        prop_assume!(!choices.pieces.is_empty());
        let plan = drafted.assemble(&choices).unwrap();
        let node = |id: &str| plan.nodes.iter().find(|node| node.brief.as_deref() == Some(id));
        let before = |start: &str| {
            let (mut seen, mut ahead) = (BTreeSet::new(), vec![start.to_owned()]);
            while let Some(name) = ahead.pop() {
                let found = plan.nodes.iter().find(|node| node.name.as_str() == name).unwrap();
                ahead.extend(found.deps.iter().map(|dep| dep.to_string()).filter(|dep| seen.insert(dep.clone())));
            }
            seen
        };
        for cluster in drafted.clusters().iter().filter(|c| drafted.shown().contains(&c.id)) {
            let own = before(node(&cluster.id.to_string()).unwrap().name.as_str());
            for need in cluster.needs.iter().filter(|need| drafted.shown().contains(need)) {
                prop_assert!(own.contains(node(&need.to_string()).unwrap().name.as_str()));
            }
        }
    }

    #[test]
    fn files_of_any_name_give_an_accepted_plan(names in prop::collection::vec("[a.]{0,2}(/?[ -~é\\n]{1,6}){1,3}", 1..12), goal in "[a-c]{1,9}") {
        let odd = [".env", "a/.ssh/id_rsa", "key.pem", "../x", "/etc/passwd", "~/x", ".git/config", "c:/x", "{a,b}/[x", " lead", ""];
        // Where there is a file there is no folder of that name.
        let is_folder = |name: &&String| {
            let below = format!("{}/", name.to_lowercase());
            names.iter().any(|other| other.to_lowercase().starts_with(&below))
        };
        // Names that differ only in case are one file on some disks: their nodes wait for each other.
        let is_again = |at: usize| {
            let own = names[at].to_lowercase();
            names[..at].iter().any(|other| other.to_lowercase() == own)
        };
        let real = names.iter().enumerate().filter(|(at, name)| !is_folder(name) && !is_again(*at));
        let files = real.map(|(_, name)| name.as_str()).chain(odd).map(|path| FileFact {
            path: path.to_owned(),
            ..FileFact::default()
        });
        let facts = Material { files: files.collect(), ..Material::default() };
        let limits = Limits { files: 1, ..Limits::default() };
        is_accepted(&Draft::new(facts, &goal, limits).fallback());
    }
}
