//! Holds `docs/faults.md` to the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How many faults the table is about.
const FAULTS: u32 = 70;

/// A row: its number, what happens, its tests.
struct Row {
    number: u32,
    text: String,
    tests: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md")).expect("a table");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let number = cells.get(1)?.parse().ok()?;
        let tests = cells[4].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some(Row { number, text: format!("{} {}", cells[3], cells[4]), tests })
    };
    table.lines().filter_map(row).collect()
}

/// The names of all functions of the workspace's sources.
fn functions(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            names.extend(text.split("fn ").skip(1).map(|rest| {
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
            }));
        }
    }
}

fn all_functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["crates", "tests"] {
        functions(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut names);
    }
    names
}

#[test]
fn every_fault_has_a_row_and_every_row_a_test_or_a_reason() {
    let rows = rows();
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), (1..=FAULTS).collect::<Vec<_>>());
    for row in rows {
        let reason = row.text.contains("does not apply:") || row.text.contains("open");
        assert!(!row.tests.is_empty() || reason, "fault {} has neither", row.number);
    }
}

#[test]
fn every_test_that_the_table_names_exists() {
    let functions = all_functions();
    let missing: Vec<String> =
        rows().iter().flat_map(|row| &row.tests).filter(|test| !functions.contains(*test)).cloned().collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_test_with_a_number_stands_in_its_rows() {
    let rows = rows();
    for function in all_functions() {
        let numbers = function.split('_').map_while(|word| word.strip_prefix('f')?.parse::<u32>().ok());
        for number in numbers.filter(|number| (1..=FAULTS).contains(number)) {
            let stands = rows.iter().any(|row| row.number == number && row.tests.contains(&function));
            assert!(stands, "{function} is missing in row {number}");
        }
    }
}
