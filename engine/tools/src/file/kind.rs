//! What a file's first bytes say it is.

/// What a file holds, as far as reading it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines of some 8-bit text.
    Text,
    /// Text in 16-bit units, little-endian if true.
    Utf16 { little: bool },
    /// A picture models can see.
    Image(&'static str),
    /// Something else, by name.
    Binary(&'static str),
}

/// How many first bytes tell the kind.
pub(crate) const SNIFF_BYTES: usize = 8 * 1024;

const IMAGES: [(&[u8], &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
];

const BINARIES: [(&[u8], &str); 11] = [
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x7fELF", "ELF program or library"),
    (b"\xcf\xfa\xed\xfe", "Mach-O program or library"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"\x00asm", "WebAssembly module"),
    (b"\xca\xfe\xba\xbe", "Java class or universal binary"),
];

/// The kind of a file that begins with `head`.
pub(crate) fn kind(head: &[u8]) -> Kind {
    if let Some((_, media)) = IMAGES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Kind::Image(media);
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Kind::Image("image/webp");
    }
    if head.starts_with(b"\xff\xfe") {
        return Kind::Utf16 { little: true };
    }
    if head.starts_with(b"\xfe\xff") {
        return Kind::Utf16 { little: false };
    }
    let text = std::str::from_utf8(head).is_ok() && !head.contains(&0);
    match BINARIES.iter().find(|(magic, _)| head.starts_with(magic)) {
        Some((_, name)) if !text || *name == "PDF" => Kind::Binary(name),
        _ if head.contains(&0) => Kind::Binary("binary data"),
        _ => Kind::Text,
    }
}
