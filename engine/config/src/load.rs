//! Loading: every enabled document read, checked and merged into one answer.

use crate::assemble;
use crate::check::{self, Findings, Origin};
use crate::error::{ConfigError, Warning};
use crate::key::KeyPath;
use crate::layered::{Entry, Layered};
use crate::read;
use crate::settings::Settings;
use crate::source::Layer;
use crate::sources::{FlagSettings, SettingsFile, Sources};

/// The lowest layer.
const BUILT_IN: &str = r#"{"permissions": {"defaultMode": "default"}}"#;

/// Settings that worked out.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The effective settings.
    pub settings: Settings,
    /// What was odd on the way.
    pub warnings: Vec<Warning>,
    /// The same settings as a listing with provenance, in order of the keys.
    pub entries: Vec<Entry>,
}

impl Loaded {
    /// The entries at a key or below it.
    pub fn get(&self, key: &KeyPath) -> Vec<&Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.key.is_within(key))
            .collect()
    }

    /// Entries that came with the repository and widen what formic does or where it sends a key: someone must trust
    /// the project before they are obeyed. Denials and questions are not among them, they only narrow.
    pub fn needing_trust(&self) -> Vec<&Entry> {
        self.entries
            .iter()
            .filter(|e| e.source.layer.comes_with_project() && widens(&e.key, e))
            .collect()
    }
}

fn widens(key: &KeyPath, entry: &Entry) -> bool {
    let segments: Vec<&str> = key.segments().iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["permissions", "allow" | "additionalDirectories"] | ["env" | "providers", ..] => true,
        ["permissions", "defaultMode"] => {
            !matches!(entry.value.as_str(), Some("default" | "plan" | "dontAsk"))
        }
        _ => false,
    }
}

/// Reads all enabled layers; the first error, lowest layer first, ends it.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut findings = findings(sources);
    if !findings.errors.is_empty() {
        return Err(findings.errors.swap_remove(0));
    }
    let mut warnings = findings.warnings;
    let mut layered = Layered::of(findings.leaves);
    layered.keep_only_managed_rules(&mut warnings);
    Ok(Loaded {
        settings: assemble::settings(&layered),
        entries: layered.entries(),
        warnings,
    })
}

/// Every error and warning of all enabled layers, for a check-up that does not stop at the first.
pub fn check(sources: &Sources) -> (Vec<ConfigError>, Vec<Warning>) {
    let findings = findings(sources);
    (findings.errors, findings.warnings)
}

/// The documents in order of their layers.
fn findings(sources: &Sources) -> Findings {
    let mut findings = Findings::default();
    check::document(
        BUILT_IN,
        &Origin {
            layer: Layer::BuiltIn,
            file: None,
        },
        &mut findings,
    );
    let (below, above): (Vec<_>, Vec<_>) = sources
        .files()
        .into_iter()
        .partition(|f| f.layer <= Layer::SettingsFlag);
    for file in below {
        read_file(&file, &mut findings);
    }
    if let Some(FlagSettings::Text(text)) = &sources.settings_flag {
        check::document(
            text,
            &Origin {
                layer: Layer::SettingsFlag,
                file: None,
            },
            &mut findings,
        );
    }
    if let Some(flags) = &sources.flags {
        check::document(
            &flags.to_string(),
            &Origin {
                layer: Layer::Flags,
                file: None,
            },
            &mut findings,
        );
    }
    for file in above {
        read_file(&file, &mut findings);
    }
    findings
}

fn read_file(file: &SettingsFile, findings: &mut Findings) {
    match read::settings_text(&file.path) {
        Ok(Some(text)) => {
            let origin = Origin {
                layer: file.layer,
                file: Some(file.path.clone()),
            };
            check::document(&text, &origin, findings);
        }
        Ok(None) if file.layer == Layer::SettingsFlag => {
            findings.errors.push(ConfigError::Missing {
                file: file.path.clone(),
            });
        }
        Ok(None) => {}
        Err(error) => findings.errors.push(error),
    }
}
