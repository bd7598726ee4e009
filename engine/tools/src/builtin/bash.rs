//! `bash`: a shell command, in the foreground with a time limit or in the background.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Action, Claim, Fact, Intent, ToolResult, ToolStatus};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::arguments;
use crate::context::{ReadContext, WriteContext};
use crate::place::Place;
use crate::process::follow::{End, Followed, Limits, follow};
use crate::process::launch::Launch;
use crate::process::live::Joined;
use crate::process::output::Output;
use crate::tool::{Payload, Prepared, WriteTool};
use crate::walls::Walls;

const DEFAULT_MS: u64 = 120_000;
const MOST_MS: u64 = 600_000;
/// The system takes no longer argument.
const COMMAND_BYTES: usize = 120 * 1024;

/// How programs say that the kernel refused them a file.
const REFUSALS: [&str; 4] = [
    "ermission denied",
    "EACCES",
    "nvalid cross-device link",
    "EXDEV",
];

/// The tool.
pub(crate) struct Bash;

#[derive(Deserialize)]
struct Args {
    command: String,
    timeout: Option<i64>,
    #[serde(default)]
    run_in_background: bool,
}

/// How a command is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    command: String,
    cwd: PathBuf,
    time: Duration,
    background: bool,
}

impl WriteTool for Bash {
    fn claim(&self, args: &Value, _place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        Ok(claim(&order(args, cwd)?))
    }

    fn prepare<'a>(
        &'a self,
        args: &'a Value,
        ctx: &'a ReadContext,
    ) -> BoxFuture<'a, Result<Prepared, ToolResult>> {
        let prepared = order(args, &ctx.cwd).map(|order| Prepared {
            claim: claim(&order),
            intent: Intent::Command {
                command: order.command.as_str().into(),
                cwd: order.cwd.clone(),
            },
            diff: None,
            payload: Payload::Command(order),
        });
        std::future::ready(prepared.map_err(ToolResult::failed)).boxed()
    }

    fn commit<'a>(
        &'a self,
        prepared: Prepared,
        ctx: &'a WriteContext<'a>,
    ) -> BoxFuture<'a, ToolResult> {
        async move {
            let run = match (ctx.check(&prepared.claim), prepared.payload) {
                (Err(told), _) => Err(told),
                (Ok(()), Payload::Content(_)) => {
                    Err("refused: what was prepared is not a command".to_owned())
                }
                (Ok(()), Payload::Command(order)) => run(&order, ctx.read()).await,
            };
            run.unwrap_or_else(ToolResult::failed)
        }
        .boxed()
    }
}

fn order(args: &Value, cwd: &Path) -> Result<Order, String> {
    let args: Args = arguments(args)?;
    if args.command.trim().is_empty() {
        return Err("command is empty.".to_owned());
    }
    if args.command.len() > COMMAND_BYTES {
        return Err(format!(
            "command has {} bytes, more than {COMMAND_BYTES}: write a script file and run that.",
            args.command.len()
        ));
    }
    if args.command.contains('\0') {
        return Err("command holds a NUL byte.".to_owned());
    }
    let ms = args
        .timeout
        .and_then(|ms| u64::try_from(ms).ok())
        .filter(|ms| *ms > 0);
    Ok(Order {
        command: args.command,
        cwd: cwd.to_owned(),
        time: Duration::from_millis(ms.unwrap_or(DEFAULT_MS).min(MOST_MS)),
        background: args.run_in_background,
    })
}

fn claim(order: &Order) -> Claim {
    Claim {
        tool: "bash".to_owned(),
        action: Action::Run {
            command: order.command.clone(),
            cwd: order.cwd.clone(),
        },
    }
}

async fn run(order: &Order, ctx: &ReadContext) -> Result<ToolResult, String> {
    if !order.cwd.is_dir() {
        let root = ctx.place.root();
        return Ok(ToolResult::failed(format!(
            "the working folder {} is gone; the command did not run. The next one starts in {}.",
            order.cwd.display(),
            root.display()
        ))
        .knowing(Fact::Cwd(root.to_owned())));
    }
    fs::create_dir_all(&ctx.spill)
        .map_err(|error| format!("could not make {}: {error}", ctx.spill.display()))?;
    if order.background {
        return background(order, ctx);
    }
    let end_folder = EndFolder(ctx.spill.join(format!("{}.cwd", ctx.call)));
    let started = launch(order, ctx, Some(&end_folder.0))?;
    let output = Mutex::new(output(ctx));
    let mut live = Joined::new(Arc::clone(&ctx.live));
    let limits = Limits {
        time: Some(order.time),
        stop: ctx.cancel.clone(),
    };
    let followed = follow(started, &output, &mut live, limits).await;
    let report = Report {
        followed,
        order,
        cwd: end_folder.take(),
    };
    Ok(report.tell(&output.into_inner(), ctx))
}

