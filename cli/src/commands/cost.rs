//! `formic cost`: tokens and money by session, model and node.

use actors::archive::{self, DataFolder};
use protocol::{Event, PlanEvent, Record, Seq, SessionId, Timestamp};
use serde_json::{Map, Value, json};
use views::{Ledger, Tally, View};

use crate::args::sessions::CostArgs;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::session::named;

/// The most characters of a title in the table.
const TITLE: usize = 32;

struct Account {
    session: SessionId,
    title: Option<String>,
    ledger: Ledger,
    /// For a run of a swarm: what each node used, by its name.
    nodes: Vec<(String, Tally)>,
}

/// Prints the costs.
///
/// # Errors
/// When a session cannot be read or the moment is not one.
pub fn run(args: &CostArgs) -> Result<(), Failure> {
    let data = super::data()?;
    let since = args
        .since
        .as_deref()
        .map(since)
        .transpose()?
        .unwrap_or_default();
    let named = args
        .session
        .as_ref()
        .map(|name| named(&data, name))
        .transpose()?;
    let accounts = accounts(&data, named, since)?;
    if args.json {
        let sessions = accounts.iter().map(object);
        return output::json(
            &json!({"type": "cost", "sessions": Value::from_iter(sessions), "total_cost_usd": sum(&accounts)}),
        );
    }
    if accounts.is_empty() {
        return output::line("nothing was used");
    }
    let mut rows = vec![heads()];
    for account in &accounts {
        rows.extend(self::rows(account));
    }
    rows.push(totals(&accounts));
    output::line(&output::table(&rows))
}

fn accounts(
    data: &DataFolder,
    named: Option<SessionId>,
    since: Timestamp,
) -> Result<Vec<Account>, Failure> {
    let title = |id| {
        let listed = archive::list(data).ok()?;
        listed.into_iter().find(|info| info.id == id)?.facts.title
    };
    if let Some(id) = named {
        return Ok(vec![account(data, id, title(id), since)?]);
    }
    let mut accounts = Vec::new();
    for info in archive::list(data)? {
        if info.facts.last_at.is_some_and(|last| last < since) {
            continue;
        }
        let account = account(data, info.id, info.facts.title, since)?;
        if account.ledger != Ledger::default() {
            accounts.push(account);
        }
    }
    Ok(accounts)
}

fn account(
    data: &DataFolder,
    id: SessionId,
    title: Option<String>,
    since: Timestamp,
) -> Result<Account, Failure> {
    let records = archive::read(data, id, Seq(1))?.records;
    let is_new = |record: &&Record| record.at >= since;
    let ledger = Ledger::fold(records.iter().filter(is_new));
    Ok(Account {
        session: id,
        title,
        nodes: by_node(&ledger, &records),
        ledger,
    })
}

/// What the nodes of a run used, in the order of its plans. A chat's one node is the chat.
fn by_node(ledger: &Ledger, records: &[Record]) -> Vec<(String, Tally)> {
    let plans = records.iter().filter_map(|record| match &record.event {
        Event::Plan(PlanEvent::Accepted { plan }) => Some(&plan.nodes),
        Event::Plan(PlanEvent::Patched { patch, .. }) => Some(&patch.add),
        Event::Plan(
            PlanEvent::Proposed { .. }
            | PlanEvent::Rejected { .. }
            | PlanEvent::Checked { .. }
            | PlanEvent::NodeStarted { .. }
            | PlanEvent::NodeReturned { .. }
            | PlanEvent::NodeEnded { .. }
            | PlanEvent::Paused { .. }
            | PlanEvent::Unpaused
            | PlanEvent::Cancelled { .. }
            | PlanEvent::Closed,
        )
        | Event::Session(_)
        | Event::Turn(_)
        | Event::Model(_)
        | Event::Tool(_)
        | Event::Permission(_)
        | Event::Workspace(_)
        | Event::Memory(_)
        | Event::Fault(_) => None,
    });
    let nodes = plans
        .flatten()
        .filter(|node| node.kind != protocol::Kind::Chat);
    let used = nodes.filter_map(|node| {
        let tally = ledger.nodes.get(&node.id)?;
        Some((node.name.to_string(), tally.clone()))
    });
    used.collect()
}

