//! `formic config`: settings with the place each came from, and changing one.

use std::path::Path;

use config::{Change, Entry, KeyPath, Layer, Source};
use serde_json::{Value, json};

use super::permissions;
use crate::args::config::{ConfigArgs, ConfigCommand, GetArgs, ListArgs, SetArgs, WritableLayer};
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::ground::{Ground, Site};

/// Runs the subcommand.
///
/// # Errors
/// Broken settings, an unknown setting, a file that cannot be written.
pub fn run(args: &ConfigArgs) -> Result<(), Failure> {
    match &args.command {
        ConfigCommand::Get(args) => get(args),
        ConfigCommand::Set(args) => set(args),
        ConfigCommand::List(args) => list(args),
        ConfigCommand::Path(args) => paths(args),
    }
}

fn get(args: &GetArgs) -> Result<(), Failure> {
    let key: KeyPath = args.key.parse()?;
    let ground = Ground::survey(&args.place, None)?;
    let entries = ground.loaded.get(&key);
    if entries.is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            format_args!("{key}: not set"),
            "`formic config list` shows what is set and where",
        ));
    }
    if args.json {
        return output::json(&Value::from_iter(entries.iter().map(|entry| object(entry))));
    }
    match entries.as_slice() {
        [only] if only.key == key => output::line(&plain(&only.value)),
        _ => output::line(&rows(&entries)),
    }
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let ground = Ground::survey(&args.place, None)?;
    let entries: Vec<&Entry> = ground.loaded.entries.iter().collect();
    if args.json {
        let warnings = ground.loaded.warnings.iter().map(ToString::to_string);
        return output::json(&json!({
            "settings": Value::from_iter(entries.iter().map(|entry| object(entry))),
            "warnings": Value::from_iter(warnings),
        }));
    }
    for warning in &ground.loaded.warnings {
        output::note(&format!("warning: {warning}"));
    }
    output::line(&rows(&entries))
}

fn paths(args: &ListArgs) -> Result<(), Failure> {
    let site = Site::find(&args.place, None)?;
    let files = site.sources.files();
    if args.json {
        let files = files.iter().map(|file| {
            json!({"layer": file.layer.name(), "file": file.path, "exists": file.path.is_file()})
        });
        return output::json(&Value::from_iter(files));
    }
    let rows: Vec<Vec<String>> = files
        .iter()
        .map(|file| {
            let there = if file.path.is_file() {
                ""
            } else {
                "(not there)"
            };
            let path = file.path.display().to_string();
            vec![file.layer.name().to_owned(), path, there.to_owned()]
        })
        .collect();
    output::line(&output::table(&rows))
}

fn set(args: &SetArgs) -> Result<(), Failure> {
    let key: KeyPath = args.key.parse()?;
    let site = Site::find(&args.place, None)?;
    let layer = match args.layer {
        WritableLayer::User => Layer::User,
        WritableLayer::Project => Layer::Project,
        WritableLayer::Local => Layer::Local,
    };
    let Some(file) = site.sources.writable(layer) else {
        return Err(Failure::usage(
            format_args!("--layer: {layer} has no file of its own"),
            "write --layer user, project or local",
        ));
    };
    write(&file, &key, args)?;
    // Said beside the result: the file may be mended step by step, but a run would refuse to start.
    if let Err(failure) = permissions::rules(&args.place) {
        output::note(&format!(
            "warning: {}\nhint: {}",
            failure.message, failure.hint
        ));
    }
    if args.json {
        return output::json(&json!({"key": key.to_string(), "file": file}));
    }
    output::line(&format!("{key} set in {}", file.display()))
}

/// The value is JSON where it reads as JSON. `10` may still be meant as text, and so may `true`: what does not fit
/// as JSON is tried as text.
fn write(file: &Path, key: &KeyPath, args: &SetArgs) -> Result<(), Failure> {
    let change = |value| {
        if args.append {
            Change::Append(value)
        } else {
            Change::Set(value)
        }
    };
    let text = Value::from(args.value.as_str());
    let Ok(parsed) = serde_json::from_str::<Value>(&args.value) else {
        return Ok(config::set(file, key, &change(text))?);
    };
    match config::set(file, key, &change(parsed)) {
        Err(error @ config::ConfigError::WrongValue { .. }) => {
            config::set(file, key, &change(text)).map_err(|_| error.into())
        }
        done => Ok(done?),
    }
}

fn rows(entries: &[&Entry]) -> String {
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let set = format!("{} = {}", entry.key, entry.value);
            vec![set, format!("{}{}", origin(&entry.source), shadowed(entry))]
        })
        .collect();
    output::table(&rows)
}

fn origin(source: &Source) -> String {
    match source.file {
        Some(_) => format!("{} ({source})", source.layer),
        None => source.to_string(),
    }
}

fn shadowed(entry: &Entry) -> String {
    if entry.shadowed.is_empty() {
        return String::new();
    }
    let lower: Vec<String> = entry.shadowed.iter().map(origin).collect();
    format!(", over {}", lower.join(", "))
}

fn object(entry: &Entry) -> Value {
    json!({
        "key": entry.key.to_string(),
        "value": entry.value,
        "source": place(&entry.source),
        "shadowed": Value::from_iter(entry.shadowed.iter().map(place)),
    })
}

fn place(source: &Source) -> Value {
    json!({"layer": source.layer.name(), "file": source.file, "line": source.line})
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
