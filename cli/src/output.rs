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

/// Rows as columns, padded to the widest cell; the last column runs free.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let padded: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}
