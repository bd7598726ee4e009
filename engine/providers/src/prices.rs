//! Prices: the bundled, dated table of what well-known models cost and can do.
//!
//! Sources: the pricing and model pages of Anthropic (platform.claude.com), OpenAI (developers.openai.com) and
//! DeepSeek (api-docs.deepseek.com), partly by way of tables that cite them. Standard tier, text, 5-minute cache
//! writes. Where a window is not certain the smaller number stands. Settings win over every row.

use protocol::{Cost, LongPrompt, Price, Usage};

/// When the table was last compared with its sources.
pub const AS_OF: &str = "2026-11-06";

/// One model or family.
pub(crate) struct Row {
    /// The beginning of the model's name, lower case, dots as hyphens.
    pub(crate) prefix: &'static str,
    pub(crate) context: u64,
    pub(crate) output: u64,
    pub(crate) vision: bool,
    /// Input, output, cache read, cache write; dollars per million tokens.
    price: Option<[f64; 4]>,
    long: Option<LongPrompt>,
}

const fn row(prefix: &'static str, context: u64, output: u64, price: [f64; 4]) -> Row {
    Row {
        prefix,
        context,
        output,
        vision: true,
        price: Some(price),
        long: None,
    }
}

impl Row {
    const fn blind(mut self) -> Self {
        self.vision = false;
        self
    }

    const fn long(mut self, above: u64, prompt: f64, reply: f64) -> Self {
        self.long = Some(LongPrompt {
            above,
            prompt,
            reply,
        });
        self
    }

    /// A family whose unknown members have a window one may rely on, but a price nobody can guess.
    const fn family(prefix: &'static str, context: u64, output: u64) -> Self {
        Self {
            price: None,
            ..row(prefix, context, output, [0.0; 4])
        }
    }

    pub(crate) fn price(&self) -> Option<Price> {
        self.price
            .map(|[input, output, cache_read, cache_write]| Price {
                input,
                output,
                cache_read,
                cache_write,
                long: self.long,
            })
    }
}

const M: u64 = 1_000_000;
const K: u64 = 1_000;

