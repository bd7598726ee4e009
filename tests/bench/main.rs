//! Benches: formic against the floor in the same run, paired, medians. `cargo build --release -p cli && cargo bench -p tests`.
// A bench that cannot measure must stop: a panic is how it says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod floor;
mod long;
mod prompt;
mod run;
mod stream;
mod swarm;

/// What is measured, by the word that asks for it alone.
const SUBJECTS: [(&str, fn()); 4] = [
    ("prompt", prompt::measure),
    ("long", long::measure),
    ("stream", stream::measure),
    ("swarm", swarm::measure),
];

/// Runs as the floor when told so, else measures everything and prints a table.
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, base, prompt] = arguments.as_slice()
        && word == "floor"
    {
        println!("{}", floor::run(base, prompt).expect("the floor answers"));
        return;
    }
    if let [_, word, base, prompts, lanes] = arguments.as_slice()
        && word == "swarm-floor"
    {
        let count = |text: &String| text.parse().expect("a count");
        swarm::floor(base, count(prompts), count(lanes)).expect("the floor answers");
        return;
    }
    println!(
        "{:<58} {:>10} {:>10} {:>8} {:>8}",
        "what", "formic", "floor", "ratio", "bound"
    );
    // Cargo adds a word of its own that begins with dashes.
    let words = arguments.iter().skip(1);
    let words: Vec<&String> = words.filter(|word| !word.starts_with("--")).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| *word == name);
    for (name, measure) in SUBJECTS {
        if wanted(name) {
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
