//! Quotes, escapes, expansions and substitutions: what a word turns out to be.

use crate::world::{ASK, FREE, NEVER, OUT, world};

#[test]
fn names_are_read_as_the_shell_reads_them() {
    let world = world(&["deny Bash(rm:*)"]);
    world.check(&[
        ("rm x", NEVER),
        ("\\rm x", NEVER),
        ("r\\m x", NEVER),
        ("'rm' x", NEVER),
        ("\"rm\" x", NEVER),
        ("r'm' x", NEVER),
        ("r\"m\" x", NEVER),
        ("''rm x", NEVER),
        ("$'rm' x", NEVER),
        ("$'\\x72m' x", NEVER),
        ("$'\\162m' x", NEVER),
        ("$'\\u0072m' x", NEVER),
        ("$\"rm\" x", NEVER),
        ("r\\\nm x", NEVER),
        ("\"r\\\nm\" x", NEVER),
        ("rm\tx", NEVER),
        ("  rm   x", NEVER),
        ("/bin/rm x", NEVER),
        ("/usr/bin/../bin/rm x", NEVER),
        ("{rm,x}", NEVER),
        ("{r,}m x", NEVER), // the words `rm`, `m`, `x`
        ("FOO=1 rm x", NEVER),
        (">out rm x", NEVER),
        ("rm", NEVER),
        ("rmdir x", ASK),
        ("echo rm x", FREE),
    ]);
}

#[test]
fn a_name_known_only_at_run_time_is_unclear() {
    world(&[]).check(&[
        ("$X", ASK),
        ("$X -la", ASK),
        ("${X} -la", ASK),
        ("$(echo ls)", ASK),
        ("`echo ls`", ASK),
        ("\"$X\"", ASK),
        ("l${X}s", ASK),
        ("${X:-ls}", ASK),
        ("l? -la", ASK),
        ("/bin/l*", ASK),
        ("\"$@\"", ASK),
        ("$'\\cA'", ASK),
        ("a=ls; $a", ASK),
    ]);
}

#[test]
fn substitutions_are_commands() {
    world(&[]).check(&[
        ("echo $(pwd)", FREE),
        ("echo `pwd`", FREE),
        ("echo $(make)", ASK),
        ("echo `make`", ASK),
        ("echo \"$(make)\"", ASK),
        ("echo \"`make`\"", ASK),
        ("echo '$(make)'", FREE),
        ("echo '`make`'", FREE),
        ("echo \\$(make)", ASK), // a back-slash, then parentheses: not even the shell takes it
        ("echo \\`make\\`", FREE),
        ("echo $(echo $(make))", ASK),
        ("echo `echo \\`make\\``", ASK),
        ("echo \"a $(echo \"b $(make)\")\"", ASK),
        ("echo ${X:-$(make)}", ASK),
        ("echo ${x:=`make`}", ASK),
        ("echo ${x/a/$(make)}", ASK),
        ("echo ${x#$(make)}", ASK),
        ("echo ${a[$(make)]}", ASK),
        ("echo ${x:$(make)}", ASK),
        ("echo ${!x}", ASK),
        ("echo ${x@P}", ASK),
        ("echo ${#x}", FREE),
        ("echo $[ $(make) ]", ASK),
        ("cat <(ls)", FREE),
        ("cat <(make)", ASK),
        ("diff <(ls a) <(ls b)", FREE),
        ("ls >(make)", ASK),
        ("x=$(make)", ASK),
        ("x=$(pwd)", FREE),
        ("x=1", FREE),
        ("x=(a $(make))", ASK),
        ("x[$(make)]=1", ASK),
        ("x=1 ls", ASK),
        ("LANG=C ls", FREE),
        ("LANG=$(make) ls", ASK),
        ("PATH=. ls", ASK),
        ("PATH=.:$PATH; ls", ASK),
        ("LD_PRELOAD=./x.so ls", ASK),
        ("IFS=x; ls", ASK),
        ("export X=1", ASK),
        ("cat $(ls)", ASK),
        ("ls $X", ASK),
        ("ls \"$x\"", ASK),
        ("echo \"$x\"", FREE),
        ("ls {a,b}", FREE),
        ("ls {a,/etc}", OUT),
        ("ls {1..3}", FREE),
        ("ls ~nobody", ASK),
    ]);
}

#[test]
fn here_documents_expand_unless_quoted() {
    world(&[]).check(&[
        ("cat <<E\nhello\nE", FREE),
        ("cat <<E\n$(make)\nE", ASK),
        ("cat <<E\n`make`\nE", ASK),
        ("cat <<'E'\n$(make)\nE", FREE),
        ("cat <<\"E\"\n`make`\nE", FREE),
        ("cat <<\\E\n$(make)\nE", FREE),
        ("cat <<-E\n\t$(make)\nE", ASK),
        ("cat <<E\nhello\nE\nmake", ASK),
        ("cat <<E | sh\nmake\nE", ASK),
        ("cat <<X 2>&1 | make\na\nX", ASK),
        ("cat <<A <<B\n$(make)\nA\nb\nB", ASK),
        ("cat <<< hello", FREE),
        ("cat <<< $(make)", ASK),
        ("cat <<< \"`make`\"", ASK),
        ("sh <<E\nmake\nE", ASK),
        ("sh <<E\nls\nE", FREE),
        ("cat <<E\n${x:-$(make)}\nE", ASK),
    ]);
}
