//! Tools without a model: what their own profiles say is tried.

use crate::missing::is_missing;
use crate::subject::Subject;
use cluster::profile::{Overrides, Surroundings};

fn try_all(name: &str, program: &str) {
    if is_missing(program) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings { state: Some(folder.path().join("state")), ..Surroundings::current() };
    Subject { name, test: "", flags: Overrides::default(), around, folder: folder.path() }.try_all();
}

#[test]
fn bash() {
    try_all("bash", "bash");
}

#[test]
fn bc() {
    try_all("bc", "bc");
}

#[test]
fn dc() {
    try_all("dc", "dc");
}

#[test]
fn gdb() {
    try_all("gdb", "gdb");
}

#[test]
fn jq() {
    try_all("jq", "jq");
}

#[test]
fn node() {
    try_all("node", "node");
}

#[test]
fn python() {
    try_all("python", "python3");
}

#[test]
fn sqlite3() {
    try_all("sqlite3", "sqlite3");
}

#[test]
fn tclsh() {
    try_all("tclsh", "tclsh");
}
