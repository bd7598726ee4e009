//! What the demos run with: the scripted model at a price, the sample's own instruction files, nothing of the user's.

use std::path::Path;
use std::sync::Arc;

use actors::{
    CommandOptions, Endpoint, Options, PermissionOptions, PlaceOptions, PromptOptions, RuleSpec,
    Secrets, SystemSource, TraitsOverride, Wire,
};
use protocol::{Limits, ModelRef, PermissionMode, Price, RuleEffect, RuleRef};

/// The name the scripted model goes by.
pub const MODEL: &str = "demo-model";

/// What the demo charges, so that its cost line shows something: dollars per million tokens.
const PRICE: Price = Price {
    input: 3.0,
    output: 15.0,
    cache_read: 0.3,
    cache_write: 3.75,
    long: None,
};

/// Everything but what is to be done.
pub fn options(data: &Path, root: &Path, base_url: String) -> Options {
    let mut endpoint = Endpoint::new("scripted", Wire::Anthropic, base_url);
    let known = TraitsOverride {
        price: Some(PRICE),
        ..TraitsOverride::default()
    };
    endpoint.overrides.insert(MODEL.to_owned(), known);
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
            model: MODEL.to_owned(),
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
