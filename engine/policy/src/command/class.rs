//! Commands no rule speaks of: free if they are known to only read where they may.

use std::path::PathBuf;

use protocol::Verdict;

use super::Case;
use crate::file::{self, FileClaim};
use crate::judge::{allow, ask, stricter};
use crate::named;
use crate::shell::{Class, Part, Run, Starts, Word};

impl Case<'_> {
    pub(super) fn by_class(&self, run: &Run, part: &Part, class: Class) -> Verdict {
        match class {
            Class::Inert => allow(format!("{} touches no file", run.text())),
            Class::Moves(target) => self.moves(target.as_ref(), part),
            Class::Reads { files, .. } => self.reads(run, &files, part),
            Class::Repository(folder) => self.repository(run, folder.as_ref(), part),
            Class::Arranges { reads, writes } => self.arranges(run, &reads, &writes, part),
            Class::Unknown(_) if run.starts == Starts::Others => {
                allow(format!("{} only starts another command", run.text()))
            }
            Class::Unknown(reason) => ask(format!("no rule allows {}: {reason}", run.text())),
        }
    }

    pub(super) fn moves(&self, target: Option<&Word>, part: &Part) -> Verdict {
        let home = self.situation.place.home.as_ref();
        let home = home.map(|home| Word::literal(&home.to_string_lossy()));
        let Some(target) = target.or(home.as_ref()) else {
            return self.unclear("the home folder is not known");
        };
        let paths = named::paths(target, &part.cwds, self.situation);
        if paths.iter().all(|path| self.situation.place.shows(path)) {
            return allow("cd stays in the tree");
        }
        ask(format!(
            "cd {} leaves the tree {}; --add-dir adds a folder",
            target.shown(),
            self.situation.place.root.display()
        ))
    }

    pub(super) fn reads(&self, run: &Run, files: &[Word], part: &Part) -> Verdict {
        let here = [Word::literal(".")];
        let files = if files.is_empty() { &here } else { files };
        let mut verdict = allow(format!("{} only reads", run.text()));
        for word in files {
            let paths = named::paths(word, &part.cwds, self.situation);
            let claim = FileClaim {
                tool: "read",
                paths: paths.iter().collect(),
            };
            verdict = stricter(verdict, file::read(&claim, self.situation));
        }
        verdict
    }

    /// Git runs what a repository's own settings say, so it is free only in the tree's own one.
    pub(super) fn repository(&self, run: &Run, folder: Option<&Word>, part: &Part) -> Verdict {
        let here = Word::literal(".");
        let paths = named::paths(folder.unwrap_or(&here), &part.cwds, self.situation);
        let place = self.situation.place;
        let own = |path: &PathBuf| *path == place.root || place.added.contains(path);
        if paths.iter().all(own) {
            return allow(format!("{} only reads the repository", run.text()));
        }
        ask(format!(
            "git runs what a repository's settings say, and is free only in {}: {}",
            place.root.display(),
            run.text()
        ))
    }

    pub(super) fn arranges(
        &self,
        run: &Run,
        reads: &[Word],
        writes: &[Word],
        part: &Part,
    ) -> Verdict {
        let text = run.text();
        let mut verdict = allow(format!("{text} only arranges files"));
        for word in reads {
            let paths = named::paths(word, &part.cwds, self.situation);
            let claim = FileClaim {
                tool: "read",
                paths: paths.iter().collect(),
            };
            verdict = stricter(verdict, file::read(&claim, self.situation));
        }
        for word in writes {
            let paths = named::paths(word, &part.cwds, self.situation);
            let claim = FileClaim {
                tool: "write",
                paths: paths.iter().collect(),
            };
            verdict = stricter(
                verdict,
                self.softened(file::write(&claim, self.situation), &text),
            );
        }
        verdict
    }

    /// A command may leave the tree if a person says so; the file tools may not.
    pub(super) fn softened(&self, verdict: Verdict, text: &str) -> Verdict {
        match verdict {
            Verdict::Deny(reason) if reason.rule.is_none() => ask(reason.text),
            Verdict::Ask(reason) if reason.rule.is_none() => ask(format!("no rule allows {text}")),
            verdict => verdict,
        }
    }
}
