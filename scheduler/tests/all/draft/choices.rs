//! What becomes of a planner's answer, whatever it is.

use scheduler::draft::{Choices, Draft, repair};
use serde_json::{Value, json};

use super::given::{diamond, draft};

fn problems(drafted: &Draft, answer: &Value) -> Vec<String> {
    let choices = match Choices::read(answer) {
        Ok(choices) => choices,
        Err(problems) => return problems,
    };
    drafted.assemble(&choices).err().unwrap_or_default()
}

/// Whether the answer has one problem, which begins so.
fn expect(table: &[(Value, &str)]) {
    let drafted = draft(diamond(), "go");
    for (answer, expected) in table {
        let problems = problems(&drafted, answer);
        let held = problems.len() == 1 && problems[0].starts_with(expected);
        assert!(held, "{answer}: {problems:?}");
    }
}

/// An answer of one piece: a good one with some fields in another way.
fn one(fields: &Value) -> Value {
    let mut piece = json!({ "clusters": ["c1"], "brief": "b" });
    for (name, value) in fields.as_object().unwrap() {
        piece[name] = value.clone();
    }
    json!({ "pieces": [piece] })
}

#[test]
fn garbage_of_any_form_gives_a_problem_that_says_where() {
    expect(&[
        (json!(null), "wrong-form: the answer: invalid type: null"),
        (json!("c1"), "wrong-form: the answer: invalid type: string"),
        (json!({}), "wrong-form: the answer: missing field `pieces`"),
        (
            one(&json!({ "clusters": "c1" })),
            "wrong-form: `pieces[0].clusters`: invalid type: string",
        ),
        (
            one(&json!({ "tier": "huge" })),
            "wrong-form: `pieces[0].tier`: unknown variant `huge`",
        ),
        (json!({ "pieces": [] }), "nothing-chosen:"),
        (one(&json!({ "clusters": [] })), "no-cluster: piece 1"),
        (one(&json!({ "brief": " " })), "no-brief: piece 1"),
    ]);
}

#[test]
fn what_was_not_shown_gives_a_problem_that_names_it() {
    let whole = |name: &str, value: Value| {
        let mut answer = one(&json!({}));
        answer[name] = value;
        answer
    };
    let twice = json!({ "clusters": ["c1"], "brief": "b" });
    expect(&[
        (
            one(&json!({ "clusters": ["c99"] })),
            "unknown-cluster: piece 1 names `c99`",
        ),
        (
            one(&json!({ "clusters": ["c0"] })),
            "unknown-cluster: piece 1 names `c0`",
        ),
        (
            one(&json!({ "clusters": ["c99999999999999"] })),
            "unknown-cluster:",
        ),
        (one(&json!({ "clusters": ["c+1"] })), "unknown-cluster:"),
        (
            one(&json!({ "clusters": ["base\u{1b}[2J"] })),
            "unknown-cluster: piece 1 names `base?[2J`",
        ),
        (
            one(&json!({ "accept": "rm -rf /" })),
            "unknown-command: piece 1 names `rm -rf /`",
        ),
        (
            one(&json!({ "accept": "k5" })),
            "wrong-command: k5 checks nothing",
        ),
        (
            one(&json!({ "after": ["c77"] })),
            "unknown-cluster: piece 1 names `c77`",
        ),
        (
            json!({ "pieces": [twice, twice] }),
            "twice: c1 is in pieces 1 and 2",
        ),
        (
            whole("gate", json!("k9")),
            "unknown-command: `gate` is `k9`",
        ),
        (
            whole("contract", json!("x".repeat(5_000))),
            "too-long: `contract` has 5000 characters",
        ),
    ]);
}

#[test]
fn everything_wrong_is_said_at_once_and_a_flood_of_it_is_bounded() {
    let drafted = draft(diamond(), "go");
    let answer = one(&json!({ "clusters": ["x", "y"], "brief": "", "accept": "z" }));
    assert_eq!(problems(&drafted, &answer).len(), 4);
    let flood: Vec<String> = (0..100_000).map(|n| format!("zz{n}")).collect();
    let answer = one(&json!({ "clusters": flood }));
    let problems_of_flood = problems(&drafted, &answer);
    assert_eq!(problems_of_flood.len(), 100);
    assert!(repair(&problems_of_flood).len() < 4_000);
    let many = vec![json!({ "clusters": ["c1"], "brief": "b" }); 50_000];
    assert_eq!(
        problems(&drafted, &json!({ "pieces": many })),
        ["too-many: 50000 pieces of 5 clusters; a cluster belongs to one piece"]
    );
}

#[test]
fn a_repair_lists_the_problems_and_asks_for_the_whole_once_more() {
    let text = repair(&["twice: c1".into(), "no-brief: piece 2".into()]);
    assert_eq!(
        text,
        "This choice cannot be used:\n- twice: c1\n- no-brief: piece 2\nAnswer once more, whole, in the same form, with these \
         put right and the rest as it was."
    );
}

#[test]
fn the_schema_names_what_was_shown_and_requires_every_field() {
    let schema = draft(diamond(), "go").schema();
    let piece = &schema["properties"]["pieces"]["items"];
    assert_eq!(
        piece["properties"]["clusters"]["items"]["enum"],
        json!(["c1", "c2", "c3", "c4", "c5"])
    );
    assert_eq!(
        schema["properties"]["gate"]["enum"],
        json!(["none", "k1", "k2", "k3", "k4", "k5"])
    );
    for object in [&schema, piece] {
        let mut fields: Vec<&str> = object["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut required: Vec<&str> = object["required"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        fields.sort_unstable();
        required.sort_unstable();
        assert_eq!(fields, required);
        assert_eq!(object["additionalProperties"], json!(false));
    }
    assert_eq!(schema, draft(diamond(), "go").schema());
}

#[test]
fn an_answer_in_the_form_of_the_schema_is_a_plan() {
    let answer = json!({
        "contract": "", "gate": "none", "shared": false,
        "pieces": [{
            "clusters": ["c1"], "brief": "do it", "accept": "auto", "after": [], "tier": "S", "risk": "M", "size": "L", "split": false,
        }],
    });
    let choices = Choices::read(&answer).unwrap();
    assert_eq!(serde_json::to_value(&choices).unwrap(), answer);
    assert_eq!(
        draft(diamond(), "go")
            .assemble(&choices)
            .unwrap()
            .nodes
            .len(),
        1
    );
}
