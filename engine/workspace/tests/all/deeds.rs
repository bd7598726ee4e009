//! Whatever is done to a tree, recording and undoing it agree with git.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;

use crate::stage::{Stage, executable, git};

/// One thing done to a tree.
#[derive(Debug, Clone)]
enum Deed {
    Write(usize, u8),
    Remove(usize),
    Link(usize, usize),
    Run(usize),
    Move(usize, usize),
}

const PLACES: [&str; 9] = [
    "a/src/lib.rs",
    "a/src",
    "a/README.md",
    "a",
    "new/deep/x",
    "new/deep",
    "link",
    "noise.log",
    "names/*[x]?.txt",
];

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let at = 0..PLACES.len();
    let deed = prop_oneof![
        3 => (at.clone(), 0..4_u8).prop_map(|(p, n)| Deed::Write(p, n)),
        2 => at.clone().prop_map(Deed::Remove),
        1 => (at.clone(), at.clone()).prop_map(|(p, q)| Deed::Link(p, q)),
        1 => at.clone().prop_map(Deed::Run),
        2 => (at.clone(), at).prop_map(|(p, q)| Deed::Move(p, q)),
    ];
    prop::collection::vec(deed, 1..14)
}

/// Does it as far as it can be done.
fn carry_out(root: &Path, deed: &Deed) {
    let at = |place: &usize| root.join(PLACES[*place]);
    match deed {
        Deed::Write(place, byte) => {
            let path = at(place);
            fs::create_dir_all(path.parent().unwrap()).ok();
            fs::write(path, format!("{byte}\n")).ok();
        }
        Deed::Remove(place) => {
            let path = at(place);
            fs::remove_file(&path)
                .or_else(|_| fs::remove_dir_all(&path))
                .ok();
        }
        Deed::Link(place, to) => {
            symlink(PLACES[*to], at(place)).ok();
        }
        Deed::Run(place) => {
            let path = at(place);
            if fs::symlink_metadata(&path).is_ok_and(|m| m.is_file()) {
                executable(&path);
            }
        }
        Deed::Move(from, to) => {
            fs::rename(at(from), at(to)).ok();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever is done to a tree, a snapshot is what `git add -A` would have made of it, and reverting all of it leaves
    /// nothing.
    #[test]
    fn a_snapshot_is_what_git_would_record(done in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new();
            let before = stage.belongings();
            let tree = stage.tree("n").await;
            for deed in &done {
                carry_out(tree.root(), deed);
            }
            let snapshot = tree.snapshot().await.unwrap();
            git(tree.root(), &["add", "-A"]);
            assert_eq!(git(tree.root(), &["write-tree"]), snapshot.tree.as_str());
            let paths: Vec<String> = snapshot.changed.into_iter().map(|c| c.path).collect();
            tree.revert(&paths).await.unwrap();
            assert_eq!(tree.changed().await.unwrap(), []);
            assert_eq!(before, stage.belongings());
        });
    }
}
