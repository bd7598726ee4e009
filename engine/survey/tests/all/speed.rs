//! How long a survey takes: printed, never asserted.

use std::time::Instant;

use survey::{Limits, survey};

use super::given::tree;

#[test]
fn thousands_of_files_are_surveyed_at_once() {
    let body =
        "def f(a, b):\n    return [a + b for _ in range(3)]\n\nclass C:\n    x = 1\n".repeat(20);
    let text = |n: usize| format!("from p{}.m{} import f\n{body}", n % 20, n / 2);
    let files: Vec<(String, String)> = (0..2_000)
        .map(|n| (format!("p{}/m{n}.py", n % 20), text(n)))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let root = tree(&files);
    let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let start = Instant::now();
    let found = survey(root.path(), &paths, Limits::default());
    println!(
        "{} files, {} edges: {:?}",
        found.files.len(),
        found.edges.len(),
        start.elapsed()
    );
    assert_eq!(found.files.len(), 2_000);
}
