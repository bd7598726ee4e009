//! `grep`: lines of files that match a regular expression, on ripgrep's libraries.

use std::fmt::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use grep_regex::RegexMatcher;
use protocol::{Claim, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, looked, searches};
use crate::context::ReadContext;
use crate::file::nearest::missing;
use crate::place::{Place, shown};
use crate::search::lines::{Found, HEAP_BYTES, Keep, Line, Looking, TooLarge};
use crate::search::walk::{Names, Walk, types};
use crate::tool::ReadTool;

/// Results unless told otherwise.
const DEFAULT_LIMIT: u64 = 100;
/// More threads than this wait for the disk, not for each other.
const MOST_THREADS: usize = 8;
/// Whatever is asked for, one answer holds no more than this.
const ANSWER_BYTES: usize = 50 * 1024;

/// The tool.
pub(crate) struct Grep;

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    FilesWithMatches,
    Content,
    Count,
}

#[derive(Deserialize)]
struct Args {
    pattern: String,
    path: Option<String>,
    glob: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    output_mode: Mode,
    #[serde(rename = "-i", default)]
    ignore_case: bool,
    #[serde(rename = "-A")]
    after: Option<usize>,
    #[serde(rename = "-B")]
    before: Option<usize>,
    #[serde(rename = "-C")]
    around: Option<usize>,
    #[serde(default)]
    multiline: bool,
    head_limit: Option<u64>,
}

impl ReadTool for Grep {
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        let args: Args = arguments(args)?;
        let path = args.path.as_deref().unwrap_or(".");
        Ok(searches("grep", place.resolve(cwd, path)?))
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        looked(grep, args, ctx).boxed()
    }
}

fn grep(args: &Value, ctx: &ReadContext) -> Result<String, String> {
    let args: Args = arguments(args)?;
    let at = ctx
        .place
        .resolve(&ctx.cwd, args.path.as_deref().unwrap_or("."))?;
    if !at.path.exists() {
        return Err(missing(&at.path));
    }
    let looking = args.looking();
    let matcher = looking.matcher(&args.pattern)?;
    let names = match &args.glob {
        Some(glob) => Some(Names::new(glob, &at.path)?),
        None => None,
    };
    let walked = Walk {
        root: &at.path,
        place: ctx.place.as_ref(),
        cancel: &ctx.cancel,
        depth: None,
        types: args.kind.as_deref().map(types).transpose()?,
    }
    .entries();
    let wanted = |path: &Path| {
        names
            .as_ref()
            .is_none_or(|names| names.take(path, &at.path))
    };
    let files: Vec<PathBuf> = walked
        .entries
        .into_iter()
        .filter(|entry| !entry.folder && wanted(&entry.path))
        .map(|entry| entry.path)
        .collect();
    let Search { found, large } = search(&files, &looking, &matcher, ctx);
    let mut text = args.tell(&found, ctx);
    if found.is_empty() {
        let _ = writeln!(text, "no match in {} files", files.len());
    }
    if large > 0 {
        let _ = writeln!(
            text,
            "({large} files not searched to their end: a line, or with multiline the file, is larger than {} MiB)",
            HEAP_BYTES / (1024 * 1024)
        );
    }
    if walked.forbidden > 0 {
        let _ = writeln!(
            text,
            "({} entries passed over: reading them is not permitted)",
            walked.forbidden
        );
    }
    Ok(text)
}

/// What was found in the files, in their order, and how many could not be searched.
#[derive(Default)]
struct Search<'a> {
    found: Vec<(usize, &'a Path, Found)>,
    large: usize,
}

