//! Durations and key paths as people write them.

use config::{KeyPath, parse_duration};

#[test]
fn durations_read_as_written() {
    let table = [
        ("250ms", 250),
        ("90s", 90_000),
        ("10m", 600_000),
        ("1h30m", 5_400_000),
        ("2d", 172_800_000),
        ("1m500ms", 60_500),
        ("90", 90_000),
        (" 5s ", 5_000),
    ];
    for (text, millis) in table {
        assert_eq!(parse_duration(text).unwrap().as_millis(), millis, "{text}");
    }
}

#[test]
fn a_wrong_duration_says_why() {
    let table = [
        ("", "it is empty"),
        ("0s", "it must be above zero"),
        ("0", "it must be above zero"),
        ("10x", "unknown unit `x`"),
        ("m", "a number is missing before `m`"),
        ("-5s", "a number is missing before `-`"),
        ("1h30", "a unit is missing after a number"),
        ("1.5h", "a unit is missing after a number"),
        ("30m1h", "`h` stands after a shorter or equal unit"),
        ("1s1s", "`s` stands after a shorter or equal unit"),
        ("99999999999999999999s", "too long"),
        ("99999999999999999d", "too long"),
    ];
    for (text, reason) in table {
        assert_eq!(parse_duration(text).unwrap_err().reason, reason, "{text}");
    }
    assert_eq!(
        parse_duration("10x").unwrap_err().to_string(),
        "\"10x\" is not a duration: unknown unit `x` (write for example \"90s\", \"10m\" or \"1h30m\")"
    );
}

#[test]
fn key_paths_print_as_they_are_read() {
    for text in [
        "model",
        "permissions.allow",
        "providers.x.models.\"gpt-4.1\".price.input",
        "env.\"a\\\"b\"",
    ] {
        assert_eq!(text.parse::<KeyPath>().unwrap().to_string(), text);
    }
    assert_eq!(
        "a.\"b.c\"".parse::<KeyPath>().unwrap(),
        KeyPath::of(&["a", "b.c"])
    );
    for text in ["", ".", "a.", ".a", "a.\"b", "a.\"b\"c", "\"\""] {
        assert!(text.parse::<KeyPath>().is_err(), "{text}");
    }
}
