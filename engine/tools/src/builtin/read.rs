//! `read`: a window of a file as numbered lines, or a picture.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Action, BlobHasher, BlobId, Claim, Fact, ResultBlock, ToolResult, ToolStatus};
use rustix::fs::OFlags;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio_util::sync::CancellationToken;

use super::arguments;
use crate::context::ReadContext;
use crate::file::kind::{Kind, SNIFF_BYTES, kind};
use crate::file::nearest::missing;
use crate::file::pager::{DEFAULT_LINES, Page, Pager};
use crate::place::Place;
use crate::tool::ReadTool;

const IMAGE_BYTES: u64 = 5 * 1024 * 1024;
/// 16-bit text is decoded in memory, up to this size.
const UTF16_BYTES: u64 = 64 * 1024 * 1024;
/// A pipe is left when it has given this much: it need not have an end.
const PIPE_BYTES: usize = 1024 * 1024;

/// The tool.
pub(crate) struct ReadFile;

#[derive(Clone, Deserialize)]
struct Args {
    file_path: String,
    offset: Option<i64>,
    limit: Option<i64>,
}

impl ReadTool for ReadFile {
    fn claim(&self, args: &Value, place: &dyn Place, cwd: &Path) -> Result<Claim, String> {
        let args: Args = arguments(args)?;
        let at = place.resolve(cwd, &args.file_path)?;
        Ok(Claim {
            tool: "read".to_owned(),
            action: Action::Read {
                path: at.path,
                asked: at.asked,
            },
        })
    }

    fn run<'a>(&'a self, args: &'a Value, ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        async move {
            tokio::select! {
                biased;
                () = ctx.cancel.cancelled() => {
                    ToolResult::with_status(ToolStatus::Interrupted, "interrupted before the file was read")
                }
                result = read(args, ctx) => result.unwrap_or_else(ToolResult::failed),
            }
        }
        .boxed()
    }
}

async fn read(args: &Value, ctx: &ReadContext) -> Result<ToolResult, String> {
    let args: Args = arguments(args)?;
    let reading = Reading {
        path: ctx.place.resolve(&ctx.cwd, &args.file_path)?.path,
        args,
        vision: ctx.vision,
        cancel: ctx.cancel.clone(),
    };
    match crate::blocking(move || reading.run()).await?? {
        Found::Whole(result) => Ok(result),
        Found::Pipe(reading) => pipe(&reading.path, &reading.args).await,
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("could not read {}: {error}", path.display())
}

/// Reads a pipe to its end without a thread of its own, so that one nobody writes to holds nothing up.
async fn pipe(path: &Path, args: &Args) -> Result<ToolResult, String> {
    let told = |error: io::Error| unreadable(path, &error);
    let mut receiver = pipe::OpenOptions::new().open_receiver(path).map_err(told)?;
    let (mut pager, mut piece, mut passed) = (args.pager(), vec![0; 8 * 1024], 0);
    loop {
        match receiver.read(&mut piece).await.map_err(told)? {
            0 => break,
            n => {
                passed += n;
                pager.feed(&piece[..n]);
            }
        }
        if passed >= PIPE_BYTES {
            break;
        }
    }
    let mut text = args.tell(path, pager.finish(), passed as u64);
    if passed >= PIPE_BYTES {
        text.push_str("(a pipe; left after 1 MiB)\n");
    }
    Ok(ToolResult::ok(text))
}

impl Args {
    fn first(&self) -> u64 {
        u64::try_from(self.offset.unwrap_or(1)).unwrap_or(1).max(1)
    }

    fn pager(&self) -> Pager {
        let limit = self.limit.and_then(|limit| u64::try_from(limit).ok());
        Pager::new(
            self.first(),
            limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LINES),
        )
    }

    /// The page with what must be said about it.
    fn tell(&self, path: &Path, page: Page, bytes: u64) -> String {
        let (first, lines) = (self.first(), page.lines);
        if bytes == 0 {
            return format!("{} is empty.", path.display());
        }
        if page.shown == 0 {
            return format!(
                "{} has only {lines} lines; offset {first} is behind its end.",
                path.display()
            );
        }
        let last = first + page.shown - 1;
        let mut text = page.text;
        if page.odd > 0 {
            text.push_str(&format!(
                "({} of these lines are not UTF-8 and shown as Latin-1)\n",
                page.odd
            ));
        }
        if last < lines {
            let why = if page.full { " (50 KiB at a time)" } else { "" };
            text.push_str(&format!(
                "(lines {first}-{last} of {lines}{why}; go on with offset {})\n",
                last + 1
            ));
        } else if first > 1 {
            text.push_str(&format!("(lines {first}-{last} of {lines}: the end)\n"));
        }
        text
    }
}

