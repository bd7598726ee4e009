//! What a rule says when it is broken, and how an exception to it is kept honest.

use std::fmt;

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's short name, as `docs/invariants.md` and the messages call it.
    pub rule: &'static str,
    /// What an exception would name: a file, `file::item`, or `crate -> crate`.
    pub key: String,
    /// Where to look: `file:line`, or the manifest.
    pub place: String,
    /// What stands there.
    pub what: String,
    /// What to do about it.
    pub cure: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            key,
            place,
            what,
            cure,
        } = self;
        write!(f, "{place}: {rule}: {what}\n    {cure} (key: {key})")
    }
}

/// A place where a rule does not hold, and why that is right.
pub struct Exception {
    /// The `key` of the finding it answers.
    pub key: &'static str,
    /// The reason, for the next reader.
    pub why: &'static str,
}

/// Drops the findings that an exception answers; adds one for each exception that answers none or gives no reason.
pub fn settle(found: Vec<Finding>, exceptions: &[Exception]) -> Vec<Finding> {
    let idle = exceptions
        .iter()
        .filter(|e| e.why.is_empty() || !found.iter().any(|f| f.key == e.key));
    let idle: Vec<Finding> = idle
        .map(|e| Finding {
            rule: "exceptions",
            key: e.key.to_owned(),
            place: "tests/house".to_owned(),
            what: format!(
                "the exception for `{}` is not needed or gives no reason",
                e.key
            ),
            cure: "take it off the list: lists of exceptions only shrink",
        })
        .collect();
    let kept = found
        .into_iter()
        .filter(|f| !exceptions.iter().any(|e| e.key == f.key));
    kept.chain(idle).collect()
}

/// Fails the running test with every finding, one paragraph each.
#[track_caller]
pub fn hold(found: &[Finding]) {
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        found.is_empty(),
        "{} finding(s)\n\n{}\n",
        found.len(),
        lines.join("\n")
    );
}

/// Asserts that a bad sample is found out, by its keys, in order.
#[track_caller]
pub fn expect_keys(found: &[Finding], keys: &[&str]) {
    let got: Vec<&str> = found.iter().map(|f| f.key.as_str()).collect();
    assert_eq!(got, keys, "the bad sample should be found out exactly so");
}

#[test]
fn an_exception_answers_its_finding_and_an_idle_one_is_found() {
    let found = |key: &str| Finding {
        rule: "sample",
        key: key.to_owned(),
        place: "a.rs:1".to_owned(),
        what: String::new(),
        cure: "",
    };
    let exceptions = [
        Exception {
            key: "a",
            why: "because",
        },
        Exception {
            key: "gone",
            why: "because",
        },
        Exception { key: "b", why: "" },
    ];
    let left = settle(vec![found("a"), found("b"), found("c")], &exceptions);
    expect_keys(&left, &["c", "gone", "b"]);
}
