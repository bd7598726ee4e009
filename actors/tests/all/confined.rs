//! Agents that try to leave their trees: nothing changes where they have no business, and each attempt is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use protocol::{
    Event, NodeEnd, NodeId, PermissionMode, PlanEvent, Record, ToolEvent, ToolStatus,
    WorkspaceEvent,
};
use scripted::{Reply, Rule, Script, Server, Step};
use serde_json::{Value, json};

use crate::bench::{Bench, text};
use crate::swarm_bench::{carried, edit, git, plan, repository, told};

const NODES: usize = 8;

/// Where the user's checkout lies, without saying so: a private clone borrows objects from it.
const CHECKOUT: &str =
    r#"c=$(dirname "$(dirname "$(cat .git/objects/info/alternates)")"); c=${c%/.git}"#;

fn bash(command: impl Into<String>) -> Step {
    Step::tool("bash", json!({"command": command.into()}))
}

fn write(path: impl AsRef<Path>) -> Step {
    Step::tool(
        "write",
        json!({"file_path": path.as_ref(), "content": "stolen\n"}),
    )
}

/// What the file tools are asked to do, all of it out of bounds.
fn by_file_tools(own: usize, other: usize, checkout: &Path) -> Vec<Step> {
    let theirs = checkout.join(format!("n{own}.txt"));
    let change =
        |path: Value| json!({"file_path": path, "old_string": "begin", "new_string": "stolen"});
    let changes = json!([{"old_string": "begin", "new_string": "stolen"}]);
    let mut steps = vec![
        write(&theirs),
        write(checkout.join("new.txt")),
        write(checkout.join(".git/hooks/pre-commit")),
        write(format!("{}/../n{own}.txt", checkout.join("sub").display())),
        write(format!("n{other}.txt")),
        write("../beside.txt"),
        write(".git/config"),
        Step::tool("edit", change(json!(theirs))),
        Step::tool("edit", change(json!(format!("n{other}.txt")))),
        Step::tool("multi_edit", json!({"file_path": theirs, "edits": changes})),
        Step::tool("read", json!({"file_path": theirs})),
        Step::tool("grep", json!({"pattern": "begin", "path": checkout})),
    ];
    // Places of the pool are numbered; one of them is the agent's own, where the file is out of its scope.
    steps.extend((1..=NODES).map(|place| write(format!("../../t{place}/tree/n{other}.txt"))));
    steps
}

/// Commands whose text gives them away.
fn by_commands(own: usize, checkout: &Path) -> Vec<Step> {
    let checkout = checkout.display();
    [
        format!("echo stolen > {checkout}/n{own}.txt"),
        format!("cp n{own}.txt {checkout}/new.txt"),
        format!("mv n{own}.txt ../../t1/tree/new.txt"),
        format!("cd {checkout} && rm n{own}.txt"),
        format!("git -C {checkout} commit --allow-empty -m stolen"),
        format!("git push {checkout} HEAD:main"),
        format!("GIT_DIR={checkout}/.git git branch stolen"),
        format!("ln -s {checkout} out && echo stolen > out/n{own}.txt"),
        format!("python3 -c \"open('{checkout}/n{own}.txt', 'w').write('stolen')\""),
        "for t in ../../*/tree; do echo stolen > $t/new.txt; done".to_owned(),
        "git worktree add ../new".to_owned(),
        "git config --global user.name stolen".to_owned(),
    ]
    .map(bash)
    .into()
}

/// Commands whose text says nothing: only the kernel can tell.
fn by_stealth(own: usize) -> Vec<Step> {
    if !tools_hold_walls() {
        return Vec::new();
    }
    let checkout = [
        format!("echo stolen > \"$c/n{own}.txt\""),
        "echo stolen > \"$c/new.txt\"".to_owned(),
        format!("rm -f \"$c/n{own}.txt\""),
        format!("ln \"$c/n{own}.txt\" hard && echo stolen > hard"),
        format!("ln -s \"$c\" soft && echo stolen > soft/n{own}.txt"),
        format!("mv n{own}.txt \"$c/new.txt\""),
        "cd \"$c\" && git commit -q --allow-empty -m stolen".to_owned(),
        "cd \"$c\" && git config user.name stolen".to_owned(),
        format!("C=$c python3 -c \"import os; open(os.environ['C'] + '/n{own}.txt', 'w')\""),
        format!("C=$c perl -e 'rename(\"n{own}.txt\", \"$ENV{{C}}/n{own}.txt\") or exit 1'"),
    ];
    let siblings = [
        "u=..; s=0; for t in $u/$u/*/tree; do echo stolen > $t/new.txt || s=1; done; exit $s"
            .to_owned(),
        "python3 -c \"import os; [os.chdir(os.pardir) for _ in 'ab']; \
         [open(os.path.join(t, 'tree', 'new.txt'), 'w') for t in os.listdir('.') if t[0] == 't']\""
            .to_owned(),
    ];
    let checkout = checkout.map(|command| bash(format!("{CHECKOUT}; {command}")));
    checkout.into_iter().chain(siblings.map(bash)).collect()
}

