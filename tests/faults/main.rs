//! The table of faults: `docs/faults.toml` says what becomes of each and which tests show it, `just faults` runs those
//! tests with and without changes to the program that they are to find, and writes `docs/faults.md`. Every other run
//! of the tests only holds both to the code.

mod code;
mod mutants;
mod table;

use mutants::{End, Lab};
use std::collections::BTreeSet;
use std::fs;
use table::{Fault, rendered, root, source, table};

/// How many faults the table is about.
const FAULTS: u32 = 70;

#[test]
fn every_fault_has_a_row_and_every_row_a_test_that_was_seen_to_fail_or_a_reason() {
    let table = table();
    assert_eq!(
        table.fault.iter().map(|fault| fault.number).collect::<Vec<_>>(),
        (1..=FAULTS).collect::<Vec<_>>()
    );
    for fault in &table.fault {
        let number = fault.number;
        assert!(
            !fault.tests.is_empty() || fault.why_not.is_some(),
            "fault {number} has neither test nor reason"
        );
        let mut changes = fault.changes().peekable();
        assert!(
            changes.peek().is_some() || fault.why_not.is_some(),
            "nothing makes the tests of {number} fail"
        );
        for (name, finder) in changes {
            assert!(
                fault.tests.iter().any(|test| test == finder),
                "{finder} is not a test of fault {number}"
            );
            let places =
                table.fault.iter().flat_map(|fault| &fault.mutation).filter(|change| change.name == name);
            assert_eq!(places.count(), 1, "{name:?} of fault {number} is not one change");
        }
    }
}

#[test]
fn every_test_that_the_table_names_exists() {
    let there = code::tests();
    let table = table();
    let named = table.fault.iter().flat_map(Fault::named);
    let missing: Vec<&String> = named.filter(|test| !there.contains_key(*test)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn every_test_with_a_number_stands_in_its_rows() {
    let table = table();
    for function in code::tests().into_keys() {
        let numbers = function.split('_').map_while(|word| word.strip_prefix('f')?.parse::<u32>().ok());
        for number in numbers.filter(|number| (1..=FAULTS).contains(number)) {
            let row = table.fault.iter().find(|fault| fault.number == number);
            let stands = row.is_some_and(|row| row.named().any(|test| *test == function));
            assert!(stands, "{function} is missing in row {number}");
        }
    }
}

#[test]
fn every_change_finds_its_place_in_the_code() {
    for mutation in table().fault.iter().flat_map(|fault| &fault.mutation) {
        let text = fs::read_to_string(root().join(&mutation.file)).expect("a source");
        let places = text.matches(mutation.find.as_str()).count();
        assert_eq!(places, 1, "{:?} in {}", mutation.find, mutation.file);
    }
}

#[test]
fn the_page_is_made_from_this_table() {
    let page = fs::read_to_string(table::page()).expect("docs/faults.md");
    assert!(page == rendered(&table(), &source()), "docs/faults.toml has changed: run `just faults`");
}

/// Some minutes; see the head of this file.
#[test]
#[ignore = "`just faults` runs it"]
fn all_is_seen_and_written_down() {
    let table = table();
    let lab = Lab::set_up(&table);
    let mut wrong = Vec::new();
    let tests: BTreeSet<&str> =
        table.fault.iter().flat_map(|fault| &fault.tests).map(String::as_str).collect();
    for test in tests {
        let end = lab.run(test, "");
        if end != End::Passed {
            wrong.push(format!("{test} without any change: {end:?}"));
        }
    }
    for fault in &table.fault {
        for (name, test) in fault.changes() {
            let end = lab.run(test, name);
            println!("{}: {name}: {end:?}", fault.number);
            if end == End::Passed {
                wrong.push(format!("{test} does not find: {name} (fault {})", fault.number));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    fs::write(table::page(), rendered(&table, &source())).expect("docs/faults.md");
}
