//! How a run ended, in the words of the result object and as an exit code.

use protocol::{FaultKind, InterruptCause, Limit, ModelFault, TurnEnd};

use super::account::Account;

/// The end of a turn as the outside sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `subtype` of the result.
    pub subtype: &'static str,
    /// `terminal_reason` of the result.
    pub reason: &'static str,
    /// The exit code.
    pub code: u8,
    /// What went wrong and what to do next; `None` for a success.
    pub trouble: Option<(String, String)>,
}

impl Ending {
    /// Whether the model came to an answer, be it cut or short of what permission denied.
    pub fn has_answer(&self) -> bool {
        matches!(
            self.reason,
            "completed" | "permission_denied" | "max_output_tokens"
        )
    }

    fn success() -> Self {
        Self {
            subtype: "success",
            reason: "completed",
            code: 0,
            trouble: None,
        }
    }

    fn error(reason: &'static str, code: u8, message: impl Into<String>, hint: &str) -> Self {
        Self {
            subtype: "error_during_execution",
            reason,
            code,
            trouble: Some((message.into(), hint.to_owned())),
        }
    }

    fn limit(subtype: &'static str, reason: &'static str, message: &str, hint: &str) -> Self {
        Self {
            subtype,
            ..Self::error(reason, 4, message, hint)
        }
    }
}

/// The ending of the latest turn of an account.
pub fn of(end: &TurnEnd, account: &Account) -> Ending {
    match end {
        TurnEnd::Completed if account.was_denied() => Ending::error(
            "permission_denied",
            5,
            "permission: every call of the last step was denied, and the answer had to do without",
            "allow what is needed with --allowedTools or --permission-mode; `formic permissions explain` names the rule",
        ),
        TurnEnd::Completed => Ending::success(),
        TurnEnd::Refused => Ending::error(
            "refusal",
            1,
            "model: it refused to answer",
            "say it in other words, or choose another --model",
        ),
        TurnEnd::Cut => cut(account),
        TurnEnd::Limited(limit) => with_overrun(limited(*limit), account),
        TurnEnd::Looping => Ending::error(
            "looping",
            1,
            "run: the same calls with the same results came over and over",
            "say more about the goal, or choose another --model; go on with --continue",
        ),
        TurnEnd::Interrupted(cause) => interrupted(*cause),
        TurnEnd::Failed(fault) => failed(fault, account),
    }
}

/// Says by how much a provider did not keep to what was set aside.
fn with_overrun(mut ending: Ending, account: &Account) -> Ending {
    let over = account.ledger.total.overrun;
    if let Some((message, _)) = ending.trouble.as_mut().filter(|_| over > 0) {
        message.push_str(&format!(
            "; its provider counted {over} tokens more than were set aside for the calls"
        ));
    }
    ending
}

fn cut(account: &Account) -> Ending {
    let limits = account.opening.as_ref().map(|opening| opening.limits);
    match (account.was_bounded(), limits) {
        (true, Some(limits)) if limits.cost.is_some() && limits.tokens.is_none() => {
            limited(Limit::Cost)
        }
        (true, Some(_)) => limited(Limit::Tokens),
        _ => Ending::error(
            "max_output_tokens",
            1,
            "model: its longest reply was not long enough for the answer",
            "go on with --continue and a prompt that asks for the rest",
        ),
    }
}

const RESUME: &str = "raise the limit and go on with --continue";

fn limited(limit: Limit) -> Ending {
    match limit {
        Limit::Steps => Ending::limit(
            "error_max_turns",
            "max_turns",
            "--max-turns: the run had used all its model calls",
            RESUME,
        ),
        Limit::Cost => Ending::limit(
            "error_max_budget_usd",
            "max_budget_usd",
            "--max-budget-usd: the next call would have passed the budget",
            RESUME,
        ),
        Limit::Tokens => Ending::limit(
            "error_max_budget_tokens",
            "max_budget_tokens",
            "--max-budget-tokens: the next call would have passed the budget",
            RESUME,
        ),
        Limit::Time => interrupted(InterruptCause::Timeout),
        Limit::SchemaMisses => Ending {
            subtype: "error_max_structured_output_retries",
            ..Ending::error(
                "max_structured_output_retries",
                1,
                "--json-schema: no answer of the model fitted the schema",
                "make the schema simpler, or choose another --model",
            )
        },
    }
}

fn interrupted(cause: InterruptCause) -> Ending {
    const AGAIN: &str = "what was done so far is kept: go on with --continue";
    match cause {
        InterruptCause::User => Ending::error("interrupted", 130, "run: interrupted", AGAIN),
        InterruptCause::Terminate => Ending::error("terminated", 143, "run: terminated", AGAIN),
        InterruptCause::Timeout => Ending::limit(
            "error_timeout",
            "timeout",
            "--timeout: the time was over",
            RESUME,
        ),
    }
}

/// What to do where no server answers.
pub const MEND_SERVER: &str =
    "check that the server runs and --base-url is right; `formic doctor` looks closer";

/// What to do where a server refuses the key.
pub const MEND_KEY: &str =
    "check the key: ANTHROPIC_API_KEY, OPENAI_API_KEY, or the provider's api_key in settings";

fn failed(fault: &ModelFault, account: &Account) -> Ending {
    let (reason, code, hint) = match fault.kind {
        FaultKind::Unreachable => ("model_unreachable", 3, MEND_SERVER),
        FaultKind::Authentication => ("authentication_failed", 3, MEND_KEY),
        FaultKind::RateLimited => ("rate_limited", 1, "wait a while and go on with --continue"),
        FaultKind::Overloaded => ("overloaded", 1, "wait a while and go on with --continue"),
        FaultKind::BadRequest => (
            "bad_request",
            1,
            "check the model's name with `formic models`, and its limits in settings",
        ),
        FaultKind::ContextTooLong => (
            "context_too_long",
            1,
            "begin a new session with less to read, or choose a model with a larger window",
        ),
        FaultKind::Broken => ("broken_stream", 1, "go on with --continue"),
        FaultKind::Garbled => (
            "garbled_reply",
            1,
            "check that the provider's wire in settings is the one it speaks",
        ),
        FaultKind::Reported => ("model_error", 1, "go on with --continue"),
    };
    let model = account
        .opening
        .as_ref()
        .map(|opening| opening.model.to_string());
    let model = model.unwrap_or_else(|| "model".to_owned());
    let message = format!("{model}: {}", fault.message);
    Ending::error(reason, code, message, hint)
}
