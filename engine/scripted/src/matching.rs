//! Chooses the rule that answers a request, keeps the rules' counters, and explains why none did.

use std::sync::Arc;

use crate::{facts::Facts, reply::Reply, rule::When, script::Script};

/// A script being played: the rules with how often each was met and used.
#[derive(Debug)]
pub(crate) struct Matcher {
    rules: Vec<LiveRule>,
    otherwise: Option<Arc<Reply>>,
}

#[derive(Debug)]
struct LiveRule {
    name: Arc<str>,
    when: When,
    times: Option<u64>,
    reply: Arc<Reply>,
    /// Replies given.
    used: u64,
    /// Requests that met every condition but `call`.
    met: u64,
}

/// The reply chosen and the rule it came from.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) rule: Arc<str>,
    pub(crate) reply: Arc<Reply>,
}

impl Matcher {
    pub(crate) fn new(script: Script) -> Self {
        let rules = script
            .rules
            .into_iter()
            .enumerate()
            .map(|(index, rule)| LiveRule {
                name: if rule.name.is_empty() {
                    format!("rules[{index}]").into()
                } else {
                    rule.name.into()
                },
                when: rule.when,
                times: rule.times,
                reply: Arc::new(rule.reply),
                used: 0,
                met: 0,
            });
        Self {
            rules: rules.collect(),
            otherwise: script.otherwise.map(Arc::new),
        }
    }

    /// Takes the first live rule whose conditions hold, then the reply for everything else.
    ///
    /// # Errors
    /// An explanation for the script's author: what the request had, and why each rule passed it by.
    pub(crate) fn choose(&mut self, facts: &Facts<'_>) -> Result<Choice, String> {
        // Scripts have hundreds of rules, and hardly a request wants to know why it was passed by.
        let mut misses = Vec::new();
        for rule in &mut self.rules {
            match rule.take(facts) {
                Ok(choice) => return Ok(choice),
                Err(miss) => misses.push(miss),
            }
        }
        match &self.otherwise {
            Some(reply) => Ok(Choice {
                rule: "otherwise".into(),
                reply: Arc::clone(reply),
            }),
            None => {
                let misses = self.rules.iter().zip(misses);
                let told = misses.map(|(rule, miss)| rule.why(miss, facts));
                Err(explain(facts, &told.collect::<Vec<_>>()))
            }
        }
    }
}

/// Why a rule passes a request by: the first of its conditions that does not hold.
#[derive(Debug, Clone, Copy)]
enum Miss {
    UsedUp,
    Wire,
    Model,
    Turn,
    Marker,
    LastUser,
    LastResult,
    IsError,
    /// It is this one's turn.
    Call(u64),
}

impl LiveRule {
    fn take(&mut self, facts: &Facts<'_>) -> Result<Choice, Miss> {
        if self.times.is_some_and(|times| self.used >= times) {
            return Err(Miss::UsedUp);
        }
        if let Some(miss) = miss(&self.when, facts) {
            return Err(miss);
        }
        let call = self.met;
        self.met += 1;
        if self.when.call.is_some_and(|wanted| wanted != call) {
            return Err(Miss::Call(call));
        }
        self.used += 1;
        Ok(Choice {
            rule: Arc::clone(&self.name),
            reply: Arc::clone(&self.reply),
        })
    }

    fn why(&self, miss: Miss, facts: &Facts<'_>) -> String {
        let when = &self.when;
        let result = facts.last_result.as_ref();
        let why = match miss {
            Miss::UsedUp => format!("used up after {}", self.times.unwrap_or_default()),
            Miss::Wire => differs("wire", when.wire.as_ref(), &facts.wire),
            Miss::Model => differs("model", when.model.as_ref(), &facts.model),
            Miss::Turn => differs("turn", when.turn.as_ref(), &facts.turn),
            Miss::Marker => {
                let marker = when.marker.as_deref().unwrap_or_default();
                format!("marker {marker:?} is in no prompt")
            }
            Miss::LastUser => lacks("last_user", when.last_user.as_deref()),
            Miss::LastResult => lacks("last_result", when.last_result.as_deref()),
            Miss::IsError => match result {
                None => "there is no tool result".to_owned(),
                Some(result) => {
                    let wanted = when.last_result_is_error.as_ref();
                    differs("last_result_is_error", wanted, &result.is_error)
                }
            },
            Miss::Call(call) => differs("call", when.call.as_ref(), &call),
        };
        format!("\"{}\": {why}", self.name)
    }
}

/// The first condition, `call` aside, that does not hold.
fn miss(when: &When, facts: &Facts<'_>) -> Option<Miss> {
    let result = facts.last_result.as_ref();
    let in_result = |wanted: &str| result.is_some_and(|result| result.text.contains(wanted));
    let in_prompt = |marker: &str| facts.prompts.iter().any(|text| text.contains(marker));
    let holds = [
        (
            Miss::Wire,
            is_none_or(&when.wire, |wire| *wire == facts.wire),
        ),
        (
            Miss::Model,
            is_none_or(&when.model, |model| model == facts.model),
        ),
        (
            Miss::Turn,
            is_none_or(&when.turn, |turn| *turn == facts.turn),
        ),
    ];
    if let Some((miss, _)) = holds.into_iter().find(|(_, holds)| !holds) {
        return Some(miss);
    }
    // Texts are looked through only for who gets so far.
    if !is_none_or(&when.marker, |marker| in_prompt(marker)) {
        return Some(Miss::Marker);
    }
    if !is_none_or(&when.last_user, |wanted| facts.last_user.contains(wanted)) {
        return Some(Miss::LastUser);
    }
    if !is_none_or(&when.last_result, |wanted| in_result(wanted)) {
        return Some(Miss::LastResult);
    }
    let is_error = result.map(|result| result.is_error);
    let is_wanted = is_none_or(&when.last_result_is_error, |wanted| {
        is_error == Some(*wanted)
    });
    (!is_wanted).then_some(Miss::IsError)
}

fn is_none_or<T>(wanted: &Option<T>, holds: impl FnOnce(&T) -> bool) -> bool {
    wanted.as_ref().is_none_or(holds)
}

fn differs<W: std::fmt::Display, A: std::fmt::Display>(
    field: &str,
    wanted: Option<&W>,
    actual: &A,
) -> String {
    let wanted = wanted.map(ToString::to_string).unwrap_or_default();
    format!("{field} is {actual}, not {wanted}")
}

fn lacks(field: &str, wanted: Option<&str>) -> String {
    format!("{field} does not contain {:?}", wanted.unwrap_or_default())
}

fn explain(facts: &Facts<'_>, misses: &[String]) -> String {
    /// Rules named in an explanation; a longer list helps nobody.
    const SHOWN: usize = 20;
    let result = facts
        .last_result
        .as_ref()
        .map_or("none".to_owned(), |result| {
            let mark = if result.is_error { " (an error)" } else { "" };
            format!("{}{mark}", shortened(&result.text))
        });
    let mut text = format!(
        "no rule of the script matches this request: wire {}, model {:?}, turn {}, last_user {}, last_result {result}",
        facts.wire,
        facts.model,
        facts.turn,
        shortened(&facts.last_user),
    );
    for miss in misses.iter().take(SHOWN) {
        text.push_str("; ");
        text.push_str(miss);
    }
    if misses.len() > SHOWN {
        text.push_str(&format!("; and {} more rules", misses.len() - SHOWN));
    }
    text
}

/// A quoted text cut to a length that fits an error message.
fn shortened(text: &str) -> String {
    const LIMIT: usize = 120;
    match text.char_indices().nth(LIMIT) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or(text)),
    }
}
