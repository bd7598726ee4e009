//! Globs: what they name, what they may not be, and that no real overlap is ever denied.

use scheduler::scope::{Glob, GlobError, Globs, intersects};

use crate::random::Dice;

fn glob(text: &str) -> Glob {
    Glob::parse(text).unwrap()
}

#[test]
fn globs_name_paths() {
    for (text, named, other) in [
        (
            "a.txt",
            &["a.txt"][..],
            &["b/a.txt", "A.txt", "a.txt/b", "a_txt"][..],
        ),
        (
            "src/*.rs",
            &["src/a.rs", "src/.rs"],
            &["src/a/b.rs", "src/a.rst"],
        ),
        ("src/", &["src/a", "src/a/b.c"], &["src", "srcs/a"]),
        ("./src//a.rs", &["src/a.rs"], &["a.rs"]),
        (
            "src/**/mod.rs",
            &["src/mod.rs", "src/a/b/mod.rs"],
            &["src/amod.rs", "mod.rs"],
        ),
        ("**/mod.rs", &["mod.rs", "a/b/mod.rs"], &["a/mod.rs/b"]),
        ("src/**", &["src/a", "src/a/b"], &["src", "lib/a"]),
        (
            "**",
            &["a", ".github/x", "a/b/c"],
            &[".git/config", "a/.git/x", ".GIT/x"],
        ),
        (".", &["a", "b/c"], &[]),
        ("a?c", &["abc", "aéc"], &["ac", "a/c"]),
        ("[a-c]x", &["ax", "cx"], &["dx", "Ax", "x"]),
        ("[!a-c]x", &["dx", "Ax"], &["ax", "bx"]),
        ("{a,b/*}.c", &["a.c", "b/x.c"], &["b.c", "{a,b/*}.c"]),
        ("{a,{b,c}d}", &["a", "bd", "cd"], &["b", "d"]),
        (r"\*\{a\}", &["*{a}"], &["xa", "*a"]),
        ("a**b", &["ab", "axb"], &["a/b"]),
    ] {
        let glob = glob(text);
        for path in named {
            assert!(glob.matches(path), "{text} names {path}");
        }
        for path in other {
            assert!(!glob.matches(path), "{text} does not name {path}");
        }
    }
}

#[test]
fn what_is_no_glob_of_a_scope_is_refused() {
    let malformed = |text: &str| matches!(Glob::parse(text), Err(GlobError::Malformed { .. }));
    for text in [
        "", "  ", "[a", "{a", "a}", "[b-a]", "a\\", "!a", "a\nb", "{a/,b}", "{/a,b}", "[a/b]", "[]",
    ] {
        assert!(malformed(text), "{text:?}");
    }
    assert!(malformed(&"{a,b}".repeat(7)), "more than 64 alternatives");
    assert!(malformed(&"a".repeat(2_000)), "too long");
    for text in [
        "/etc/passwd",
        "../a",
        "a/../b",
        "~/a",
        "C:/a",
        "c:a",
        "{a,..}/b",
        r"\.\./a",
    ] {
        assert!(
            matches!(Glob::parse(text), Err(GlobError::Outside(_))),
            "{text}"
        );
    }
    for text in [
        ".git",
        ".git/config",
        "a/.git/hooks/**",
        ".GIT/x",
        "{a,.git}/x",
        r"\.git/x",
    ] {
        assert!(
            matches!(Glob::parse(text), Err(GlobError::Git(_))),
            "{text}"
        );
    }
}

#[test]
fn scopes_meet_where_a_path_could_be_named_by_both() {
    for (a, b, meet) in [
        ("a.txt", "a.txt", true),
        ("a.txt", "b.txt", false),
        ("a.txt", "A.TXT", true),
        ("src/**", "src/a/b.rs", true),
        ("src/**", "srcs/a", false),
        ("src/*.rs", "src/*.toml", false),
        ("src/*.rs", "src/a*", true),
        ("src/*.rs", "src/a/*.rs", false),
        ("src/**/a.rs", "src/b/**", true),
        ("**/Cargo.toml", "crates/*/Cargo.toml", true),
        ("**/Cargo.toml", "crates/**/lib.rs", false),
        ("[a-c].rs", "[d-f].rs", false),
        ("[a-c].rs", "[!a-c].rs", true), // as a and A
        ("[0-4]", "[!0-4]", false),
        ("{a,b}/x", "{c,b}/x", true),
        ("{a,b}/x", "{c,d}/x", false),
        // A plain path may be a folder.
        ("src", "src/a.rs", true),
        ("src", "src/**/a.rs", true),
        ("sr", "src/a.rs", false),
    ] {
        let (one, other) = (glob(a), glob(b));
        assert_eq!(intersects(&one, &other), meet, "{a} and {b}");
        assert_eq!(intersects(&other, &one), meet, "{b} and {a}");
        assert!(intersects(&one, &one) && intersects(&one, &glob("**")));
    }
}

/// All paths of up to three names over a few letters, some of which differ only in case.
fn universe() -> Vec<String> {
    let letters = ["a", "b", "A", "."];
    let mut names: Vec<String> = Vec::new();
    for x in letters {
        names.push(x.to_owned());
        names.extend(letters.map(|y| format!("{x}{y}")));
        names.extend(["a", "b"].map(|y| format!("{x}b{y}")));
    }
    names.retain(|name| name != "." && name != "..");
    let few = ["a", "b", "ab", "ba", "A", ".a"];
    let mut paths = names.clone();
    for x in few {
        paths.extend(names.iter().map(|y| format!("{x}/{y}")));
        paths.extend(few.iter().flat_map(|y| few.map(|z| format!("{x}/{y}/{z}"))));
    }
    paths
}