fn tools_hold_walls() -> bool {
    actors::walls_hold()
}

fn attempts(own: usize, checkout: &Path) -> Vec<Step> {
    let other = own % NODES + 1;
    let mut steps = by_file_tools(own, other, checkout);
    steps.extend(by_commands(own, checkout));
    steps.extend(by_stealth(own));
    steps
}

/// Every agent first tries everything, then does its work.
fn script(checkout: &Path) -> Script {
    (1..=NODES).fold(Script::new(), |script, own| {
        let marker = format!("[node n{own}]");
        let file = format!("n{own}.txt");
        let work = json!({"file_path": file, "old_string": "begin", "new_string": "done"});
        let turns = [
            Reply::steps(attempts(own, checkout)),
            Reply::tool("read", json!({"file_path": file})),
            Reply::tool("edit", work),
            Reply::text("done"),
        ];
        turns
            .into_iter()
            .zip(0_u64..)
            .fold(script, |script, (reply, turn)| {
                let name = format!("{file} {turn}");
                script.rule(Rule::new(&name, reply).marker(&marker).turn(turn))
            })
    })
}

/// Everything below a folder but what git does with it.
fn everything(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kept = [
                ".git/objects",
                ".git/refs",
                ".git/logs",
                ".git/index",
                ".git/ORIG_HEAD",
            ];
            if kept.iter().any(|name| path == root.join(name)) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn bench() -> Bench {
    let names: Vec<String> = (1..=NODES).map(|own| format!("n{own}.txt")).collect();
    let mut files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), "begin\n"))
        .collect();
    files.push(("sub/kept.txt", "kept\n"));
    let mut bench = repository(Script::new(), &files);
    bench.mode = PermissionMode::BypassPermissions;
    bench.server = Server::in_background(script(&bench.root())).unwrap();
    bench
}

/// The results of the calls of every node, in the order in which they ended.
fn by_node(records: &[Record]) -> BTreeMap<NodeId, Vec<(ToolStatus, String)>> {
    let mut results: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for record in records {
        if let (Event::Tool(ToolEvent::Finished { result, .. }), Some(node)) =
            (&record.event, record.node)
        {
            results
                .entry(node)
                .or_default()
                .push((result.status, text(result)));
        }
    }
    results
}

#[tokio::test]
async fn eight_agents_change_nothing_outside_their_trees_and_scopes() {
    let bench = bench();
    let root = bench.root();
    let mut expected = everything(&root);
    for own in 1..=NODES {
        expected.insert(root.join(format!("n{own}.txt")), b"done\n".to_vec());
    }
    let nodes = (1..=NODES).map(|own| edit(&format!("n{own}"), &[&format!("n{own}.txt")]));
    let records = carried(&bench, plan(nodes.collect())).await;

    assert_eq!(everything(&root), expected, "{}", told(&records));
    assert_eq!(git(&root, &["status", "--porcelain"]), "");
    assert_eq!(
        git(&root, &["rev-list", "--count", "main"]),
        (NODES + 1).to_string()
    );
    let branches = git(&root, &["for-each-ref", "--format=%(refname)"]);
    assert!(
        branches
            .lines()
            .all(|name| name == "refs/heads/main" || name.starts_with("refs/heads/formic/")),
        "{branches}"
    );

    let results = by_node(&records);
    assert_eq!(results.len(), NODES);
    let tried = attempts(1, &root).len();
    for calls in results.values() {
        assert_eq!(calls.len(), tried + 2);
        let silent =
            |call: &&(ToolStatus, String)| call.0 == ToolStatus::Ok && !call.1.contains("undone");
        let silent: Vec<_> = calls.iter().take(tried).filter(silent).collect();
        assert!(silent.is_empty(), "went through without a word: {silent:?}");
    }
    for record in &records {
        match &record.event {
            Event::Workspace(WorkspaceEvent::Inspected { found, .. }) => {
                assert_eq!((found.changed.len(), &found.strays), (1, &Vec::new()));
            }
            Event::Plan(PlanEvent::NodeEnded { end, .. }) => assert_eq!(*end, NodeEnd::Done),
            _ => {}
        }
    }
}
