//! `formic permissions`: tries a call against the rules of this place and says which one decides.

use std::process::ExitCode;

use actors::{Explanation, Permissions};
use protocol::{RuleRef, Verdict};
use serde_json::{Value, json};

use crate::args::permissions::{ClaimArgs, PermissionsArgs, PermissionsCommand};
use crate::args::{PermissionArgs, PlaceArgs};
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::flags;
use crate::resolve::ground::Ground;
use crate::resolve::run::unserved;

/// Tries the call.
///
/// # Errors
/// Broken settings or rules, or a call that no tool understands.
pub fn run(args: &PermissionsArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        PermissionsCommand::Test(args) => test(args),
        PermissionsCommand::Explain(args) => explain(args),
    }
}

/// Compiles the rules of the settings as a run would.
///
/// # Errors
/// Broken settings, or a rule that cannot be read.
pub fn rules(place: &PlaceArgs) -> Result<(), Failure> {
    let ground = Ground::survey(place, None)?;
    Permissions::new(unserved(&ground, &PermissionArgs::default())?)?;
    Ok(())
}

fn test(args: &ClaimArgs) -> Result<ExitCode, Failure> {
    let explanation = judge(args)?;
    let word = word(&explanation.verdict);
    if args.json {
        output::json(&object(args, &explanation))?;
    } else {
        output::line(word)?;
    }
    // What would ask is denied where nobody can be asked.
    Ok(ExitCode::from(if word == "allow" { 0 } else { 5 }))
}

fn explain(args: &ClaimArgs) -> Result<ExitCode, Failure> {
    let explanation = judge(args)?;
    if args.json {
        output::json(&object(args, &explanation))?;
    } else {
        output::line(&lines(&explanation))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn judge(args: &ClaimArgs) -> Result<Explanation, Failure> {
    let settings = json!({"permissions": flags::permissions(&args.permission)?});
    let ground = Ground::survey(&args.place, Some(settings))?;
    let permissions = Permissions::new(unserved(&ground, &args.permission)?)?;
    let (tool, candidates) = call(args)?;
    let mut problem = String::new();
    for arguments in &candidates {
        match permissions.explain(tool, arguments) {
            Ok(explanation) => return Ok(explanation),
            Err(why) => problem = why,
        }
    }
    Err(Failure::new(
        Kind::Usage,
        format_args!("{}: {problem}", args.call),
        "write a call like \"Bash(git push)\", or a tool and its arguments: Bash '{\"command\": \"git push\"}'",
    ))
}

/// The tool and the arguments a call may mean: what stands in parentheses is a command, a path or a pattern, and the
/// tool knows which.
fn call(args: &ClaimArgs) -> Result<(&str, Vec<String>), Failure> {
    if let Some(input) = &args.input {
        return Ok((&args.call, vec![input.clone()]));
    }
    let unclear = |why: &str| {
        Failure::usage(
            format_args!("CALL: {:?} {why}", args.call),
            "write a call like \"Bash(git push)\" or \"Edit(src/lib.rs)\"",
        )
    };
    let (tool, rest) = args.call.split_once('(').unwrap_or((&args.call, ")"));
    let subject = rest.strip_suffix(')');
    let subject = subject.ok_or_else(|| unclear("lacks its closing `)`"))?;
    if subject.trim().is_empty() {
        return Err(unclear("says nothing of what the tool would do"));
    }
    let shapes = [
        json!({"command": subject}),
        json!({"file_path": subject}),
        json!({"file_path": subject, "content": ""}),
        json!({"file_path": subject, "old_string": "a", "new_string": "b"}),
        json!({"file_path": subject, "edits": [{"old_string": "a", "new_string": "b"}]}),
        json!({"pattern": "*", "path": subject}),
        json!({"path": subject}),
    ];
    Ok((tool, shapes.iter().map(ToString::to_string).collect()))
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allow(_) => "allow",
        Verdict::Ask(_) => "ask",
        Verdict::Deny(_) => "deny",
    }
}

fn lines(explanation: &Explanation) -> String {
    let reason = explanation.verdict.reason();
    let mut lines = vec![format!("{}: {}", word(&explanation.verdict), reason.text)];
    if let Some(rule) = &reason.rule {
        lines.push(format!("rule: {}", place(rule)));
    }
    let others = explanation.considered.iter();
    let others = others.filter(|(rule, speaks)| *speaks && Some(rule) != reason.rule.as_ref());
    lines.extend(others.map(|(rule, _)| format!("also: {}", place(rule))));
    lines.extend(explanation.parts.iter().map(|part| format!("part: {part}")));
    if word(&explanation.verdict) == "ask" {
        lines.push("headless: nobody can be asked, so it is denied".to_owned());
    }
    lines.join("\n")
}

fn place(rule: &RuleRef) -> String {
    let effect = format!("{:?}", rule.effect).to_lowercase();
    let place = match (&rule.file, rule.line) {
        (Some(file), Some(line)) => format!(", {}:{line}", file.display()),
        (Some(file), None) => format!(", {}", file.display()),
        (None, _) => String::new(),
    };
    format!("{} ({effect}, {}{place})", rule.rule, rule.layer)
}

fn object(args: &ClaimArgs, explanation: &Explanation) -> Value {
    let reason = explanation.verdict.reason();
    let considered = explanation
        .considered
        .iter()
        .map(|(rule, speaks)| json!({"rule": rule, "matches": speaks}));
    json!({
        "type": "permission",
        "call": args.call,
        "verdict": word(&explanation.verdict),
        "reason": reason.text,
        "rule": reason.rule,
        "considered": Value::from_iter(considered),
        "parts": explanation.parts,
    })
}
