//! Whether anything of the user's setup makes git change contents between commits and trees, or doubt a file's looks.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::repo::Setting;
use super::run::Git;

/// Settings, and the values with which files are kept byte for byte and told apart by their looks. No value stands for
/// any.
const HARMLESS: [(&str, &[&str]); 6] = [
    ("core.autocrlf", &["false", "no", "off", "0"]),
    ("core.filemode", &["true", "yes", "on", "1"]),
    ("core.symlinks", &["true", "yes", "on", "1"]),
    ("core.ignorecase", &["false", "no", "off", "0"]),
    ("core.precomposeunicode", &["false", "no", "off", "0"]),
    ("core.trustctime", &["true", "yes", "on", "1"]),
];

/// Settings that must not be there at all.
const ABSENT: [&str; 2] = ["core.attributesfile", "core.checkstat"];

/// Settings that say how what git writes reaches the disk, and who else may write beside it.
pub(crate) const WRITING: [&str; 4] = [
    "core.fsync",
    "core.fsyncmethod",
    "core.fsyncobjectfiles",
    "core.sharedrepository",
];

/// Where git looks for rules beside the repository's own.
const RULES: [&str; 2] = ["GIT_ATTR_SYSTEM", "GIT_ATTR_GLOBAL"];

/// Whether nobody has said how objects are written: what is written here reaches the disk when the system likes and is
/// its writer's own, as what git writes one by one is if it is told nothing.
pub(crate) fn writes_as_usual(settings: &[Setting]) -> bool {
    let says_how = |setting: &Setting| WRITING.contains(&setting.key.as_str());
    !settings.iter().any(says_how)
}

/// Whether refs are files, and only those that a user looks at have logs: then others are written here too.
pub(crate) fn refs_as_usual(settings: &[Setting]) -> bool {
    settings.iter().all(|setting| match setting.key.as_str() {
        "extensions.refstorage" => false,
        "core.logallrefupdates" => !setting.value.eq_ignore_ascii_case("always"),
        _ => true,
    })
}

/// Whether these settings keep files byte for byte.
pub(crate) fn is_plain(settings: &[Setting]) -> bool {
    settings.iter().all(|setting| {
        let known = HARMLESS.iter().find(|(key, _)| setting.key == *key);
        let is_known = |(_, values): &(&str, &[&str])| {
            let value = setting.value.to_ascii_lowercase();
            values.contains(&value.as_str())
        };
        known.is_none_or(is_known) && !ABSENT.contains(&setting.key.as_str())
    })
}

/// Whether there may be rules outside the repository. What git does not tell counts as a reason to let git do it.
pub(crate) async fn has_rules(root: &Path) -> bool {
    let told = Git::at(root).args(["var", "-l"]).bytes().await;
    told.map_or(true, |told| RULES.iter().any(|name| may_be(&told, name)))
}

/// Whether there are rules where a variable says; settings, whose values may be anything, are told before variables.
fn may_be(told: &[u8], name: &str) -> bool {
    let mut lines = told.rsplit(|byte| *byte == b'\n');
    let place = lines.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    place.is_none_or(|place| Path::new(OsStr::from_bytes(place)).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_where_the_last_line_of_that_name_says() {
        let dir = tempfile::tempdir().unwrap();
        let (there, gone) = (dir.path().display().to_string(), "/nowhere/at/all");
        for (told, may_be_there) in [
            (format!("X={gone}\nX={there}\n"), true),
            (format!("X={there}\nX={gone}\nXX={there}\n"), false),
            (format!("y.x={there}\n"), true),
        ] {
            assert_eq!(may_be(told.as_bytes(), "X"), may_be_there, "{told}");
        }
    }

    #[test]
    fn refs_are_written_here_unless_they_are_no_files_or_all_have_logs() {
        let said = |key: &str, value: &str| Setting {
            is_local: true,
            key: key.to_owned(),
            value: value.to_owned(),
        };
        assert!(refs_as_usual(&[said("core.logallrefupdates", "true")]));
        for (key, value) in [
            ("core.logallrefupdates", "Always"),
            ("extensions.refstorage", "reftable"),
        ] {
            let settings = [said("user.name", "x"), said(key, value)];
            assert!(!refs_as_usual(&settings), "{key}");
        }
    }

    #[test]
    fn whoever_says_how_objects_are_written_is_heard_wherever_it_is_said() {
        let said = |key: &str, is_local| Setting {
            is_local,
            key: key.to_owned(),
            value: "anything".to_owned(),
        };
        assert!(writes_as_usual(&[said("core.autocrlf", true)]));
        for key in WRITING {
            for is_local in [true, false] {
                let settings = [said("user.name", false), said(key, is_local)];
                assert!(!writes_as_usual(&settings), "{key}");
            }
        }
    }
}