fn random_glob(dice: &mut Dice) -> String {
    let part = |dice: &mut Dice| {
        let parts = [
            "a", "b", "a", "b", "A", "*", "*", "?", "[ab]", "[!a]", "[a-b]", "{a,b}", "{ab,b}", ".",
        ];
        *dice.pick(&parts)
    };
    let name = |dice: &mut Dice| -> String {
        if dice.percent(25) {
            return "**".to_owned();
        }
        (0..dice.between(1, 3)).map(|_| part(dice)).collect()
    };
    let names: Vec<String> = (0..dice.between(1, 3)).map(|_| name(dice)).collect();
    names.join("/")
}

/// Goes through all pairs: whether they meet, as claimed, and whether some path of the universe is named by both.
fn pairs(globs: &[String], universe: &[String], mut each: impl FnMut((&Glob, &Glob), bool, bool)) {
    let rows: Vec<(Glob, Vec<u64>)> = globs
        .iter()
        .filter_map(|text| Glob::parse(text).ok())
        .map(|glob| {
            let mut row = vec![0; universe.len().div_ceil(64)];
            for (at, path) in universe.iter().enumerate() {
                row[at / 64] |= u64::from(glob.matches(path)) << (at % 64);
            }
            (glob, row)
        })
        .collect();
    for (at, (a, named)) in rows.iter().enumerate() {
        for (b, also) in &rows[..at] {
            let overlap = named.iter().zip(also).any(|(a, b)| a & b != 0);
            let meet = intersects(a, b);
            assert_eq!(meet, intersects(b, a), "{a} and {b}");
            each((a, b), meet, overlap);
        }
    }
}

#[test]
fn no_real_overlap_is_denied() {
    let globs: Vec<String> = (0..400)
        .map(|seed| random_glob(&mut Dice::new(seed)))
        .collect();
    let (mut apart, mut together) = (0, 0);
    pairs(&globs, &universe(), |(a, b), meet, overlap| {
        assert!(meet || !overlap, "{a} and {b}");
        apart += u32::from(!meet);
        together += u32::from(overlap);
    });
    assert!(apart > 10_000 && together > 5_000, "{apart} {together}");
}

/// All sequences of up to `most` of these parts.
fn sequences(parts: &[&str], between: &str, most: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut last = vec![String::new()];
    for length in 1..=most {
        let joint = if length == 1 { "" } else { between };
        let longer = last
            .iter()
            .flat_map(|text| parts.iter().map(move |part| format!("{text}{joint}{part}")));
        last = longer.collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// Case and folders aside, where two globs share no path none is claimed: what costs nothing to tell apart goes side
/// by side.
#[test]
fn no_overlap_is_claimed_for_nothing() {
    let names = sequences(&["a", "b", "*", "?", "{a,bb}", "[ab]"], "", 3);
    pairs(
        &names,
        &sequences(&["a", "b"], "", 7),
        |(a, b), meet, overlap| {
            assert_eq!(meet, overlap, "{a} and {b}");
        },
    );
    let paths = sequences(&["a", "b", "*", "**", "?"], "/", 3);
    pairs(
        &paths,
        &sequences(&["a", "b"], "/", 6),
        |(a, b), meet, overlap| {
            let may_be_folder = a.literal().is_some() || b.literal().is_some();
            assert!(meet == overlap || may_be_folder, "{a} and {b}");
        },
    );
}

#[test]
fn what_a_glob_names_is_what_other_tools_take_it_for() {
    let universe = universe();
    for seed in 0..600 {
        // There, a class that excludes characters may name a `/`.
        let text = random_glob(&mut Dice::new(seed)).replace("[!a]", "[ab]");
        let Ok(ours) = Glob::parse(&text) else {
            continue;
        };
        let mut theirs = globset::GlobBuilder::new(ours.as_str());
        let theirs = theirs
            .literal_separator(true)
            .build()
            .unwrap()
            .compile_matcher();
        for path in &universe {
            assert_eq!(
                ours.matches(path),
                theirs.is_match(path),
                "{ours} on {path}"
            );
        }
    }
}

#[test]
fn a_set_names_what_any_of_its_globs_names() {
    let set = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Globs::parse(&texts)
    };
    let globs = set(&["a/**", "b.txt"]).unwrap();
    assert!(globs.matches("a/x") && globs.matches("b.txt") && !globs.matches("c"));
    assert!(globs.intersects(&set(&["c", "*.txt"]).unwrap()));
    assert!(!globs.intersects(&set(&["c"]).unwrap()));
    assert!(!globs.intersects(&Globs::default()) && Globs::default().is_empty());
    assert!(set(&["a", "/b"]).is_err());
}

#[test]
fn no_glob_takes_long() {
    let stars = "*a".repeat(200);
    let other = "a*".repeat(200);
    assert!(intersects(&glob(&stars), &glob(&other)));
    let deep = "**/a/".repeat(100) + "x";
    assert!(!intersects(
        &glob(&deep),
        &glob(&("**/a/".repeat(100) + "y"))
    ));
    assert!(!glob(&stars).matches(&"a".repeat(5_000).replace('a', "b")));
    let nested = "{a,".repeat(300) + "b" + &"}".repeat(300);
    assert!(Glob::parse(&nested).is_err());
}