fn launch(
    order: &Order,
    ctx: &ReadContext,
    end_folder: Option<&Path>,
) -> Result<crate::process::launch::Started, String> {
    Launch {
        command: &order.command,
        cwd: &order.cwd,
        bounds: ctx.place.bounds(),
        call: ctx.call,
        traces: ctx.spill.parent().unwrap_or(&ctx.spill).join("running"),
        end_folder,
    }
    .start()
    .map_err(|error| format!("could not start the command: {error}"))
}

fn output(ctx: &ReadContext) -> Output {
    let spill = ctx.spill.join(format!("{}.txt", ctx.call));
    Output::new(spill).without(ctx.place.secrets())
}

fn background(order: &Order, ctx: &ReadContext) -> Result<ToolResult, String> {
    let started = launch(order, ctx, None)?;
    let id = ctx.shells.adopt(&order.command, started, output(ctx))?;
    Ok(ToolResult::ok(format!(
        "runs in the background as {id}; read it with bash_output, end it with kill_bash"
    )))
}

/// The file the shell writes its last folder to; removed in any case.
struct EndFolder(PathBuf);

impl EndFolder {
    fn take(&self) -> Option<PathBuf> {
        let text = fs::read_to_string(&self.0).ok()?;
        let path = text.strip_suffix('\n').unwrap_or(&text);
        (!path.is_empty()).then(|| PathBuf::from(path))
    }
}

impl Drop for EndFolder {
    fn drop(&mut self) {
        // A command that ended before it wrote left none.
        let _ = fs::remove_file(&self.0);
    }
}

/// The exit code as shells tell it: 128 and the signal for one that died of a signal.
pub(crate) fn code(status: ExitStatus) -> i32 {
    let signal = status.signal().map_or(-1, |signal| 128 + signal);
    status.code().unwrap_or(signal)
}

/// A foreground command at its end.
struct Report<'a> {
    followed: Followed,
    order: &'a Order,
    cwd: Option<PathBuf>,
}

impl Report<'_> {
    fn tell(&self, output: &Output, ctx: &ReadContext) -> ToolResult {
        let mut text = output.text();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let (status, ending, exited) = self.ending();
        let (moved, cwd) = self.moved(ctx);
        let refused = ctx.place.walls().filter(|_| {
            status == ToolStatus::Failed && REFUSALS.iter().any(|sign| text.contains(sign))
        });
        let strays = (self.followed.strays > 0).then(|| {
            format!(
                "({} processes it left running were ended; to keep one use run_in_background)",
                self.followed.strays
            )
        });
        let refused = refused.map(Walls::remark);
        for note in [ending, refused, strays, output.remark(), moved]
            .into_iter()
            .flatten()
        {
            text.push_str(&note);
            text.push('\n');
        }
        if text.is_empty() {
            text.push_str("(no output)\n");
        }
        let mut result = ToolResult::with_status(status, text);
        result.facts.extend(exited.map(Fact::Exited));
        result.facts.extend(cwd.map(Fact::Cwd));
        result
            .facts
            .extend(output.whole().map(|path| Fact::Spilled(path.to_owned())));
        result
    }

    fn ending(&self) -> (ToolStatus, Option<String>, Option<i32>) {
        match self.followed.end {
            End::Exited(status) if status.success() => (ToolStatus::Ok, None, Some(0)),
            End::Exited(status) => {
                let note = match status.signal() {
                    Some(signal) => format!("(ended by signal {signal})"),
                    None => format!("(exit {})", code(status)),
                };
                (ToolStatus::Failed, Some(note), Some(code(status)))
            }
            End::TimedOut => {
                let note = format!(
                    "(timed out after {} ms and was ended; give a longer timeout or use run_in_background)",
                    self.order.time.as_millis()
                );
                (ToolStatus::Failed, Some(note), None)
            }
            End::Stopped => (
                ToolStatus::Interrupted,
                Some("(interrupted: the command was ended)".to_owned()),
                None,
            ),
            End::Lost => (
                ToolStatus::Failed,
                Some("(how the command ended is not known)".to_owned()),
                None,
            ),
        }
    }

    /// A note and the folder the next command starts in, if that is another one. The shell told it with every
    /// symlink resolved.
    fn moved(&self, ctx: &ReadContext) -> (Option<String>, Option<PathBuf>) {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match &self.cwd {
            Some(cwd) if *cwd == real(&self.order.cwd) => (None, None),
            Some(cwd) if cwd.starts_with(real(ctx.place.root())) => (
                Some(format!("(the next command starts in {})", cwd.display())),
                Some(cwd.clone()),
            ),
            Some(cwd) => (
                Some(format!(
                    "({} is outside the project; the next command starts in {} again)",
                    cwd.display(),
                    self.order.cwd.display()
                )),
                None,
            ),
            None => (None, None),
        }
    }
}