static TABLE: &[Row] = &[
    // Anthropic
    Row::family("claude-", 200 * K, 8_192),
    Row::family("claude-opus-4", 200 * K, 32 * K),
    Row::family("claude-sonnet-4", 200 * K, 64 * K),
    row("claude-fable-5-1", M, 128 * K, [10.0, 50.0, 0.25, 12.5]),
    row("claude-mythos-5-1", M, 128 * K, [10.0, 50.0, 0.25, 12.5]),
    row("claude-fable-5", M, 128 * K, [10.0, 50.0, 1.0, 12.5]),
    row("claude-mythos-5", M, 128 * K, [10.0, 50.0, 1.0, 12.5]),
    row("claude-opus-5-5", M, 128 * K, [4.0, 20.0, 0.2, 5.0]),
    row("claude-opus-5", M, 128 * K, [5.0, 25.0, 0.5, 6.25]),
    row("claude-opus-4-8", 200 * K, 64 * K, [5.0, 25.0, 0.5, 6.25]),
    row("claude-opus-4-7", 200 * K, 64 * K, [5.0, 25.0, 0.5, 6.25]),
    row("claude-opus-4-6", 200 * K, 64 * K, [5.0, 25.0, 0.5, 6.25]),
    row("claude-opus-4-5", 200 * K, 64 * K, [5.0, 25.0, 0.5, 6.25]),
    row("claude-opus-4-1", 200 * K, 32 * K, [15.0, 75.0, 1.5, 18.75]),
    row("claude-opus-4-0", 200 * K, 32 * K, [15.0, 75.0, 1.5, 18.75]),
    row("claude-opus-4", 200 * K, 32 * K, [15.0, 75.0, 1.5, 18.75]),
    row("claude-3-opus", 200 * K, 4_096, [15.0, 75.0, 1.5, 18.75]),
    row("claude-sonnet-5-5", M, 128 * K, [2.0, 10.0, 0.1, 2.5]),
    row("claude-sonnet-5", M, 128 * K, [2.0, 10.0, 0.2, 2.5]),
    row("claude-sonnet-4-6", 200 * K, 64 * K, [3.0, 15.0, 0.3, 3.75]),
    row("claude-sonnet-4-5", 200 * K, 64 * K, [3.0, 15.0, 0.3, 3.75]),
    row("claude-sonnet-4-0", 200 * K, 64 * K, [3.0, 15.0, 0.3, 3.75]),
    row("claude-sonnet-4", 200 * K, 64 * K, [3.0, 15.0, 0.3, 3.75]),
    row("claude-3-7-sonnet", 200 * K, 64 * K, [3.0, 15.0, 0.3, 3.75]),
    row("claude-3-5-sonnet", 200 * K, 8_192, [3.0, 15.0, 0.3, 3.75]),
    row("claude-haiku-5-5", M, 128 * K, [0.1, 0.5, 0.01, 0.125]).long(100 * K, 5.0, 5.0),
    row("claude-haiku-4-5", 200 * K, 64 * K, [1.0, 5.0, 0.1, 1.25]),
    row("claude-3-5-haiku", 200 * K, 8_192, [0.8, 4.0, 0.08, 1.0]),
    row("claude-3-haiku", 200 * K, 4_096, [0.25, 1.25, 0.03, 0.3]),
    // OpenAI
    Row::family("gpt-4", 128 * K, 4_096),
    Row::family("gpt-5", 272 * K, 128 * K),
    Row::family("gpt-6", 272 * K, 128 * K),
    row("gpt-6-astra", 272 * K, 128 * K, [10.0, 50.0, 1.0, 10.0]).long(272 * K, 2.0, 1.5),
    row("gpt-6-1-sol", 272 * K, 128 * K, [2.0, 10.0, 0.1, 2.5]).long(272 * K, 2.0, 1.5),
    row("gpt-6-1-terra", 272 * K, 128 * K, [1.0, 5.0, 0.05, 1.25]).long(272 * K, 2.0, 1.5),
    row("gpt-6-sol", 272 * K, 128 * K, [2.0, 10.0, 0.2, 2.5]).long(272 * K, 2.0, 1.5),
    row("gpt-6-luna", 272 * K, 128 * K, [0.1, 0.5, 0.01, 0.125]).long(272 * K, 2.0, 1.5),
    row("gpt-5-6-sol", 272 * K, 128 * K, [4.0, 20.0, 0.4, 4.0]).long(272 * K, 2.0, 1.5),
    row("gpt-5-5", 272 * K, 128 * K, [5.0, 30.0, 0.5, 5.0]).long(272 * K, 2.0, 1.5),
    row("gpt-5-5-pro", 272 * K, 128 * K, [30.0, 180.0, 3.0, 30.0]).long(272 * K, 2.0, 1.5),
    row("gpt-5-6-terra", 272 * K, 128 * K, [2.0, 12.0, 0.2, 2.0]).long(272 * K, 2.0, 1.5),
    row("gpt-5-6-luna", 272 * K, 128 * K, [0.2, 1.2, 0.02, 0.2]).long(272 * K, 2.0, 1.5),
    row("gpt-5-4-mini", 272 * K, 128 * K, [0.75, 4.5, 0.075, 0.75]),
    row("gpt-5-4-nano", 272 * K, 128 * K, [0.2, 1.25, 0.02, 0.2]),
    row("gpt-5-4", 1_050 * K, 128 * K, [2.5, 15.0, 0.25, 2.5]).long(272 * K, 2.0, 1.5),
    row("gpt-5-3-codex", 272 * K, 128 * K, [1.75, 14.0, 0.175, 1.75]),
    row("gpt-5-2-pro", 272 * K, 128 * K, [21.0, 168.0, 21.0, 21.0]),
    row("gpt-5-2", 272 * K, 128 * K, [1.75, 14.0, 0.175, 1.75]),
    row("gpt-5-2-codex", 272 * K, 128 * K, [1.75, 14.0, 0.175, 1.75]),
    row("gpt-5-1", 272 * K, 128 * K, [1.25, 10.0, 0.125, 1.25]),
    row("gpt-5-1-codex", 272 * K, 128 * K, [1.25, 10.0, 0.125, 1.25]),
    row(
        "gpt-5-1-codex-mini",
        272 * K,
        128 * K,
        [0.25, 2.0, 0.025, 0.25],
    ),
    row("gpt-5", 272 * K, 128 * K, [1.25, 10.0, 0.125, 1.25]),
    row("gpt-5-chat", 128 * K, 16_384, [1.25, 10.0, 0.125, 1.25]),
    row("gpt-5-codex", 272 * K, 128 * K, [1.25, 10.0, 0.125, 1.25]),
    row("gpt-5-mini", 272 * K, 128 * K, [0.25, 2.0, 0.025, 0.25]),
    row("gpt-5-nano", 272 * K, 128 * K, [0.05, 0.4, 0.005, 0.05]),
    row("gpt-5-pro", 272 * K, 128 * K, [15.0, 120.0, 15.0, 15.0]),
    row("gpt-4-1", 1_047_576, 32_768, [2.0, 8.0, 0.5, 2.0]),
    row("gpt-4-1-mini", 1_047_576, 32_768, [0.4, 1.6, 0.1, 0.4]),
    row("gpt-4-1-nano", 1_047_576, 32_768, [0.1, 0.4, 0.025, 0.1]),
    row("gpt-4o", 128 * K, 16_384, [2.5, 10.0, 1.25, 2.5]),
    row("gpt-4o-mini", 128 * K, 16_384, [0.15, 0.6, 0.075, 0.15]),
    row("gpt-4-turbo", 128 * K, 4_096, [10.0, 30.0, 10.0, 10.0]),
    row("o1", 200 * K, 100 * K, [15.0, 60.0, 7.5, 15.0]),
    row("o3", 200 * K, 100 * K, [2.0, 8.0, 0.5, 2.0]),
    row("o3-pro", 200 * K, 100 * K, [20.0, 80.0, 20.0, 20.0]),
    row("o3-mini", 200 * K, 100 * K, [1.1, 4.4, 0.55, 1.1]).blind(),
    row("o4-mini", 200 * K, 100 * K, [1.1, 4.4, 0.275, 1.1]),
    // DeepSeek's own service; other hosts of the same weights have their own prices and names with a vendor.
    Row::family("deepseek-", 128 * K, 8_192).blind(),
    row("deepseek-v4-flash", M, 384 * K, [0.14, 0.28, 0.0028, 0.14]).blind(),
    row(
        "deepseek-v4-pro",
        M,
        384 * K,
        [0.435, 0.87, 0.003_625, 0.435],
    )
    .blind(),
];

