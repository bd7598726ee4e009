//! The terminal: whether there is one, how broad it is, which characters it shows.

use std::io::IsTerminal;

use super::draw::Strokes;
use crate::resolve::environment::Environment;

/// Columns where nobody tells.
const USUAL: (usize, usize) = (100, 40);

/// What is known of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Whether stderr is a terminal that understands how to move its cursor.
    pub is_live: bool,
    /// Whether a person can be asked: stdin and stderr are terminals.
    pub is_answering: bool,
    /// With which characters lines are drawn.
    pub strokes: Strokes,
    /// Whether colours are wanted.
    pub is_coloured: bool,
}

impl Screen {
    /// Looks at the process's own terminal.
    pub fn find(environment: &Environment) -> Self {
        let is_dumb = environment.get("TERM").is_none_or(|term| term == "dumb");
        let is_live = std::io::stderr().is_terminal() && !is_dumb;
        let is_plain = environment.get("NO_COLOR").is_some() || !is_utf8(environment);
        Self {
            is_live,
            is_answering: std::io::stderr().is_terminal() && std::io::stdin().is_terminal(),
            strokes: match is_plain {
                true => Strokes::Ascii,
                false => Strokes::Box,
            },
            is_coloured: is_live && environment.get("NO_COLOR").is_none(),
        }
    }
}

/// What a text is laid out on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    /// The columns of a drawing.
    pub width: usize,
    /// The columns of a table; no bound where no terminal would break its lines.
    pub room: usize,
    /// With which characters lines are drawn.
    pub strokes: Strokes,
}

impl Paper {
    /// The terminal the process writes to, or a file without a margin.
    pub fn find(environment: &Environment) -> Self {
        let (width, _) = size(environment);
        let room = match std::io::stdout().is_terminal() {
            true => width,
            false => usize::MAX,
        };
        Self {
            width,
            room,
            strokes: Screen::find(environment).strokes,
        }
    }
}

/// Whether the locale says UTF-8; the first variable that says anything decides.
fn is_utf8(environment: &Environment) -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment.get(name));
    let said = said.unwrap_or_default().to_ascii_lowercase();
    said.contains("utf-8") || said.contains("utf8")
}

/// Columns and lines of the terminal as they are now.
pub fn size(environment: &Environment) -> (usize, usize) {
    let tell = |stream: std::os::fd::BorrowedFd<'_>| {
        let size = rustix::termios::tcgetwinsize(stream).ok()?;
        (size.ws_col > 0 && size.ws_row > 0)
            .then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
    };
    use std::os::fd::AsFd;
    let told = tell(std::io::stderr().as_fd()).or_else(|| tell(std::io::stdout().as_fd()));
    let number = |name: &str| {
        environment
            .get(name)?
            .parse::<usize>()
            .ok()
            .filter(|n| *n > 0)
    };
    told.unwrap_or((
        number("COLUMNS").unwrap_or(USUAL.0),
        number("LINES").unwrap_or(USUAL.1),
    ))
}
