//! Reads words: quotes and escapes resolved, braces expanded, substitutions found.

use std::iter;
use std::path::Path;

use brush_parser::ParserOptions;
use brush_parser::word::{
    self, Parameter, ParameterExpr, ParameterTransformOp, SpecialParameter, WordPiece,
    WordPieceWithSource,
};

use super::ansi;
use super::brace;
use super::word::{Atom, Gap, Word};

/// What the shell knows before it runs the command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// `~` and `$HOME`.
    pub(super) home: Option<&'a Path>,
    /// `$PWD`, while only one folder is possible.
    pub(super) cwd: Option<&'a Path>,
}

/// What one raw word holds.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The words it becomes.
    pub(super) words: Vec<Word>,
    /// Words inside expansions (defaults, replacements) that may take its place.
    pub(super) asides: Vec<Word>,
    /// The commands it runs.
    pub(super) commands: Vec<String>,
    /// What about it cannot be followed.
    pub(super) unclear: Option<String>,
}

/// The parser's options, here and everywhere: bash, with tildes left to this crate.
pub(super) fn options() -> ParserOptions {
    ParserOptions {
        tilde_expansion_at_word_start: false,
        tilde_expansion_after_colon: false,
        ..ParserOptions::default()
    }
}

/// Reads one word of a command.
pub(super) fn word(raw: &str, known: Known<'_>) -> Reading {
    let mut reader = Reader::new(known);
    let mut atoms = reader.pieces(word::parse(raw, &options()), raw);
    reader.tilde(&mut atoms);
    if atoms
        .iter()
        .any(|atom| matches!(atom, Atom::Char('(' | ')', false)))
    {
        reader.unclear("a word holds bare parentheses");
    }
    match brace::expand(Word(atoms)) {
        Some(words) => reader.reading.words = words,
        None => reader.unclear("a word expands to too many words"),
    }
    reader.reading
}

/// Reads text that expands but neither splits nor globs: a here-document, arithmetic, a pattern.
pub(super) fn text(raw: &str, known: Known<'_>, here_document: bool) -> Reading {
    let mut reader = Reader::new(known);
    let pieces = if here_document {
        word::parse_heredoc(raw, &options())
    } else {
        word::parse(raw, &options())
    };
    let atoms = reader.pieces(pieces, raw);
    reader.reading.words = vec![Word(atoms)];
    reader.reading
}

/// Reads an arithmetic expression. Names in it are values the shell evaluates again, commands in
/// their subscripts included, so only numbers are clear.
pub(super) fn arithmetic(raw: &str, known: Known<'_>) -> Reading {
    let mut reading = text(raw, known, false);
    let plain = |c: char| c.is_ascii_digit() || " \t\n+-*/%()<>=!&|^~?:,".contains(c);
    if !raw.chars().all(plain) {
        reading.unclear = Some("arithmetic on a variable".to_owned());
    }
    reading
}

struct Reader<'a> {
    known: Known<'a>,
    reading: Reading,
}

type Pieces = Result<Vec<WordPieceWithSource>, brush_parser::WordParseError>;

impl<'a> Reader<'a> {
    fn new(known: Known<'a>) -> Self {
        Self {
            known,
            reading: Reading::default(),
        }
    }

    fn unclear(&mut self, reason: &str) {
        self.reading
            .unclear
            .get_or_insert_with(|| reason.to_owned());
    }

    fn pieces(&mut self, pieces: Pieces, raw: &str) -> Vec<Atom> {
        let Ok(pieces) = pieces else {
            self.unclear("a word could not be parsed");
            return Word::unknown().0;
        };
        // The pieces must account for every byte, or something was skipped.
        if pieces.last().map_or(0, |piece| piece.end_index) != raw.len() && raw.is_ascii() {
            self.unclear("a word could not be parsed to its end");
        }
        let mut atoms = Vec::new();
        for piece in pieces {
            self.piece(piece.piece, false, &mut atoms);
        }
        atoms
    }

    fn piece(&mut self, piece: WordPiece, quoted: bool, atoms: &mut Vec<Atom>) {
        match piece {
            // Inside double quotes a back-slash before a line's end joins the lines.
            WordPiece::Text(text) if quoted => push(atoms, &text.replace("\\\n", ""), true),
            WordPiece::Text(text) => push(atoms, &text, false),
            WordPiece::SingleQuotedText(text) => push(atoms, &text, true),
            WordPiece::AnsiCQuotedText(text) => match ansi::decode(&text) {
                Some(text) => push(atoms, &text, true),
                None => {
                    self.unclear("a `$'...'` word holds bytes that are not text");
                    atoms.extend(Word::unknown().0);
                }
            },
            WordPiece::DoubleQuotedSequence(inner)
            | WordPiece::GettextDoubleQuotedSequence(inner) => {
                for piece in inner {
                    self.piece(piece.piece, true, atoms);
                }
            }
            WordPiece::EscapeSequence(text) => match text.strip_prefix('\\') {
                Some("\n") => {}
                escaped => push(atoms, escaped.unwrap_or(&text), true),
            },
            WordPiece::TildeExpansion(_) => atoms.extend(Word::unknown().0),
            WordPiece::ParameterExpansion(expression) => self.parameter(&expression, atoms),
            WordPiece::CommandSubstitution(command) => self.command(command, atoms),
            WordPiece::BackquotedCommandSubstitution(command) => {
                if command.contains(['\\', '`']) {
                    self.unclear("a back-quoted command holds back-slashes");
                }
                self.command(command, atoms);
            }
            WordPiece::ArithmeticExpression(expression) => {
                let inner = arithmetic(&expression.value, self.known);
                self.absorb(inner);
                atoms.push(Atom::Gap(Gap { harmless: true }));
            }
        }
    }

