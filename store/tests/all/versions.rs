//! A whole record that this build cannot use stops with its name; it is never taken for damage.

use protocol::{RECORD_VERSION, Seq};
use store::{Journal, StoreError, read};

use crate::given::{Disk, line, said, session, small};

/// A journal of one good record and one that says `json`.
fn with(json: &str) -> Disk {
    let disk = Disk::holding(&small(1));
    disk.put(1, &[disk.bytes(1), line(json)].concat());
    disk
}

fn second(from: &str, to: &str) -> String {
    let json = serde_json::to_string(&said(2, "hi")).unwrap();
    assert!(json.contains(from), "{json}");
    json.replace(from, to)
}

#[test]
fn a_newer_form_is_refused_by_its_version_and_nothing_is_cut() {
    let newer = RECORD_VERSION + 1;
    let same_shape = second("\"v\":1", &format!("\"v\":{newer}"));
    let another_shape = format!(r#"{{"v":{newer},"seq":2,"fact":"unheard of"}}"#);
    for json in [same_shape, another_shape] {
        let disk = with(&json);
        let before = disk.bytes(1);
        let error = Journal::open(&disk.data, session()).unwrap_err();
        let StoreError::Newer { seq, found, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((seq, found), (Seq(2), newer));
        assert_eq!(disk.bytes(1), before);
        let passed = read(&disk.data, session(), Seq(3)).unwrap_err();
        assert!(
            matches!(passed, StoreError::Newer { .. }),
            "passing over one is no excuse: {passed}"
        );
    }
}

#[test]
fn an_unknown_fact_or_field_is_refused_by_its_place_and_nothing_is_cut() {
    for (json, named) in [
        (second("submitted", "teleported"), "teleported"),
        (second("\"turn\":{", "\"weather\":{"), "weather"),
        (
            second("\"context\":[]", "\"context\":[],\"mood\":1"),
            "mood",
        ),
        (second("\"at\":", "\"moon\":3,\"at\":"), "moon"),
        (second("\"v\":1", "\"v\":0"), "form"),
        (second("00011", "00012"), "session"),
        ("[]".to_owned(), "2"),
        ("not json".to_owned(), "2"),
    ] {
        let disk = with(&json);
        let before = disk.bytes(1);
        let error = Journal::open(&disk.data, session()).unwrap_err();
        let text = error.to_string();
        let StoreError::Foreign { seq, .. } = error else {
            panic!("{json}: {error}");
        };
        assert_eq!(seq, Seq(2), "{json}");
        assert!(text.contains(named), "{json}: {text}");
        assert_eq!(disk.bytes(1), before, "{json}");
    }
}
