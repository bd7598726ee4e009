//! Words of a shell command, as far as their value is known before it runs.

/// One step of a word's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Atom {
    /// This character; `true` if quoted, so that it is not special to the shell.
    Char(char, bool),
    /// Something only the running shell knows.
    Gap(Gap),
}

/// A part of a word that only the running shell knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Showing it gives no secret away: output of a command judged by itself, `$?`, a number.
    pub(crate) harmless: bool,
}

/// One word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) Vec<Atom>);

impl Word {
    /// A word whose characters are all literal.
    pub(crate) fn literal(text: &str) -> Self {
        Self(text.chars().map(|c| Atom::Char(c, true)).collect())
    }

    /// A word nobody knows yet.
    pub(crate) fn unknown() -> Self {
        Self(vec![Atom::Gap(Gap { harmless: false })])
    }

    /// A word that comes out of commands judged by themselves.
    pub(crate) fn fed() -> Self {
        Self(vec![Atom::Gap(Gap { harmless: true })])
    }

    /// The value, if it is known and is not a glob.
    pub(crate) fn value(&self) -> Option<String> {
        if self.is_glob() {
            return None;
        }
        self.spelled()
    }

    /// The value with glob characters as they stand, if nothing else is open.
    pub(crate) fn spelled(&self) -> Option<String> {
        self.0
            .iter()
            .map(|atom| match atom {
                Atom::Char(c, _) => Some(*c),
                Atom::Gap(_) => None,
            })
            .collect()
    }

    /// Whether some part is known only to the running shell.
    pub(crate) fn has_gap(&self) -> bool {
        self.0.iter().any(|atom| matches!(atom, Atom::Gap(_)))
    }

    /// Whether showing the word could show a secret.
    pub(crate) fn has_secret(&self) -> bool {
        self.0.contains(&Atom::Gap(Gap { harmless: false }))
    }

    /// Whether the shell replaces it by the names of files.
    pub(crate) fn is_glob(&self) -> bool {
        let special = |atom: &Atom| matches!(atom, Atom::Char('*' | '?' | '[', false));
        self.0.len() > 1 && self.0.iter().any(special)
            || matches!(self.0[..], [Atom::Char('*' | '?', false)])
    }

    /// The word as people and rules read it; open parts stand as `$...`.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        for atom in &self.0 {
            match atom {
                Atom::Char(c, _) => text.push(*c),
                Atom::Gap(_) => text.push_str("$..."),
            }
        }
        text
    }

    /// As `shown`, quoted where its characters would not survive the shell.
    pub(crate) fn quoted(&self) -> String {
        let plain = |c: char| c.is_alphanumeric() || "_-./:=,@%+^~*?[]{}$".contains(c);
        let shown = self.shown();
        if !shown.is_empty() && shown.chars().all(plain) {
            return shown;
        }
        format!("'{}'", shown.replace('\'', "'\\''"))
    }

    /// The rest of the word after `skip` atoms.
    pub(crate) fn after(&self, skip: usize) -> Self {
        Self(self.0.get(skip..).unwrap_or_default().to_vec())
    }
}
