//! `formic demo`: one agent mends a failing test in a sample repository, played by a scripted model over real HTTP.

mod sample;
mod show;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use actors::{
    CommandOptions, Endpoint, Options, PermissionOptions, PlaceOptions, PromptOptions, RuleSpec,
    Secrets, Session, SystemSource, TraitsOverride, Wire,
};
use anyhow::Context;
use protocol::{
    Block, Limits, ModelRef, PermissionMode, Price, RuleEffect, RuleRef, SessionId, TurnEnd,
};
use scripted::{Script, Server};
use views::{Ledger, View};

const PROMPT: &str =
    "A test of this crate fails. Find out why, mend the code, and prove it by running the tests.";

/// What the demo charges, so that its cost line shows something: dollars per million tokens.
const PRICE: Price = Price {
    input: 3.0,
    output: 15.0,
    cache_read: 0.3,
    cache_write: 3.75,
};

/// Runs the demo; its session is kept in `data`. True if the tests pass in the end.
///
/// # Errors
/// Whatever did not work, naming it.
pub fn run(data: &Path, out: &mut dyn Write) -> anyhow::Result<bool> {
    let folder = tempfile::Builder::new().prefix("formic-demo-").tempdir();
    let root = folder
        .context("create a temporary folder")?
        .keep()
        .canonicalize()?;
    sample::create(&root)?;
    writeln!(
        out,
        "A sample crate with a failing test: {}\n> {PROMPT}\n",
        root.display()
    )?;
    let script = Script::from_json(include_str!("script.json"))?;
    let server = Server::in_background(script)?;
    let runtime = crate::runtime::new()?;
    let options = options(data, &root, server.base_url());
    let (id, end, ledger) = runtime.block_on(converse(options, out))?;
    report(&root, id, &ledger, out)?;
    let (lines, passed) = sample::test(&root)?;
    writeln!(out, "The tests, run once more outside the agent:")?;
    lines
        .iter()
        .try_for_each(|line| writeln!(out, "  {line}"))?;
    writeln!(out, "\nLook at the session:  formic sessions show {id}")?;
    writeln!(out, "Fold it again:        formic replay {id}")?;
    Ok(passed && end == Some(TurnEnd::Completed))
}

async fn converse(
    options: Options,
    out: &mut dyn Write,
) -> anyhow::Result<(SessionId, Option<TurnEnd>, Ledger)> {
    let session = Session::open(options, None).await?;
    let mut watch = session.subscribe();
    session.submit(vec![Block::Text(PROMPT.into())]).await?;
    let (mut show, mut ledger) = (show::Show::default(), Ledger::default());
    while let Some(notice) = watch.next().await {
        show.notice(&notice, out)?;
        if let protocol::Notice::Record(record) = &notice {
            ledger.apply(record);
            if matches!(
                record.event,
                protocol::Event::Turn(protocol::TurnEvent::Ended { .. })
            ) {
                break;
            }
        }
    }
    let end = session.rest().await?;
    let id = session.id();
    session.close().await;
    Ok((id, end, ledger))
}

fn report(root: &Path, id: SessionId, ledger: &Ledger, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "\nWhat changed:\n")?;
    for line in sample::diff(root)?.lines() {
        writeln!(out, "  {line}")?;
    }
    let total = &ledger.total;
    let cost = total
        .cost
        .map_or("unknown".to_owned(), |cost| format!("${:.4}", cost.usd()));
    writeln!(
        out,
        "\n{} model calls, {} tokens in, {} tokens out, {cost} at the demo's prices (session {id})\n",
        total.steps,
        total.usage.prompt(),
        total.usage.output,
    )?;
    Ok(())
}

fn options(data: &Path, root: &Path, base_url: String) -> Options {
    let mut endpoint = Endpoint::new("scripted", Wire::Anthropic, base_url);
    let known = TraitsOverride {
        price: Some(PRICE),
        ..TraitsOverride::default()
    };
    endpoint.overrides.insert("demo-model".to_owned(), known);
    Options {
        data: data.to_owned(),
        place: PlaceOptions {
            cwd: root.to_owned(),
            root: root.to_owned(),
            added: Vec::new(),
            home: None,
        },
        sources: sources(root),
        permission: PermissionOptions {
            mode: PermissionMode::AcceptEdits,
            rules: vec![allow("Bash(cargo test:*)")],
            settings_files: Vec::new(),
        },
        endpoint,
        model: ModelRef {
            provider: "scripted".to_owned(),
            model: "demo-model".to_owned(),
        },
        prompt: PromptOptions {
            date: "2026-01-01".to_owned(),
            ..PromptOptions::default()
        },
        limits: Limits::default(),
        // A backtrace would bury the failing assertion.
        secrets: Secrets {
            scrubbed: vec!["RUST_BACKTRACE".to_owned()],
            ..Secrets::default()
        },
        commands: CommandOptions::default(),
        source: Arc::new(SystemSource::new()),
        crash: None,
    }
}

/// Only the sample's own instruction files: a demo must not depend on whose machine it runs on.
fn sources(root: &Path) -> config::Sources {
    config::Sources {
        user_dir: root.join(".no-user-folder"),
        claude_user_dir: None,
        home: None,
        project_root: root.to_owned(),
        cwd: root.to_owned(),
        managed: None,
        settings_flag: None,
        flags: None,
        enabled: config::Enabled::ALL,
    }
}

fn allow(rule: &str) -> RuleSpec {
    let origin = RuleRef {
        rule: rule.to_owned(),
        effect: RuleEffect::Allow,
        layer: "demo".to_owned(),
        file: None,
        line: None,
    };
    RuleSpec {
        text: rule.to_owned(),
        effect: RuleEffect::Allow,
        origin,
    }
}

/// Prints to standard output.
///
/// # Errors
/// As [`run`].
pub fn print(data: &Path) -> anyhow::Result<bool> {
    run(data, &mut io::stdout().lock())
}
