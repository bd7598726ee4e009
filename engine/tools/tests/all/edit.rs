//! `edit` and `multi_edit`: what is replaced, what is kept, and which refusal comes when.

use serde_json::json;

use crate::rig::{Rig, failed, ok};

/// Content, old, new, all -> content afterwards.
const DONE: [(&str, &str, &str, &str, bool, &str); 11] = [
    ("one place", "a\nb\nc\n", "b", "B", false, "a\nB\nc\n"),
    ("every place", "x x\nx\n", "x", "y", true, "y y\ny\n"),
    ("a removed line", "a\nb\nc\n", "b\n", "", false, "a\nc\n"),
    (
        "CRLF stays CRLF",
        "a\r\nb\r\nc\r\n",
        "a\nb",
        "A\nB\nBB",
        false,
        "A\r\nB\r\nBB\r\nc\r\n",
    ),
    (
        "a single line into CRLF",
        "a\r\nb\r\n",
        "b",
        "b1\nb2",
        false,
        "a\r\nb1\r\nb2\r\n",
    ),
    (
        "CRLF asked, LF there",
        "a\nb\n",
        "a\r\nb",
        "A\r\nB",
        false,
        "A\nB\n",
    ),
    (
        "mixed endings, as given",
        "a\r\nb\nc\n",
        "b\nc",
        "B\nC",
        false,
        "a\r\nB\nC\n",
    ),
    (
        "the mark at the start stays",
        "\u{feff}a\nb\n",
        "a",
        "A",
        false,
        "\u{feff}A\nb\n",
    ),
    ("no final newline stays so", "a\nb", "b", "B", false, "a\nB"),
    (
        "asked with a final newline that is not there",
        "a\nb",
        "b\n",
        "B\n",
        false,
        "a\nB",
    ),
    (
        "a line doubled on purpose",
        "a\nb\n",
        "a\nb\n",
        "a\na\nb\n",
        false,
        "a\na\nb\n",
    ),
];

#[tokio::test]
async fn replaces_exactly_and_keeps_the_rest() {
    for (given, before, old, new, all, after) in DONE {
        let mut rig = Rig::new();
        rig.known("f", before);
        let args =
            json!({"file_path": "f", "old_string": old, "new_string": new, "replace_all": all});
        ok(&rig.call("edit", args).await);
        assert_eq!(rig.content("f"), after, "{given}");
    }
}

/// Content, old, new -> what the refusal says.
const REFUSED: [(&str, &str, &str, &str, &[&str]); 10] = [
    ("nothing to change", "a\n", "a", "a", &["are the same"]),
    (
        "ambiguous",
        "x\ny\nx\n",
        "x",
        "z",
        &["2 times", "lines 1, 3", "replace_all"],
    ),
    (
        "applied already",
        "a\nB\n",
        "b\n",
        "B\n",
        &["already there at line 2", "Do not repeat"],
    ),
    (
        "an insertion applied already",
        "a\nnew\nb\n",
        "a\n",
        "a\nnew\n",
        &["already there around line 1"],
    ),
    (
        "only white space differs",
        "fn f() {\n    body();\n}\n",
        "fn f() {\n\tbody();\n}",
        "x",
        &["only in white space from lines 1-3", "2\t    body();"],
    ),
    (
        "nearly there",
        "one\nlet total = sum(items);\nthree\n",
        "let totals = sum(item);",
        "x",
        &["nearest are lines 2-2", "2\tlet total = sum(items);"],
    ),
    (
        "nothing like it",
        "alpha\nbeta\n",
        "zzz qqq www",
        "x",
        &["nothing in the file looks like it"],
    ),
    (
        "with line numbers",
        "alpha\nbeta\n",
        "1\talpha\n2\tbeta",
        "x",
        &["line numbers"],
    ),
    (
        "empty old in a full file",
        "a\n",
        "",
        "b",
        &["only creates a new file"],
    ),
    (
        "case differs",
        "Alpha beta\n",
        "alpha beta",
        "x",
        &["nearest are lines 1-1"],
    ),
];

#[tokio::test]
async fn a_refusal_says_which_case_holds_and_changes_nothing() {
    for (given, before, old, new, says) in REFUSED {
        let mut rig = Rig::new();
        rig.known("f", before);
        let args = json!({"file_path": "f", "old_string": old, "new_string": new});
        let told = failed(&rig.call("edit", args).await);
        for part in says {
            assert!(told.contains(part), "{given}: {part:?} not in {told:?}");
        }
        assert_eq!(rig.content("f"), before, "{given}");
    }
}

