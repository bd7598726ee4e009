//! `write`: creating, replacing, keeping what is not its business.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use protocol::Fact;
use serde_json::json;

use crate::rig::{Rig, failed, ok};

#[tokio::test]
async fn creates_a_file_with_its_folders() {
    let mut rig = Rig::new();
    let result = rig
        .call(
            "write",
            json!({"file_path": "a/b/c.txt", "content": "x\ny\n"}),
        )
        .await;
    assert!(ok(&result).contains("created"), "{result:?}");
    assert_eq!(rig.content("a/b/c.txt"), "x\ny\n");
    let written = Fact::FileWritten {
        path: rig.root.join("a/b/c.txt"),
        added: 2,
        removed: 0,
    };
    assert!(result.facts.contains(&written), "{:?}", result.facts);
}

#[tokio::test]
async fn leaves_nothing_beside_the_file() {
    let mut rig = Rig::new();
    ok(&rig
        .call("write", json!({"file_path": "f", "content": "x"}))
        .await);
    let names: Vec<_> = fs::read_dir(&rig.root)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["f"]);
}

#[tokio::test]
async fn replaces_only_what_was_read() {
    let mut rig = Rig::new();
    rig.put("f", "old");
    let args = json!({"file_path": "f", "content": "new"});
    let told = failed(&rig.call("write", args.clone()).await);
    assert!(told.contains("never read"), "{told}");
    assert_eq!(rig.content("f"), "old");
    ok(&rig.call("read", json!({"file_path": "f"})).await);
    rig.put("f", "other");
    let told = failed(&rig.call("write", args.clone()).await);
    assert!(told.contains("changed on disk"), "{told}");
    ok(&rig.call("read", json!({"file_path": "f"})).await);
    ok(&rig.call("write", args).await);
    assert_eq!(rig.content("f"), "new");
}

#[tokio::test]
async fn the_same_content_needs_no_permit() {
    let mut rig = Rig::new();
    rig.known("f", "same");
    let ended = rig
        .prepare("write", json!({"file_path": "f", "content": "same"}))
        .await
        .unwrap_err();
    assert!(ok(&ended).contains("already has exactly this content"));
}

#[tokio::test]
async fn permission_bits_stay() {
    let mut rig = Rig::new();
    let path = rig.known("run.sh", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).unwrap();
    ok(&rig
        .call("write", json!({"file_path": "run.sh", "content": "new"}))
        .await);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o751
    );
}

#[tokio::test]
async fn a_read_only_file_is_not_replaced() {
    let mut rig = Rig::new();
    let path = rig.known("f", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let told = failed(
        &rig.call("write", json!({"file_path": "f", "content": "new"}))
            .await,
    );
    assert!(told.contains("read-only"), "{told}");
    assert_eq!(rig.content("f"), "old");
}

#[tokio::test]
async fn a_symlink_stays_one_and_its_target_is_written() {
    let mut rig = Rig::new();
    rig.known("real", "old");
    symlink("real", rig.root.join("link")).unwrap();
    ok(&rig
        .call("write", json!({"file_path": "link", "content": "new"}))
        .await);
    assert_eq!(rig.content("real"), "new");
    assert!(
        fs::symlink_metadata(rig.root.join("link"))
            .unwrap()
            .is_symlink()
    );
}

#[tokio::test]
async fn a_folder_is_not_replaced() {
    let mut rig = Rig::new();
    rig.put("dir/f", "");
    let told = failed(
        &rig.call("write", json!({"file_path": "dir", "content": "x"}))
            .await,
    );
    assert!(told.contains("is a folder"), "{told}");
}

#[tokio::test]
async fn people_see_a_unified_diff() {
    let mut rig = Rig::new();
    rig.known("f", "a\nb\nc\nd\ne\nf\ng\nh\n");
    let args = json!({"file_path": "f", "content": "a\nb\nc\nd\nE\nf\ng\nh"});
    let diff = rig.prepare("write", args).await.unwrap().diff.unwrap();
    let body = diff.lines().skip(2).collect::<Vec<_>>().join("\n");
    assert_eq!(
        body,
        "@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n-h\n+h\n\\ No newline at end of file"
    );
}
