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
        let mut misses = Vec::new();
        for rule in &mut self.rules {
            match rule.take(facts) {
                Ok(choice) => return Ok(choice),
                Err(miss) => misses.push(format!("\"{}\": {miss}", rule.name)),
            }
        }
        match &self.otherwise {
            Some(reply) => Ok(Choice {
                rule: "otherwise".into(),
                reply: Arc::clone(reply),
            }),
            None => Err(explain(facts, &misses)),
        }
    }
}

impl LiveRule {
    fn take(&mut self, facts: &Facts<'_>) -> Result<Choice, String> {
        if let Some(times) = self.times.filter(|times| self.used >= *times) {
            return Err(format!("used up after {times}"));
        }
        if let Some(miss) = miss(&self.when, facts) {
            return Err(miss);
        }
        let call = self.met;
        self.met += 1;
        if let Some(wanted) = self.when.call.filter(|wanted| *wanted != call) {
            return Err(format!("call is {call}, not {wanted}"));
        }
        self.used += 1;
        Ok(Choice {
            rule: Arc::clone(&self.name),
            reply: Arc::clone(&self.reply),
        })
    }
}

/// The first condition, `call` aside, that does not hold.
fn miss(when: &When, facts: &Facts<'_>) -> Option<String> {
    let result = facts.last_result.as_ref();
    None.or_else(|| differs("wire", when.wire.as_ref(), &facts.wire))
        .or_else(|| differs("model", when.model.as_deref(), facts.model))
        .or_else(|| differs("turn", when.turn.as_ref(), &facts.turn))
        .or_else(|| {
            let marker = when.marker.as_deref()?;
            let is_there = facts.prompts.iter().any(|text| text.contains(marker));
            (!is_there).then(|| format!("marker {marker:?} is in no prompt"))
        })
        .or_else(|| {
            lacks(
                "last_user",
                when.last_user.as_deref(),
                Some(&facts.last_user),
            )
        })
        .or_else(|| {
            lacks(
                "last_result",
                when.last_result.as_deref(),
                result.map(|result| result.text.as_str()),
            )
        })
        .or_else(|| {
            let wanted = when.last_result_is_error?;
            match result {
                None => Some("there is no tool result".to_owned()),
                Some(result) => differs("last_result_is_error", Some(&wanted), &result.is_error),
            }
        })
}

fn differs<T: PartialEq + std::fmt::Display + ?Sized>(
    field: &str,
    wanted: Option<&T>,
    actual: &T,
) -> Option<String> {
    let wanted = wanted.filter(|wanted| *wanted != actual)?;
    Some(format!("{field} is {actual}, not {wanted}"))
}

fn lacks(field: &str, wanted: Option<&str>, actual: Option<&str>) -> Option<String> {
    let wanted = wanted?;
    let is_there = actual.is_some_and(|text| text.contains(wanted));
    (!is_there).then(|| format!("{field} does not contain {wanted:?}"))
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
