//! The prompt of a model call: the stable prefix, the conversation, the largest reply.

use std::path::Path;

use agent::{State, prompt};
use protocol::{Role, ToolDecl};

use crate::given::*;
use crate::story::session;

fn tools() -> std::sync::Arc<[ToolDecl]> {
    let schema = serde_json::value::RawValue::from_string("{}".into()).unwrap();
    let (name, description) = ("read".into(), "reads".into());
    [ToolDecl {
        name,
        description,
        schema,
    }]
    .into()
}

#[test]
fn it_holds_what_the_session_was_opened_with_and_all_that_was_said() {
    let story = session()
        .when(submit(1, "hi"))
        .reply(says("hello"))
        .when(submit(2, "more"));
    let prompt = prompt::assemble(&story.state, tools(), None);
    assert_eq!((prompt.model.as_str(), &*prompt.system), ("m", "be brief"));
    assert_eq!(prompt.tools[0].name, "read");
    assert_eq!(prompt.messages, story.state.messages);
    assert_eq!(prompt.messages[0].role, Role::User);
    assert_eq!(prompt.max_tokens, 1_000);
}

#[test]
fn messages_are_shared_not_copied() {
    let story = session().when(submit(1, "hi"));
    let prompt = prompt::assemble(&story.state, tools(), None);
    assert!(std::sync::Arc::ptr_eq(
        &prompt.messages[0],
        &story.state.messages[0]
    ));
}

#[test]
fn the_limits_may_ask_for_a_shorter_reply() {
    let story = session().when(submit(1, "hi"));
    assert_eq!(
        prompt::assemble(&story.state, tools(), Some(300)).max_tokens,
        300
    );
}

#[test]
fn each_prompt_begins_with_the_one_before_it() {
    let mut story = session().when(submit(1, "go"));
    let mut before = prompt::assemble(&story.state, tools(), None).messages;
    for n in 0..5 {
        story = story
            .reply(asks([read(n, "/w/a")]))
            .when(steer("and"))
            .when(ok(n));
        let now = prompt::assemble(&story.state, tools(), None).messages;
        assert_eq!(now[..before.len()], before[..]);
        before = now;
    }
}

#[test]
fn a_session_that_has_not_begun_has_an_empty_prompt() {
    let prompt = prompt::assemble(&State::default(), tools(), None);
    assert_eq!(
        (
            prompt.model.as_str(),
            &*prompt.system,
            prompt.messages.len()
        ),
        ("", "", 0)
    );
}

#[test]
fn the_system_prompt_is_the_same_every_time_and_ends_with_what_the_user_adds() {
    assert_eq!(prompt::system(None), prompt::system(None));
    let added = prompt::system(Some("  speak French\n"));
    assert_eq!(added, format!("{}\nspeak French", prompt::system(None)));
}

#[test]
fn the_environment_and_instructions_are_marked_as_such() {
    let mut facts = prompt::Environment {
        cwd: Path::new("/w"),
        os: "linux",
        date: "2026-01-02",
        git: None,
    };
    assert_eq!(
        prompt::environment(&facts).as_str(),
        "<environment>\nworking folder: /w\nplatform: linux\ndate: 2026-01-02\ngit: not a git repository\n</environment>"
    );
    facts.git = Some("on main, clean");
    assert!(
        prompt::environment(&facts)
            .as_str()
            .contains("git: on main, clean\n")
    );
    let text = prompt::instructions(Path::new("/w/AGENTS.md"), "be kind\n\n");
    assert_eq!(
        text.as_str(),
        "<instructions from=\"/w/AGENTS.md\">\nbe kind\n</instructions>"
    );
}

#[test]
fn a_review_is_of_every_change_and_of_each_as_much_as_of_the_others() {
    let names = ["one", "two"].map(protocol::NodeName::from);
    let (short, long) = ("+short\n".to_owned(), "+long\n".repeat(20_000));
    let changes = [(&names[0], short), (&names[1], long)];
    let text = prompt::reviewed(&changes, None);
    let text = text.as_str();
    assert!(text.contains("\n## one\n+short\n"));
    assert!(text.contains("\n## two\n+long\n"));
    assert!(text.ends_with("+long\n[cut here: read the files for the rest]\n"));
    assert!(text.len() < 25_000, "{}", text.len());
    // Of 4000 tokens half are some 6000 bytes.
    let less = prompt::reviewed(&changes, Some(4_000));
    assert!(less.as_str().len() < 3_200, "{}", less.as_str().len());
}
