//! What a sound document becomes: ids, defaults, derived edges, remarks, a forecast.

use protocol::{
    CheckDocument, Cost, Expect, Kind, NodeDocument, NodeId, Plan, PlanDocument, Price, Risk, Tier,
};
use scheduler::Dag;
use scheduler::plan::{Normal, better_alone, forecast, node_id};

use crate::problems::{document, edit, normal, run};
use crate::random::Dice;

fn id(name: &str) -> NodeId {
    node_id(run(), &name.into())
}

fn sound(nodes: Vec<NodeDocument>, files: &[&str]) -> Normal {
    normal(&document(nodes), files).unwrap()
}

/// Derived edges as `from>to`.
fn derived(normal: &Normal) -> Vec<String> {
    let name = |id: NodeId| {
        let node = normal.plan.nodes.iter().find(|node| node.id == id);
        node.unwrap().name.to_string()
    };
    let edges = normal.derived.iter();
    edges
        .map(|edge| format!("{}>{}", name(edge.from), name(edge.to)))
        .collect()
}

fn reading(node: NodeDocument, reads: &[&str]) -> NodeDocument {
    NodeDocument {
        reads: reads.iter().map(|glob| (*glob).to_owned()).collect(),
        ..node
    }
}

#[test]
fn the_example_of_a_plan_file_becomes_a_plan() {
    let mut b = edit("b", &["a"], &["./b.txt"]);
    b.tier = Tier::Small;
    b.budget.usd = Some(0.5);
    b.budget.wall = Some("10m".into());
    b.hints.risk = Risk::High;
    if let Some(accept) = &mut b.accept {
        accept.timeout = Some("1m30s".into());
    }
    let mut written = document(vec![edit("a", &[], &["a.txt"]), b]);
    written.goal = " go\n".into();
    written.caps.max_parallel = Some(3);
    let plan = normal(&written, &[]).unwrap().plan;
    let [a, b] = &plan.nodes[..] else {
        panic!("{plan:?}")
    };
    assert_eq!(
        (plan.goal.as_str(), plan.caps.max_parallel, plan.version),
        ("go", 3, 1)
    );
    let brief = a.brief.as_ref().unwrap().as_str();
    assert_eq!(
        (a.id, a.title.as_str(), a.kind),
        (id("a"), &*brief, Kind::Edit)
    );
    assert_eq!(
        (&b.deps[..], b.tier, b.weight.risk),
        (&[id("a")][..], Tier::Small, Risk::High)
    );
    assert_eq!(b.scope.writes, ["b.txt"]);
    assert_eq!(
        (b.budget.cost, b.budget.wall_ms),
        (Some(Cost::from_usd(0.5)), Some(600_000))
    );
    let timeouts = [a, b].map(|node| node.accept.as_ref().unwrap().timeout_ms);
    assert_eq!(timeouts, [600_000, 90_000]);
}

#[test]
fn a_node_without_a_title_has_the_first_line_of_its_brief_as_one() {
    let (full, over) = ("é".repeat(72), "é".repeat(73));
    for (title, brief, then) in [
        (Some(" mine "), "its brief", "mine"),
        (Some(" "), "\n use\u{7}it \nthen more", "use?it"),
        (None, &full, &full),
        (None, &over, &format!("{}...", "é".repeat(69))),
    ] {
        let mut node = edit("a", &[], &["a.txt"]);
        node.title = title.map(str::to_owned);
        node.brief = Some(brief.to_owned());
        let plan = normal(&document(vec![node]), &[]).unwrap().plan;
        assert_eq!(plan.nodes[0].title, then);
    }
    let mut silent = edit("a", &[], &[]);
    (silent.brief, silent.kind) = (None, Kind::Verify);
    let plan = normal(&document(vec![silent]), &[]).unwrap().plan;
    assert_eq!(plan.nodes[0].title, "a");
}

/// A node's name, what it depends on, what it reads, what it writes.
type Brief = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

