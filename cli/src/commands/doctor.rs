//! `formic doctor`: looks at everything a run needs and says how to mend what is wrong.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use actors::archive::{self, DataFolder, Leftovers};
use serde_json::{Value, json};

use super::permissions;
use crate::args::ModelArgs;
use crate::args::doctor::DoctorArgs;
use crate::failure::Failure;
use crate::output;
use crate::resolve::ground::{Ground, Site};
use crate::resolve::run::server;
use crate::runtime;

/// One thing that was looked at.
struct Finding {
    subject: &'static str,
    is_well: bool,
    said: String,
    /// What to do; empty where nothing is wrong.
    hint: String,
}

impl Finding {
    fn well(subject: &'static str, said: impl Into<String>) -> Self {
        Self {
            subject,
            is_well: true,
            said: said.into(),
            hint: String::new(),
        }
    }

    fn ill(subject: &'static str, said: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            subject,
            is_well: false,
            said: said.into(),
            hint: hint.into(),
        }
    }
}

/// Looks; exit 1 when something is wrong.
///
/// # Errors
/// When the working directory or the home cannot be found.
pub fn run(args: &DoctorArgs) -> Result<ExitCode, Failure> {
    let site = Site::find(&args.place, None)?;
    let data = DataFolder::at(&site.folders.data);
    let mut findings = vec![
        data_folder(&data),
        program(
            "git",
            "install git; working trees and the branch's name need it",
        ),
    ];
    findings.push(program(
        "bash",
        "install bash; commands of the agent run in it",
    ));
    findings.extend(settings(&site, args));
    findings.push(models(args));
    findings.push(orphans(&data));
    findings.push(journals(&data));
    findings.push(index(&data, args.rebuild));
    findings.extend(leftovers(&data, &site, args.tidy));
    let is_well = findings.iter().all(|finding| finding.is_well);
    if args.json {
        let findings = findings.iter().map(|finding| {
            json!({"subject": finding.subject, "ok": finding.is_well, "said": finding.said, "hint": finding.hint})
        });
        output::json(
            &json!({"type": "doctor", "ok": is_well, "findings": Value::from_iter(findings)}),
        )?;
    } else {
        output::line(&lines(&findings))?;
    }
    Ok(ExitCode::from(u8::from(!is_well)))
}

fn lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let mark = if finding.is_well { "ok   " } else { "wrong" };
        let hint = match finding.hint.is_empty() {
            true => String::new(),
            false => format!("\n       {}", finding.hint),
        };
        format!("{mark}  {}: {}{hint}", finding.subject, finding.said)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Writes and removes a file, since permissions alone do not tell.
fn data_folder(data: &DataFolder) -> Finding {
    let root = data.root();
    let probe = root.join(format!(".probe-{}", std::process::id()));
    let tried = fs::create_dir_all(root)
        .and_then(|()| fs::write(&probe, "formic"))
        .and_then(|()| fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding::well("data folder", root.display().to_string()),
        Err(error) => Finding::ill(
            "data folder",
            format!("{}: {error}", root.display()),
            "make it writable, or set FORMIC_HOME to a folder that is",
        ),
    }
}

fn program(name: &'static str, hint: &str) -> Finding {
    let ran = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match ran {
        Ok(ran) if ran.status.success() => {
            let text = String::from_utf8_lossy(&ran.stdout);
            Finding::well(name, text.lines().next().unwrap_or_default())
        }
        Ok(ran) => Finding::ill(name, format!("it ends with {}", ran.status), hint),
        Err(error) => Finding::ill(name, error.to_string(), hint),
    }
}

/// All that is wrong in the settings, not only the first; then whether their permission rules can be read.
fn settings(site: &Site, args: &DoctorArgs) -> Vec<Finding> {
    let (errors, warnings) = config::check(&site.sources);
    let mut findings: Vec<Finding> = errors
        .iter()
        .map(|error| Finding::ill("settings", error.to_string(), error.hint()))
        .collect();
    findings.extend(
        warnings
            .iter()
            .map(|warning| Finding::well("settings", warning.to_string())),
    );
    if errors.is_empty()
        && let Err(failure) = permissions::rules(&args.place)
    {
        findings.push(Finding::ill("settings", failure.message, failure.hint));
    }
    if findings.is_empty() {
        let there = site
            .sources
            .files()
            .iter()
            .filter(|file| file.path.is_file())
            .count();
        findings.push(Finding::well(
            "settings",
            match there {
                1 => "1 file, in order".to_owned(),
                _ => format!("{there} files, all in order"),
            },
        ));
    }
    findings
}

