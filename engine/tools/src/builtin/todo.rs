//! `todo`: the session's to-do list replaced.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::{Claim, Fact, Todo, TodoState, ToolResult};
use serde::Deserialize;
use serde_json::Value;

use super::{arguments, session};
use crate::context::ReadContext;
use crate::place::Place;
use crate::tool::ReadTool;

const MOST: usize = 100;

/// The tool.
pub(crate) struct TodoList;

#[derive(Deserialize)]
struct Args {
    todos: Vec<Todo>,
}

impl ReadTool for TodoList {
    fn claim(&self, args: &Value, _place: &dyn Place, _cwd: &Path) -> Result<Claim, String> {
        valid(args)?;
        Ok(session("todo"))
    }

    fn run<'a>(&'a self, args: &'a Value, _ctx: &'a ReadContext) -> BoxFuture<'a, ToolResult> {
        let result = match valid(args) {
            Ok(todos) => ToolResult::ok(told(&todos)).knowing(Fact::Todos(todos)),
            Err(told) => ToolResult::failed(told),
        };
        std::future::ready(result).boxed()
    }
}

fn valid(args: &Value) -> Result<Vec<Todo>, String> {
    let Args { todos } = arguments(args)?;
    let doing = count(&todos, TodoState::InProgress);
    if doing > 1 {
        return Err(format!(
            "{doing} entries are in_progress; at most one may be."
        ));
    }
    if todos.iter().any(|todo| todo.content.trim().is_empty()) {
        return Err("an entry has no content.".to_owned());
    }
    if todos.len() > MOST {
        return Err(format!(
            "{} entries are too many; at most {MOST}.",
            todos.len()
        ));
    }
    Ok(todos)
}

fn count(todos: &[Todo], state: TodoState) -> usize {
    todos.iter().filter(|todo| todo.status == state).count()
}

fn told(todos: &[Todo]) -> String {
    format!(
        "the list has {} entries: {} completed, {} in progress, {} pending",
        todos.len(),
        count(todos, TodoState::Completed),
        count(todos, TodoState::InProgress),
        count(todos, TodoState::Pending)
    )
}