/// Looks through `files` on a few threads.
fn search<'a>(
    files: &'a [PathBuf],
    looking: &Looking,
    matcher: &RegexMatcher,
    ctx: &ReadContext,
) -> Search<'a> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(MOST_THREADS).min(files.len().max(1));
    let share = |first: usize| -> Search<'a> {
        let (mut search, mut room) = (Search::default(), ANSWER_BYTES);
        let own = files.iter().enumerate().skip(first).step_by(threads);
        for (at, path) in own.take_while(|_| !ctx.cancel.is_cancelled()) {
            match looking.look(matcher, path, room) {
                Ok(Some(found)) => {
                    // What one answer has no room for need not be kept.
                    room = found.room();
                    search.found.push((at, path, found));
                }
                Ok(None) => {}
                Err(TooLarge) => search.large += 1,
            }
        }
        search
    };
    let mut search = thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|first| scope.spawn(move || share(first)))
            .collect();
        let mut search = share(0);
        // A thread that broke off has nothing to tell; the others' results stand.
        for other in others.into_iter().filter_map(|other| other.join().ok()) {
            search.found.extend(other.found);
            search.large += other.large;
        }
        search
    });
    search.found.sort_unstable_by_key(|(at, _, _)| *at);
    search
}

impl Args {
    fn limit(&self) -> u64 {
        self.head_limit
            .filter(|limit| *limit > 0)
            .unwrap_or(DEFAULT_LIMIT)
    }

    fn looking(&self) -> Looking {
        let content = self.output_mode == Mode::Content;
        let around = |own: Option<usize>| own.or(self.around).filter(|_| content).unwrap_or(0);
        Looking {
            ignore_case: self.ignore_case,
            multiline: self.multiline,
            before: around(self.before),
            after: around(self.after),
            keep: match self.output_mode {
                Mode::FilesWithMatches => Keep::Whether,
                Mode::Count => Keep::Count,
                Mode::Content => Keep::Lines(self.limit()),
            },
        }
    }

    fn tell(&self, found: &[(usize, &Path, Found)], ctx: &ReadContext) -> String {
        match self.output_mode {
            Mode::Content => self.content(found, ctx),
            Mode::FilesWithMatches => self.files(found, ctx, |path, _| path),
            Mode::Count => self.files(found, ctx, |path, found| {
                format!("{path}:{}", found.matches)
            }),
        }
    }

    fn files(
        &self,
        found: &[(usize, &Path, Found)],
        ctx: &ReadContext,
        line: impl Fn(String, &Found) -> String,
    ) -> String {
        let limit = usize::try_from(self.limit()).unwrap_or(usize::MAX);
        let mut text = String::new();
        for (_, path, found) in found.iter().take(limit) {
            let _ = writeln!(text, "{}", line(shown(path, &ctx.cwd), found));
        }
        if found.len() > limit {
            let _ = writeln!(
                text,
                "({} more files match; narrow the search or raise head_limit)",
                found.len() - limit
            );
        }
        text
    }

    fn content(&self, found: &[(usize, &Path, Found)], ctx: &ReadContext) -> String {
        let all: u64 = found.iter().map(|(_, _, found)| found.matches).sum();
        let (mut text, mut left) = (String::new(), self.limit());
        for (_, path, found) in found {
            if left == 0 || text.len() >= ANSWER_BYTES {
                break;
            }
            let _ = writeln!(text, "{}", shown(path, &ctx.cwd));
            left -= page(&mut text, &found.lines, left);
        }
        let told = self.limit() - left;
        if all > told {
            let _ = writeln!(
                text,
                "({} more matching lines; narrow the search or raise head_limit)",
                all - told
            );
        }
        text
    }
}

/// Writes the lines up to `most` matches; gives how many matches that were.
fn page(text: &mut String, lines: &[Line], most: u64) -> u64 {
    let mut told = 0;
    for line in lines {
        if text.len() >= ANSWER_BYTES {
            break;
        }
        let _ = match line {
            Line::Match(..) if told == most => break,
            Line::Match(number, line) => {
                told += 1;
                writeln!(text, "{number}:{line}")
            }
            Line::Context(number, line) => writeln!(text, "{number}-{line}"),
            Line::Gap => writeln!(text, "--"),
        };
    }
    told
}