/// The edges that are derived, and the nodes.
const SCOPES: &[(&[&str], &[Brief])] = &[
    (&[], &[("a", &[], &[], &["a"]), ("b", &[], &[], &["b"])]),
    (
        &["a>b"],
        &[("a", &[], &[], &["x"]), ("b", &[], &[], &["x"])],
    ),
    (
        &["a>b"],
        &[("a", &[], &[], &["src/**"]), ("b", &[], &[], &["src/b.rs"])],
    ),
    // A file all write makes a chain, not every pair.
    (
        &["a>b", "b>c", "c>d"],
        &[
            ("a", &[], &[], &["x"]),
            ("b", &[], &[], &["x"]),
            ("c", &[], &[], &["x"]),
            ("d", &[], &[], &["x"]),
        ],
    ),
    // Ordered already, whichever way round, over others too.
    (&[], &[("a", &["b"], &[], &["x"]), ("b", &[], &[], &["x"])]),
    (
        &[],
        &[
            ("a", &[], &[], &["x"]),
            ("m", &["a"], &[], &["m"]),
            ("b", &["m"], &[], &["x"]),
        ],
    ),
    // Who reads what another writes comes after it, unless it comes before it already.
    (
        &["b>a"],
        &[
            ("a", &[], &["lib/**"], &["a"]),
            ("b", &[], &[], &["lib/b.rs"]),
        ],
    ),
    (
        &[],
        &[
            ("a", &[], &["lib/**"], &["a"]),
            ("b", &["a"], &[], &["lib/b.rs"]),
        ],
    ),
    (
        &["b>a"],
        &[("a", &[], &["b"], &["a"]), ("b", &[], &["a"], &["b"])],
    ),
    // Who reads everything, or says nothing of it, takes the state it starts from.
    (&[], &[("a", &[], &["**"], &["a"]), ("b", &[], &[], &["b"])]),
];

#[test]
fn scopes_demand_edges() {
    for (edges, nodes) in SCOPES {
        let nodes = nodes.iter();
        let nodes =
            nodes.map(|(name, deps, reads, writes)| reading(edit(name, deps, writes), reads));
        assert_eq!(derived(&sound(nodes.collect(), &[])), *edges);
    }
}

#[test]
fn a_plain_path_of_a_folder_means_all_below_it() {
    let nodes = vec![
        edit("a", &[], &["src"]),
        edit("b", &[], &["src/b.rs"]),
        edit("c", &[], &["srcs"]),
    ];
    let normal = sound(nodes, &["src/a.rs", "srcs"]);
    let writes: Vec<&str> = normal
        .plan
        .nodes
        .iter()
        .map(|node| &node.scope.writes[0][..])
        .collect();
    assert_eq!(writes, ["src/**", "src/b.rs", "srcs"]);
    assert_eq!(derived(&normal), ["a>b"]);
}

#[test]
fn a_normal_plan_has_no_race_and_no_circle_and_is_the_same_every_time() {
    for seed in 0..1_500 {
        let mut dice = Dice::new(seed);
        let written = random(&mut dice);
        let again = normal(&written, &[]).unwrap();
        let normal = normal(&written, &[]).unwrap();
        assert_eq!(normal, again, "seed {seed}");
        assert!(Dag::new(&normal.plan).is_ok(), "seed {seed}: a circle");
        let order =
            scheduler::order::Order::new(&normal.plan, &scheduler::order::Capacity::lanes(4));
        let leads = |from: NodeId, to: NodeId| leads(&normal.plan, from, to);
        for (at, a) in normal.plan.nodes.iter().enumerate() {
            for b in &normal.plan.nodes[..at] {
                let ordered = leads(a.id, b.id) || leads(b.id, a.id);
                assert!(
                    ordered || !order.clash(a.id, b.id),
                    "seed {seed}: {} and {}",
                    a.name,
                    b.name
                );
            }
        }
    }
}

fn random(dice: &mut Dice) -> PlanDocument {
    let globs = [
        "src/**", "src/a.rs", "src/*.rs", "lib/", "lib/x", "*.md", "**/b.rs", "c", "d", "e",
    ];
    let count = dice.between(1, 9);
    let nodes = (0..count).map(|at| {
        let deps: Vec<String> = (0..at)
            .filter(|_| dice.percent(15))
            .map(|dep| format!("n{dep}"))
            .collect();
        let deps: Vec<&str> = deps.iter().map(String::as_str).collect();
        let writes: Vec<&str> = (0..dice.between(1, 2))
            .map(|_| *dice.pick(&globs))
            .collect();
        let node = edit(&format!("n{at}"), &deps, &writes);
        match dice.percent(30) {
            true => reading(node, &[*dice.pick(&globs)]),
            false => node,
        }
    });
    document(nodes.collect())
}