#[tokio::test]
async fn a_file_never_read_or_changed_since_is_not_edited() {
    let mut rig = Rig::new();
    rig.put("f", "a\n");
    let args = json!({"file_path": "f", "old_string": "a", "new_string": "b"});
    let told = failed(&rig.call("edit", args.clone()).await);
    assert!(told.contains("never read"), "{told}");
    ok(&rig.call("read", json!({"file_path": "f"})).await);
    rig.put("f", "a \n");
    let told = failed(&rig.call("edit", args.clone()).await);
    assert!(told.contains("changed on disk since you read it"), "{told}");
    ok(&rig.call("read", json!({"file_path": "f"})).await);
    ok(&rig.call("edit", args).await);
    assert_eq!(rig.content("f"), "b \n");
}

#[tokio::test]
async fn its_own_edit_counts_as_having_read() {
    let mut rig = Rig::new();
    rig.known("f", "a\nb\n");
    for (old, new) in [("a", "A"), ("b", "B")] {
        let args = json!({"file_path": "f", "old_string": old, "new_string": new});
        ok(&rig.call("edit", args).await);
    }
    assert_eq!(rig.content("f"), "A\nB\n");
}

#[tokio::test]
async fn several_edits_apply_in_order_or_not_at_all() {
    let mut rig = Rig::new();
    rig.known("f", "a\nb\n");
    let good =
        json!([{"old_string": "a", "new_string": "c"}, {"old_string": "c\nb", "new_string": "d"}]);
    let bad = json!([{"old_string": "d", "new_string": "e"}, {"old_string": "nowhere", "new_string": "x"}]);
    ok(&rig
        .call("multi_edit", json!({"file_path": "f", "edits": good}))
        .await);
    assert_eq!(rig.content("f"), "d\n");
    let told = failed(
        &rig.call("multi_edit", json!({"file_path": "f", "edits": bad}))
            .await,
    );
    assert!(
        told.contains("edit 2 of 2") && told.contains("None of the edits"),
        "{told}"
    );
    assert_eq!(rig.content("f"), "d\n");
}

#[tokio::test]
async fn an_empty_old_string_creates_a_file_that_is_not_there() {
    let mut rig = Rig::new();
    let args = json!({"file_path": "new/f", "old_string": "", "new_string": "hi\n"});
    ok(&rig.call("edit", args).await);
    assert_eq!(rig.content("new/f"), "hi\n");
    let missing = json!({"file_path": "g", "old_string": "a", "new_string": "b"});
    let told = failed(&rig.call("edit", missing).await);
    assert!(told.contains("does not exist"), "{told}");
}

#[tokio::test]
async fn the_result_shows_the_changed_lines_and_few_others() {
    let mut rig = Rig::new();
    let lines: String = (1..=100).map(|n| format!("line {n}\n")).collect();
    rig.known("f", &lines);
    let new: String = (0..40).map(|n| format!("new {n}\n")).collect();
    let args = json!({"file_path": "f", "old_string": "line 50\n", "new_string": new});
    let told = ok(&rig.call("edit", args).await);
    assert!(told.contains("(+40 -1 lines)"), "{told}");
    assert!(told.contains("49\tline 49\n50\tnew 0\n"), "{told}");
    assert!(told.lines().count() <= 14, "{told}");
}

#[tokio::test]
async fn a_text_that_is_nowhere_in_ten_megabytes_costs_one_pass() {
    let mut rig = Rig::new();
    let line = "the quick brown fox jumps over the lazy dog again and again\n";
    rig.known("f", line.repeat(10 * 1024 * 1024 / line.len()));
    let old = "a quite different text of the same sort of length\n".repeat(200);
    let args = json!({"file_path": "f", "old_string": old, "new_string": "x"});
    failed(&rig.call("edit", args).await);
}

#[tokio::test]
async fn what_is_not_utf8_is_left_to_commands() {
    let mut rig = Rig::new();
    rig.known("f", b"caf\xe9\n");
    let args = json!({"file_path": "f", "old_string": "caf", "new_string": "tea"});
    let told = failed(&rig.call("edit", args).await);
    assert!(told.contains("not UTF-8"), "{told}");
}
