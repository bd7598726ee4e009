//! The result object: what a program reads at the end of a run.

use protocol::{Usage, WireCallId};
use serde_json::{Map, Value, json};
use views::Tally;

use super::account::Account;
use super::ending::Ending;

/// Names the provider's id of a call.
pub type Wires<'a> = &'a dyn Fn(protocol::CallId) -> Option<WireCallId>;

/// The object for the latest turn of an account.
pub fn object(account: &Account, ending: &Ending, wires: Wires<'_>) -> Map<String, Value> {
    let total = &account.ledger.total;
    let took = account
        .turn()
        .and_then(|turn| Some(turn.ended?.since(turn.began)));
    let mut result = Map::new();
    let mut put = |key: &str, value: Value| {
        result.insert(key.to_owned(), value);
    };
    put("type", json!("result"));
    put("subtype", json!(ending.subtype));
    put("is_error", json!(ending.code != 0));
    put("result", json!(answer(account, ending)));
    put("num_turns", json!(total.steps));
    put("duration_ms", json!(took.unwrap_or(0)));
    put("duration_api_ms", json!(total.api_ms));
    put("total_cost_usd", cost(total));
    put("usage", usage(&total.usage));
    put("modelUsage", models(account));
    if total.overrun > 0 {
        put("overrun_tokens", json!(total.overrun));
    }
    if total.estimated > 0 {
        put("estimated_tokens", json!(total.estimated));
    }
    put("permission_denials", denials(account, wires));
    put("terminal_reason", json!(ending.reason));
    if let Some(answer) = account.turn().and_then(|turn| turn.structured.as_deref()) {
        put(
            "structured_output",
            serde_json::from_str(answer).unwrap_or(Value::Null),
        );
    }
    if let Some((message, hint)) = &ending.trouble {
        put("errors", json!([message]));
        put("hint", json!(hint));
    }
    result
}

/// The text a run gives: the answer that fits the schema, else the last reply's.
pub fn answer(account: &Account, ending: &Ending) -> String {
    if !ending.has_answer() {
        return String::new();
    }
    let text = account
        .turn()
        .and_then(|turn| turn.structured.as_deref().or_else(|| turn.answer()));
    text.unwrap_or_default().to_owned()
}

/// Tokens under the names of Anthropic's wire.
pub fn usage(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
    })
}

/// Dollars; `null` when a price was not known.
pub fn cost(tally: &Tally) -> Value {
    json!(tally.cost.map(protocol::Cost::usd))
}

fn models(account: &Account) -> Value {
    let models = account.ledger.models.iter().map(|(model, tally)| {
        let used = json!({
            "inputTokens": tally.usage.input,
            "outputTokens": tally.usage.output,
            "cacheReadInputTokens": tally.usage.cache_read,
            "cacheCreationInputTokens": tally.usage.cache_write,
            "costUSD": cost(tally),
        });
        (model.clone(), used)
    });
    Value::Object(models.collect())
}

/// What was refused in the latest turn.
fn denials(account: &Account, wires: Wires<'_>) -> Value {
    let refused = account.denials().iter().map(|denial| {
        let input: Value = serde_json::from_str(&denial.arguments.as_str()).unwrap_or(Value::Null);
        json!({
            "tool_name": denial.tool,
            "tool_use_id": wires(denial.call),
            "tool_input": input,
            "reason": denial.reason,
        })
    });
    Value::from_iter(refused)
}
