//! What makes a plan unsound: for each rule a document that breaks exactly that one, and all problems at once.

use protocol::{
    BudgetDocument, CheckDocument, GitId, Kind, NodeDocument, PermissionMode, PlanDocument,
    SessionId,
};
use scheduler::plan::{Code, Defaults, Ground, Normal, Problem, normalise};
use uuid::Uuid;

pub(crate) fn run() -> SessionId {
    SessionId::new(Uuid::from_u128(7))
}

/// Normalises in a repository with these files.
pub(crate) fn normal(document: &PlanDocument, files: &[&str]) -> Result<Normal, Vec<Problem>> {
    with_mode(document, files, PermissionMode::Default)
}

fn with_mode(
    document: &PlanDocument,
    files: &[&str],
    session_mode: PermissionMode,
) -> Result<Normal, Vec<Problem>> {
    let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
    let base: GitId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    normalise(
        document,
        &Ground {
            run: run(),
            base: Some(&base),
            files: &files,
            session_mode,
            defaults: &Defaults::default(),
        },
    )
}

/// An edit with a check.
pub(crate) fn edit(name: &str, deps: &[&str], writes: &[&str]) -> NodeDocument {
    NodeDocument {
        name: name.into(),
        brief: Some(format!("do {name}")),
        deps: deps.iter().map(|dep| (*dep).into()).collect(),
        writes: writes.iter().map(|glob| (*glob).to_owned()).collect(),
        accept: Some(check("true")),
        ..NodeDocument::default()
    }
}

fn check(cmd: &str) -> CheckDocument {
    CheckDocument {
        cmd: cmd.to_owned(),
        timeout: None,
        expect: protocol::Expect::Any,
    }
}

pub(crate) fn document(nodes: Vec<NodeDocument>) -> PlanDocument {
    PlanDocument {
        version: 1,
        goal: "go".to_owned(),
        nodes,
        contracts: Vec::new(),
        gate: None,
        budget: BudgetDocument::default(),
        caps: protocol::CapsDocument::default(),
    }
}

pub(crate) fn sound() -> PlanDocument {
    document(vec![
        edit("a", &[], &["a.txt"]),
        edit("b", &["a"], &["b.txt"]),
        edit("c", &["a"], &["c.txt"]),
    ])
}

pub(crate) fn names(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.code.name()).collect()
}

type Break = fn(&mut PlanDocument);

/// A code, the node it names, and what breaks its rule.
const RULES: &[(&str, Option<&str>, Break)] = &[
    ("version", None, |plan| {
        plan.version = 2;
    }),
    ("goal", None, |plan| {
        plan.goal = " \n".into();
    }),
    ("empty", None, |plan| plan.nodes.clear()),
    ("brief", Some("b"), |plan| {
        plan.nodes[1].brief = None;
    }),
    ("brief", Some("b"), |plan| {
        plan.nodes[1].brief = Some("  ".into());
    }),
    ("name", Some("b c"), |plan| {
        plan.nodes[1].name = "b c".into();
    }),
    ("name", Some(""), |plan| {
        plan.nodes[1].name = "".into();
    }),
    ("duplicate-name", Some("c"), |plan| {
        plan.nodes[1].name = "c".into();
    }),
    ("kind", Some("b"), |plan| kind(plan, Kind::Merge)),
    ("kind", Some("b"), |plan| read_only(plan, Kind::Chat)),
    ("kind", Some("b"), |plan| read_only(plan, Kind::Plan)),
    ("kind", Some("b"), |plan| read_only(plan, Kind::Memory)),
    ("check", Some("b"), |plan| {
        plan.nodes[1].accept = Some(check(" "));
    }),
    ("check", None, |plan| {
        plan.gate = Some(check(""));
    }),
    ("check", Some("b"), |plan| {
        read_only(plan, Kind::Verify);
        plan.nodes[1].accept = None;
    }),
    ("duration", Some("b"), |plan| timeout(plan, "soon")),
    ("duration", Some("b"), |plan| timeout(plan, "0s")),
    ("duration", Some("b"), |plan| {
        plan.nodes[1].budget.wall = Some("10 m".into());
    }),
    ("unknown-dep", Some("b"), |plan| {
        plan.nodes[1].deps.push("x".into());
    }),
    ("cycle", Some("a"), |plan| {
        plan.nodes[0].deps.push("b".into());
    }),
    ("cycle", Some("b"), |plan| {
        plan.nodes[1].deps.push("b".into());
    }),
    ("scope-syntax", Some("b"), |plan| writes(plan, "[x")),
    ("scope-syntax", Some("b"), |plan| {
        plan.nodes[1].reads.push("{x".into());
    }),
    ("scope-outside", Some("b"), |plan| writes(plan, "../x")),
    ("scope-outside", Some("b"), |plan| {
        writes(plan, "/etc/passwd");
    }),
    ("scope-git", Some("b"), |plan| writes(plan, ".git/hooks/x")),
    ("scope-secret", Some("b"), |plan| writes(plan, "conf/.env")),
    ("scope-secret", Some("b"), |plan| writes(plan, "keys/*.pem")),
    ("scope-secret", Some("b"), |plan| {
        plan.nodes[1].reads.push(".ssh/**".into());
    }),
    ("scope-missing", Some("b"), |plan| {
        plan.nodes[1].writes.clear();
    }),
    ("scope-surplus", Some("b"), |plan| {
        plan.nodes[1].kind = Kind::Explore;
    }),
    ("budget-amount", Some("b"), |plan| {
        plan.nodes[1].budget.usd = Some(-1.0);
    }),
    ("budget-amount", Some("b"), |plan| {
        plan.nodes[1].budget.usd = Some(f64::NAN);
    }),
    ("budget-amount", Some("b"), |plan| {
        plan.nodes[1].budget.attempts = Some(0);
    }),
    ("budget-floor", Some("b"), |plan| {
        plan.nodes[1].budget.tokens = Some(10);
    }),
    ("budget-floor", Some("b"), |plan| {
        plan.nodes[1].budget.usd = Some(0.0);
    }),
    ("budget-floor", Some("b"), |plan| {
        plan.nodes[1].budget.wall = Some("1ms".into());
    }),
    ("budget-total", None, |plan| {
        plan.budget.tokens = Some(100_000);
        plan.nodes[1].budget.tokens = Some(60_000);
        plan.nodes[2].budget.tokens = Some(60_000);
    }),
    ("budget-total", None, |plan| {
        plan.budget.wall = Some("1m".into());
        plan.nodes[1].budget.wall = Some("2m".into());
    }),
    ("cap-nodes", None, |plan| {
        plan.caps.max_nodes = Some(2);
    }),
    ("cap-amount", None, |plan| {
        plan.caps.max_parallel = Some(0);
    }),
    ("cap-amount", None, |plan| {
        plan.caps.max_nodes = Some(1_000_000);
    }),
    ("cap-amount", None, |plan| {
        plan.caps.max_replans = Some(3);
    }),
];

