//! What lies in a pool can be looked at and taken away, whichever repository it is of, unless somebody has it.

use std::fs;

use protocol::TreeStart;
use workspace::{Leftover, leftovers, take_away};

use crate::stage::*;

async fn names(stage: &Stage) -> Vec<(String, bool)> {
    let found = leftovers(&stage.home()).await.unwrap();
    let told = found.into_iter().map(|one| (one.name, one.is_orphan));
    told.collect()
}

#[tokio::test]
async fn trees_that_nobody_has_are_found_with_their_names_and_those_of_lost_repositories_too() {
    let stage = Stage::new();
    let other = Stage::new();
    assert_eq!(names(&stage).await, []);
    let held = stage.tree("held").await;
    drop(stage.tree("waits").await);
    let free = stage.tree("free").await;
    stage.trees().await.give_back(free).await.unwrap();
    // Another repository's tree in the same pool; its repository goes.
    let start = TreeStart::Commit(other.head());
    let lent = other.repo().await.trees(stage.home());
    drop(lent.take("lent", &start, None).await.unwrap());
    fs::remove_dir_all(other.root()).unwrap();
    let told = |name: &str, is_orphan| (name.to_owned(), is_orphan);
    let found = [told("waits", false), told("", false), told("lent", true)];
    assert_eq!(names(&stage).await, found);
    drop(held);
    assert_eq!(names(&stage).await.len(), 4);
}

#[tokio::test]
async fn only_what_is_still_as_it_was_found_is_taken_away_with_what_lies_beside_it() {
    let stage = Stage::new();
    drop(stage.tree("one").await);
    let found = leftovers(&stage.home()).await.unwrap().remove(0);
    let beside = stage.home().join("beside");
    fs::create_dir(&beside).unwrap();
    let other = Leftover {
        name: "two".to_owned(),
        ..found.clone()
    };
    assert!(
        !take_away(&other, &[]).await.unwrap(),
        "it has another name now"
    );
    let trees = stage.trees().await;
    let held = trees.take("one", &TreeStart::Kept, None).await.unwrap();
    assert!(
        !take_away(&found, std::slice::from_ref(&beside))
            .await
            .unwrap(),
        "somebody has it"
    );
    assert!(beside.exists());
    drop(held);
    assert!(
        take_away(&found, std::slice::from_ref(&beside))
            .await
            .unwrap()
    );
    assert!(!found.folder.exists() && !beside.exists());
    assert_eq!(names(&stage).await, []);
}
