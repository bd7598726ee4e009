//! `formic demo chat`: one agent mends a failing test in a sample repository, played by a scripted model over real HTTP.

mod sample;
mod show;

use std::io::Write;
use std::path::Path;

use actors::{Options, Session};
use anyhow::Context;
use protocol::{Block, SessionId, TurnEnd};
use scripted::{Script, Server};
use views::{Ledger, View};

use super::ground;
use crate::runtime::{self, drive};

const PROMPT: &str =
    "A test of this crate fails. Find out why, mend the code, and prove it by running the tests.";

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
    let runtime = runtime::new()?;
    let options = ground::options(data, &root, server.base_url());
    let (id, end, ledger) = drive(&runtime, converse(options, out))?;
    report(&root, id, &ledger, out)?;
    let (lines, passed) = sample::test(&root)?;
    writeln!(out, "The tests, run once more outside the agent:")?;
    lines
        .iter()
        .try_for_each(|line| writeln!(out, "  {line}"))?;
    writeln!(
        out,
        "\nLook at the session:  formic sessions show {}",
        id.digits()
    )?;
    writeln!(out, "Fold it again:        formic replay {}", id.digits())?;
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
        "\n{} model calls, {} tokens in, {} tokens out, {cost} at the demo's prices (session {})\n",
        total.steps,
        total.usage.prompt(),
        total.usage.output,
        id.digits(),
    )?;
    Ok(())
}
