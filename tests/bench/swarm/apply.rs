//! Integration and the pool by themselves on a large repository: merges beside git's own time for the same steps, and a tree
//! from the pool beside a new worktree.

use std::path::Path;
use std::time::Instant;

use protocol::{GitId, TreeStart};
use scripted::{Reply, Script};
use workspace::{CommitDraft, MergeResult, Repo};

use super::project::{Project, file, git};
use crate::run::median;
use crate::{figure, row};

const FILES: usize = 5_000;

/// Merges, and trees, that are measured.
const TIMES: usize = 40;

/// One step of integration as a run takes it: merge, commit, keep, move the branch.
async fn apply(repo: &Repo, (tip, base, tree): (&GitId, &GitId, &GitId), number: usize) -> GitId {
    let merged = repo.merge(tip, base, tree).await.unwrap();
    let MergeResult::Clean { tree } = merged else {
        panic!("changes to different files merge");
    };
    let draft = CommitDraft {
        tree: &tree,
        parent: tip,
        message: "a change",
        trailers: &[],
        seconds: i64::try_from(number).unwrap(),
    };
    let commit = repo.commit(&draft).await.unwrap();
    repo.update_ref("refs/heads/formic/bench", &commit, tip)
        .await
        .unwrap();
    commit
}

/// The same by git's own commands.
fn by_git(root: &Path, (tip, base, tree): (&str, &str, &str)) -> String {
    let merge_base = format!("--merge-base={base}");
    let tree = git(
        root,
        &["merge-tree", "--write-tree", &merge_base, tip, tree],
    );
    let commit = git(root, &["commit-tree", &tree, "-p", tip, "-m", "a change"]);
    git(
        root,
        &["update-ref", "refs/heads/floor/bench", &commit, tip],
    );
    commit
}

/// A tree with one file changed, for each step.
fn proposals(root: &Path) -> Vec<String> {
    let change = |number: usize| {
        let path = file(number * 97 % FILES);
        std::fs::write(root.join(&path), format!("changed {number}\n")).unwrap();
        git(root, &["add", "--all"]);
        let tree = git(root, &["write-tree"]);
        git(root, &["reset", "--quiet", "--hard"]);
        tree
    };
    (0..TIMES).map(change).collect()
}

pub fn measure() {
    let project = Project::new(FILES, Script::new().otherwise(Reply::text("fine")));
    let root = project.root();
    let base = git(&root, &["rev-parse", "HEAD"]);
    let trees = proposals(&root);
    for branch in ["refs/heads/formic/bench", "refs/heads/floor/bench"] {
        git(&root, &["update-ref", branch, &base]);
    }
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let repo = Repo::open(&root).await.unwrap();
        merges(&repo, &base, &trees).await;
        pool(&repo, &project).await;
        repo.close().await;
    });
}

async fn merges(repo: &Repo, base: &str, trees: &[String]) {
    let root = repo.root().to_owned();
    let from: GitId = base.parse().unwrap();
    let (mut tip, mut floor_tip) = (from.clone(), base.to_owned());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (number, tree) in trees.iter().enumerate() {
        let began = Instant::now();
        let proposed = tree.parse().unwrap();
        tip = apply(repo, (&tip, &from, &proposed), number).await;
        ours.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        floor_tip = by_git(&root, (&floor_tip, base, tree));
        theirs.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let a_second = 1e3 * TIMES as f64 / ours.iter().sum::<f64>();
    // Shown as seconds for sixty merges, so that less is better here as everywhere.
    figure("60 merges, 5,000 files, s", 60.0 / a_second, 1.0);
    let beyond = median(ours) - median(theirs);
    figure("a merge beyond git's own commands, ms", beyond, 10.0);
}

/// A tree that goes from one commit to another and back, beside a new worktree each time.
async fn pool(repo: &Repo, project: &Project) {
    let root = project.root();
    let commits = ["refs/heads/main", "refs/heads/formic/bench"];
    let commits = commits.map(|name| git(&root, &["rev-parse", name]));
    let beside = root.with_file_name("pool");
    let trees = repo.trees(beside.clone());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..9 {
        let commit = &commits[number % 2];
        let start = TreeStart::Commit(commit.parse().unwrap());
        let began = Instant::now();
        let tree = trees.take("bench", &start, None).await.unwrap();
        // The first one is made, not taken.
        if number > 0 {
            ours.push(began.elapsed().as_secs_f64() * 1e3);
        }
        trees.give_back(tree).await.unwrap();
        let place = root.with_file_name(format!("worktree{number}"));
        let place = place.to_str().unwrap();
        let began = Instant::now();
        git(
            &root,
            &["worktree", "add", "--quiet", "--detach", place, commit],
        );
        theirs.push(began.elapsed().as_secs_f64() * 1e3);
        git(&root, &["worktree", "remove", "--force", place]);
    }
    row(
        "a tree from the pool, a new worktree, 5,000 files, ms",
        median(ours),
        median(theirs),
        0.2,
    );
}
