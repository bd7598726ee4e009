//! Confinement: a node of a swarm leaves neither its tree nor its scope, whatever mode and rules say.

use std::path::Path;

use policy::{Confine, Place, RuleSet, Situation, Trespass, Whose};
use proptest::prelude::*;
use protocol::{Action, Claim, GitId, PermissionMode};

use crate::node::{ALLOWED, ROOT, check, claim, files, judge, place, resolve, run};
use crate::world::{MODES, letter};

/// Everything is allowed, and no rule says otherwise.
fn unruled<'a>(place: &'a Place, rules: &'a RuleSet) -> Situation<'a> {
    Situation {
        mode: PermissionMode::BypassPermissions,
        rules,
        place,
        resolve: &resolve,
    }
}

#[test]
fn file_tools_write_in_the_scope_only() {
    files(
        "edit",
        &[
            ("src/auth/a.rs", "-"),
            ("src/auth/deep/er/a.rs", "-"),
            ("./src/auth/../auth/a.rs", "-"),
            ("/data/trees/n1/src/auth/a.rs", "-"),
            ("Cargo.toml", "-"),
            ("docs/x.md", "-"),
            ("gen/deep/a.rs", "-"),
            ("src/other.rs", "scope"),
            ("src/auth", "scope"),
            ("src/authority/a.rs", "scope"),
            ("SRC/AUTH/a.rs", "scope"),
            ("docs/deep/x.md", "scope"),
            ("sub/Cargo.toml", "scope"),
            ("target/x", "scope"),
            ("src/auth/../other.rs", "scope"),
            ("src/auth/link", "scope"),
            (".git/config", "scope"),
            ("../n1/src/auth/a.rs", "-"),
            ("../n2/src/auth/a.rs", "sibling"),
            ("/data/trees/n2/src/auth/a.rs", "sibling"),
            ("/DATA/Trees/N2/a.rs", "sibling"),
            ("side/src/auth/a.rs", "sibling"),
            ("../n3/src/auth/a.rs", "data"),
            ("../../journals/x", "data"),
            ("/user/checkout/src/auth/a.rs", "checkout"),
            ("/User/Checkout/src/auth/a.rs", "checkout"),
            ("/user/checkout", "checkout"),
            ("/user/../user/checkout/a", "checkout"),
            ("out/src/auth/a.rs", "checkout"),
            ("src/auth/../../out/a", "checkout"),
            ("/proc/self/cwd/a", "checkout"),
            ("/proc/self/root/user/checkout/a", "checkout"),
            ("/user/checkout2/a", "outside"),
            ("/etc/passwd", "outside"),
            ("etc/passwd", "outside"),
            ("../../../etc/passwd", "outside"),
            ("/tmp/x", "outside"),
            ("/h/me/.bashrc", "outside"),
            ("/data/tmp/n1/x", "outside"),
            ("/dev/null", "-"),
            ("/dev/sda", "outside"),
        ],
    );
}

#[test]
fn file_tools_read_everything_but_what_is_somebody_elses() {
    files(
        "read",
        &[
            ("src/other.rs", "-"),
            (".git/config", "-"),
            ("/etc/hosts", "-"),
            ("/data/spill/x.txt", "-"),
            ("/data/tmp/n1/x", "-"),
            ("/user/checkout/src/a.rs", "checkout"),
            ("/USER/checkout/src/a.rs", "checkout"),
            ("out/src/a.rs", "checkout"),
            ("side/src/a.rs", "sibling"),
            ("../n2/a", "sibling"),
            ("../n3/a", "data"),
            ("/data/journals/x", "data"),
            ("/proc/self/cwd/a", "checkout"),
            // A folder above is only listed, not gone through.
            ("/user", "-"),
            ("/", "-"),
        ],
    );
    files(
        "grep",
        &[
            (".", "-"),
            ("src", "-"),
            ("/usr/include", "-"),
            ("/data/spill", "-"),
            ("/", "checkout"),
            ("/user", "checkout"),
            ("/User", "checkout"),
            ("..", "data"),
            ("../..", "data"),
            ("out", "checkout"),
            ("side", "sibling"),
            ("/user/checkout/src", "checkout"),
            ("/user/check", "-"),
        ],
    );
}

