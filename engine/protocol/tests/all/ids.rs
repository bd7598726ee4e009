//! Ids as people and journals write them.

use proptest::prelude::*;
use protocol::{AgentId, BlobId, CallId, NodeId, Seq, SessionId, TurnId};
use uuid::Uuid;

#[test]
fn each_kind_prints_its_prefix_and_refuses_that_of_another() {
    let uuid = Uuid::from_u128(0xab);
    let digits = "000000000000000000000000000000ab";
    for (printed, prefix) in [
        (SessionId::new(uuid).to_string(), "ses"),
        (AgentId::new(uuid).to_string(), "agt"),
        (NodeId::new(uuid).to_string(), "nod"),
        (TurnId::new(uuid).to_string(), "trn"),
        (CallId::new(uuid).to_string(), "cal"),
    ] {
        assert_eq!(printed, format!("{prefix}_{digits}"));
        assert_eq!(printed.parse::<CallId>().is_ok(), prefix == "cal");
    }
}

#[test]
fn what_is_no_id_is_refused_with_what_was_given_and_wanted() {
    for text in [
        "",
        "ses_",
        "ses_xyz",
        "ses-000000000000000000000000000000ab",
        "ses_ses_000000000000000000000000000000ab",
        "000000000000000000000000000000a",
    ] {
        let error = text.parse::<SessionId>().unwrap_err().to_string();
        assert!(
            error.contains("session") && error.contains(&format!("{text:?}")),
            "{error}"
        );
    }
    for text in ["", "ab", &"g".repeat(64), &"0".repeat(65)] {
        assert!(text.parse::<BlobId>().is_err(), "{text}");
    }
}

#[test]
fn places_in_a_journal_follow_each_other() {
    assert_eq!(
        (Seq::default().next(), Seq(7).next(), Seq(7).to_string()),
        (Seq(1), Seq(8), "7".into())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_id_is_read_back_from_every_spelling(n in any::<u128>()) {
        let uuid = Uuid::from_u128(n);
        let id = SessionId::new(uuid);
        for text in [id.to_string(), uuid.simple().to_string(), uuid.hyphenated().to_string()] {
            prop_assert_eq!(text.parse::<SessionId>().unwrap(), id);
        }
        prop_assert_eq!(serde_json::from_str::<SessionId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
        prop_assert_eq!(id.uuid(), uuid);
    }

    #[test]
    fn a_content_id_is_of_the_bytes_alone(one in any::<Vec<u8>>(), other in any::<Vec<u8>>()) {
        let id = BlobId::of(&one);
        prop_assert_eq!(id == BlobId::of(&other), one == other);
        prop_assert_eq!(id.to_string().parse::<BlobId>().unwrap(), id);
        prop_assert_eq!(serde_json::from_str::<BlobId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
    }

    #[test]
    fn no_text_makes_reading_an_id_fall_over(text in "\\PC{0,80}") {
        let _ = (text.parse::<TurnId>(), text.parse::<BlobId>());
    }
}
