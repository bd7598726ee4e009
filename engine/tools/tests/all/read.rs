//! `read`: windows, limits, what is refused and why, and pipes that make others wait.

use std::fs;
use std::io::Write;
use std::process::Command;

use futures_util::future::join_all;
use protocol::{BlobId, Fact, ToolStatus};
use serde_json::json;

use crate::rig::{Rig, failed, ok, run, text};

#[tokio::test]
async fn lines_are_numbered_and_the_content_is_remembered() {
    let mut rig = Rig::new();
    let path = rig.put("f", "one\ntwo\r\n\nlast");
    let result = rig.call("read", json!({"file_path": "f"})).await;
    assert_eq!(ok(&result), "1\tone\n2\ttwo\n3\t\n4\tlast\n");
    let seen = Fact::FileSeen {
        path,
        content: BlobId::of(b"one\ntwo\r\n\nlast"),
    };
    assert_eq!(result.facts, [seen]);
}

#[tokio::test]
async fn a_missing_file_is_answered_with_the_three_names_nearest_to_it_whatever_their_case() {
    let mut rig = Rig::new();
    for name in ["Notes.md", "notes.txt", "note.md", "nodes.md", "other.rs"] {
        rig.put(name, "");
    }
    let result = rig.call("read", json!({"file_path": "NOTES.MD"})).await;
    let told = failed(&result);
    let near = "Names like it in that folder: Notes.md, note.md, nodes.md.";
    assert!(told.ends_with(near), "{told}");
}

#[tokio::test]
async fn a_window_says_where_it_is_and_how_to_go_on() {
    let mut rig = Rig::new();
    let lines: String = (1..=5000).map(|n| format!("l{n}\n")).collect();
    rig.put("f", lines);
    for (args, first, last, note) in [
        (
            json!({"file_path": "f"}),
            "1\tl1\n",
            "2000\tl2000\n",
            "(lines 1-2000 of 5000; go on with offset 2001)",
        ),
        (
            json!({"file_path": "f", "offset": 10, "limit": 2}),
            "10\tl10\n",
            "11\tl11\n",
            "go on with offset 12",
        ),
        (
            json!({"file_path": "f", "offset": 4999}),
            "4999\tl4999\n",
            "5000\tl5000\n",
            "(lines 4999-5000 of 5000: the end)",
        ),
        (
            json!({"file_path": "f", "offset": 6000}),
            "",
            "",
            "has only 5000 lines",
        ),
    ] {
        let told = ok(&rig.call("read", args.clone()).await);
        assert!(told.starts_with(first), "{args}: {told}");
        assert!(told.contains(last) && told.contains(note), "{args}: {told}");
    }
}

#[tokio::test]
async fn long_lines_and_large_files_are_cut() {
    let mut rig = Rig::new();
    rig.put("long", format!("{}\nshort\n", "ä".repeat(3000)));
    let told = ok(&rig.call("read", json!({"file_path": "long"})).await);
    assert!(told.starts_with(&format!(
        "1\t{} [... line of 6000 bytes cut]\n2\tshort\n",
        "ä".repeat(2000)
    )));
    rig.put("wide", format!("{}\n", "x".repeat(1000)).repeat(1000));
    let told = ok(&rig.call("read", json!({"file_path": "wide"})).await);
    assert!(told.len() < 52 * 1024, "{}", told.len());
    assert!(
        told.contains("of 1000 (50 KiB at a time); go on with offset 52"),
        "{}",
        &told[told.len() - 100..]
    );
}