#[test]
fn searches_pass_over_links_into_other_trees() {
    let place = place();
    let rules = RuleSet::default();
    let situation = unruled(&place, &rules);
    for (path, want) in [
        ("/data/trees/n1/src/a.rs", true),
        ("/data/trees/n2/src/a.rs", false),
        ("/user/checkout/a", false),
        ("/usr/include/a.h", true),
    ] {
        assert_eq!(
            policy::may_read(Path::new(path), &situation),
            want,
            "{path}"
        );
    }
}

#[test]
fn the_plans_own_commands_run_unasked_and_rules_still_hold() {
    let accept = run("  cd crates/x && ./accept.sh > result\n");
    let letters = |rules: &[&str]| -> String {
        MODES
            .iter()
            .map(|mode| letter(&judge(&accept, *mode, rules)))
            .collect()
    };
    assert_eq!(letters(&[]), "aaxaa");
    assert_eq!(letters(&["deny Bash(*accept.sh*)"]), "xxxxx");
    let other = run("cd crates/x && ./accept.sh");
    assert_eq!(letter(&judge(&other, PermissionMode::Default, &[])), '?');
}

#[test]
fn a_refusal_says_what_to_do_instead() {
    let text = |claim: &Claim| {
        judge(claim, PermissionMode::Default, &[])
            .reason()
            .text
            .clone()
    };
    assert_eq!(
        text(&claim("edit", "/user/checkout/src/a.rs")),
        "outside this node's tree: /user/checkout/src/a.rs lies in the user's checkout, which no node touches; \
         use src/a.rs in your own tree"
    );
    assert_eq!(
        text(&run("cat ../n2/src/a.rs")),
        "outside this node's tree: /data/trees/n2/src/a.rs lies in another node's tree; its work reaches others \
         when it is integrated; use src/a.rs in your own tree"
    );
    assert_eq!(
        text(&claim("write", "src/other.rs")),
        "outside this node's scope: it may change src/auth/**, Cargo.toml, docs/*.md, gen/, not src/other.rs; \
         do the rest and ask for a wider scope in your report"
    );
}

#[test]
fn a_node_moves_no_branch() {
    let to: GitId = "0123456789012345678901234567890123456789"
        .parse()
        .expect("it is a git id");
    let claim = Claim {
        tool: "integrate".into(),
        action: Action::Integrate {
            reference: "refs/heads/main".into(),
            to,
        },
    };
    check(&[(claim, "git")]);
}

#[test]
fn scopes_that_leave_the_tree_are_no_scopes() {
    for glob in [
        "/etc/**",
        "~/x",
        "../x",
        "a/../../b",
        "",
        " ",
        "[",
        "{a",
        "a\0b",
    ] {
        assert!(Confine::new(&[glob.to_owned()]).is_err(), "{glob:?}");
    }
    assert!(Confine::new(&["{".repeat(10_000)]).is_err());
    assert_eq!(
        Confine::new(&[]).map(|none| none == Confine::default()),
        Ok(true)
    );
}

#[test]
fn scopes_mean_what_the_globs_of_plans_mean() {
    let rows = [
        ("src/*.rs", "src/a.rs", true),
        ("src/*.rs", "src/a/b.rs", false),
        ("src/*.rs", "src/.rs", true),
        ("src/**", "src/a/.hidden", true),
        ("src/**", "src", false),
        ("src/", "src/a/b", true),
        ("./src//a.rs", "src/a.rs", true),
        (".", "any/where", true),
        ("**", "a", true),
        ("**/mod.rs", "mod.rs", true),
        ("**/mod.rs", "a/b/mod.rs", true),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("a?c", "abc", true),
        ("a?c", "a/c", false),
        ("[ab]c", "bc", true),
        ("[!ab]c", "bc", false),
        ("{src,lib}/a.rs", "lib/a.rs", true),
        ("{src/x,lib}/a.rs", "src/x/a.rs", true),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("README.md", "readme.md", false),
        ("Cargo.toml", "sub/Cargo.toml", false),
    ];
    for (glob, path, want) in rows {
        let place = Place {
            confine: Some(Confine::new(&[glob.to_owned()]).expect("it is a glob")),
            ..place()
        };
        let rules = RuleSet::default();
        let held = policy::trespass(&claim("write", path), &unruled(&place, &rules)).is_none();
        assert_eq!(held, want, "{glob} of {path}");
    }
}