fn leads(plan: &Plan, from: NodeId, to: NodeId) -> bool {
    let node = plan.nodes.iter().find(|node| node.id == to).unwrap();
    node.deps
        .iter()
        .any(|dep| *dep == from || leads(plan, from, *dep))
}

#[test]
fn one_agent_does_better_with_few_nodes_a_chain_or_shared_files() {
    let alone = |nodes: Vec<NodeDocument>| better_alone(&sound(nodes, &[]).plan);
    let told = |nodes: Vec<NodeDocument>| alone(nodes).unwrap_or_default();
    let free = |name: &str| edit(name, &[], &[name]);
    assert_eq!(
        told(vec![free("a"), free("b")]),
        "2 nodes: one agent would do as well"
    );
    assert!(
        told(vec![
            free("a"),
            edit("b", &["a"], &["b"]),
            edit("c", &["b"], &["c"])
        ])
        .contains("chain")
    );
    let x = |name: &str| edit(name, &[], &["x"]);
    assert!(told(vec![x("a"), x("b"), x("c"), free("d")]).contains("3 of 4"));
    assert_eq!(alone(vec![x("a"), x("b"), free("c"), free("d")]), None);
    assert_eq!(alone(vec![free("a"), free("b"), free("c")]), None);
}

#[test]
fn remarks_name_hot_files_and_unchecked_work() {
    let free = |name: &str| NodeDocument {
        accept: None,
        ..edit(name, &[], &[name, "**/Cargo.toml"])
    };
    let nodes = vec![free("a"), free("b"), reading(free("c"), &["nowhere/*"])];
    let remarks = sound(nodes, &["Cargo.toml", "x/Cargo.toml", "a"])
        .remarks
        .join("\n");
    for said in [
        "its nodes wait for one another in a chain",
        "nothing checks the work of a, b, c",
        "Cargo.toml is written by 3 nodes, which must go one after another: a, b, c",
        "2 edges were added because scopes overlap",
        "no file matches what is to be read: nowhere/*",
    ] {
        assert!(remarks.contains(said), "{said}: {remarks}");
    }
    let quiet = vec![
        edit("a", &[], &["a"]),
        edit("b", &[], &["b"]),
        edit("c", &[], &["c"]),
    ];
    assert_eq!(sound(quiet.clone(), &["a"]).remarks, [""; 0]);
    for (expect, is_told) in [(Expect::Fail, true), (Expect::Pass, false)] {
        let mut gated = document(quiet.clone());
        gated.gate = Some(CheckDocument {
            cmd: "t".into(),
            timeout: None,
            expect,
        });
        let remarks = normal(&gated, &["a"]).unwrap().remarks.join("\n");
        assert_eq!(
            remarks.contains("here 3 begin at once"),
            is_told,
            "{remarks}"
        );
    }
}

#[test]
fn a_forecast_counts_agents_tokens_money_and_time() {
    let mut nodes = vec![
        edit("a", &[], &["a"]),
        edit("b", &["a"], &["b"]),
        edit("c", &["a"], &["c"]),
    ];
    nodes.push(NodeDocument {
        kind: Kind::Codemod,
        ..edit("d", &["c"], &["d"])
    });
    for (node, seconds) in nodes.iter_mut().zip([10, 20, 30, 5]) {
        node.hints.est_ms = seconds * 1_000;
    }
    nodes[2].budget.tokens = Some(10_000);
    nodes[2].tier = Tier::Small;
    let plan = sound(nodes, &[]).plan;
    let price = |input| Price {
        input,
        output: 0.0,
        cache_read: 0.0,
        cache_write: 0.0,
        long: None,
    };
    let prices = [(Tier::Mid, price(1.0)), (Tier::Small, price(0.0))].into();
    let forecast = forecast(&plan, 2, &prices);
    assert_eq!(
        (
            forecast.agents,
            forecast.makespan_ms,
            forecast.lower_bound_ms
        ),
        (3, 45_000, 45_000)
    );
    assert!(
        (371_000..=372_000).contains(&forecast.tokens),
        "{}",
        forecast.tokens
    );
    assert_eq!(forecast.cost, Some(Cost::from_usd(0.05)));
    assert_eq!(forecast.critical_path, [id("a"), id("c"), id("d")]);
    let unknown = [(Tier::Mid, price(1.0))].into();
    assert_eq!(scheduler::plan::forecast(&plan, 2, &unknown).cost, None);
    assert_eq!(
        scheduler::plan::forecast(&plan, 1, &prices).makespan_ms,
        60_000
    );
}
