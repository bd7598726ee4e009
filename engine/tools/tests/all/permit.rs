//! Nothing is written without the right permit, nor where the world moved on.

use std::fs;
use std::os::unix::fs::symlink;

use futures_util::FutureExt;
use protocol::{Action, Claim, Verdict};
use serde_json::json;
use tools::{Settled, settle};

use crate::rig::{Rig, allow, failed, ok, reason};

#[tokio::test]
async fn only_an_allowed_claim_gets_a_permit() {
    let rig = Rig::new();
    let claim = Claim {
        tool: "write".to_owned(),
        action: Action::Session,
    };
    for (verdict, permitted) in [
        (allow(), true),
        (Verdict::Ask(reason()), false),
        (Verdict::Deny(reason()), false),
    ] {
        let permit = rig.lane.acquire().await.permit(&claim, &verdict);
        assert_eq!(permit.is_some(), permitted, "{verdict:?}");
    }
}

#[tokio::test]
async fn the_lane_is_held_as_long_as_the_permit_and_then_goes_to_the_next_in_order() {
    let rig = Rig::new();
    let claim = Claim {
        tool: "write".to_owned(),
        action: Action::Session,
    };
    let permit = rig.permit(&claim).await;
    let mut second = Box::pin(rig.lane.acquire());
    let mut third = Box::pin(rig.lane.acquire());
    assert!(second.as_mut().now_or_never().is_none());
    assert!(third.as_mut().now_or_never().is_none());
    drop(permit);
    assert!(
        third.as_mut().now_or_never().is_none(),
        "the third overtook"
    );
    let guard = second.await;
    assert!(guard.permit(&claim, &Verdict::Deny(reason())).is_none());
    third.await;
}

#[tokio::test]
async fn a_permit_for_another_path_or_claim_writes_nothing() {
    let mut rig = Rig::new();
    let own = json!({"file_path": "f", "content": "x"});
    let prepared = rig.prepare("write", own).await.unwrap();
    let other = json!({"file_path": "g", "content": "x"});
    let other_path = rig.prepare("write", other).await.unwrap().claim;
    let mut other_tool = prepared.claim.clone();
    other_tool.tool = "edit".to_owned();
    for claim in [other_path, other_tool] {
        let permit = rig.permit(&claim).await;
        let told = failed(&rig.commit(prepared.clone(), &permit).await);
        assert!(told.contains("refused"), "{told}");
        assert!(!rig.root.join("f").exists());
    }
    let permit = rig.permit(&prepared.claim.clone()).await;
    ok(&rig.commit(prepared, &permit).await);
}

#[tokio::test]
async fn a_file_that_changed_between_prepare_and_commit_is_left_alone() {
    let mut rig = Rig::new();
    rig.known("f", "old");
    let args = json!({"file_path": "f", "old_string": "old", "new_string": "new"});
    let prepared = rig.prepare("edit", args).await.unwrap();
    rig.put("f", "theirs");
    let permit = rig.permit(&prepared.claim.clone()).await;
    let told = failed(&rig.commit(prepared, &permit).await);
    assert!(told.contains("changed on disk"), "{told}");
    assert_eq!(rig.content("f"), "theirs");
}

#[tokio::test]
async fn a_file_that_came_up_between_prepare_and_commit_is_left_alone() {
    let mut rig = Rig::new();
    let prepared = rig
        .prepare("write", json!({"file_path": "f", "content": "mine"}))
        .await
        .unwrap();
    rig.put("f", "theirs");
    let permit = rig.permit(&prepared.claim.clone()).await;
    failed(&rig.commit(prepared, &permit).await);
    assert_eq!(rig.content("f"), "theirs");
}

#[tokio::test]
async fn a_folder_swapped_for_a_symlink_leads_nowhere() {
    let mut rig = Rig::new();
    rig.put("dir/keep", "");
    let args = json!({"file_path": "dir/f", "content": "x"});
    let prepared = rig.prepare("write", args).await.unwrap();
    let outside = rig.root.parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::rename(rig.root.join("dir"), rig.root.join("was")).unwrap();
    symlink(&outside, rig.root.join("dir")).unwrap();
    let permit = rig.permit(&prepared.claim.clone()).await;
    let told = failed(&rig.commit(prepared, &permit).await);
    assert!(told.contains("now leads to"), "{told}");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[tokio::test]
async fn settling_tells_before_from_after_from_anything_else() {
    let mut rig = Rig::new();
    let path = rig.known("f", "old");
    let args = json!({"file_path": "f", "content": "new"});
    let prepared = rig.prepare("write", args).await.unwrap();
    assert_eq!(settle(&prepared.intent), Settled::Before);
    let permit = rig.permit(&prepared.claim.clone()).await;
    ok(&rig.commit(prepared.clone(), &permit).await);
    assert_eq!(settle(&prepared.intent), Settled::After);
    fs::write(&path, "other").unwrap();
    assert_eq!(settle(&prepared.intent), Settled::Other);
    fs::remove_file(&path).unwrap();
    assert_eq!(settle(&prepared.intent), Settled::Other);
    let created = rig
        .prepare("write", json!({"file_path": "g", "content": "new"}))
        .await
        .unwrap();
    assert_eq!(settle(&created.intent), Settled::Before);
    let command = rig
        .prepare("bash", json!({"command": "true"}))
        .await
        .unwrap();
    assert_eq!(settle(&command.intent), Settled::Other);
}
