//! Benches: formic against the floor in the same run, paired, medians. `cargo build --release -p cli && cargo bench -p tests`.
//! Words behind `--` name the subjects to measure; without any, all are.
// A bench that cannot measure must stop: a panic is how it says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod floor;
mod installed;
mod long;
mod prompt;
mod run;
mod stream;
mod swarm;

/// What can be measured.
const SUBJECTS: [(&str, fn()); 3] = [
    ("prompt", prompt::measure),
    ("long", long::measure),
    ("stream", stream::measure),
];

/// Runs as the floor when told so, else measures what was asked for and prints a table.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["floor", base, prompt] => {
            println!("{}", floor::run(base, prompt).expect("the floor answers"));
            return;
        }
        ["floor", base, prompt, many] => {
            let many = many.parse().expect("a number of conversations");
            let answered = floor::crowd(base, prompt, many).expect("the floor runs");
            assert_eq!(
                answered, many,
                "not every conversation of the floor came to an answer"
            );
            return;
        }
        ["swarm-floor", base, prompts, lanes] => {
            let count = |text: &str| text.parse().expect("a count");
            swarm::floor(base, count(prompts), count(lanes)).expect("the floor answers");
            return;
        }
        _ => {}
    }
    println!(
        "{:<58} {:>10} {:>10} {:>8} {:>8}",
        "what", "formic", "floor", "ratio", "bound"
    );
    let is_wanted =
        |name: &str| words.iter().all(|word| word.starts_with('-')) || words.contains(&name);
    for (name, measure) in SUBJECTS.into_iter().chain(swarm::SUBJECTS) {
        if is_wanted(name) {
            measure();
        }
    }
}

/// Prints one comparison.
fn row(what: &str, formic: f64, floor: f64, bound: f64) {
    let ratio = formic / floor;
    let verdict = if ratio <= bound { "" } else { "  OVER" };
    println!("{what:<58} {formic:>10.2} {floor:>10.2} {ratio:>8.2} {bound:>8.2}{verdict}");
}

/// Prints one figure with its bound.
fn figure(what: &str, value: f64, bound: f64) {
    let verdict = if value <= bound { "" } else { "  OVER" };
    println!(
        "{what:<58} {value:>10.2} {:>10} {:>8} {bound:>8.2}{verdict}",
        "", ""
    );
}
