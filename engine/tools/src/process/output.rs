//! A command's output: plain text, limited for the model, whole in a file when it is too long.

use std::path::{Path, PathBuf};

use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use crate::process::ansi::Stripper;
use crate::process::gather::Gather;
use crate::process::mask::Mask;

/// Bytes of output one answer may hold.
pub(crate) const MODEL_BYTES: usize = 30_000;
/// Bytes of output kept on disk.
const SPILL_BYTES: u64 = 64 * 1024 * 1024;

/// What a command said.
#[derive(Debug)]
pub(crate) struct Output {
    stripper: Stripper,
    mask: Mask,
    unread: Gather,
    spill: Spill,
}

impl Output {
    /// Goes to `spill` once it is too long for one answer.
    pub(crate) fn new(spill: PathBuf) -> Self {
        Self::sized(spill, MODEL_BYTES)
    }

    /// Goes to `spill` once it is longer than `bytes`.
    pub(crate) fn sized(spill: PathBuf, bytes: usize) -> Self {
        Self {
            stripper: Stripper::default(),
            mask: Mask::default(),
            unread: Gather::new(bytes),
            spill: Spill {
                path: spill,
                state: SpillState::NotNeeded,
                room: SPILL_BYTES,
            },
        }
    }

    /// The same output with these secrets taken out before anything is kept or shown.
    pub(crate) fn without(mut self, secrets: &[(String, String)]) -> Self {
        self.mask = Mask::new(secrets);
        self
    }

    /// Takes the next piece; gives back what can be shown by now, without control sequences.
    pub(crate) async fn take(&mut self, piece: &[u8]) -> Vec<u8> {
        let plain = self.mask.take(self.stripper.strip(piece));
        self.keep(&plain).await;
        plain
    }

    async fn keep(&mut self, plain: &[u8]) {
        if self.spill.needed() || !self.unread.fits(plain.len()) {
            if !self.spill.needed() {
                self.spill.write(&self.unread.kept()).await;
            }
            self.spill.write(plain).await;
        }
        self.unread.push(plain);
    }

    /// What came since the last look. From now on everything goes to the file as well: a later answer
    /// could not tell it any more.
    pub(crate) async fn news(&mut self) -> String {
        if !self.spill.needed() {
            self.spill.write(&self.unread.kept()).await;
        }
        let text = self.text();
        self.unread = Gather::new(MODEL_BYTES);
        text
    }

    /// What is there to read, cut in the middle if it is too long.
    pub(crate) fn text(&self) -> String {
        self.unread.text(&format!(
            "\n[... {} of {} bytes left out ...]\n",
            self.unread.lost(),
            self.unread.total()
        ))
    }

    /// Whether something had to be left out of the text.
    pub(crate) fn cut(&self) -> bool {
        self.unread.lost() > 0
    }

    /// Where the whole output lies, if it does.
    pub(crate) fn whole(&self) -> Option<&Path> {
        matches!(self.spill.state, SpillState::Open(_)).then_some(self.spill.path.as_path())
    }

    /// A remark about the file, if there is anything to say.
    pub(crate) fn remark(&self) -> Option<String> {
        match &self.spill.state {
            SpillState::Broken(why) => Some(format!("(the whole output could not be kept: {why})")),
            SpillState::Open(_) if self.spill.room == 0 => Some(format!(
                "(the first 64 MiB of the output are in {})",
                self.spill.path.display()
            )),
            SpillState::Open(_) if self.cut() => Some(format!(
                "(the whole output is in {}; look at parts of it with read or grep)",
                self.spill.path.display()
            )),
            SpillState::Open(_) | SpillState::NotNeeded => None,
        }
    }

    /// The command has ended: keeps what was held back, and brings what is on its way to the file there.
    pub(crate) async fn flush(&mut self) {
        let rest = self.mask.rest();
        self.keep(&rest).await;
        if let SpillState::Open(file) = &mut self.spill.state
            && let Err(error) = file.flush().await
        {
            self.spill.state = SpillState::Broken(error.to_string());
        }
    }
}

/// The file for the whole output.
#[derive(Debug)]
struct Spill {
    path: PathBuf,
    state: SpillState,
    room: u64,
}

#[derive(Debug)]
enum SpillState {
    NotNeeded,
    Open(File),
    /// Keeping it failed; the command goes on.
    Broken(String),
}

impl Spill {
    const fn needed(&self) -> bool {
        !matches!(self.state, SpillState::NotNeeded)
    }

    async fn write(&mut self, bytes: &[u8]) {
        let fits = usize::try_from(self.room).map_or(bytes.len(), |room| room.min(bytes.len()));
        self.room -= fits as u64;
        if let Err(error) = self.append(&bytes[..fits]).await {
            self.state = SpillState::Broken(error.to_string());
        }
    }

    async fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if !self.needed() {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder).await?;
            }
            self.state = SpillState::Open(File::create(&self.path).await?);
        }
        match &mut self.state {
            SpillState::Open(file) => file.write_all(bytes).await,
            SpillState::NotNeeded | SpillState::Broken(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn kept(output: &mut Output) -> String {
        output.flush().await;
        std::fs::read_to_string(output.whole().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn what_came_before_the_limit_is_in_the_file_too() {
        let dir = tempfile::TempDir::new().unwrap();
        let mut output = Output::new(dir.path().join("made/when/needed"));
        output.take(b"early\n").await;
        assert_eq!(output.whole(), None);
        output.take(&[b'x'; MODEL_BYTES]).await;
        output.take(b"\x1b[1mlate").await;
        assert!(output.cut());
        let all = format!("early\n{}late", "x".repeat(MODEL_BYTES));
        assert_eq!(kept(&mut output).await, all);
    }

    #[tokio::test]
    async fn what_was_read_is_not_told_again_but_stays_in_the_file() {
        let dir = tempfile::TempDir::new().unwrap();
        let mut output = Output::new(dir.path().join("f"));
        for (piece, news) in [("one\n", "one\n"), ("two\n", "two\n"), ("", "")] {
            output.take(piece.as_bytes()).await;
            assert_eq!(output.news().await, news);
        }
        assert_eq!(kept(&mut output).await, "one\ntwo\n");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_kept_stops_nothing_and_is_told() {
        let dir = tempfile::TempDir::new().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let mut output = Output::new(dir.path().join("file/below"));
        output.take(&[b'x'; MODEL_BYTES + 1]).await;
        assert!(output.remark().unwrap().contains("could not be kept"));
        assert!(output.text().contains("left out"));
    }
}
