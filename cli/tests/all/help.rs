//! Help and completions.

use crate::formic::World;

#[test]
fn the_top_level_help_lists_commands_and_flags() {
    let ran = World::new().run(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn the_version_is_one_line() {
    let ran = World::new().run(&["--version"]);
    let then = format!("formic {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((ran.code, ran.out), (0, then));
}

#[test]
fn every_shell_gets_a_script_that_knows_the_flags() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = World::new().run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.out.contains("max-budget-tokens"), "{shell}");
        assert!(
            !ran.out.contains("fallback-model"),
            "{shell}: a flag without code is offered"
        );
    }
}