/// A span back from now (`2d`, `6h`), or a day (`2026-01-31`).
fn since(text: &str) -> Result<Timestamp, Failure> {
    let now = actors::Source::now(&actors::SystemSource::new());
    if let Ok(span) = config::parse_duration(text) {
        let back = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        return Ok(Timestamp(now.0.saturating_sub(back)));
    }
    let midnight = text
        .parse::<jiff::civil::Date>()
        .and_then(|day| day.to_zoned(jiff::tz::TimeZone::system()));
    match midnight {
        Ok(midnight) => {
            let millis = midnight.timestamp().as_millisecond();
            Ok(Timestamp(u64::try_from(millis).unwrap_or(0)))
        }
        Err(_) => Err(Failure::new(
            Kind::Usage,
            format_args!("--since: {text:?} is neither a span nor a day"),
            "write for example --since 2d, --since 6h or --since 2026-01-31",
        )),
    }
}

fn heads() -> Vec<String> {
    [
        "session / model",
        "calls",
        "input",
        "cached",
        "output",
        "usd",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn rows(account: &Account) -> Vec<Vec<String>> {
    let title = account.title.as_deref().unwrap_or("");
    let mut rows = vec![row(
        format!("{} {}", account.session.digits(), brief(title)),
        &account.ledger.total,
    )];
    let models = account.ledger.models.iter();
    rows.extend(models.map(|(model, tally)| row(format!("  {model}"), tally)));
    let nodes = account.nodes.iter();
    rows.extend(nodes.map(|(node, tally)| row(format!("  node {node}"), tally)));
    rows
}

/// The sums of what is shown.
fn totals(accounts: &[Account]) -> Vec<String> {
    let tallies = || accounts.iter().map(|account| &account.ledger.total);
    let count = |of: fn(&Tally) -> u64| tallies().map(of).sum::<u64>().to_string();
    vec![
        "total".to_owned(),
        count(|tally| tally.steps.into()),
        count(|tally| tally.usage.input + tally.usage.cache_write),
        count(|tally| tally.usage.cache_read),
        count(|tally| tally.usage.output),
        money(sum(accounts)),
    ]
}

/// A title that leaves room for the numbers beside it.
fn brief(title: &str) -> String {
    if title.chars().count() <= TITLE {
        return title.to_owned();
    }
    let head: String = title.chars().take(TITLE - 3).collect();
    format!("{}...", head.trim_end())
}

fn row(name: String, tally: &Tally) -> Vec<String> {
    let usage = tally.usage;
    vec![
        name,
        tally.steps.to_string(),
        (usage.input + usage.cache_write).to_string(),
        usage.cache_read.to_string(),
        usage.output.to_string(),
        money(tally.cost.map(protocol::Cost::usd)),
    ]
}

/// A price that is not known is not zero.
fn money(usd: Option<f64>) -> String {
    usd.map_or_else(|| "unknown".to_owned(), |usd| format!("{usd:.4}"))
}

fn sum(accounts: &[Account]) -> Option<f64> {
    let costs = accounts.iter().map(|account| account.ledger.total.cost);
    let total: Option<u64> = costs.map(|cost| cost.map(|cost| cost.0)).sum();
    total.map(|total| protocol::Cost(total).usd())
}

fn object(account: &Account) -> Value {
    let models = account.ledger.models.iter();
    let models: Map<String, Value> = models
        .map(|(model, used)| (model.clone(), answered(used)))
        .collect();
    let nodes = account.nodes.iter();
    let nodes: Map<String, Value> = nodes
        .map(|(node, used)| (node.clone(), tally(used)))
        .collect();
    json!({
        "session_id": account.session,
        "title": account.title,
        "total": tally(&account.ledger.total),
        "models": models,
        "nodes": nodes,
    })
}

/// All that was used. Calls of tools and of models that were made again are no model's, but those of an agent.
fn tally(tally: &Tally) -> Value {
    let mut all = answered(tally);
    all["retries"] = json!(tally.retries);
    all["tool_calls"] = json!(tally.tool_calls);
    all
}

/// What replies used.
fn answered(tally: &Tally) -> Value {
    json!({
        "calls": tally.steps,
        "input_tokens": tally.usage.input,
        "output_tokens": tally.usage.output,
        "cache_read_input_tokens": tally.usage.cache_read,
        "cache_creation_input_tokens": tally.usage.cache_write,
        "duration_api_ms": tally.api_ms,
        "cost_usd": tally.cost.map(protocol::Cost::usd),
    })
}