/// What a run would use, keys by name only. Only local servers are asked.
fn models(args: &DoctorArgs) -> Finding {
    let Ok(ground) = Ground::survey(&args.place, None) else {
        return Finding::ill(
            "models",
            "not looked for while the settings are wrong",
            "mend the settings first",
        );
    };
    match runtime::block_on(server(&ground, &ModelArgs::default())) {
        Ok((backend, model)) => {
            let (endpoint, key) = (backend.endpoint, backend.key_source);
            let (name, url) = (endpoint.name, endpoint.base_url);
            Finding::well("models", format!("{name}/{model} at {url}, key: {key}"))
        }
        Err(failure) => Finding::ill("models", failure.message, failure.hint),
    }
}

/// Commands whose formic died are ended here.
fn orphans(data: &DataFolder) -> Finding {
    let reaped = archive::reap_orphans(data);
    let processes: usize = reaped.iter().map(|one| one.processes).sum();
    Finding::well(
        "left-over commands",
        match processes {
            0 => "none".to_owned(),
            n => format!("{n} processes of {} calls ended", reaped.len()),
        },
    )
}

fn journals(data: &DataFolder) -> Finding {
    let sessions = match archive::list(data) {
        Ok(sessions) => sessions,
        Err(error) => {
            return Finding::ill(
                "sessions",
                format!("could not {error}"),
                "check the data folder",
            );
        }
    };
    let damaged: Vec<String> = sessions
        .iter()
        .filter(|info| info.facts.problem.is_some())
        .map(|info| info.id.digits())
        .collect();
    if damaged.is_empty() {
        return Finding::well("sessions", format!("{}, all readable", sessions.len()));
    }
    Finding::ill(
        "sessions",
        format!("damaged: {}", damaged.join(", ")),
        "`formic sessions fsck` says where; taking one up sets the damaged end aside",
    )
}

/// What runs left behind: counted, or with --tidy taken away. What is on no branch is only named.
fn leftovers(data: &DataFolder, site: &Site, is_wanted: bool) -> Vec<Finding> {
    let root = &site.place.root;
    let looked = runtime::block_on(async {
        Ok(match is_wanted {
            true => archive::leftovers::tidy(data, root).await,
            false => archive::leftovers::survey(data, root).await,
        })
    });
    match looked {
        Ok(Ok(found)) => told(&found, is_wanted),
        Ok(Err(error)) => vec![Finding::ill(
            "left-overs of runs",
            format!("could not {error}"),
            "try again when no other formic runs; check that the data folder is writable",
        )],
        Err(failure) => vec![Finding::ill(
            "left-overs of runs",
            failure.message,
            failure.hint,
        )],
    }
}

fn told(found: &Leftovers, is_gone: bool) -> Vec<Finding> {
    let counts = [
        (
            found.trees.len(),
            "tree of a run that is over",
            "trees of runs that are over",
        ),
        (found.folders.len(), "temporary folder", "temporary folders"),
        (
            found.refs.len(),
            "ref of work that is merged",
            "refs of work that is merged",
        ),
        (
            found.locks.len(),
            "lock of a dead process",
            "locks of dead processes",
        ),
    ];
    let counts = counts.iter().filter(|(many, ..)| *many > 0);
    let counts: Vec<String> = counts
        .map(|(many, one, several)| match many {
            1 => format!("1 {one}"),
            _ => format!("{many} {several}"),
        })
        .collect();
    let said = match (found.is_empty(), is_gone) {
        (true, _) => "none".to_owned(),
        (false, true) => format!("taken away: {}", counts.join(", ")),
        (false, false) => format!("{}; --tidy takes them away", counts.join(", ")),
    };
    let mut findings = vec![Finding::well("left-overs of runs", said)];
    findings.extend(found.unmerged.iter().map(|name| {
        let shown = name.strip_prefix("refs/heads/").unwrap_or(name);
        let gone = match name.strip_prefix("refs/heads/") {
            Some(branch) => format!("git branch -D {branch}"),
            None => format!("git update-ref -d {name}"),
        };
        Finding::well(
            "work on no branch of yours",
            format!("{shown} stays; look at it: git show {shown}; let go of it: {gone}"),
        )
    }));
    findings
}

fn index(data: &DataFolder, rebuild: bool) -> Finding {
    if !rebuild {
        return Finding::well(
            "index",
            "rebuilt from the journals whenever it is missing; --rebuild does it now",
        );
    }
    match archive::rebuild_index(data) {
        Ok(sessions) => Finding::well("index", format!("rebuilt from {sessions} sessions")),
        Err(error) => Finding::ill(
            "index",
            format!("could not {error}"),
            "try again when no other formic runs",
        ),
    }
}
