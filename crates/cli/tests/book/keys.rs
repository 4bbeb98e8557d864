//! The list of every key of a profile, made from its schema; and every flag and every setting has a word in the guide.

use crate::made::assert_made;
use crate::markdown::{Page, all};
use cluster::batch::{ResultRecord, list::JobLine};
use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "<!-- Made from the schema of profiles: not to be edited. -->

# Every key of a profile

`cluster schema profile` prints this as a JSON Schema, for editors and programs. What is not said has a default;
`cluster tools NAME` shows those that hold.

| key | value | what it means |
|---|---|---|
";

/// A row for every key of a table, and for those of tables below it.
fn rows(schema: &Value, table: &Value, prefix: &str, page: &mut String) {
    let required = table["required"].as_array().cloned().unwrap_or_default();
    for (key, property) in table["properties"].as_object().unwrap() {
        let (name, target) = (format!("{prefix}{key}"), target(schema, property));
        let about = property.get("description").or_else(|| target.get("description")).and_then(Value::as_str);
        let about = about.unwrap_or_else(|| panic!("{name} is not described"));
        let must = if required.iter().any(|it| it == key) { " Must be there." } else { "" };
        let about = cell(about);
        let _ = writeln!(page, "| `{name}` | {} | {about}{must} |", kind(schema, target));
        if target.get("properties").is_some() {
            rows(schema, target, &format!("{name}."), page);
        }
        let element = target.get("items").map(|items| self::target(schema, items));
        if let Some(element) = element.filter(|element| element.get("properties").is_some()) {
            rows(schema, element, &format!("{name}[]."), page);
        }
    }
}

/// Behind a reference, and without the possibility that it is absent.
fn target<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let some = property["anyOf"].as_array().and_then(|any| any.iter().find(|it| it["type"] != "null"));
    let property = some.unwrap_or(property);
    match property["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        Some(name) => &schema["$defs"][name],
        None => property,
    }
}

/// What its value is.
fn kind(schema: &Value, target: &Value) -> String {
    let words = choices(target);
    if !words.is_empty() {
        return words;
    }
    let kind = match &target["type"] {
        Value::Array(kinds) => kinds.iter().find_map(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("array") => {
            let items = self::target(schema, &target["items"]);
            if items.get("properties").is_some() {
                "tables".to_owned()
            } else {
                format!("list of {}s", kind_of(items)).replace("text or tables", "texts or tables")
            }
        }
        Some("object") if target.get("properties").is_some() => "table".to_owned(),
        Some("object") => "table of texts".to_owned(),
        _ => kind_of(target).to_owned(),
    }
}

fn kind_of(target: &Value) -> &str {
    if target["anyOf"].is_array() {
        return "text or table";
    }
    let kind = match &target["type"] {
        Value::Array(kinds) => kinds.iter().find_map(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") => "text",
        Some("integer") => "whole number",
        Some("number") => "number",
        Some("boolean") => "`true` or `false`",
        other => panic!("what is {other:?} of {target}"),
    }
}

/// The words that it may be, with what each means.
fn choices(target: &Value) -> String {
    let word = |it: &Value| Some(format!("`\"{}\"`", it["const"].as_str()?));
    let described = target["oneOf"].as_array().into_iter().flatten().filter_map(|it| {
        Some(format!("{}: {}", word(it)?, cell(it["description"].as_str()?).trim_end_matches('.')))
    });
    let plain = target["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| Some(format!("`\"{}\"`", it.as_str()?)));
    described.chain(plain).collect::<Vec<_>>().join("<br>")
}

fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[test]
fn every_key_of_a_profile_is_listed() {
    let schema = cluster::profile::schema().to_value();
    let mut page = HEAD.to_owned();
    rows(&schema, &schema, "", &mut page);
    assert!(page.contains("| `turn.expect` |") && page.contains("| `outcome[].pattern` |"), "{page}");
    assert_made("docs/profile-keys.md", &page);
}

/// The keys of what has this schema.
fn keys(schema: &Value) -> Vec<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

/// The words that a value with this schema may be.
fn words(schema: &Value) -> Vec<String> {
    let each = schema["oneOf"].as_array().into_iter().flatten();
    let plain = each.clone().flat_map(|it| it["enum"].as_array().into_iter().flatten());
    let all = each.filter_map(|it| it.get("const")).chain(plain);
    all.filter_map(|word| Some(word.as_str()?.to_owned())).collect()
}

/// Those that lists take and the program does not use yet.
const UNUSED: [&str; 3] = ["paths", "after", "on_unknown"];

#[test]
fn every_word_has_a_word_in_the_guide() {
    let jobs = schemars::schema_for!(JobLine).to_value();
    let results = schemars::schema_for!(ResultRecord).to_value();
    let settings = cluster::config::KEYS.iter().flat_map(|key| [key.name, key.variable]);
    let outcomes = words(&results["$defs"]["Outcome"]);
    assert!(outcomes.iter().any(|word| word == "timed_out"), "{outcomes:?}");
    let strategies = routing::strategy::NAMES.iter().map(|name| (*name).to_owned());
    let table: [(&str, Vec<String>); 4] = [
        ("lists", keys(&jobs).into_iter().filter(|key| !UNUSED.contains(&key.as_str())).collect()),
        ("output", keys(&results).into_iter().chain(outcomes).collect()),
        ("configuration", settings.map(str::to_owned).collect()),
        ("several-tools", strategies.collect()),
    ];
    for (page, words) in table {
        assert!(words.len() > 4, "{words:?}");
        let source = Page::read(&format!("docs/guide/{page}.md")).source;
        let missing: Vec<_> = words
            .into_iter()
            .filter(|word| !source.contains(&format!("`{word}")) && !source.contains(&format!("\"{word}\"")))
            .collect();
        assert_eq!(missing, Vec::<String>::new(), "{page}");
    }
}

#[test]
fn every_flag_has_a_word_in_the_book() {
    let book: String =
        all().into_iter().filter(|page| page.name.starts_with("docs/")).map(|page| page.source).collect();
    let mut missing = Vec::new();
    // Only where they are declared: `  -n, --instances <N>`.
    let flags = regex::Regex::new(r"(?m)^ {2,6}(?:-\w, )?(--[a-z-]+)").unwrap();
    for verb in ["run", "ask", "tools", "config"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cluster"));
        let help = command.args([verb, "--help"]).output().unwrap().stdout;
        let help = String::from_utf8(help).unwrap();
        missing.extend(
            flags
                .captures_iter(&help)
                .map(|found| found[1].to_owned())
                .filter(|flag| flag != "--help" && !book.contains(flag.as_str()))
                .map(|flag| format!("{verb} {flag}")),
        );
    }
    assert_eq!(missing, Vec::<String>::new());
}
