//! The one way to stdout: whole lines, flushed, and a reader that went away is an ordinary end.

use std::io::{self, Write};

use serde_json::Value;

use crate::failure::{Failure, Kind};

/// Writes one line to stdout.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::pipe(),
        _ => Failure::new(
            Kind::Fault,
            format_args!("stdout: cannot be written: {error}"),
            "check where the output goes, and that the disk has room",
        ),
    })
}

/// Writes one JSON value to stdout, on one line.
pub fn json(value: &Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// Says something beside the result. There is nobody to tell when stderr itself is gone. Servers and models wrote parts of
/// it: what could redraw the terminal is left out.
pub fn note(text: &str) {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    let _ = writeln!(io::stderr().lock(), "{plain}");
}

/// Says in the wanted form why a command failed.
pub fn failure(failure: &Failure, as_json: bool) {
    if failure.kind == Kind::Pipe {
        return;
    }
    if as_json {
        // A failing stdout cannot be told on stdout.
        let _ = json(&failure.json());
    } else {
        note(&failure.to_string());
    }
}

/// The fewest columns a cell is cut to.
const NARROWEST: usize = 8;

/// Rows as columns, padded to the widest cell; the last column runs free.
pub fn table(rows: &[Vec<String>]) -> String {
    lined(rows, &widths(rows))
}

/// Rows as columns that fit into so many; the broadest ones give way, and a cell that is cut ends in dots.
pub fn fitted(rows: &[Vec<String>], room: usize) -> String {
    let mut widths = widths(rows);
    let gaps = widths.len().saturating_sub(1) * 2;
    while widths.iter().sum::<usize>() + gaps > room {
        match widths.iter_mut().rev().max_by_key(|width| **width) {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            Some(_) | None => break,
        }
    }
    let cut = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        cells.map(|(cell, width)| shortened(cell, *width)).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(cut).collect();
    lined(&rows, &widths)
}

fn shortened(cell: &str, width: usize) -> String {
    if cell.chars().count() <= width {
        return cell.to_owned();
    }
    let head: String = cell.chars().take(width.saturating_sub(3)).collect();
    format!("{}...", head.trim_end())
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    (0..columns)
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect()
}

fn lined(rows: &[Vec<String>], widths: &[usize]) -> String {
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(widths);
            let padded: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

/// Asks something on stderr; the answer is typed behind it.
pub fn ask(question: &str) {
    let mut stream = io::stderr().lock();
    let text = format!("\n{question} ");
    let _ = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_way_in_its_broadest_columns_until_it_fits() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["node", "what", "check"]),
            row([
                "a",
                "a long text about what is to be done",
                "cargo test --workspace",
            ]),
        ];
        assert_eq!(fitted(&rows, 1_000), table(&rows));
        for room in [30, 45, 60] {
            let lines = fitted(&rows, room);
            assert!(
                lines.lines().all(|line| line.chars().count() <= room),
                "{lines}"
            );
        }
        assert_eq!(
            fitted(&rows, 30),
            "node  what         check\na     a long t...  cargo te..."
        );
        assert!(fitted(&rows, 1).contains("a lon..."));
        assert_eq!(fitted(&[], 10), "");
    }
}
