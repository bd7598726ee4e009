//! Command patterns of shell rules: exact, `prefix:*`, and `*` anywhere.

/// How precisely a pattern speaks of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// By a prefix or a wildcard.
    Wide,
    /// Word for word.
    Exact,
}

/// One command pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandPattern {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// The whole command, blanks collapsed.
    Exact(String),
    /// These words, then anything.
    Prefix(String),
    /// Literal pieces with anything between them; the flag says whether the last blank and star
    /// may be missing altogether.
    Wild(Vec<String>),
}

impl CommandPattern {
    /// Reads a pattern.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = collapse(text);
        let kind = if let Some(prefix) = text.strip_suffix(":*") {
            if prefix.trim().is_empty() {
                return Err("there is nothing before `:*`".to_owned());
            }
            if prefix.contains('*') {
                return Err("`:*` at the end cannot go with another `*`".to_owned());
            }
            Kind::Prefix(prefix.trim().to_owned())
        } else if text.contains('*') {
            Kind::Wild(text.split('*').map(str::to_owned).collect())
        } else {
            Kind::Exact(text)
        };
        Ok(Self { kind })
    }

    /// Whether the pattern covers this command text.
    pub(crate) fn fit(&self, command: &str) -> Option<Fit> {
        let command = collapse(command);
        match &self.kind {
            Kind::Exact(text) => (*text == command).then_some(Fit::Exact),
            Kind::Prefix(prefix) => starts_with_words(&command, prefix).then_some(Fit::Wide),
            Kind::Wild(pieces) => wild(pieces, &command).then_some(Fit::Wide),
        }
    }

    /// How many words of a command the pattern fixes from its start.
    pub(crate) fn fixed_words(&self) -> usize {
        match &self.kind {
            Kind::Exact(_) => usize::MAX,
            Kind::Prefix(prefix) => prefix.split(' ').count(),
            Kind::Wild(pieces) => pieces.first().map_or(0, |head| head.matches(' ').count()),
        }
    }
}

/// One blank between words, none at the ends.
pub(crate) fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn starts_with_words(command: &str, prefix: &str) -> bool {
    command
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn wild(pieces: &[String], command: &str) -> bool {
    // `git log *` means `git log` too.
    if let [head, tail] = pieces
        && tail.is_empty()
        && head.strip_suffix(' ') == Some(command)
    {
        return true;
    }
    let [head, middle @ .., tail] = pieces else {
        return false;
    };
    let Some(mut rest) = command.strip_prefix(head.as_str()) else {
        return false;
    };
    for piece in middle {
        let Some(at) = rest.find(piece.as_str()) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.len() >= tail.len() && rest.ends_with(tail.as_str())
}