    fn command(&mut self, command: String, atoms: &mut Vec<Atom>) {
        self.reading.commands.push(command);
        atoms.push(Atom::Gap(Gap { harmless: true }));
    }

    fn parameter(&mut self, expression: &ParameterExpr, atoms: &mut Vec<Atom>) {
        if let ParameterExpr::Parameter {
            parameter,
            indirect: false,
        } = expression
        {
            match (parameter, self.known.home, self.known.cwd) {
                (Parameter::Named(name), Some(home), _) if name == "HOME" => {
                    push(atoms, &home.to_string_lossy(), true);
                }
                (Parameter::Named(name), _, Some(cwd)) if name == "PWD" => {
                    push(atoms, &cwd.to_string_lossy(), true);
                }
                _ => atoms.push(Atom::Gap(Gap {
                    harmless: self.plain(parameter),
                })),
            }
            return;
        }
        let inner = inner_texts(expression);
        if inner.is_none() {
            self.unclear("a variable is expanded in a way that runs its value");
        }
        for raw in inner.unwrap_or_default() {
            let reading = word(raw, self.known);
            self.absorb(reading);
        }
        let harmless = matches!(expression, ParameterExpr::ParameterLength { .. });
        atoms.push(Atom::Gap(Gap { harmless }));
    }

    /// Whether a parameter's value gives no secret away.
    fn plain(&mut self, parameter: &Parameter) -> bool {
        const PLAIN: [&str; 14] = [
            "HOME",
            "PWD",
            "OLDPWD",
            "USER",
            "LOGNAME",
            "SHELL",
            "HOSTNAME",
            "UID",
            "RANDOM",
            "SECONDS",
            "LINENO",
            "LANG",
            "TERM",
            "PIPESTATUS",
        ];
        match parameter {
            Parameter::Special(
                SpecialParameter::LastExitStatus
                | SpecialParameter::PositionalParameterCount
                | SpecialParameter::ProcessId
                | SpecialParameter::LastBackgroundProcessId
                | SpecialParameter::CurrentOptionFlags,
            ) => true,
            Parameter::NamedWithIndex { name, index } => {
                let reading = arithmetic(index, self.known);
                self.absorb(reading);
                PLAIN.contains(&name.as_str())
            }
            // Upper case names come from the environment; others belong to the command itself.
            Parameter::Named(name) => {
                PLAIN.contains(&name.as_str()) || !name.contains(|c: char| c.is_ascii_uppercase())
            }
            _ => false,
        }
    }

    fn absorb(&mut self, inner: Reading) {
        self.reading.commands.extend(inner.commands);
        self.reading.asides.extend(inner.words);
        self.reading.asides.extend(inner.asides);
        if let Some(reason) = inner.unclear {
            self.unclear(&reason);
        }
    }

    /// A leading unquoted `~`: home, or something only the shell knows.
    fn tilde(&mut self, atoms: &mut Vec<Atom>) {
        if atoms.first() != Some(&Atom::Char('~', false)) {
            return;
        }
        let ends = matches!(atoms.get(1), None | Some(Atom::Char('/', _)));
        match self.known.home {
            Some(home) if ends => {
                let home = Word::literal(&home.to_string_lossy()).0;
                atoms.splice(..1, home);
            }
            _ => {
                atoms[0] = Atom::Gap(Gap { harmless: true });
            }
        }
    }
}

fn push(atoms: &mut Vec<Atom>, text: &str, quoted: bool) {
    atoms.extend(text.chars().map(|c| Atom::Char(c, quoted)));
}

/// The texts inside an expansion that are expanded in turn; `None` where a value is run again.
fn inner_texts(expression: &ParameterExpr) -> Option<Vec<&str>> {
    use ParameterExpr as E;
    match expression {
        E::Parameter { indirect, .. } | E::ParameterLength { indirect, .. } => {
            (!indirect).then(Vec::new)
        }
        E::ReplaceSubstring {
            indirect: false,
            pattern,
            replacement,
            ..
        } => Some(
            iter::once(pattern.as_str())
                .chain(replacement.as_deref())
                .collect(),
        ),
        E::Transform {
            indirect: false,
            op,
            ..
        } => (!matches!(op, ParameterTransformOp::PromptExpand)).then(Vec::new),
        // Offsets are arithmetic; names and keys are rare: a person looks at them.
        E::ReplaceSubstring { .. }
        | E::Transform { .. }
        | E::Substring { .. }
        | E::VariableNames { .. }
        | E::MemberKeys { .. } => None,
        with_one_text => one_text(with_one_text),
    }
}

/// The one text of defaults and patterns.
#[rustfmt::skip] // one line an expansion
fn one_text(expression: &ParameterExpr) -> Option<Vec<&str>> {
    use ParameterExpr as E;
    let (
        E::UseDefaultValues { indirect, default_value: text, .. }
        | E::AssignDefaultValues { indirect, default_value: text, .. }
        | E::IndicateErrorIfNullOrUnset { indirect, error_message: text, .. }
        | E::UseAlternativeValue { indirect, alternative_value: text, .. }
        | E::RemoveSmallestSuffixPattern { indirect, pattern: text, .. }
        | E::RemoveLargestSuffixPattern { indirect, pattern: text, .. }
        | E::RemoveSmallestPrefixPattern { indirect, pattern: text, .. }
        | E::RemoveLargestPrefixPattern { indirect, pattern: text, .. }
        | E::UppercaseFirstChar { indirect, pattern: text, .. }
        | E::UppercasePattern { indirect, pattern: text, .. }
        | E::LowercaseFirstChar { indirect, pattern: text, .. }
        | E::LowercasePattern { indirect, pattern: text, .. })
    = expression else {
        return None;
    };
    (!indirect).then(|| text.iter().map(String::as_str).collect())
}
