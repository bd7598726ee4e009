//! Compounds: every part counts, wherever the shell lets one stand.

use protocol::PermissionMode;

use crate::world::{ASK, EDIT, FREE, NEVER, OUT, run, world};

#[test]
fn a_compound_is_what_its_strictest_part_is() {
    world(&[]).check(&[
        ("ls; pwd", FREE),
        ("ls && pwd || date", FREE),
        ("cat a | grep x | sort | uniq -c", FREE),
        ("ls; make", ASK),
        ("ls && make", ASK),
        ("ls || make", ASK),
        ("ls | sh", ASK),
        ("ls & make", ASK),
        ("ls\nmake", ASK),
        ("ls |& make", ASK),
        ("! make", ASK),
        ("(make)", ASK),
        ("{ make; }", ASK),
        ("(ls; (pwd; (make)))", ASK),
        ("ls;make", ASK),
        ("ls;;make", ASK),
        ("make # ls", ASK),
        ("ls # ; make", FREE),
        ("ls \\\nsrc", FREE),
        ("ls \\; make", FREE),
        ("ls '; make'", FREE),
        ("ls; cat /etc/passwd", OUT),
        ("cat a; touch b", EDIT),
        ("touch b; make", ASK),
        ("time ls", FREE),
        ("time make", ASK),
        ("sleep 1 & wait", FREE),
    ]);
}

#[test]
fn loops_branches_and_functions_are_looked_into() {
    world(&[]).check(&[
        ("for f in a b; do echo $f; done", FREE),
        ("for f in a b; do rm $f; done", ASK),
        ("for f in $(make); do echo $f; done", ASK),
        ("while true; do make; done", ASK),
        ("while make; do true; done", ASK),
        ("until ls; do sleep 1; done", FREE),
        ("if [ -f a ]; then cat a; fi", FREE),
        ("if [ -f a ]; then make; fi", ASK),
        ("if make; then ls; fi", ASK),
        ("if ls; then ls; else make; fi", ASK),
        ("if ls; then ls; elif make; then ls; fi", ASK),
        ("case x in x) make;; esac", ASK),
        ("case x in x) ls;; esac", FREE),
        ("case $(make) in x) ls;; esac", ASK),
        ("case x in $(make)) ls;; esac", ASK),
        ("f() { make; }; f", ASK),
        ("ls() { rm -rf x; }; ls", ASK),
        ("f() { ls; }", ASK),
        ("function f { make; }", ASK),
        ("[[ $(make) == x ]]", ASK),
        ("[[ -f $(make) ]]", ASK),
        ("[[ 1 -eq 1 ]]", FREE),
        ("[[ x -eq 1 ]]", ASK),
        ("[[ 'a[$(id)]' -eq 1 ]]", ASK),
        ("((1 + 2))", FREE),
        ("((x = 1))", ASK),
        ("echo $((1 + 2))", FREE),
        ("echo $((x))", ASK),
        ("echo $(( $(make) ))", ASK),
        ("for ((i=0; i<3; i++)); do ls; done", ASK),
        ("coproc make", ASK),
        ("select x in a b; do ls; done", ASK),
    ]);
}

#[test]
fn folders_are_followed_through_the_command() {
    world(&[]).check(&[
        ("cd src && ls", FREE),
        ("cd src; cd ..; ls", OUT), // the first cd may fail, and then `..` leaves the tree
        ("cd src && cd .. && ls", FREE),
        ("(cd /etc; true); cat a", OUT),
        ("cd /etc && cat passwd", OUT),
        ("cd /etc; cat passwd", OUT),
        ("cd -", ASK),
        ("cd $DIR", ASK),
        ("cd $(pwd)", ASK),
        ("pushd src", ASK),
        ("while true; do cd ..; done", ASK),
        ("CDPATH=/etc cd src", ASK),
        ("cd src && touch a", EDIT),
        ("cd /etc && touch a", ASK),
        ("cd .git && touch hooks", NEVER),
        ("cd .git/hooks; echo x > pre-commit", NEVER),
        ("cd src || cd .git; touch x", NEVER),
        ("cd /w/extra && ls", FREE),
        ("cd out && ls", OUT),
    ]);
}

#[test]
fn what_cannot_be_parsed_is_never_free() {
    world(&[]).check(&[
        ("ls 'a", ASK),
        ("ls \"a", ASK),
        ("ls $(", ASK),
        ("ls `pwd", ASK),
        ("if ls", ASK),
        ("ls )", ASK),
        ("ls && ", ASK),
        ("| ls", ASK),
        ("ls \u{0}", ASK),
        ("ls \u{1b}[2K", ASK),
        ("ls \r make", ASK),
        ("ls \u{202e}cba", ASK),
        ("l\u{200b}s", ASK),
        ("ls\u{a0}-la", ASK),
        ("ls \u{e0041}", ASK),
        ("echo \u{feff}", ASK),
        ("echo héllo wörld 日本", FREE),
    ]);
}

#[test]
fn depth_and_length_have_an_end() {
    let world = world(&[]);
    let deep = format!("{}ls{}", "$(".repeat(5000), ")".repeat(5000));
    let quoted = format!("{}ls{}", "\"$(echo ".repeat(20), ")\"".repeat(20));
    let long = format!("echo {}", "a".repeat(300_000));
    let braces = format!("echo {}", "{a,b}".repeat(40));
    let bangs = "! ".repeat(100_000) + "ls";
    for command in [deep, quoted, long, braces, bangs] {
        let verdict = world.judge(&run(&command), PermissionMode::Default);
        assert_ne!(crate::world::letter(&verdict), 'a', "{}", &command[..40]);
    }
}
