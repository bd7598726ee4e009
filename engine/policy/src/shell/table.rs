//! The commands known to read only, and the options that make them more than that.

/// What a known command does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// Nothing: it touches no file.
    None,
    /// They are files.
    Files,
    /// The first is a pattern or program, the others files.
    PatternThenFiles,
    /// They are files; its options take single characters that look like paths.
    FilesWithDelimiters,
    /// The second would be written.
    OneFile,
}

/// One known command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) operands: Operands,
    /// Options that write, run or reach out: letters, and long names with their dashes.
    pub(super) bad: &'static [&'static str],
}

const fn row(operands: Operands, bad: &'static [&'static str]) -> Row {
    Row { operands, bad }
}

/// Every known command.
const ROWS: &[(&[&str], Row)] = &[
    (
        &[
            ":", "true", "false", "echo", "pwd", "sleep", "seq", "nproc", "uname", "arch",
            "whoami", "id", "groups", "uptime", "basename", "dirname", "tr", "expr", "which",
            "type", "exit", "return", "break", "continue", "wait", "clear", "tty", "factor", "[",
            "test", "printf", "date", "set", "read", "shift",
        ],
        row(Operands::None, &[]),
    ),
    (
        &[
            "cat",
            "head",
            "tail",
            "tac",
            "rev",
            "nl",
            "wc",
            "ls",
            "dir",
            "vdir",
            "stat",
            "du",
            "df",
            "cmp",
            "comm",
            "od",
            "hexdump",
            "strings",
            "md5sum",
            "sha1sum",
            "sha224sum",
            "sha256sum",
            "sha384sum",
            "sha512sum",
            "b2sum",
            "cksum",
            "sum",
            "realpath",
            "readlink",
            "fmt",
            "expand",
            "unexpand",
            "base64",
            "diff",
            "nm",
            "size",
            "find",
        ],
        row(Operands::Files, &[]),
    ),
    (
        &["grep", "egrep", "fgrep"],
        row(Operands::PatternThenFiles, &[]),
    ),
    (
        &["rg"],
        row(
            Operands::PatternThenFiles,
            &["--pre", "--pre-glob", "--hostname-bin", "--search-zip", "z"],
        ),
    ),
    (
        &["jq"],
        row(
            Operands::PatternThenFiles,
            &["L", "--library-path", "f", "--from-file"],
        ),
    ),
    (
        &["sed"],
        row(
            Operands::PatternThenFiles,
            &["i", "--in-place", "f", "--file", "s", "--separate", "w"],
        ),
    ),
    (
        &["awk", "gawk", "mawk", "nawk"],
        row(
            Operands::PatternThenFiles,
            &[
                "f", "i", "l", "e", "o", "p", "d", "D", "E", "L", "W", "v", "--",
            ],
        ),
    ),
    (
        &["cut", "paste", "join", "column", "fold"],
        row(Operands::FilesWithDelimiters, &[]),
    ),
    (
        &["sort"],
        row(
            Operands::FilesWithDelimiters,
            &[
                "o",
                "--output",
                "--compress-program",
                "T",
                "--temporary-directory",
                "--files0-from",
            ],
        ),
    ),
    (&["uniq"], row(Operands::OneFile, &[])),
    (&["xxd"], row(Operands::OneFile, &["r"])),
    (&["tree"], row(Operands::Files, &["o", "R"])),
    (
        &["file"],
        row(
            Operands::Files,
            &[
                "C",
                "--compile",
                "z",
                "--uncompress",
                "Z",
                "f",
                "--files-from",
            ],
        ),
    ),
    (
        &["fd", "fdfind"],
        row(
            Operands::PatternThenFiles,
            &["x", "X", "--exec", "--exec-batch"],
        ),
    ),
];

/// The row of a command; `None` if nothing is known about it.
pub(super) fn row_of(name: &str) -> Option<Row> {
    let row = ROWS.iter().find(|(names, _)| names.contains(&name))?;
    Some(row.1)
}

/// Programs that only print their version when asked, and how each may be asked.
pub(super) fn prints_version(name: &str, argument: &str) -> bool {
    const LONG: [&str; 30] = [
        "cargo", "rustc", "rustfmt", "rustup", "go", "node", "npm", "pnpm", "yarn", "deno", "bun",
        "python", "python3", "pip", "pip3", "uv", "ruby", "gem", "perl", "php", "java", "javac",
        "gcc", "g++", "clang", "cmake", "make", "git", "docker", "bash",
    ];
    match argument {
        "--version" => LONG.contains(&name),
        "-V" => [
            "cargo", "rustc", "rustup", "python", "python3", "pip", "pip3", "uv",
        ]
        .contains(&name),
        "-v" => ["node", "npm", "pnpm", "yarn"].contains(&name),
        "-version" => ["java", "javac"].contains(&name),
        "version" => ["go", "git"].contains(&name),
        _ => false,
    }
}

/// Variables that may be set for a command without changing what it runs.
pub(super) fn is_plain_setting(name: &str) -> bool {
    const PLAIN: [&str; 24] = [
        "LANG",
        "LANGUAGE",
        "TZ",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "CI",
        "TERM",
        "COLUMNS",
        "LINES",
        "RUST_BACKTRACE",
        "RUST_LOG",
        "CARGO_TERM_COLOR",
        "NODE_ENV",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "GIT_TERMINAL_PROMPT",
        "GIT_OPTIONAL_LOCKS",
        "DEBIAN_FRONTEND",
        "TIMEFORMAT",
        "LESSCHARSET",
        "CGO_ENABLED",
        "GOOS",
    ];
    PLAIN.contains(&name) || name.starts_with("LC_")
}
