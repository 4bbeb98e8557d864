//! Parts of an item that is a path. Pure text: an item need not be a file.

/// The last component, without slashes at its end; `/` for the root.
pub(super) fn base_name(item: &str) -> &str {
    let trimmed = item.trim_end_matches('/');
    if trimmed.is_empty() {
        return &item[..item.len().min(1)];
    }
    trimmed.rsplit_once('/').map_or(trimmed, |(_, name)| name)
}

/// Everything in front of the last component; `.` if there is nothing, `/` for what lies in the root.
pub(super) fn folder(item: &str) -> &str {
    let trimmed = item.trim_end_matches('/');
    match trimmed.rsplit_once('/') {
        _ if trimmed.is_empty() && !item.is_empty() => "/",
        None => ".",
        Some((folder, _)) => match folder.trim_end_matches('/') {
            "" => "/",
            folder => folder,
        },
    }
}

/// The item without the extension of its last component. The dot of a hidden file begins no extension.
pub(super) fn stem(item: &str) -> &str {
    let name_at = item.rfind('/').map_or(0, |slash| slash + 1);
    match item[name_at..].rfind('.') {
        None | Some(0) => item,
        Some(dot) => &item[..name_at + dot],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths() {
        let table = [
            // item, base name, folder, stem
            ("a/b.c", "b.c", "a", "a/b"),
            ("b.tar.gz", "b.tar.gz", ".", "b.tar"),
            ("/b", "b", "/", "/b"),
            ("//b", "b", "/", "//b"),
            ("/", "/", "/", "/"),
            ("a/b/", "b", "a", "a/b/"),
            ("a//b", "b", "a", "a//b"),
            (".bashrc", ".bashrc", ".", ".bashrc"),
            ("x/.bashrc", ".bashrc", "x", "x/.bashrc"),
            ("a.d/b", "b", "a.d", "a.d/b"),
            ("", "", ".", ""),
            ("..", "..", ".", "."),
            ("ä.ö", "ä.ö", ".", "ä"),
        ];
        for (item, name, dir, without) in table {
            assert_eq!((base_name(item), folder(item), stem(item)), (name, dir, without), "{item:?}");
        }
    }
}
