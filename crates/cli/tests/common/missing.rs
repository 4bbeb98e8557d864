//! Whether real tools are here.

/// Whether the program is not on the path. That is a failure where all tools are promised to be there.
pub(crate) fn is_missing(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !is_here {
        assert!(std::env::var_os("CLUSTER_TEST_ALL").is_none(), "{program} is not installed");
        println!("skipped: no {program}");
    }
    !is_here
}
