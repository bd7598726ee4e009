//! The system's table of processes, as far as `/proc` tells it; where there is none it is empty.

use std::collections::BTreeSet;
use std::fs;

/// One living process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// When it started, in clock ticks since boot: with the pid it names a process for ever.
    pub(crate) started: u64,
}

/// The process `pid`, unless it is gone or only waits to be buried.
pub(crate) fn row(pid: u32) -> Option<Row> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name in parentheses may hold anything, so the fields are counted from the last one.
fn parse(pid: u32, stat: &str) -> Option<Row> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    if matches!(fields.first(), Some(&"Z" | &"X")) {
        return None;
    }
    Some(Row {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// Every living process.
pub(crate) fn rows() -> Vec<Row> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| row(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// Whether the environment `pid` was started with holds exactly `setting`, for example `A=b`.
pub(crate) fn carries(pid: u32, setting: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|all| {
        all.split(|byte| *byte == 0)
            .any(|one| one == setting.as_bytes())
    })
}

/// The processes of `rows` that belong to `group`, carry `setting`, or descend from one that does.
pub(crate) fn related(rows: &[Row], group: Option<u32>, setting: &str) -> BTreeSet<u32> {
    let mut found: BTreeSet<u32> = rows
        .iter()
        .filter(|row| Some(row.group) == group || carries(row.pid, setting))
        .map(|row| row.pid)
        .collect();
    loop {
        let more: Vec<u32> = rows
            .iter()
            .filter(|row| found.contains(&row.parent) && !found.contains(&row.pid))
            .map(|row| row.pid)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 3 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0";
        let row = parse(7, stat);
        assert_eq!(
            row,
            Some(Row {
                pid: 7,
                parent: 3,
                group: 5,
                started: 99
            })
        );
    }

    #[test]
    fn a_process_that_waits_to_be_buried_does_not_count() {
        let stat = "7 (a) Z 3 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0";
        assert_eq!(parse(7, stat), None);
    }

    #[test]
    fn descendants_belong_however_far_they_are_from_the_group() {
        let of = |pid, parent, group| Row {
            pid,
            parent,
            group,
            started: 0,
        };
        let far = u32::MAX;
        let rows = [
            of(far, 1, 10),
            of(far - 1, far, 11),
            of(far - 2, far - 1, 12),
            of(far - 3, 1, 13),
        ];
        let found = related(&rows, Some(10), "FORMIC_CALL=none");
        assert_eq!(found, BTreeSet::from([far, far - 1, far - 2]));
    }
}
