//! Commands known to only read, and the arguments that make them more than that.

use crate::world::{ASK, EDIT, FREE, KEY, OUT, world};

#[test]
fn reading_commands_are_free() {
    world(&[]).check(&[
        ("ls -la", FREE),
        ("ls -la src /w/extra", FREE),
        ("cat a.txt", FREE),
        ("head -n 5 src/main.rs", FREE),
        ("tail -20 log", FREE),
        ("wc -l *.rs", FREE),
        ("grep -rn 'fn main' src", FREE),
        ("rg --files -g '*.rs'", FREE),
        ("find . -name '*.rs' -type f", FREE),
        ("stat Cargo.toml", FREE),
        ("du -sh target", FREE),
        ("tree -L 2", FREE),
        ("diff a b", FREE),
        ("sort names", FREE),
        ("sort -u -k2,2 names", FREE),
        ("uniq -c names", FREE),
        ("cut -d/ -f1 names", FREE),
        ("tr a-z A-Z", FREE),
        ("sed -n '1,20p' a.txt", FREE),
        ("sed 's/a/b/g' a.txt", FREE),
        ("sed -n '/start/p' a.txt", FREE),
        ("awk '{print $1, $3}' a.txt", FREE),
        ("awk -F: '{print $1}' a.txt", FREE),
        ("jq '.name' package.json", FREE),
        ("sha256sum a.txt", FREE),
        ("cat /data/spill/out.txt", FREE),
        ("/usr/bin/cat a.txt", FREE),
        ("[ -f a.txt ]", FREE),
        ("test -d src", FREE),
        ("[[ -f a.txt && -d src ]]", FREE),
        ("command -v cargo", FREE),
        ("cargo --version", FREE),
        ("python3 --version", FREE),
        ("cat", FREE),
    ]);
}

#[test]
fn commands_that_touch_nothing_are_free() {
    world(&[]).check(&[
        ("true", FREE),
        ("sleep 1", FREE),
        ("echo hello", FREE),
        ("echo $HOME $?", FREE),
        ("printf '%s\\n' a b", FREE),
        ("pwd", FREE),
        ("date", FREE),
        ("date +%F", FREE),
        ("date -d yesterday +%F", FREE),
        ("which cargo", FREE),
        ("basename /etc/passwd", FREE),
        ("", FREE),
        ("   \n", FREE),
        ("# only a comment", FREE),
        ("set -euo pipefail", FREE),
    ]);
}

#[test]
fn one_option_turns_a_reader_into_a_writer() {
    world(&[]).check(&[
        ("sort -o out names", ASK),
        ("sort -uo out names", ASK),
        ("sort --output=out names", ASK),
        ("sort --out=out names", ASK),
        ("sort --compress-program=sh names", ASK),
        ("uniq a b", ASK),
        ("xxd -r dump bin", ASK),
        ("find . -delete", ASK),
        ("find . -fprint out", ASK),
        ("find . '-delete'", ASK),
        ("find . -del''ete", ASK),
        ("find . {-print,-delete}", ASK),
        ("find *", ASK),
        ("sed -i 's/a/b/' a.txt", ASK),
        ("sed -n -i 1p a.txt", ASK),
        ("sed -ni 1p a.txt", ASK),
        ("sed '1e id' a.txt", ASK),
        ("sed 's/a/b/e' a.txt", ASK),
        ("sed 's/a/b/w out' a.txt", ASK),
        ("sed 'w out' a.txt", ASK),
        ("sed -f script a.txt", ASK),
        ("sed '1r /etc/passwd' a.txt", ASK),
        ("awk 'BEGIN{system(\"id\")}'", ASK),
        ("awk '{print > \"out\"}' a.txt", ASK),
        ("awk '{print | \"sh\"}' a.txt", ASK),
        ("awk -f prog a.txt", ASK),
        ("awk '{print ENVIRON[\"KEY\"]}'", ASK),
        ("rg --pre=sh x", ASK),
        ("rg --pre sh x", ASK),
        ("rg -z x", ASK),
        ("tree -o out", ASK),
        ("file -C -m magic", ASK),
        ("date -s 2020-01-01", ASK),
        ("date 010100002020", ASK),
        ("fd -x rm", ASK),
        ("printf -v x y", ASK),
        ("[ -v 'a[$(id)]' ]", ASK),
        ("test -v x", ASK),
        ("jq env.KEY a.json", ASK),
    ]);
}

#[test]
fn what_shows_secrets_or_is_not_known_asks() {
    world(&[]).check(&[
        ("env", ASK),
        ("printenv", ASK),
        ("echo $ANTHROPIC_API_KEY", ASK),
        ("set", FREE),
        ("./ls", ASK),
        ("/tmp/cat a.txt", ASK),
        ("../bin/cat a.txt", ASK),
        ("cаt a.txt", ASK), // the а is Cyrillic
        ("make", ASK),
        ("npm test", ASK),
        ("cargo build", ASK),
        ("python3 -c 'print(1)'", ASK),
        ("curl https://example.com", ASK),
        ("source ./setup.sh", ASK),
        (". ./setup.sh", ASK),
        ("less a.txt", ASK),
        ("LS -la", ASK),
        ("read -r line", FREE),
        ("read PATH", ASK),
    ]);
}

#[test]
fn reading_outside_the_tree_asks() {
    world(&[]).check(&[
        ("cat /etc/passwd", OUT),
        ("cat ../other/a.txt", OUT),
        ("cat src/../../other", OUT),
        ("ls ~", OUT),
        ("ls /", OUT),
        ("ls ~/Documents", OUT),
        ("cat out/passwd", OUT),
        ("grep -r x /etc", OUT),
        ("grep --file=/etc/passwd a.txt", OUT),
        ("grep -f/etc/passwd a.txt", OUT),
        ("cat $HOME/notes", OUT),
        ("cat \"$PWD\"/a.txt", FREE),
        ("cat ~root/x", ASK),
        ("find / -name x", OUT),
        ("cd .. && ls", OUT),
        ("cd /", OUT),
        ("cd src && cat ../a.txt", FREE),
        ("cd src && cat ../../a.txt", OUT),
        ("wc -l < /etc/passwd", OUT),
        ("cat ~/.ssh/id_ed25519", KEY),
        ("cat ~/.aws/credentials", KEY),
        ("cat < ~/.netrc", KEY),
        ("cat /h/me/.SSH/id_rsa", KEY),
        ("head -c 9 \"$HOME\"/.ssh/id_rsa", KEY),
    ]);
}

#[test]
fn arranging_files_in_the_tree_is_an_edit() {
    world(&[]).check(&[
        ("mkdir -p src/new", EDIT),
        ("touch a.txt", EDIT),
        ("cp a.txt b.txt", EDIT),
        ("mv a.txt src/", EDIT),
        ("cp -r src copy", ASK),
        ("cp *.txt src", ASK),
        ("cp a.txt /etc/x", ASK),
        ("mkdir /opt/x", ASK),
        ("rm a.txt", ASK),
        ("rm -rf build", ASK),
        ("rmdir src", ASK),
        ("ln -s /etc out2", ASK),
        ("chmod +x a.sh", ASK),
        ("tee a.txt", ASK),
        ("touch $X", ASK),
        ("cp /etc/passwd a.txt", ASK),
        ("mkdir -m 777 x", ASK),
    ]);
}
