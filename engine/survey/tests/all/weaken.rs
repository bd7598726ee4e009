//! Tests that check less than they did, in four languages; and changes that only look like it.

use survey::{Limits, Touched, weakened};

/// What is weaker, a line each; empty if nothing is.
fn of(files: &[(&str, &str, &str)]) -> String {
    let files: Vec<Touched<'_>> = files
        .iter()
        .map(|(path, before, after)| Touched {
            path,
            before: Some(*before).filter(|text| !text.is_empty()),
            after: Some(*after).filter(|text| !text.is_empty()),
        })
        .collect();
    let found = weakened(&files, Limits::default());
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn check(rows: &[(&str, &str, &str, &str)], path: &str) {
    for (what, before, after, want) in rows {
        assert_eq!(of(&[(path, before, after)]), *want, "{path}: {what}");
    }
}

const RUST: &str =
    "#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n    assert!(add(0, 0) == 0);\n}\n";

/// What changes, before, after, what is weaker.
const RUST_ROWS: &[(&str, &str, &str, &str)] = &[
    ("nothing", RUST, RUST, ""),
    (
        "ignored",
        RUST,
        "#[test]\n#[ignore = \"later\"]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n    assert!(add(0, 0) == 0);\n}\n",
        "a.rs: adds is skipped now",
    ),
    (
        "left out of every build",
        RUST,
        "#[cfg(any())]\nmod m {\n    #[test]\n    fn adds() { assert_eq!(add(1, 2), 3); assert!(add(0, 0) == 0); }\n}\n",
        "a.rs: adds is skipped now",
    ),
    (
        "returns at once",
        RUST,
        "#[test]\nfn adds() {\n    return;\n    assert_eq!(add(1, 2), 3);\n    assert!(add(0, 0) == 0);\n}\n",
        "a.rs: adds is skipped now",
    ),
    ("gone", RUST, "fn other() {}\n", "a.rs: adds is gone"),
    (
        "no test any more",
        RUST,
        "fn adds() {\n    assert_eq!(add(1, 2), 3);\n    assert!(add(0, 0) == 0);\n}\n",
        "a.rs: adds is gone",
    ),
    (
        "emptied",
        RUST,
        "#[test]\nfn adds() {}\n",
        "a.rs: adds has nothing in it any more",
    ),
    (
        "hollow",
        RUST,
        "#[test]\nfn adds() {\n    assert!(true);\n    assert_eq!(3, 3);\n}\n",
        "a.rs: adds compares constants",
    ),
    (
        "half hollow, though another checks more",
        RUST,
        "#[test]\nfn adds() { assert_eq!(add(1, 2), 3); assert!(1 == 1); }\n#[test]\nfn more() { assert!(a()); assert!(b()); }\n",
        "a.rs: adds compares constants",
    ),
    (
        "fewer",
        RUST,
        "#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n}\n",
        "a.rs: adds checks 1, it checked 2",
    ),
    (
        "panics no more",
        "#[test]\n#[should_panic]\nfn dies() { let x = f(); assert!(x); }\n",
        "#[test]\nfn dies() { let x = f(); assert!(x); }\n",
        "a.rs: dies checks 1, it checked 2",
    ),
    (
        "split",
        RUST,
        "#[test]\nfn adds_some() { assert_eq!(add(1, 2), 3); }\n#[test]\nfn adds_none() { assert!(add(0, 0) == 0); }\n",
        "",
    ),
    (
        "renamed",
        RUST,
        "#[tokio::test]\nasync fn sums() {\n    assert_eq!(add(1, 2), 3);\n    assert!(add(0, 0) == 0);\n}\n",
        "",
    ),
    (
        "through a function of its own",
        RUST,
        "fn is(a: u8, b: u8, c: u8) { assert_eq!(add(a, b), c); }\n#[test]\nfn adds() { is(1, 2, 3); is(0, 0, 0); }\n",
        "",
    ),
    (
        "in a table",
        RUST,
        "#[test]\nfn adds() {\n    for (a, b, c) in [(1, 2, 3), (0, 0, 0)] {\n        assert_eq!(add(a, b), c, \"{a}\");\n    }\n}\n",
        "",
    ),
    (
        "in cases",
        RUST,
        "#[rstest]\n#[case(1, 2, 3)]\n#[case(0, 0, 0)]\nfn adds(#[case] a: u8, #[case] b: u8, #[case] c: u8) { assert_eq!(add(a, b), c); }\n",
        "",
    ),
    (
        "a law inside of a macro",
        "proptest! {\n    #[test]\n    fn law(x in 0..9u8) { prop_assert!(f(x)); prop_assert_eq!(g(x), x); }\n}\n",
        "proptest! {\n    #[test]\n    fn law(x in 0..9u8) { prop_assert!(f(x)); }\n}\n",
        "a.rs: law checks 1, it checked 2",
    ),
    (
        "a law that is gone",
        "proptest! {\n    #![proptest_config(cases(9))]\n    #[test]\n    fn law(x in 0..9u8) { prop_assert!(f(x)); }\n    #[test]\n    fn other(x in 0..9u8) { prop_assert!(h(x)); }\n}\n",
        "proptest! {\n    #![proptest_config(cases(9))]\n    #[test]\n    fn other(x in 0..9u8) { prop_assert!(h(x)); }\n}\n",
        "a.rs: law is gone",
    ),
    (
        "checks of the program itself",
        "fn f() { debug_assert!(x); }\n",
        "fn f() {}\n",
        "",
    ),
];

#[test]
fn rust() {
    check(RUST_ROWS, "a.rs");
}

const PYTHON: &str = "def test_adds():\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n";

/// What changes, before, after, what is weaker.
const PYTHON_ROWS: &[(&str, &str, &str, &str)] = &[
    ("nothing", PYTHON, PYTHON, ""),
    (
        "skipped",
        PYTHON,
        "import pytest\n\n@pytest.mark.skip(reason='later')\ndef test_adds():\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n",
        "test_a.py: test_adds is skipped now",
    ),
    (
        "may fail",
        PYTHON,
        "@pytest.mark.xfail\ndef test_adds():\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n",
        "test_a.py: test_adds is skipped now",
    ),
    (
        "skipped from within",
        PYTHON,
        "def test_adds():\n    pytest.skip('no')\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n",
        "test_a.py: test_adds is skipped now",
    ),
    (
        "the whole file skipped",
        PYTHON,
        "pytestmark = pytest.mark.skip\n\ndef test_adds():\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n",
        "test_a.py: test_adds is skipped now",
    ),
    (
        "out of the runner's sight",
        PYTHON,
        "def adds():\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n",
        "test_a.py: test_adds is gone",
    ),
    (
        "emptied",
        PYTHON,
        "def test_adds():\n    \"\"\"It adds.\"\"\"\n    pass\n",
        "test_a.py: test_adds has nothing in it any more",
    ),
    (
        "hollow",
        PYTHON,
        "def test_adds():\n    assert True\n",
        "test_a.py: test_adds compares constants",
    ),
    (
        "fewer, of unittest",
        "class TestAdd(unittest.TestCase):\n    def test_adds(self):\n        self.assertEqual(add(1, 2), 3)\n        with self.assertRaises(ValueError):\n            add(None, 1)\n",
        "class TestAdd(unittest.TestCase):\n    def test_adds(self):\n        self.assertEqual(add(1, 2), 3)\n",
        "test_a.py: TestAdd::test_adds checks 1, it checked 2",
    ),
    (
        "with parameters",
        PYTHON,
        "@pytest.mark.parametrize('a,b,c', [(1, 2, 3), (0, 0, 0)])\ndef test_adds(a, b, c):\n    assert add(a, b) == c\n",
        "",
    ),
    (
        "split",
        PYTHON,
        "def test_adds_some():\n    assert add(1, 2) == 3\n\ndef test_adds_none():\n    assert add(0, 0) == 0\n",
        "",
    ),
];

#[test]
fn python() {
    check(PYTHON_ROWS, "test_a.py");
    // Only a runner makes a test of a name.
    let (before, after) = (
        "def test_connection():\n    return 1\n",
        "def connected():\n    return 1\n",
    );
    assert_eq!(of(&[("net/connection.py", before, after)]), "");
}

const SCRIPT: &str = "describe('add', () => {\n  it('adds', () => {\n    expect(add(1, 2)).toBe(3);\n    expect(add(0, 0)).toBe(0);\n  });\n});\n";

#[test]
fn script() {
    let group = "a.test.ts: 'add'::'adds'";
    let changed = |from: &str, to: &str| SCRIPT.replace(from, to);
    let rows = [
        ("nothing", SCRIPT.to_owned(), String::new()),
        ("skipped", changed("it(", "it.skip("), format!("{group} is skipped now")),
        ("to do", changed("it(", "it.todo("), format!("{group} is skipped now")),
        ("crossed out", changed("it(", "xit("), format!("{group} is skipped now")),
        ("its group skipped", changed("describe(", "describe.skip("), format!("{group} is skipped now")),
        ("alone", changed("it(", "it.only("), format!("{group} keeps other tests from being run")),
        (
            "gone",
            "describe('add', () => {});\n".to_owned(),
            format!("{group} is gone"),
        ),
        (
            "emptied",
            "describe('add', () => {\n  it('adds', () => {});\n});\n".to_owned(),
            format!("{group} has nothing in it any more"),
        ),
        (
            "hollow",
            changed("expect(add(1, 2)).toBe(3);\n    expect(add(0, 0)).toBe(0)", "expect(true).toBe(true)"),
            format!("{group} compares constants"),
        ),
        (
            "a thing and itself",
            changed("expect(add(0, 0)).toBe(0)", "expect(x).not.toBe(x)"),
            format!("{group} compares constants"),
        ),
        (
            "fewer",
            changed("    expect(add(0, 0)).toBe(0);\n", ""),
            format!("{group} checks 1, it checked 2"),
        ),
        (
            "a table",
            "describe('add', () => {\n  it.each([[1, 2, 3], [0, 0, 0]])('adds', (a, b, c) => {\n    expect(add(a, b)).toBe(c);\n  });\n});\n".to_owned(),
            String::new(),
        ),
        ("another runner's word", changed("it(", "test("), String::new()),
        ("out of its group", SCRIPT.replace("describe('add', () => {\n", "").replace("});\n});", "});"), String::new()),
    ];
    for (what, after, want) in &rows {
        assert_eq!(of(&[("a.test.ts", SCRIPT, after)]), *want, "{what}");
    }
    let tap = "test('adds', (t) => { t.is(add(1, 2), 3); });\n";
    let hollow = "test('adds', (t) => { t.is(1, 1); });\n";
    assert_eq!(
        of(&[("a.js", tap, hollow)]),
        "a.js: 'adds' compares constants"
    );
}

const GO: &str = "package a\n\nfunc TestAdds(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal(\"no\")\n\t}\n\trequire.Equal(t, 0, add(0, 0))\n}\n";

#[test]
fn go() {
    let changed = |from: &str, to: &str| GO.replace(from, to);
    let of_test = |how: &str| format!("a_test.go: TestAdds {how}");
    let rows = [
        ("nothing", GO.to_owned(), String::new()),
        ("skipped", changed("{\n\tif add", "{\n\tt.Skip(\"later\")\n\tif add"), of_test("is skipped now")),
        (
            "left out of short runs",
            changed("{\n\tif add", "{\n\tif testing.Short() {\n\t\tt.Skip(\"slow\")\n\t}\n\tif add"),
            String::new(),
        ),
        ("never built", format!("//go:build ignore\n\n{GO}"), of_test("is skipped now")),
        ("gone", "package a\n".to_owned(), of_test("is gone")),
        ("out of sight", changed("TestAdds", "testAdds"), of_test("is gone")),
        (
            "emptied",
            "package a\n\nfunc TestAdds(t *testing.T) {\n}\n".to_owned(),
            of_test("has nothing in it any more"),
        ),
        (
            "hollow",
            changed("require.Equal(t, 0, add(0, 0))", "require.True(t, true)"),
            of_test("compares constants"),
        ),
        (
            "fewer",
            changed("\trequire.Equal(t, 0, add(0, 0))\n", ""),
            of_test("checks 1, it checked 2"),
        ),
        (
            "a table",
            "package a\n\nfunc TestAdds(t *testing.T) {\n\tfor _, c := range []struct{ a, b, c int }{{1, 2, 3}, {0, 0, 0}} {\n\t\tif add(c.a, c.b) != c.c {\n\t\t\tt.Errorf(\"no\")\n\t\t}\n\t}\n}\n".to_owned(),
            String::new(),
        ),
    ];
    for (what, after, want) in &rows {
        assert_eq!(of(&[("a_test.go", GO, after)]), *want, "{what}");
    }
    // Who is left out of short runs is nobody else's excuse.
    let short = "package a\n\nfunc TestSlow(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip(\"slow\")\n\t}\n\trequire.Equal(t, 0, add(0, 0))\n}\n\nfunc TestAdds(t *testing.T) {\n\trequire.Equal(t, 3, add(1, 2))\n}\n";
    for excuse in ["", "if !testing.Short() ", "if testing.Short() || true "] {
        let skipped = format!("{{\n\t{excuse}{{ t.Skip(\"later\") }}\n\trequire.Equal(t, 3");
        let after = short.replace("{\n\trequire.Equal(t, 3", &skipped);
        let found = of(&[("a_test.go", short, &after)]);
        assert_eq!(found, of_test("is skipped now"), "{excuse}");
    }
    // Only the file's name makes a test of it.
    let moved = of(&[("a_test.go", GO, ""), ("a.go", "", GO)]);
    assert_eq!(moved, "a_test.go: TestAdds is gone");
}

#[test]
fn what_moves_to_another_file_is_no_weaker_unless_it_is_changed_there() {
    assert_eq!(of(&[("a.rs", RUST, ""), ("tests/b.rs", "", RUST)]), "");
    let hollow = "#[test]\nfn adds() { assert!(true); }\n";
    let moved = of(&[("a.rs", RUST, "fn f() {}\n"), ("tests/b.rs", "", hollow)]);
    assert_eq!(moved, "a.rs: adds compares constants");
    // A helper that moves beside it goes on counting.
    let with = "#[test]\nfn adds() { is(3); is(0); }\n";
    let helper = "pub fn is(n: u8) { assert_eq!(sum(), n); }\n";
    assert_eq!(
        of(&[("a.rs", RUST, with), ("tests/help.rs", "", helper)]),
        ""
    );
}

#[test]
fn what_the_program_checks_is_no_tests_business_but_a_helper_of_tests_is() {
    let with = |helper: &str| {
        format!(
            "{helper}\n#[cfg(test)]\nmod tests {{\n    #[test]\n    fn adds() {{ add(1, 2); add(0, 0); }}\n}}\n"
        )
    };
    let (strict, lax) = (
        with("fn add(a: u8, b: u8) { assert!(a < 9); }"),
        with("fn add(a: u8, b: u8) { checked(a); }"),
    );
    assert_eq!(of(&[("a.rs", &strict, &lax)]), "");
    let test = "#[test]\nfn adds() { is(3); is(0); }\n";
    let (helper, gutted) = (
        "pub fn is(n: u8) { assert_eq!(sum(), n); }\n",
        "pub fn is(n: u8) { sum(); }\n",
    );
    let files = [
        ("tests/help.rs", helper, gutted),
        ("tests/a.rs", test, test),
    ];
    assert_eq!(of(&files), "tests/a.rs: adds checks 1, it checked 2");
}

#[test]
fn nothing_in_a_file_makes_the_look_fail() {
    let deep = "{".repeat(50_000);
    let odd = [
        "\u{0}\u{0}",
        "fn (",
        "#[test] fn",
        "it('",
        deep.as_str(),
        "proptest! { #[test] fn {",
    ];
    for (at, one) in odd.iter().enumerate() {
        for other in &odd[..at] {
            for path in ["a.rs", "test_a.py", "a.test.ts", "a_test.go", "a.txt"] {
                let _ = of(&[(path, one, other)]);
            }
        }
    }
}
