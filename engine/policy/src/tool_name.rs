//! The names rules may use for tools, and the family of claims each name speaks of.

/// What a rule's tool name covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Family {
    /// Every tool that reads files, and reads by shell commands.
    Reading,
    /// Every tool that changes files, and redirections of shell commands.
    Writing,
    /// Shell commands.
    Shell,
    /// One tool by its canonical name.
    Tool(&'static str),
    /// One MCP tool, or with a trailing `__` all tools of one server.
    Mcp(String),
}

/// Tools that are neither the shell nor covered by the read and edit families; canonical name first.
const SINGLE: [&[&str]; 18] = [
    &["grep", "Grep", "grep_search"],
    &["glob", "Glob", "glob_search"],
    &["list", "LS", "List", "list_dir", "list_directory"],
    &["bash_output", "BashOutput"],
    &["kill_bash", "KillBash", "KillShell"],
    &["todo", "TodoWrite", "TodoRead", "todo_write"],
    &["task", "Task", "Agent"],
    &["memory_search", "MemorySearch"],
    &["memory_note", "MemoryNote"],
    &["plan", "Plan", "ExitPlanMode"],
    &["ask_user", "AskUser", "AskUserQuestion"],
    &["web_fetch", "WebFetch"],
    &["web_search", "WebSearch"],
    &["lsp", "LSP"],
    &["skill", "Skill"],
    &["slash_command", "SlashCommand"],
    &["tool_search", "ToolSearch"],
    &["list_mcp_resources", "ListMcpResources", "ReadMcpResource"],
];

const READING: [&str; 4] = ["Read", "read", "read_file", "NotebookRead"];

const WRITING: [&str; 14] = [
    "Edit",
    "edit",
    "edit_file",
    "MultiEdit",
    "multi_edit",
    "Write",
    "write",
    "write_file",
    "str_replace",
    "str_replace_editor",
    "str_replace_based_edit_tool",
    "NotebookEdit",
    "notebook_edit",
    "apply_patch",
];

const SHELL: [&str; 5] = ["Bash", "bash", "run_command", "shell", "run_shell_command"];

impl Family {
    /// The family a rule's tool name means; `None` for a name no tool has.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if READING.contains(&name) {
            return Some(Self::Reading);
        }
        if WRITING.contains(&name) {
            return Some(Self::Writing);
        }
        if SHELL.contains(&name) {
            return Some(Self::Shell);
        }
        if let Some(rest) = name.strip_prefix("mcp__") {
            return mcp(rest);
        }
        let single = SINGLE.iter().find(|names| names.contains(&name))?;
        Some(Self::Tool(single[0]))
    }

    /// Whether a claim by this tool is one the family speaks of by name.
    pub(crate) fn covers(&self, tool: &str) -> bool {
        match self {
            Self::Reading => {
                READING.contains(&tool) || ["grep", "glob", "list"].contains(&canonical(tool))
            }
            Self::Writing => WRITING.contains(&tool),
            Self::Shell => SHELL.contains(&tool),
            Self::Tool(name) => canonical(tool) == *name,
            Self::Mcp(name) if name.ends_with("__") => tool.starts_with(name.as_str()),
            Self::Mcp(name) => tool == name,
        }
    }
}

/// `server`, `server__*` and `server__tool`, after the `mcp__`.
fn mcp(rest: &str) -> Option<Family> {
    let (server, tool) = rest.split_once("__").unwrap_or((rest, "*"));
    let plain = |text: &str| !text.is_empty() && !text.contains(['*', '(', ')', ' ']);
    match tool {
        "*" if plain(server) => Some(Family::Mcp(format!("mcp__{server}__"))),
        _ if plain(server) && plain(tool) => Some(Family::Mcp(format!("mcp__{server}__{tool}"))),
        _ => None,
    }
}

fn canonical(tool: &str) -> &str {
    SINGLE
        .iter()
        .find(|names| names.contains(&tool))
        .map_or(tool, |names| names[0])
}