#[test]
fn each_rule_has_its_code() {
    assert!(normal(&sound(), &[]).is_ok());
    for (at, (code, node, breaks)) in RULES.iter().enumerate() {
        let mut broken = sound();
        breaks(&mut broken);
        let problems = normal(&broken, &[]).unwrap_err();
        assert_eq!(names(&problems), [*code], "rule {at}: {problems:?}");
        let named = problems[0].node.as_ref().map(|node| node.as_str());
        assert_eq!(named, *node, "rule {at}");
    }
}

fn kind(plan: &mut PlanDocument, kind: Kind) {
    plan.nodes[1].kind = kind;
}

fn read_only(plan: &mut PlanDocument, kind: Kind) {
    plan.nodes[1].kind = kind;
    plan.nodes[1].writes.clear();
}

fn timeout(plan: &mut PlanDocument, text: &str) {
    plan.nodes[1].accept = Some(CheckDocument {
        timeout: Some(text.to_owned()),
        ..check("true")
    });
}

fn writes(plan: &mut PlanDocument, glob: &str) {
    plan.nodes[1].writes = vec![glob.to_owned()];
}

#[test]
fn a_session_that_only_reads_runs_no_plan_that_changes_anything() {
    let problems = with_mode(&sound(), &[], PermissionMode::Plan).unwrap_err();
    assert_eq!(names(&problems), ["rights"; 3]);
    let mut reading = sound();
    for node in &mut reading.nodes {
        node.kind = Kind::Explore;
        node.writes.clear();
    }
    assert!(with_mode(&reading, &[], PermissionMode::Plan).is_ok());
}

#[test]
fn all_problems_are_told_at_once_and_name_their_node() {
    let mut broken = sound();
    broken.goal.clear();
    broken.nodes[0].deps.push("c".into());
    broken.nodes[1].writes.push("../x".into());
    broken.nodes[2].deps.push("nobody".into());
    broken.nodes.push(edit("d", &["e"], &["d"]));
    broken.nodes.push(edit("e", &["d"], &["e"]));
    let problems = normal(&broken, &[]).unwrap_err();
    assert_eq!(
        names(&problems),
        ["unknown-dep", "goal", "scope-outside", "cycle", "cycle"]
    );
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told[0],
        "unknown-dep: node c: it depends on \"nobody\", which is not in the plan"
    );
    assert_eq!(told[3], "cycle: node a: these wait for one another: a, c");
    assert_eq!(told[4], "cycle: node d: these wait for one another: d, e");
}

#[test]
fn globs_that_only_could_name_a_secret_are_allowed() {
    for glob in [
        "**",
        "conf/**",
        ".env.example",
        "src/*.rs",
        "keys/readme.md",
    ] {
        let plan = document(vec![edit("a", &[], &[glob])]);
        assert!(normal(&plan, &[]).is_ok(), "{glob}");
    }
}

#[test]
fn a_default_budget_of_many_nodes_may_exceed_the_runs() {
    let defaults = Defaults {
        node: protocol::Budget {
            tokens: Some(50_000),
            attempts: Some(3),
            ..Default::default()
        },
        ..Defaults::default()
    };
    let mut plan = sound();
    plan.budget.tokens = Some(60_000);
    plan.nodes[0].budget.attempts = Some(1);
    let ground = Ground {
        run: run(),
        base: None,
        files: &[],
        session_mode: PermissionMode::Default,
        defaults: &defaults,
    };
    let plan = normalise(&plan, &ground).unwrap().plan;
    let attempts = plan.nodes.iter().map(|node| node.budget.attempts);
    assert_eq!(attempts.collect::<Vec<_>>(), [Some(1), Some(3), Some(3)]);
    assert_eq!(
        (plan.nodes[2].budget.tokens, plan.budget.tokens),
        (Some(50_000), Some(60_000))
    );
}

#[test]
fn codes_print_as_short_names_each_its_own() {
    let problem = Problem {
        code: Code::Graph(scheduler::plan::GraphCode::Cycle),
        node: None,
        text: "it turns".into(),
    };
    assert_eq!(problem.to_string(), "cycle: it turns");
}
