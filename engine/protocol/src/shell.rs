//! What a shell says of a command that it could not run.

/// What a shell exits with where a command may not be run, and where there is none (POSIX, Shell Command Language 2.8.2).
const NOT_ALLOWED: i32 = 126;
const NOT_FOUND: i32 = 127;

/// What shells say is wrong with a command; a shell that says it in other words is taken to mean something else.
const COMPLAINTS: [&str; 3] = ["not found", "command not found", "Permission denied"];

/// After these, commands are looked for elsewhere, and a file of the tree may be one.
const SETTINGS: [&str; 6] = [".", "source", "eval", "cd", "pushd", "alias"];

/// Whether a shell exits so where it could not run a command, or part of it.
pub const fn is_refusal(exit: i32) -> bool {
    matches!(exit, NOT_ALLOWED | NOT_FOUND)
}

/// The command of a shell's text that the shell looked for on its path in vain, as it says in the log; `None` if it says
/// something else, or where commands may be looked for elsewhere.
pub fn missing<'a>(cmd: &'a str, log: &str) -> Option<&'a str> {
    if cmd.contains("PATH") {
        return None;
    }
    // Every shell names in its complaint what it could not run, between colons, and says last what is wrong with it.
    let is_complaint = |word: &str| {
        let mut said = COMPLAINTS.iter();
        said.any(|said| log.contains(&format!(": {word}: {said}")))
    };
    let mut words = cmd
        .split(['&', '|', ';', '(', ')', '\n'])
        .filter_map(command);
    if words.clone().any(|word| SETTINGS.contains(&word)) {
        return None;
    }
    words.find(|word| !word.contains('/') && is_complaint(word))
}

/// The word of a simple command that the shell runs.
fn command(command: &str) -> Option<&str> {
    let words = command.split_whitespace();
    let mut words = words.map(|word| word.trim_matches(['\'', '"', '`', '{', '}']));
    words.find(|word| !word.is_empty() && *word != "!" && !word.contains('='))
}
