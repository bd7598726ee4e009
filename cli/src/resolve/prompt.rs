//! What the model is told and offered: system prompt, tools, the schema of its answer.

use actors::PromptOptions;
use serde_json::Value;

use super::ground::Ground;
use super::place::file_text;
use super::{rules, swarm};
use crate::args::RunArgs;
use crate::failure::Failure;

/// Reads files and JSON of the flags.
///
/// # Errors
/// When a file cannot be read or a schema is not JSON.
pub fn options(ground: &Ground, run: &RunArgs, date: String) -> Result<PromptOptions, Failure> {
    let args = &run.system;
    let environment = &ground.environment;
    let file = |flag: &str, path: &Option<std::path::PathBuf>| {
        let path = path.as_deref();
        path.map(|path| file_text(environment, flag, path))
            .transpose()
    };
    let system = file("--system-prompt-file", &args.system_prompt_file)?;
    let append = file(
        "--append-system-prompt-file",
        &args.append_system_prompt_file,
    )?;
    let tools = run.permission.tools.clone();
    let tools = tools
        .map(|list| rules::split("--tools", &[list]))
        .transpose()?;
    Ok(PromptOptions {
        system: args.system_prompt.clone().or(system),
        append: args.append_system_prompt.clone().or(append),
        tools,
        schema: args
            .json_schema
            .as_deref()
            .map(|given| schema(ground, given))
            .transpose()?,
        date,
        tasks: swarm::tasks(ground)?,
    })
}

fn schema(ground: &Ground, given: &str) -> Result<Value, Failure> {
    let is_text = given.trim_start().starts_with('{');
    let text = match is_text {
        true => given.to_owned(),
        false => file_text(&ground.environment, "--json-schema", given.as_ref())?,
    };
    let place = if is_text {
        "--json-schema".to_owned()
    } else {
        format!("--json-schema: {given}")
    };
    let hint = "write a JSON Schema object such as {\"type\": \"object\", \"properties\": {...}}";
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format_args!("{place}: not JSON: {error}"), hint))?;
    if !value.is_object() {
        return Err(Failure::usage(
            format_args!("{place}: not a JSON object"),
            hint,
        ));
    }
    Ok(value)
}
