//! What commands write, read off their words: known writers, and options that name an output.

use crate::shell::{Run, Word};

/// Something a command writes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The file or folder.
    pub(super) word: Word,
    /// The files written if it turns out to be a folder.
    pub(super) into: Vec<Word>,
    /// Whether the write scope holds for it; build output and bare folders only stay below the root.
    pub(super) scoped: bool,
}

impl Target {
    pub(super) fn file(word: Word) -> Self {
        let into = Vec::new();
        Self {
            word,
            into,
            scoped: true,
        }
    }

    fn unscoped(word: Word) -> Self {
        Self {
            scoped: false,
            ..Self::file(word)
        }
    }
}

/// Which operands of a program it writes.
#[derive(Debug, Clone, Copy)]
enum Writes {
    /// All of them.
    All,
    /// All of them, folders only.
    Folders,
    /// All but the first.
    ButFirst,
    /// The last; the others land in it if it is a folder.
    Last,
    /// All of them, as a move.
    Moved,
    /// The first.
    First,
    /// None; options may name an output.
    None,
}

/// Programs, what they write, and the letters of their options that take the next word.
#[rustfmt::skip] // one line a family
const ROWS: &[(&[&str], Writes, &str)] = &[
    (&["rm", "unlink", "tee", "sponge", "ed", "ex"], Writes::All, ""),
    (&["shred"], Writes::All, "ns"),
    (&["touch"], Writes::All, "drt"),
    (&["truncate"], Writes::All, "sr"),
    (&["mknod"], Writes::First, "m"),
    (&["mkfifo"], Writes::All, "m"),
    (&["gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "compress"], Writes::All, "STB"),
    (&["dos2unix", "unix2dos", "prettier", "rustfmt", "gofmt", "black"], Writes::None, ""),
    (&["mkdir"], Writes::Folders, "m"),
    (&["rmdir", "pushd"], Writes::Folders, ""),
    (&["chmod", "chown", "chgrp", "chattr", "setfacl"], Writes::ButFirst, ""),
    (&["cp", "install"], Writes::Last, "tSmog"),
    (&["rsync", "scp"], Writes::Last, "efPiFclo"),
    (&["mv"], Writes::Moved, "tS"),
    (&["patch"], Writes::First, "dioprBDFVYz"),
    (&["zip"], Writes::First, "bintxP"),
];

/// Long options of those programs that take the next word if they hold no `=`.
const VALUED: [&str; 11] = [
    "--reference",
    "--date",
    "--time",
    "--size",
    "--iterations",
    "--mode",
    "--owner",
    "--group",
    "--suffix",
    "--exclude",
    "--include",
];

/// Options of any program that name a file or folder it writes.
const OUTPUTS: [&str; 19] = [
    "--output",
    "--output-dir",
    "--output-directory",
    "--output-document",
    "--output-file",
    "--out-dir",
    "--outdir",
    "--outfile",
    "--out-file",
    "--target-dir",
    "--target-directory",
    "--directory",
    "--directory-prefix",
    "--dest",
    "--destdir",
    "--prefix",
    "--manifest-path",
    "--log-file",
    "--dump-header",
];

/// Short options that name what is written, by program.
#[rustfmt::skip] // one line a family
const SHORT_OUTPUTS: &[(&[&str], &[&str])] = &[
    (&["sort", "gcc", "g++", "cc", "c++", "clang", "clang++", "ld", "rustc", "go", "as", "javac", "protoc", "pandoc"], &["-o"]),
    (&["cp", "mv", "install", "ln"], &["-t"]),
    (&["tar", "make", "gmake", "ninja", "cargo", "pnpm", "npm", "go", "meson", "bsdtar"], &["-C"]),
    (&["unzip", "javac"], &["-d"]),
    (&["patch"], &["-d", "-o"]),
    (&["curl"], &["-o", "-D", "-c"]),
    (&["wget"], &["-O", "-P", "-o", "-a"]),
    (&["cmake"], &["-B"]),
    (&["pip", "pip3"], &["-t"]),
    (&["mktemp"], &["-p"]),
    (&["zip"], &["-O"]),
];

/// Everything a command is known to write.
pub(super) fn of(run: &Run) -> Vec<Target> {
    let Some(name) = run.base_name() else {
        return Vec::new();
    };
    let mut targets = outputs(&name, run);
    match name.as_str() {
        "ln" => targets.extend(links(run)),
        "dd" => targets.extend(after(run, "of=").map(Target::file)),
        "sed" | "perl" | "ruby" if in_place(run) => targets.extend(edited(&name, run)),
        "tar" | "bsdtar" => targets.extend(archive(run)),
        "find" => targets.extend(found(run)),
        "install" if run.arguments().iter().any(|word| word.shown() == "-d") => {
            targets.extend(by_row(Writes::Folders, operands(run, "mog")));
        }
        "split" | "csplit" => {
            let files = operands(run, "ablnC");
            targets.extend(files.into_iter().skip(1).map(Target::file));
        }
        _ => {
            let row = ROWS.iter().find(|row| row.0.contains(&name.as_str()));
            if let Some((_, writes, valued)) = row {
                targets.extend(by_row(*writes, operands(run, valued)));
            }
        }
    }
    targets
}

fn by_row(writes: Writes, operands: Vec<Word>) -> Vec<Target> {
    match writes {
        Writes::None => Vec::new(),
        Writes::All => operands.into_iter().map(Target::file).collect(),
        Writes::Folders => operands.into_iter().map(Target::unscoped).collect(),
        Writes::ButFirst => operands.into_iter().skip(1).map(Target::file).collect(),
        Writes::First => operands.into_iter().take(1).map(Target::file).collect(),
        Writes::Last => landing(&operands).into_iter().collect(),
        Writes::Moved => {
            let sources = operands.len().saturating_sub(1);
            let mut targets: Vec<Target> = landing(&operands).into_iter().collect();
            targets.extend(operands.into_iter().take(sources).map(Target::file));
            targets
        }
    }
}

/// The last operand, and where the others land if it is a folder. A single operand is a source, or a target's only
/// source: nothing more is known. `host:path` is on another machine.
fn landing(operands: &[Word]) -> Option<Target> {
    let (target, sources) = operands.split_last()?;
    if sources.is_empty() || is_remote(target) {
        return None;
    }
    let into = sources.iter().map(|source| join(target, source)).collect();
    Some(Target {
        word: target.clone(),
        into,
        scoped: true,
    })
}

fn is_remote(word: &Word) -> bool {
    let shown = word.shown();
    let host = shown.split('/').next().unwrap_or_default();
    host.contains(':')
}

/// `folder/name`, with the last name of a source.
fn join(folder: &Word, source: &Word) -> Word {
    let shown = source.shown();
    let name = shown.trim_end_matches('/').rsplit('/').next();
    let mut joined = folder.clone();
    let rest = Word::literal(&format!("/{}", name.unwrap_or_default()));
    joined.0.extend(rest.0);
    joined
}

/// A link is written; a hard link is also another name of the file it leads to, and a symlink a way to it.
fn links(run: &Run) -> Vec<Target> {
    let operands = operands(run, "tS");
    let Some((link, sources)) = operands.split_last() else {
        return Vec::new();
    };
    let symbolic = run.arguments().iter().any(|word| {
        let text = word.shown();
        text == "--symbolic"
            || text.starts_with('-') && !text.starts_with("--") && text.contains('s')
    });
    if sources.is_empty() {
        return vec![if symbolic {
            Target::file(join(&Word::literal("."), link))
        } else {
            Target::unscoped(link.clone())
        }];
    }
    let mut targets: Vec<Target> = landing(&operands).into_iter().collect();
    for source in sources {
        let shown = source.shown();
        if symbolic && !shown.starts_with(['/', '~']) {
            // A relative symlink leads on from the folder it stands in.
            let mut from_link = link.clone();
            from_link.0.extend(Word::literal(&format!("/../{shown}")).0);
            targets.push(Target::unscoped(from_link));
            continue;
        }
        targets.push(Target::unscoped(source.clone()));
    }
    targets
}

/// Whether `-i` is among the options.
fn in_place(run: &Run) -> bool {
    run.arguments().iter().any(|word| {
        let text = word.shown();
        text.starts_with("--in-place")
            || text.starts_with('-') && !text.starts_with("--") && text.contains('i')
    })
}

/// The files after the script of `sed -i` and `perl -pi -e`.
fn edited(name: &str, run: &Run) -> Vec<Target> {
    let files = after_script(name, run).into_iter();
    files.map(Target::file).collect()
}

/// The operands after the script or pattern that comes first, or that options give.
pub(super) fn after_script(name: &str, run: &Run) -> Vec<Word> {
    let valued = match name {
        "sed" => "ef",
        "perl" | "ruby" => "eEIM",
        "awk" | "gawk" | "mawk" | "nawk" => "fvF",
        _ => "efABCmgtT",
    };
    let scripted = run.arguments().iter().any(|word| {
        let text = word.shown();
        let long = text.starts_with("--expression") || text.starts_with("--file");
        let letter = text.chars().next_back().is_some_and(|c| "eEf".contains(c));
        long || text.starts_with('-') && !text.starts_with("--") && letter
    });
    let files = operands(run, valued).into_iter();
    files.skip(usize::from(!scripted)).collect()
}

/// The archive itself, where one is made.
fn archive(run: &Run) -> Vec<Target> {
    let words = run.arguments();
    let first = words.first().map(Word::shown).unwrap_or_default();
    let letters = first.trim_start_matches('-');
    let makes = ["--create", "--append", "--update"];
    let bundled = !first.starts_with("--");
    let creates = bundled && letters.contains(['c', 'r', 'u'])
        || words
            .iter()
            .any(|word| makes.contains(&word.shown().as_str()));
    let file = if bundled && letters.contains('f') {
        words.get(1).cloned()
    } else {
        let at = words.iter().position(|word| word.shown() == "-f");
        at.and_then(|at| words.get(at + 1).cloned())
            .or_else(|| after(run, "--file=").next())
    };
    file.filter(|word| creates && word.shown() != "-")
        .map(Target::file)
        .into_iter()
        .collect()
}

/// What `find` writes lists to, and the folders it deletes below.
fn found(run: &Run) -> Vec<Target> {
    let words = run.arguments();
    let mut targets: Vec<Target> = words
        .windows(2)
        .filter(|pair| {
            ["-fprint", "-fprint0", "-fprintf", "-fls"].contains(&pair[0].shown().as_str())
        })
        .map(|pair| Target::file(pair[1].clone()))
        .collect();
    if words.iter().any(|word| word.shown() == "-delete") {
        let starts = words
            .iter()
            .take_while(|word| !word.shown().starts_with(['-', '(', '!']));
        targets.extend(starts.cloned().map(Target::unscoped));
    }
    targets
}

/// Values of options that name an output. They stay below the root; the scope is not asked.
fn outputs(name: &str, run: &Run) -> Vec<Target> {
    let short = SHORT_OUTPUTS.iter().filter(|row| row.0.contains(&name));
    let short: Vec<&str> = short.flat_map(|row| row.1).copied().collect();
    let words = run.arguments();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let text = word.shown();
        let long = text.split('=').next().unwrap_or(&text);
        let next = words.get(at + 1).cloned();
        if OUTPUTS.contains(&long) {
            found.extend(match text.len() > long.len() {
                true => Some(word.after(long.chars().count() + 1)),
                false => next,
            });
        } else if !text.starts_with("--")
            && let Some(letter) = short.iter().find_map(|short| place_in(&text, short))
        {
            found.extend(match letter + 1 < text.chars().count() {
                true => Some(word.after(letter + 1)),
                false => next,
            });
        }
    }
    found.retain(|word| word.shown() != "-");
    found.into_iter().map(Target::unscoped).collect()
}

/// Where an option's letter stands in a cluster of options: `-o`, `-ofile`, `-sSLo`.
fn place_in(text: &str, option: &str) -> Option<usize> {
    let letter = option.chars().nth(1)?;
    let cluster = text.starts_with('-').then_some(text)?;
    let mut letters = cluster.chars().enumerate().skip(1);
    letters.find(|(_, c)| *c == letter).map(|(at, _)| at)
}

/// Words that begin with this, without it.
fn after<'a>(run: &'a Run, start: &'a str) -> impl Iterator<Item = Word> + 'a {
    let words = run.arguments().iter();
    words
        .filter(move |word| word.shown().starts_with(start))
        .map(move |word| word.after(start.len()))
}

/// The words that are neither options nor values of options.
fn operands(run: &Run, valued: &str) -> Vec<Word> {
    let mut operands = Vec::new();
    let mut words = run.arguments().iter();
    while let Some(word) = words.next() {
        let text = word.shown();
        if text == "--" {
            operands.extend(words.cloned());
            break;
        }
        if !text.starts_with('-') || text == "-" {
            operands.push(word.clone());
            continue;
        }
        let last = text.chars().next_back().unwrap_or('-');
        let short = !text.starts_with("--") && valued.contains(last);
        if short || VALUED.contains(&text.as_str()) {
            words.next();
        }
    }
    operands
}
