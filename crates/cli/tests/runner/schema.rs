//! JSON Schema, as much of it as the program's schemas use. A keyword that is not known here fails the test.

use serde_json::Value;

/// Panics unless the value is what the schema describes.
pub(crate) fn assert_valid(value: &Value, schema: &Value) {
    if let Err(why) = check(value, schema, schema) {
        panic!("{why}\nin {value}");
    }
}

fn check(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else {
        return if schema == true { Ok(()) } else { Err(format!("{schema} allows nothing")) };
    };
    for (keyword, rule) in keywords {
        let is_kept = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" | "default" => true,
            "$ref" => {
                check(value, root.pointer(&rule.as_str().unwrap()[1..]).unwrap(), root).map(|()| true)?
            }
            "type" => is_of(value, rule),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64() >= rule.as_f64(),
            "maximum" => value.as_f64() <= rule.as_f64(),
            "anyOf" | "oneOf" => {
                rule.as_array().unwrap().iter().any(|schema| check(value, schema, root).is_ok())
            }
            "items" => all(value.as_array().unwrap_or(&vec![]), |item| check(item, rule, root))?,
            "properties" => properties(value, rule, root)?,
            "additionalProperties" if rule == false => {
                let known = &schema["properties"];
                value.as_object().is_none_or(|object| object.keys().all(|key| known.get(key).is_some()))
            }
            "required" => {
                rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some())
            }
            _ => return Err(format!("unknown keyword {keyword}: {rule}")),
        };
        if !is_kept {
            return Err(format!("{value:.200} breaks {keyword}: {rule}"));
        }
    }
    Ok(())
}

fn properties(value: &Value, rule: &Value, root: &Value) -> Result<bool, String> {
    let Some(object) = value.as_object() else { return Ok(true) };
    let known: Vec<_> = object.iter().filter_map(|(key, value)| Some((value, rule.get(key)?))).collect();
    all(&known, |(value, schema)| check(value, schema, root))
}

fn all<T>(of: &[T], check: impl Fn(&T) -> Result<(), String>) -> Result<bool, String> {
    of.iter().try_for_each(check).map(|()| true)
}

fn is_of(value: &Value, kinds: &Value) -> bool {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        kind => is(kind.as_str().unwrap()),
    }
}

#[test]
fn what_is_wrong_is_found() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "properties": { "a": { "$ref": "#/$defs/count" } },
        "$defs": { "count": { "type": ["integer", "null"], "minimum": 0 } },
    });
    let is_valid = |text: &str| check(&serde_json::from_str(text).unwrap(), &schema, &schema).is_ok();
    for valid in [r#"{"a":1}"#, r#"{"a":0,"b":2}"#] {
        assert!(is_valid(valid), "{valid}");
    }
    for wrong in ["1", "{}", r#"{"a":-1}"#, r#"{"a":"1"}"#, r#"{"a":1.5}"#] {
        assert!(!is_valid(wrong), "{wrong}");
    }
}
