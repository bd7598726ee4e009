//! What may stand where a settings file should be.

use std::fs;
use std::os::unix::fs::symlink;

use config::MAX_SETTINGS_BYTES;

use crate::place::Place;

const FILE: &str = "project/.formic/settings.json";

#[test]
fn a_missing_file_or_folder_is_fine() {
    assert_eq!(Place::new().load().warnings, []);
    // `.formic` itself being a file means there is no settings file either.
    assert_eq!(
        Place::new().with("project/.formic", "text").load().warnings,
        []
    );
    let place = Place::new().with("project/.formic/other", "");
    symlink(place.path("gone"), place.path(FILE)).unwrap();
    assert_eq!(place.load().warnings, []);
}

#[test]
fn a_huge_file_is_refused_by_name_and_one_at_the_limit_is_read() {
    let limit = usize::try_from(MAX_SETTINGS_BYTES).unwrap();
    let place = Place::new();
    place.write(FILE, format!("{{}}{}", " ".repeat(limit - 2)).as_bytes());
    place.load();
    place.write(FILE, format!("{{}}{}", " ".repeat(limit - 1)).as_bytes());
    assert_eq!(
        place.error(),
        format!("{FILE}: larger than 1048576 bytes\nmove what is not a setting elsewhere")
    );
}

#[test]
fn bytes_that_are_no_text_name_their_line() {
    let place = Place::new();
    place.write(FILE, b"{\n\"model\": \"\xff\"}");
    assert_eq!(
        place.error(),
        format!("{FILE}:2: not valid UTF-8\nsave the file as UTF-8")
    );
}

#[test]
fn a_folder_a_device_and_a_loop_of_links_are_refused() {
    let place = Place::new();
    fs::create_dir_all(place.path(FILE)).unwrap();
    assert_eq!(
        place.error(),
        format!("{FILE}: this is a folder, not a file\nmove it away, or give another path")
    );

    fs::remove_dir(place.path(FILE)).unwrap();
    symlink("/dev/zero", place.path(FILE)).unwrap();
    assert!(
        place
            .error()
            .starts_with(&format!("{FILE}: this is a device or a pipe, not a file\n"))
    );

    fs::remove_file(place.path(FILE)).unwrap();
    symlink(place.path(FILE), place.path(FILE)).unwrap();
    let told = place.error();
    assert!(
        told.starts_with(&format!("{FILE}: cannot be read: ")),
        "{told}"
    );
    assert!(
        told.ends_with("repair or remove it; a missing settings file is fine"),
        "{told}"
    );
}

#[test]
fn a_file_without_read_permission_is_an_error_with_its_remedy() {
    use std::io::{Error, ErrorKind};
    let error = config::ConfigError::Unreadable {
        file: "/a".into(),
        cause: Error::from(ErrorKind::PermissionDenied),
    };
    assert_eq!(error.to_string(), "/a: cannot be read: permission denied");
    assert_eq!(
        error.hint(),
        "make it readable for you (chmod u+r), or remove it"
    );
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| {
        format!(
            "{{\"swarm\": {{\"x\": {}{}}}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    Place::new().with(FILE, &nested(62)).load();
    let told = Place::new().with(FILE, &nested(63)).error();
    assert!(
        told.starts_with(&format!("{FILE}:1:79: nested deeper than 64 levels\n")),
        "{told}"
    );
    Place::new().with(FILE, &"[".repeat(500_000)).error();
    // Only what stands inside one another counts, not what stands side by side.
    Place::new()
        .with(
            FILE,
            &format!("{{\"swarm\": {{\"x\": [{}]}}}}", "[],".repeat(100)),
        )
        .load();
}