fn segment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "..",
        ".",
        "src",
        "auth",
        "a.rs",
        "out",
        "side",
        "etc",
        "data",
        "trees",
        "n1",
        "n2",
        "N2",
        "user",
        "checkout",
        "CHECKOUT",
        "docs",
        "x.md",
        "gen",
        "Cargo.toml",
        "link",
        "tmp",
        "proc",
        "self",
        "cwd",
        "root",
        "",
    ])
}

fn path() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec!["", "/", "/data/trees/n1/", "/user/checkout/"]);
    (start, prop::collection::vec(segment(), 0..8))
        .prop_map(|(start, parts)| format!("{start}{}", parts.join("/")))
}

fn in_root(path: &Path) -> bool {
    path.starts_with(ROOT)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_write_outside_the_root_or_the_scope_is_ever_allowed(
        path in path(), mode in prop::sample::select(MODES.to_vec()), ruled in any::<bool>(),
    ) {
        let rules = if ruled { &ALLOWED[..] } else { &[] };
        let claim = claim("write", &path);
        let Action::Write { path: real, .. } = &claim.action else { unreachable!() };
        if letter(&judge(&claim, mode, rules)) == 'x' {
            return Ok(());
        }
        prop_assert!(in_root(real), "{}", real.display());
        let rest = real.strip_prefix(ROOT).map(|rest| rest.to_string_lossy().into_owned()).unwrap_or_default();
        let named = ["src/auth/", "docs/", "gen/"].iter().any(|folder| rest.starts_with(folder));
        prop_assert!(named || rest == "Cargo.toml", "{rest}");
    }

    #[test]
    fn no_redirection_or_copy_outside_the_root_is_ever_allowed(
        path in path(), mode in prop::sample::select(MODES.to_vec()),
        (before, after) in prop::sample::select(vec![
            ("echo x > '", "'"), ("cp src/auth/a.rs '", "'"), ("rm -f '", "'"), ("sh -c 'cat >> \"", "\"'"),
            ("cd src && touch \"../", "\""), ("tee -- '", "' < x"), ("dd if=x of=", ""), ("sed -i s/a/b/ ", ""),
        ]),
    ) {
        prop_assume!(!path.is_empty());
        let command = format!("{before}{path}{after}");
        let start = if before.starts_with("cd src") { format!("{ROOT}/src/../{path}") } else { path };
        let real = resolve(&Path::new(ROOT).join(start));
        let letter = letter(&judge(&run(&command), mode, &ALLOWED));
        let own = in_root(&real) || real.starts_with("/data/tmp/n1");
        prop_assert!(own || letter == 'x', "{command} leads to {}", real.display());
    }

    #[test]
    fn a_trespass_is_denied_whatever_else_the_command_does(
        a in prop::sample::select(vec!["ls", "cargo test", "cd src", "X=1", "git status"]),
        b in prop::sample::select(vec![
            "cat /user/checkout/a", "echo > /etc/x", "git push", "rm ../n2/a", "cp src/auth/a /tmp/a",
        ]),
        joint in prop::sample::select(vec![" ; ", " && ", " || ", " | ", "\n", " & "]),
        mode in prop::sample::select(MODES.to_vec()),
    ) {
        for command in [format!("{a}{joint}{b}"), format!("{b}{joint}{a}"), format!("({a}{joint}{b})")] {
            prop_assert_eq!(letter(&judge(&run(&command), mode, &ALLOWED)), 'x', "{}", command);
        }
    }
}

#[test]
fn trespasses_are_told_apart_by_type() {
    let place = place();
    let rules = RuleSet::default();
    let situation = unruled(&place, &rules);
    let of = |claim: &Claim| policy::trespass(claim, &situation);
    assert!(matches!(
        of(&claim("edit", "src/x")),
        Some(Trespass::Scope { .. })
    ));
    assert!(matches!(
        of(&claim("edit", "/x")),
        Some(Trespass::Outside { .. })
    ));
    assert!(matches!(of(&run("git push")), Some(Trespass::Git { .. })));
    let Some(Trespass::Foreign { whose, own, .. }) = of(&run("cat /user/checkout/src/a")) else {
        unreachable!("the checkout is forbidden");
    };
    assert_eq!((whose, own), (Whose::Checkout, Some("src/a".into())));
}
