//! Traits: what is known of a model before it is called; settings win over the bundled table.

use protocol::ModelTraits;

use crate::endpoint::TraitsOverride;
use crate::prices::{family_row, priced_row};

/// The reply limit asked for when nothing is known: large enough for a file, small enough for a small window.
const MAX_OUTPUT: u64 = 8_192;

/// What is known of `model`.
pub(crate) fn known(model: &str, set: Option<&TraitsOverride>) -> ModelTraits {
    let set = set.copied().unwrap_or_default();
    let family = family_row(model);
    let context_window = set.context_window.or(family.map(|row| row.context));
    let max_output = set
        .max_output
        .or(family.map(|row| row.output))
        .unwrap_or(MAX_OUTPUT);
    ModelTraits {
        context_window,
        max_output,
        vision: set.vision.unwrap_or(family.is_some_and(|row| row.vision)),
        price: set.price.or_else(|| priced_row(model)?.price()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_win_field_by_field_and_nothing_is_guessed() {
        let set = TraitsOverride {
            context_window: Some(7),
            ..TraitsOverride::default()
        };
        let sonnet = known("claude-sonnet-4-5", Some(&set));
        assert_eq!(
            (sonnet.context_window, sonnet.max_output, sonnet.vision),
            (Some(7), 64_000, true)
        );
        let newer = known("claude-opus-4-9", None);
        assert_eq!((newer.context_window, newer.price), (Some(200_000), None));
        let local = known("qwen3:8b", None);
        assert_eq!(
            (
                local.context_window,
                local.max_output,
                local.vision,
                local.price
            ),
            (None, MAX_OUTPUT, false, None)
        );
    }
}
