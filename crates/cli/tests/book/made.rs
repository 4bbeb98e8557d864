//! Pages that are made from the program.

use crate::markdown::root;

/// The page is what it would be made now; or, if told to, it is made.
pub(crate) fn assert_made(name: &str, text: &str) {
    let path = root().join(name);
    if std::env::var("INSTA_UPDATE").is_ok_and(|it| it == "always") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(path, text).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == text,
        "{name} is not what it would be made of now: run this test with INSTA_UPDATE=always"
    );
}
