//! What the three libraries promise to those who depend on them: every public item, as a list that a change has to change.
//!
//! The list is made from what the compiler writes for documentation. That format is not stable, and is read here only if
//! it is the one that this program knows; any other compiler is told so. Runs where all tests are asked for
//! (`CLUSTER_TEST_ALL`, as in `.ci/run`), because it takes a build of its own; `INSTA_UPDATE=always` renews the lists.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of the format that the pinned `public-api` reads.
const FORMAT: u64 = 57;

#[test]
fn pool_core() {
    check("cluster-pool-core", "pool_core");
}

#[test]
fn routing() {
    check("cluster-routing", "routing");
}

#[test]
fn cluster() {
    check("cluster", "cluster");
}

fn check(package: &str, library: &str) {
    if std::env::var_os("CLUSTER_TEST_ALL").is_none() {
        return eprintln!("not compared: set CLUSTER_TEST_ALL=1");
    }
    let described = describe(package, library);
    let text = std::fs::read_to_string(&described).expect("what the compiler wrote");
    let format = serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["format_version"].as_u64();
    if format != Some(FORMAT) {
        return eprintln!("not compared: this compiler writes format {format:?}, and {FORMAT} is known");
    }
    let api = public_api::Builder::from_rustdoc_json(described)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .expect("a description that can be read");
    insta::assert_snapshot!(library, api);
}

/// The compiler's description of a library's items.
fn describe(package: &str, library: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api");
    let mut rustdoc = Command::new(env!("CARGO"));
    rustdoc.args(["rustdoc", "--quiet", "--package", package, "--lib", "--target-dir"]).arg(&target);
    rustdoc.args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]);
    let status = rustdoc.env("RUSTC_BOOTSTRAP", "1").current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(status.expect("cargo starts").success(), "the compiler describes {package}");
    target.join(format!("doc/{library}.json"))
}
