//! Names other agents taught models: for tools and for their arguments.

use crate::file::nearest::nearest;

/// Names of tools as they are compared: lower case, without `_` and `-`.
const TOOLS: [(&str, &[&str]); 12] = [
    (
        "bash",
        &[
            "runcommand",
            "runshellcommand",
            "shell",
            "executecommand",
            "exec",
            "execcommand",
            "runterminalcmd",
            "terminal",
            "shellcommand",
            "localshell",
        ],
    ),
    (
        "bash_output",
        &["bashoutput", "readbash", "getbashoutput", "shelloutput"],
    ),
    (
        "edit",
        &[
            "editfile",
            "strreplace",
            "replace",
            "searchreplace",
            "replaceinfile",
            "stringreplace",
            "fileedit",
        ],
    ),
    (
        "glob",
        &[
            "globsearch",
            "findfiles",
            "filesearch",
            "searchfilesbyname",
            "globfiles",
        ],
    ),
    (
        "grep",
        &[
            "grepsearch",
            "search",
            "searchfilecontent",
            "ripgrep",
            "rg",
            "searchfiles",
            "searchtext",
            "grepfiles",
            "codesearch",
        ],
    ),
    (
        "kill_bash",
        &["killbash", "killshell", "bashkill", "stopbash"],
    ),
    (
        "list",
        &[
            "ls",
            "listdir",
            "listdirectory",
            "listfiles",
            "listfolder",
            "readfolder",
        ],
    ),
    (
        "multi_edit",
        &["multiedit", "multieditfile", "editmultiple"],
    ),
    (
        "read",
        &[
            "readfile",
            "view",
            "viewfile",
            "openfile",
            "cat",
            "fileread",
            "readtextfile",
        ],
    ),
    (
        "task",
        &[
            "agent",
            "subagent",
            "delegate",
            "delegatetask",
            "spawnagent",
            "newtask",
            "runtask",
        ],
    ),
    (
        "todo",
        &[
            "todowrite",
            "todolist",
            "writetodos",
            "updatetodos",
            "updatetodolist",
            "settodolist",
        ],
    ),
    (
        "write",
        &[
            "writefile",
            "createfile",
            "writetofile",
            "filewrite",
            "create",
            "savefile",
        ],
    ),
];

/// Names of arguments as they are compared: snake case.
const ARGUMENTS: [(&str, &[&str]); 20] = [
    (
        "file_path",
        &[
            "path",
            "file",
            "filename",
            "file_name",
            "filepath",
            "target_file",
            "absolute_path",
            "target",
        ],
    ),
    (
        "path",
        &[
            "dir",
            "directory",
            "folder",
            "file_path",
            "dir_path",
            "directory_path",
            "target_directory",
            "root",
            "search_path",
            "cwd",
        ],
    ),
    (
        "content",
        &[
            "contents",
            "text",
            "file_text",
            "file_content",
            "new_content",
            "body",
            "data",
        ],
    ),
    (
        "old_string",
        &[
            "old_str",
            "old_text",
            "old",
            "search",
            "find",
            "old_content",
            "original",
        ],
    ),
    (
        "new_string",
        &[
            "new_str",
            "new_text",
            "new",
            "replace",
            "replacement",
            "new_content",
            "replace_with",
            "updated",
        ],
    ),
    (
        "replace_all",
        &["all", "global", "replace_all_occurrences", "allow_multiple"],
    ),
    ("edits", &["changes", "replacements", "operations"]),
    (
        "offset",
        &["start_line", "line_start", "start", "from_line", "line"],
    ),
    (
        "limit",
        &["num_lines", "line_count", "max_lines", "lines", "n_lines"],
    ),
    (
        "pattern",
        &[
            "query",
            "regex",
            "regexp",
            "search",
            "search_pattern",
            "search_term",
            "glob_pattern",
            "glob",
            "text",
        ],
    ),
    (
        "glob",
        &[
            "include",
            "include_pattern",
            "file_pattern",
            "files",
            "includes",
        ],
    ),
    ("type", &["file_type", "filetype", "language"]),
    ("output_mode", &["mode", "output"]),
    ("-i", &["i", "ignore_case", "case_insensitive"]),
    ("-A", &["a", "after", "after_context", "context_after"]),
    ("-B", &["b", "before", "before_context", "context_before"]),
    ("-C", &["c", "context", "context_lines"]),
    (
        "head_limit",
        &["max_results", "limit", "max_count", "max_matches"],
    ),
    (
        "command",
        &["cmd", "script", "shell_command", "command_line"],
    ),
    (
        "bash_id",
        &["shell_id", "id", "task_id", "process_id", "shell"],
    ),
];

/// More names, for arguments whose first list is full of other meanings.
const MORE: [(&str, &[&str]); 9] = [
    ("timeout", &["timeout_ms", "time_limit"]),
    (
        "run_in_background",
        &["background", "is_background", "in_background"],
    ),
    ("todos", &["items", "todo_list", "tasks", "list", "plan"]),
    ("status", &["state"]),
    ("depth", &["max_depth", "levels"]),
    ("filter", &["pattern", "regex"]),
    ("description", &["title", "name", "summary", "task_name"]),
    (
        "prompt",
        &["task", "message", "query", "request", "instructions"],
    ),
    ("kind", &["subagent_type", "agent_type", "mode", "type"]),
];

/// Arguments models add to explain themselves; they change nothing, so a tool without them passes over them.
const REMARKS: [&str; 9] = [
    "description",
    "explanation",
    "reason",
    "reasoning",
    "thought",
    "justification",
    "instructions",
    "active_form",
    "priority",
];

fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The canonical name of a tool called by another.
pub(super) fn tool(name: &str) -> Option<&'static str> {
    let wanted = folded(name);
    TOOLS
        .iter()
        .find(|(own, aliases)| folded(own) == wanted || aliases.contains(&wanted.as_str()))
        .map(|(own, _)| *own)
}

/// The canonical name of the tool with a name most like `name`.
pub(super) fn near(name: &str) -> Option<&'static str> {
    let all: Vec<&str> = TOOLS
        .iter()
        .flat_map(|(_, aliases)| aliases.iter().copied())
        .collect();
    tool(nearest(&folded(name), &all).first()?)
}

/// Whether an argument by this name only explains.
pub(super) fn remark(name: &str) -> bool {
    REMARKS.contains(&snake(name).as_str())
}

/// Which of the tool's own arguments `name` stands for.
pub(super) fn argument<'a>(name: &str, own: &[&'a str]) -> Option<&'a str> {
    let wanted = snake(name);
    let means = |canonical: &str| {
        let lists = ARGUMENTS.iter().chain(&MORE);
        lists
            .filter(|(name, _)| *name == canonical)
            .any(|(_, aliases)| aliases.contains(&wanted.as_str()))
    };
    own.iter()
        .find(|own| **own == wanted)
        .or_else(|| own.iter().find(|own| means(own)))
        .copied()
}

/// `filePath` and `File-Path` as `file_path`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut before_lower = false;
    for c in name.trim_start_matches('-').chars() {
        if c.is_uppercase() && before_lower {
            snake.push('_');
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
        match c {
            '-' | ' ' => snake.push('_'),
            c => snake.extend(c.to_lowercase()),
        }
    }
    snake
}