#[tokio::test]
async fn the_content_id_is_of_the_whole_file_whatever_the_window() {
    let mut rig = Rig::new();
    let content = "0123456789abcdef\n".repeat(20_000);
    let path = rig.put("f", &content);
    rig.call("read", json!({"file_path": "f", "offset": 3, "limit": 1}))
        .await;
    assert_eq!(rig.seen.get(&path), Some(&BlobId::of(content.as_bytes())));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_kind() {
    let mut rig = Rig::new();
    rig.put("dir/config.toml", "");
    rig.put("data.bin", b"\x01\x00\x02");
    rig.put("paper.pdf", b"%PDF-1.7\n\x00");
    rig.put("p.png", b"\x89PNG\r\n\x1a\n\x00");
    for (asked, says) in [
        ("dir", "use list"),
        ("dir/confg.toml", "config.toml"),
        ("nowhere/at/all", "nearest folder is"),
        ("data.bin", "binary data, 3 bytes"),
        ("paper.pdf", "PDF"),
        ("p.png", "does not see pictures"),
        ("/dev/zero", "device"),
    ] {
        let told = failed(&rig.call("read", json!({"file_path": asked})).await);
        assert!(told.contains(says), "{asked}: {told}");
    }
}

#[tokio::test]
async fn pictures_go_to_models_that_see() {
    let mut rig = Rig::new();
    rig.vision = true;
    rig.put("p.png", b"\x89PNG\r\n\x1a\nrest");
    let told = ok(&rig.call("read", json!({"file_path": "p.png"})).await);
    assert!(told.ends_with("<image/png>"), "{told}");
    rig.put(
        "big.gif",
        [b"GIF89a".as_slice(), &vec![0; 5 * 1024 * 1024]].concat(),
    );
    let told = failed(&rig.call("read", json!({"file_path": "big.gif"})).await);
    assert!(told.contains("at most"), "{told}");
}

#[tokio::test]
async fn other_encodings_are_shown_and_named() {
    let mut rig = Rig::new();
    rig.put("latin", b"caf\xe9\n");
    let told = ok(&rig.call("read", json!({"file_path": "latin"})).await);
    assert!(
        told.contains("1\tcafé\n") && told.contains("Latin-1"),
        "{told}"
    );
    let utf16: Vec<u8> = [0xfeff_u16]
        .into_iter()
        .chain("hé\nx".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    rig.put("wide", utf16);
    let told = ok(&rig.call("read", json!({"file_path": "wide"})).await);
    assert!(
        told.contains("1\thé\n2\tx\n") && told.contains("UTF-16"),
        "{told}"
    );
    rig.put("marked", "\u{feff}a\n");
    assert_eq!(
        ok(&rig.call("read", json!({"file_path": "marked"})).await),
        "1\ta\n"
    );
    rig.put("empty", "");
    assert!(ok(&rig.call("read", json!({"file_path": "empty"})).await).contains("is empty"));
}

fn fifo(rig: &Rig, name: &str) -> std::path::PathBuf {
    let path = rig.root.join(name);
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path
}

/// The pipes are fed in the opposite order of the reads, each only after the one before it was read to its end:
/// reads that waited for one another would never get there.
#[tokio::test]
async fn sixteen_reads_of_pipes_overlap() {
    let rig = Rig::new();
    let names: Vec<String> = (0..16).map(|n| format!("p{n}")).collect();
    let paths: Vec<_> = names.iter().map(|name| fifo(&rig, name)).collect();
    let contexts: Vec<_> = names.iter().map(|_| rig.context()).collect();
    let calls = names.iter().zip(&contexts).map(|(name, ctx)| {
        let (registry, lane) = (&rig.registry, &rig.lane);
        async move {
            run(
                registry,
                lane,
                ctx,
                "read",
                &json!({"file_path": name}).to_string(),
            )
            .await
        }
    });
    let feed = tokio::task::spawn_blocking(move || {
        for (at, path) in paths.iter().enumerate().rev() {
            // Opening waits for a reader: none of the earlier reads has ended by then.
            let mut pipe = fs::OpenOptions::new().write(true).open(path).unwrap();
            writeln!(pipe, "pipe {at}").unwrap();
        }
    });
    let results = join_all(calls).await;
    feed.await.unwrap();
    for (at, result) in results.iter().enumerate() {
        assert_eq!(ok(result), format!("1\tpipe {at}\n"));
    }
}

#[tokio::test]
async fn an_interrupt_ends_a_read_nobody_feeds() {
    let rig = Rig::new();
    fifo(&rig, "p");
    let ctx = rig.context();
    let call = run(
        &rig.registry,
        &rig.lane,
        &ctx,
        "read",
        r#"{"file_path":"p"}"#,
    );
    let stop = async {
        tokio::task::yield_now().await;
        rig.cancel.cancel();
    };
    let (result, ()) = tokio::join!(call, stop);
    assert_eq!(result.status, ToolStatus::Interrupted, "{}", text(&result));
}