/// What came of a reading.
enum Found {
    Whole(ToolResult),
    /// It is a pipe, which is not to be waited for where others wait.
    Pipe(Reading),
}

/// One file being read where blocking is allowed.
struct Reading {
    path: PathBuf,
    args: Args,
    vision: bool,
    cancel: CancellationToken,
}

impl Reading {
    fn run(self) -> Result<Found, String> {
        let meta = match fs::metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(missing(&self.path));
            }
            Err(error) => return Err(unreadable(&self.path, &error)),
        };
        let (shown, file_type) = (self.path.display(), meta.file_type());
        if meta.is_dir() {
            return Err(format!("{shown} is a folder: use list."));
        }
        if file_type.is_fifo() {
            return Ok(Found::Pipe(self));
        }
        if !meta.is_file() {
            return Err(format!(
                "{shown} is a device or a socket, not a file; it was not opened."
            ));
        }
        self.file().map(Found::Whole)
    }

    fn file(&self) -> Result<ToolResult, String> {
        let told = |error: io::Error| unreadable(&self.path, &error);
        // Non-blocking: should the file have become a pipe meanwhile, opening it does not wait.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(&self.path)
            .map_err(told)?;
        let meta = file.metadata().map_err(told)?;
        if !meta.is_file() {
            return Err(format!("{} is not a file any more.", self.path.display()));
        }
        let mut head = Vec::new();
        file.by_ref()
            .take(SNIFF_BYTES as u64)
            .read_to_end(&mut head)
            .map_err(told)?;
        match kind(&head) {
            Kind::Text => self.text(head, &mut file).map_err(told),
            Kind::Utf16 { little } => self.utf16(head, &mut file, little),
            Kind::Image(media) => self.image(media, head, &mut file, meta.len()),
            Kind::Binary(what) => Err(format!(
                "{} is not text: {what}, {} bytes. Look at it with a command.",
                self.path.display(),
                meta.len()
            )),
        }
    }

    fn seen(&self, text: String, content: BlobId) -> ToolResult {
        ToolResult::ok(text).knowing(Fact::FileSeen {
            path: self.path.clone(),
            content,
        })
    }

    fn text(&self, head: Vec<u8>, file: &mut File) -> io::Result<ToolResult> {
        let (mut hasher, mut pager) = (BlobHasher::default(), self.args.pager());
        let (mut piece, mut passed) = (head, 0);
        pager.feed(piece.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&piece));
        hasher.update(&piece);
        passed += piece.len() as u64;
        piece.resize(64 * 1024, 0);
        while !self.cancel.is_cancelled() {
            let n = file.read(&mut piece)?;
            if n == 0 {
                break;
            }
            hasher.update(&piece[..n]);
            pager.feed(&piece[..n]);
            passed += n as u64;
        }
        let text = self.args.tell(&self.path, pager.finish(), passed);
        Ok(self.seen(text, hasher.finish()))
    }

    fn utf16(
        &self,
        mut bytes: Vec<u8>,
        file: &mut File,
        little: bool,
    ) -> Result<ToolResult, String> {
        file.take(UTF16_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(&self.path, &error))?;
        if bytes.len() as u64 >= UTF16_BYTES {
            return Err(format!(
                "{} is UTF-16 and larger than 64 MiB.",
                self.path.display()
            ));
        }
        let units = bytes[2..].chunks_exact(2).map(|pair| match little {
            true => u16::from_le_bytes([pair[0], pair[1]]),
            false => u16::from_be_bytes([pair[0], pair[1]]),
        });
        let text: String = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        let mut pager = self.args.pager();
        pager.feed(text.as_bytes());
        let mut told = self
            .args
            .tell(&self.path, pager.finish(), text.len() as u64);
        told.push_str("(the file is UTF-16; edit does not change it, a command can)\n");
        Ok(self.seen(told, BlobId::of(&bytes)))
    }

    fn image(
        &self,
        media: &str,
        mut bytes: Vec<u8>,
        file: &mut File,
        size: u64,
    ) -> Result<ToolResult, String> {
        let shown = self.path.display();
        if !self.vision {
            return Err(format!(
                "{shown} is a picture ({media}, {size} bytes), and this model does not see pictures."
            ));
        }
        file.take(IMAGE_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(&self.path, &error))?;
        if bytes.len() as u64 > IMAGE_BYTES {
            return Err(format!(
                "{shown} is a picture of {size} bytes; at most {IMAGE_BYTES} can be shown. Make it smaller with a command."
            ));
        }
        let mut result = self.seen(
            format!("{shown}: {media}, {size} bytes"),
            BlobId::of(&bytes),
        );
        result.content.push(ResultBlock::Image {
            media_type: media.to_owned(),
            data: BASE64_STANDARD.encode(&bytes).into(),
        });
        Ok(result)
    }
}
