//! Texts of any size: swapped for a blob when bulky, the same when swapped back.

use std::collections::HashMap;

use proptest::prelude::*;
use protocol::{BULK_BYTES, BlobId, Text};

fn kept(text: &mut Text) -> HashMap<BlobId, Vec<u8>> {
    let mut blobs = HashMap::new();
    text.externalise(&mut |id, bytes: &[u8]| {
        blobs.insert(id, bytes.to_vec());
        Ok::<(), ()>(())
    })
    .unwrap();
    blobs
}

#[test]
fn only_what_is_longer_than_the_bound_is_stored() {
    for (bytes, stored) in [(0, false), (BULK_BYTES, false), (BULK_BYTES + 1, true)] {
        let mut text = Text::from("x".repeat(bytes));
        assert_eq!(!kept(&mut text).is_empty(), stored);
        assert_eq!(matches!(text, Text::Stored(_)), stored);
        assert_eq!(text.bytes(), bytes as u64);
        assert!(
            kept(&mut text).is_empty(),
            "a second time there is nothing to store"
        );
    }
}

#[test]
fn a_blob_that_cannot_be_kept_leaves_the_text_as_it_was() {
    let mut text = Text::from("x".repeat(BULK_BYTES + 1));
    let before = text.clone();
    assert_eq!(text.externalise(&mut |_, _| Err("full")), Err("full"));
    assert_eq!(text, before);
}

#[test]
fn a_lost_blob_leaves_its_edges_to_be_read() {
    let mut text = Text::from(format!("begin{}end", "x".repeat(BULK_BYTES)));
    kept(&mut text);
    text.internalise(&mut |_| None);
    let shown = text.as_str();
    assert!(
        shown.starts_with("begin") && shown.ends_with("end"),
        "{shown}"
    );
    assert!(shown.contains(&format!("{} bytes", BULK_BYTES + 8)) && shown.len() < 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_swapped_for_a_blob_and_back_is_the_same(piece in "\\PC{1,8}", times in 0..6_000usize) {
        let whole = piece.repeat(times);
        let mut text = Text::from(whole.clone());
        let blobs = kept(&mut text);
        prop_assert_eq!(text.bytes(), whole.len() as u64);
        let line = serde_json::to_string(&text).unwrap();
        let mut back: Text = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(&back, &text);
        for (id, bytes) in &blobs {
            prop_assert_eq!(*id, BlobId::of(bytes));
        }
        if let Text::Stored(stored) = &text {
            prop_assert!(whole.starts_with(&*stored.head) && whole.ends_with(&*stored.tail));
            prop_assert!(stored.head.len() <= 256 && stored.tail.len() <= 256);
        }
        back.internalise(&mut |id| blobs.get(&id).map(|b| String::from_utf8(b.clone()).unwrap()));
        prop_assert_eq!(back, Text::from(whole));
    }
}
