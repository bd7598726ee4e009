//! How a repository stands before a run, and what a broken one is told.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use workspace::{GitError, Head, Operation, Repo, Unfit};

use crate::stage::{Stage, git, try_git, write};

async fn refused(stage: &Stage) -> Option<Unfit> {
    let error = match Repo::survey(&stage.root()).await {
        Ok((_, standing)) => standing.unfit()?,
        Err(error) => error,
    };
    match error {
        GitError::Unfit { why, .. } => Some(why),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_clean_repository_says_where_it_stands() {
    let stage = Stage::new();
    let before = stage.belongings();
    let (_, standing) = Repo::survey(&stage.root().join("a/src")).await.unwrap();
    assert_eq!(standing.root, stage.root().canonicalize().unwrap());
    assert_eq!(standing.head, Head::Branch("main".to_owned(), stage.head()));
    assert!(standing.unfit().is_none() && standing.remarks().is_empty());
    assert!(standing.files.contains(&"names/line\nbreak.txt".to_owned()));
    assert_eq!(standing.files.len(), 13);
    assert!(!standing.is_name_taken && !standing.is_shallow && !standing.is_partial);
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn a_dirty_checkout_names_its_paths() {
    let stage = Stage::new();
    stage.write("a/README.md", "x");
    stage.write("names/line\nbreak.txt", "x");
    stage.write("staged.txt", "x");
    stage.git(&["add", "staged.txt"]);
    fs::remove_file(stage.root().join("b/old.txt")).unwrap();
    stage.write("new/x", "x");
    stage.write("noise.log", "x");
    let before = stage.belongings();
    let (_, standing) = Repo::survey(&stage.root()).await.unwrap();
    let dirty = [
        "a/README.md",
        "b/old.txt",
        "names/line\nbreak.txt",
        "staged.txt",
    ];
    assert_eq!(standing.dirty, dirty);
    assert_eq!(standing.untracked, ["new/"]);
    assert!(standing.unfit().is_none());
    assert_eq!(standing.remarks().len(), 2);
    assert_eq!(before, stage.belongings());
}

#[tokio::test]
async fn what_is_no_repository_to_work_in_is_said() {
    let stage = Stage::empty();
    assert_eq!(refused(&stage).await, Some(Unfit::NoCommits));
    fs::remove_dir_all(stage.root().join(".git")).unwrap();
    assert_eq!(refused(&stage).await, Some(Unfit::NotARepository));
    stage.git(&["init", "-q", "--bare", "."]);
    assert_eq!(refused(&stage).await, Some(Unfit::Bare));
    let stage = Stage::new();
    let inside = Repo::open(&stage.root().join(".git")).await.unwrap_err();
    assert!(
        matches!(
            inside,
            GitError::Unfit {
                why: Unfit::Bare,
                ..
            }
        ),
        "{inside}"
    );
    let gone = Repo::survey(&stage.beside("gone")).await.unwrap_err();
    assert!(matches!(gone, GitError::Io { .. }), "{gone}");
    stage.write(".git/HEAD", "garbage\n");
    assert_eq!(refused(&stage).await, Some(Unfit::NotARepository));
}

#[tokio::test]
async fn an_operation_under_way_is_named() {
    let conflict = |stage: &Stage| {
        stage.git(&["switch", "-qc", "side"]);
        stage.write("a/README.md", "side\n");
        stage.commit("side");
        stage.git(&["switch", "-q", "main"]);
        stage.write("a/README.md", "main\n");
        stage.commit("main");
    };
    for (args, operation) in [
        (&["merge", "side"][..], Operation::Merge),
        (&["rebase", "side"], Operation::Rebase),
        (&["cherry-pick", "side"], Operation::CherryPick),
        (&["revert", "--no-edit", "HEAD~1"], Operation::Revert),
    ] {
        let stage = Stage::new();
        conflict(&stage);
        stage.write("a/README.md", "again\n");
        stage.commit("again");
        assert!(!try_git(&stage.root(), args).status.success(), "{args:?}");
        let before = stage.belongings();
        assert_eq!(refused(&stage).await, Some(Unfit::UnderWay(operation)));
        assert_eq!(before, stage.belongings());
    }
    let stage = Stage::new();
    stage.commit("second");
    stage.git(&["bisect", "start"]);
    let (_, standing) = Repo::survey(&stage.root()).await.unwrap();
    assert_eq!(standing.under_way, Some(Operation::Bisect));
    assert!(standing.unfit().is_none() && standing.remarks().len() == 1);
}

#[tokio::test]
async fn oddities_are_remarks() {
    let stage = Stage::new();
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    fs::write(stage.root().join(odd), "x").unwrap();
    stage.git(&["branch", "formic"]);
    let inner = Stage::new();
    let args = ["-c", "protocol.file.allow=always", "submodule", "add", "-q"];
    stage.git(&[&args[..], &[inner.root().to_str().unwrap(), "sub"]].concat());
    stage.commit("odd");
    stage.git(&["switch", "-q", "--detach"]);
    let (_, standing) = Repo::survey(&stage.root()).await.unwrap();
    assert_eq!(standing.head, Head::Detached(stage.head()));
    assert_eq!(standing.submodules, ["sub"]);
    assert_eq!(standing.unnameable, [r"caf\xe9.txt"]);
    assert!(standing.is_name_taken && standing.unfit().is_none());
    assert_eq!(standing.remarks().len(), 3);
    let from = format!("file://{}", stage.root().display());
    stage.git(&["config", "uploadpack.allowFilter", "true"]);
    let thin = stage.beside("thin");
    let args = ["clone", "-q", "--depth=1", "--filter=blob:none", &from];
    git(
        &stage.beside(""),
        &[&args[..], &[thin.to_str().unwrap()]].concat(),
    );
    let (_, standing) = Repo::survey(&thin).await.unwrap();
    assert!(standing.is_shallow && standing.is_partial);
}

#[tokio::test]
async fn a_linked_checkout_stands_for_itself() {
    let stage = Stage::new();
    let linked = stage.linked();
    write(&linked, "a/README.md", "x");
    let (_, standing) = Repo::survey(&linked).await.unwrap();
    assert_eq!(standing.head.branch(), Some("side"));
    assert_eq!(standing.dirty, ["a/README.md"]);
    assert_eq!(
        Repo::survey(&stage.root()).await.unwrap().1.dirty,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_repository_is_found_below_a_name_of_several_lines() {
    let stage = Stage::new();
    let there = stage.beside("two\nlines\n");
    fs::rename(stage.root(), &there).unwrap();
    let (repo, standing) = Repo::survey(&there.join("a")).await.unwrap();
    assert_eq!(standing.root, there.canonicalize().unwrap());
    assert_eq!(repo.root(), standing.root);
    assert_eq!(standing.files.len(), 13);
    assert!(repo.get_ref("refs/heads/main").await.unwrap().is_some());
}
