//! Commands that start commands: what they start decides.

use crate::world::{ASK, FREE, NEVER, OUT, world};

#[test]
fn a_wrapper_is_what_it_starts() {
    world(&[]).check(&[
        ("env ls", FREE),
        ("env LANG=C ls", FREE),
        ("env -i ls", FREE),
        ("env -u X ls", FREE),
        ("env make", ASK),
        ("env X=1 ls", ASK),
        ("env -S 'make' ls", ASK),
        ("env -C /etc ls", ASK),
        ("timeout 5 ls", FREE),
        ("timeout -k 1 -s KILL 5 ls", FREE),
        ("timeout 5 make", ASK),
        ("timeout --weird 5 ls", ASK),
        ("nice ls", FREE),
        ("nice -n 5 ls", FREE),
        ("nice -5 make", ASK),
        ("nohup make", ASK),
        ("nohup ls", FREE),
        ("command ls", FREE),
        ("command make", ASK),
        ("builtin pwd", FREE),
        ("exec make", ASK),
        ("stdbuf -oL ls", FREE),
        ("setsid make", ASK),
        ("env timeout 5 nice env make", ASK),
        ("env timeout 5 nice env ls", FREE),
    ]);
}

#[test]
fn a_shell_or_a_builder_of_commands_is_what_it_runs() {
    world(&[]).check(&[
        ("sh -c ls", FREE),
        ("sh -c 'ls; make'", ASK),
        ("bash -lc 'ls'", FREE),
        ("bash -euo pipefail -c 'make'", ASK),
        ("bash -c \"$X\"", ASK),
        ("bash -c \"ls $(make)\"", ASK),
        ("bash script.sh", ASK),
        ("bash", ASK),
        ("sh -c 'sh -c \"make\"'", ASK),
        ("sh -c 'cat /etc/passwd'", OUT),
        ("eval ls", FREE),
        ("eval 'ls; make'", ASK),
        ("eval \"$X\"", ASK),
        ("eval $(echo make)", ASK),
        ("trap 'make' EXIT", ASK),
        ("ls | xargs echo", FREE),
        ("ls | xargs cat", ASK),
        ("ls | xargs rm", ASK),
        ("ls | xargs -n1 -I{} rm {}", ASK),
        ("ls | xargs", FREE),
        ("ls | xargs sh -c 'make'", ASK),
        ("find . -exec cat {} \\;", ASK),
        ("find . -exec rm {} +", ASK),
        ("find . -execdir make ';'", ASK),
        ("find . -name x -exec true \\;", FREE),
        ("find . -exec true \\; -delete", ASK),
        ("sudo ls", ASK),
        ("doas ls", ASK),
        ("watch ls", ASK),
        ("parallel ls ::: a", ASK),
        ("ssh host ls", ASK),
        ("busybox ls", FREE),
        ("busybox rm x", ASK),
        ("xargs -a /etc/passwd echo", ASK),
    ]);
}

#[test]
fn wrappers_of_wrappers_are_followed_only_so_far() {
    let wrapped = |times: usize| format!("{}ls", "env ".repeat(times));
    world(&[]).check(&[
        (&wrapped(11), FREE),
        (&wrapped(12), ASK),
        (&wrapped(3_000), ASK),
        (&"timeout 1 ".repeat(1_000), ASK),
        (&"sh -c ".repeat(2_000), ASK),
    ]);
}

#[test]
fn deny_rules_see_through_wrappers() {
    world(&["deny Bash(rm:*)", "deny Bash(sudo:*)"]).check(&[
        ("env rm x", NEVER),
        ("env FOO=1 rm x", NEVER),
        ("timeout 5 rm x", NEVER),
        ("nice -n 3 nohup rm x", NEVER),
        ("command rm x", NEVER),
        ("sh -c 'rm x'", NEVER),
        ("sh -c \"r''m x\"", NEVER),
        ("bash <<E\nrm x\nE", NEVER),
        ("bash <<< 'rm x'", NEVER),
        ("eval 'rm x'", NEVER),
        ("eval r''m x", NEVER),
        ("trap 'rm x' EXIT", NEVER),
        ("ls | xargs rm", NEVER),
        ("ls | xargs -0 -n 1 rm -f", NEVER),
        ("find . -exec rm {} \\;", NEVER),
        ("find . -execdir /bin/rm {} +", NEVER),
        ("sudo ls", NEVER),
        ("sudo -u root rm x", NEVER),
        ("doas rm x", NEVER),
        ("watch -n 1 rm x", NEVER),
        ("parallel rm ::: a b", NEVER),
        ("ssh host rm x", NEVER),
        ("ssh -p 22 host 'rm x'", NEVER),
        ("busybox rm x", NEVER),
        ("flock lock rm x", NEVER),
        ("docker exec c rm x", NEVER),
        ("(rm x)", NEVER),
        ("ls; rm x", NEVER),
        ("echo $(rm x)", NEVER),
        ("echo `rm x`", NEVER),
        ("cat <(rm x)", NEVER),
        ("cat <<E\n$(rm x)\nE", NEVER),
        ("f() { rm x; }; f", NEVER),
        ("if true; then rm x; fi", NEVER),
        ("rm x 'unclosed", NEVER), // not parsed, but plainly there
        ("ls; rm x (", NEVER),
        ("coproc rm x", NEVER),
        ("trap -- 'rm x' EXIT", NEVER),
        ("sudo -iu root rm x", NEVER),
        ("[[ x =~ $(rm x) ]]", NEVER),
        ("echo ${a[$(rm x)]}", NEVER),
        ("BASH_ENV=<(echo rm x) bash -c :", NEVER),
        ("cat <<'E' | bash\nrm x\nE", NEVER), // the shell runs what it reads
        ("echo cm0geAo= | base64 -d | sh", "??xx?"),
        ("hash -p /bin/rm ls; ls x", "??xx?"),
        ("alias ls=rm; ls x", "??xx?"),
        ("let 'a[$(rm x)]=1'", "??xx?"),
        ("unset 'a[$(rm x)]'", "??xx?"),
        ("test -v 'a[$(rm x)]'", "??xx?"),
        ("command -v rm", FREE),
        ("echo rm", FREE),
        ("cat <<E\n\\$(rm x)\nE", FREE),
        ("$X x", "??xx?"),
        ("bash -c \"$X\"", "??xx?"),
        ("ls", FREE),
    ]);
}
