//! `docs/invariants.md` and the code, both ways: each invariant names a test that stands, each citation an invariant.

use super::findings::{Finding, expect_keys, hold};
use super::survey::{Source, house};

const BOOK: &str = "docs/invariants.md";

/// One numbered entry of the book.
struct Invariant {
    number: u32,
    line: usize,
    /// The paths that follow `test:` in its lines.
    tests: Vec<String>,
}

/// Reads entries (`12. **Name.** ..`) with the `test: crate::path::name` lines below each.
fn read(text: &str) -> Vec<Invariant> {
    let mut book: Vec<Invariant> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let numbered = content
            .split_once(". ")
            .and_then(|(number, _)| number.parse().ok());
        if let Some(number) = numbered {
            book.push(Invariant {
                number,
                line,
                tests: Vec::new(),
            });
        }
        let named = content
            .split("test: `")
            .skip(1)
            .filter_map(|rest| rest.split('`').next());
        if let Some(last) = book.last_mut() {
            last.tests.extend(named.map(str::to_owned));
        }
    }
    book
}

fn finding(place: String, what: String, cure: &'static str) -> Finding {
    let key = place.split(':').next().unwrap_or_default().to_owned();
    Finding {
        rule: "invariants",
        key,
        place,
        what,
        cure,
    }
}

/// From the book to the code.
fn book_violations(book: &[Invariant], sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, entry) in book.iter().enumerate() {
        let place = format!("{BOOK}:{}", entry.line);
        if book[..index]
            .iter()
            .any(|earlier| earlier.number == entry.number)
        {
            found.push(finding(
                place.clone(),
                format!("number {} is given twice", entry.number),
                "number it anew; old numbers stay reserved",
            ));
        }
        if entry.tests.is_empty() {
            let cure = "add a line with test: and the path of a test function in backticks";
            found.push(finding(
                place.clone(),
                format!("invariant {} names no test", entry.number),
                cure,
            ));
        }
        let lost = entry
            .tests
            .iter()
            .filter(|test| !sources.iter().any(|source| has_test(source, test)));
        let cure = "name a function that exists: crate, then the modules, then the function";
        found.extend(lost.map(|test| finding(place.clone(), format!("no test `{test}`"), cure)));
    }
    found
}

/// Whether a source holds the function that `crate::module::name` points at, compiled for tests, below those modules.
fn has_test(source: &Source, test: &str) -> bool {
    let mut path: Vec<&str> = test.split("::").collect();
    let name = path.pop().unwrap_or_default();
    if path.first() != Some(&source.room.as_str()) {
        return false;
    }
    let file: Vec<&str> = source.path.trim_end_matches(".rs").split('/').collect();
    let inline = |module: &str| {
        source
            .words
            .windows(2)
            .any(|w| w[0].text == "mod" && w[1].text == module)
    };
    let modules = path[1..]
        .iter()
        .all(|module| file.contains(module) || inline(module));
    modules
        && source
            .words
            .windows(2)
            .any(|w| w[0].text == "fn" && w[0].test && w[1].text == name)
}

/// From the code to the book: every number cited after the word stands in it.
fn citation_violations(book: &[Invariant], sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        for (line, content) in (1..).zip(source.text.lines()) {
            let unknown = cited(content)
                .into_iter()
                .filter(|number| book.iter().all(|entry| entry.number != *number));
            let cure = "cite a number that docs/invariants.md gives";
            found.extend(unknown.map(|number| {
                finding(
                    source.at(line),
                    format!("there is no number {number}"),
                    cure,
                )
            }));
        }
    }
    found
}

/// The numbers cited in a line of comment: `invariant 3`, `Invariants 3, 4 and 5`.
fn cited(line: &str) -> Vec<u32> {
    let Some((_, comment)) = line.split_once("//") else {
        return Vec::new();
    };
    let lower = comment.to_lowercase();
    let numbers = lower.split("invariant").skip(1).flat_map(|after| {
        let words = after
            .trim_start_matches('s')
            .split_whitespace()
            .filter(|word| *word != "and");
        words.map_while(|word| {
            word.trim_matches(|c: char| !c.is_ascii_digit())
                .parse()
                .ok()
        })
    });
    numbers.collect()
}

#[test]
fn every_invariant_names_a_test_that_stands() {
    let text = std::fs::read_to_string(house().root.join(BOOK)).expect("the book can be read");
    hold(&book_violations(&read(&text), &house().sources));
}

#[test]
fn every_cited_invariant_is_in_the_book() {
    let text = std::fs::read_to_string(house().root.join(BOOK)).expect("the book can be read");
    hold(&citation_violations(&read(&text), &house().sources));
}

#[test]
fn a_gap_between_book_and_code_is_found() {
    let source = Source::new(
        "store/src/journal/writer.rs",
        "store",
        "fn live() {} #[cfg(test)] mod tests { #[test] fn cuts() {} }",
        false,
    );
    let left = |text: &str| book_violations(&read(text), std::slice::from_ref(&source)).len();
    assert_eq!(
        left("# Book\n\n1. **Tail.** Is cut.\n   test: `store::journal::writer::tests::cuts`\n"),
        0
    );
    assert_eq!(
        left("1. **Tail.** Is cut. test: `store::journal::cuts`, test: `store::gone`"),
        1
    );
    for bad in [
        "1. Tail.",
        "1. Tail. test: `agent::cuts`",
        "1. Tail. test: `store::memory::cuts`",
        "1. Tail. test: `store::live`",
    ] {
        assert_eq!(left(bad), 1, "{bad}");
    }
    assert_eq!(
        left("1. A. test: `store::cuts`\n1. B. test: `store::cuts`"),
        1
    );
    assert_eq!(left(""), 0);
}

#[test]
fn a_citation_of_nothing_is_found() {
    let book = read("1. A.\n2. B.\n");
    let cites = |rest: &str| {
        citation_violations(
            &book,
            &[Source::sample(
                "store",
                &format!("// {}{rest}\n", "Invariant"),
            )],
        )
    };
    expect_keys(&cites(" 1 holds; see also 7"), &[]);
    expect_keys(&cites("s 1, 2 and 3."), &["store/src/sample.rs"]);
    expect_keys(&cites(" (9)"), &["store/src/sample.rs"]);
}