/// The table's spelling of a model's name: without a router's `vendor/`, lower case, dots as hyphens.
fn spelled(model: &str) -> String {
    let bare = model.rsplit('/').next().unwrap_or(model);
    bare.to_lowercase().replace('.', "-")
}

/// The row with the longest prefix of `model`, and what of the name is left.
fn longest(model: &str) -> Option<(&'static Row, String)> {
    let name = spelled(model);
    let fits = |row: &&Row| {
        let rest = name.strip_prefix(row.prefix);
        rest.is_some_and(|rest| {
            rest.is_empty() || row.prefix.ends_with('-') || rest.starts_with(['-', '@', ':'])
        })
    };
    // Of two rows with one prefix the later, which has a price, wins.
    let row = TABLE
        .iter()
        .filter(fits)
        .max_by_key(|row| row.prefix.len())?;
    Some((row, name[row.prefix.len()..].to_owned()))
}

/// The row that tells window and limits of `model`, be it only by its family.
pub(crate) fn family_row(model: &str) -> Option<&'static Row> {
    longest(model).map(|(row, _)| row)
}

/// The row whose price holds for `model`: what follows the prefix must be a date or `latest`, because a
/// new name has a new price.
pub(crate) fn priced_row(model: &str) -> Option<&'static Row> {
    // Routers pass these vendors' prices on; what others charge for a model of the same name is unknown.
    let vendor = model.rsplit_once('/').map(|(vendor, _)| vendor);
    if vendor.is_some_and(|vendor| !matches!(vendor, "anthropic" | "openai")) {
        return None;
    }
    let (row, rest) = longest(model)?;
    let rest = rest.trim_start_matches(['-', '@', ':']);
    let dated = rest.len() >= 4 && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (rest.is_empty() || rest == "latest" || dated).then_some(row)
}

/// What `usage` costs with `model` by the bundled table; `None` for a model it does not price.
pub fn cost(model: &str, usage: &Usage) -> Option<Cost> {
    Some(priced_row(model)?.price()?.cost(usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_prefix_stands_twice_with_a_price() {
        let mut priced: Vec<_> = TABLE
            .iter()
            .filter(|row| row.price.is_some())
            .map(|row| row.prefix)
            .collect();
        priced.sort_unstable();
        let all = priced.len();
        priced.dedup();
        assert_eq!(priced.len(), all);
    }

    #[test]
    fn the_longest_prefix_wins_and_an_unknown_name_has_no_price() {
        let input = |model| {
            priced_row(model)
                .and_then(Row::price)
                .map(|price| price.input)
        };
        let table = [
            ("claude-sonnet-4-5-20250929", Some(3.0)),
            ("claude-sonnet-4-20250514", Some(3.0)),
            ("anthropic/claude-opus-4.5", Some(5.0)),
            ("claude-opus-4-20250514", Some(15.0)),
            ("claude-opus-4-9", None),
            ("claude-3-5-haiku-latest", Some(0.8)),
            ("gpt-4o-2024-08-06", Some(2.5)),
            ("gpt-4o-mini", Some(0.15)),
            ("gpt-4o-audio-preview", None),
            ("gpt-4.1-mini", Some(0.4)),
            ("gpt-5.9", None),
            ("o3-mini", Some(1.1)),
            ("deepseek-v4-flash", Some(0.14)),
            ("deepseek/deepseek-v4-flash", None),
            ("deepseek-r1:7b", None),
            ("qwen3:8b", None),
        ];
        for (given, then) in table {
            assert_eq!(input(given), then, "{given}");
        }
    }

    #[test]
    fn a_long_prompt_pays_the_long_tariff() {
        let usage = |input| Usage {
            input,
            output: M,
            ..Usage::default()
        };
        assert_eq!(
            cost("claude-haiku-5-5", &usage(100_000)),
            Some(Cost::from_usd(0.51))
        );
        assert_eq!(
            cost("claude-haiku-5-5", &usage(200_000)),
            Some(Cost::from_usd(2.6))
        );
    }
}
