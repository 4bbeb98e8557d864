//! Every file that a page shows is one.

use crate::markdown::{Block, all};
use cluster::batch::{ResultRecord, list::JobLine};
use cluster::config;
use cluster::profile::{Overrides, Profile, Surroundings};
use jsonschema::Validator;
use schemars::Schema;
use serde_json::Value;

fn validator(schema: &Schema) -> Validator {
    jsonschema::validator_for(schema.as_value()).unwrap()
}

fn fits(schema: &Schema, value: &Value) -> Result<(), String> {
    let errors: Vec<_> = validator(schema).iter_errors(value).map(|it| it.to_string()).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
}

fn table(block: &Block) -> Result<toml::Table, String> {
    toml::from_str(&block.text).map_err(|error| error.to_string())
}

fn value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Read as the program reads it.
fn profile(block: &Block) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tool.toml");
    std::fs::write(&file, &block.text).unwrap();
    let loaded = Profile::load(file.to_str().unwrap(), &Overrides::default(), &Surroundings::current());
    loaded.map(drop).map_err(|error| error.to_string())
}

fn settings(block: &Block) -> Result<(), String> {
    fits(&config::schema(), &serde_json::to_value(table(block)?).unwrap())
}

fn manifest(block: &Block) -> Result<(), String> {
    let table = table(block)?;
    match table.get("dependencies").and_then(toml::Value::as_table) {
        Some(dependencies) if dependencies.contains_key("cluster") => Ok(()),
        _ => Err("does not depend on cluster".to_owned()),
    }
}

fn jobs(block: &Block) -> Result<(), String> {
    block.text.lines().try_for_each(|line| fits(&schemars::schema_for!(JobLine), &value(line)?))
}

fn is_wrong(checked: &Result<(), String>) -> Result<(), String> {
    checked.is_err().then_some(()).ok_or_else(|| "nothing is wrong with it".to_owned())
}

fn check(block: &Block) -> Result<(), String> {
    match (block.language.as_str(), block.words.first().map(String::as_str)) {
        ("toml", Some("profile")) => profile(block),
        ("toml", Some("config" | "project")) => settings(block),
        ("toml", Some("cargo")) => manifest(block),
        ("json", Some("result")) => fits(&schemars::schema_for!(ResultRecord), &value(&block.text)?),
        ("json", Some("job")) => fits(&schemars::schema_for!(JobLine), &value(&block.text)?),
        ("jsonl", Some("job")) => jobs(block),
        // Shown for what is said about it.
        ("toml", Some("wrong")) => is_wrong(&profile(block).and(settings(block))),
        ("jsonl", Some("wrong")) => is_wrong(&jobs(block)),
        ("toml" | "json" | "jsonl", what) => Err(format!("what is it? {what:?}")),
        _ => Ok(()),
    }
}

#[test]
fn every_file_on_a_page_is_valid() {
    for page in all() {
        for block in &page.blocks {
            check(block).unwrap_or_else(|error| panic!("{}: {error}", page.place(block)));
        }
    }
}
