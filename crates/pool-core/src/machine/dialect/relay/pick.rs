//! Values in messages, by the picks of a profile.

use crate::spec::{Pick, PromptBy};
use serde_json::Value;

impl Pick {
    /// The value, if this is the message and it is there.
    pub(super) fn find<'a>(&self, message: &'a Value) -> Option<&'a Value> {
        let is_meant =
            self.when.iter().all(|(at, wanted)| message.pointer(at).is_some_and(|it| is_equal(it, wanted)));
        message.pointer(&self.at).filter(|value| is_meant && !value.is_null())
    }
}

/// Numbers are equal if they count the same: `0` and `0.0` are.
fn is_equal(value: &Value, wanted: &Value) -> bool {
    match (value.as_f64(), wanted.as_f64()) {
        (Some(value), Some(wanted)) => value.total_cmp(&wanted).is_eq(),
        _ => value == wanted,
    }
}

/// The first value that is found.
pub(super) fn first<'a>(picks: &[Pick], message: &'a Value) -> Option<&'a Value> {
    picks.iter().find_map(|pick| pick.find(message))
}

/// The sum of all numbers that are found; none if there are none.
pub(super) fn sum(picks: &[Pick], message: &Value) -> Option<f64> {
    let numbers = picks.iter().filter_map(|pick| pick.find(message)?.as_f64());
    numbers.filter(|number| number.is_finite() && *number >= 0.0).reduce(|sum, more| sum + more)
}

/// A value as text: a text as it is, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl PromptBy {
    /// A prompt as the input and the file of a process.
    pub(super) fn split(self, prompt: String) -> (String, Option<String>) {
        match self {
            Self::Stdin => (prompt, None),
            Self::File => (String::new(), Some(prompt)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pick(at: &str, when: &[(&str, Value)]) -> Pick {
        Pick {
            at: at.into(),
            when: when.iter().map(|(at, value)| ((*at).to_owned(), value.clone())).collect(),
        }
    }

    #[test]
    fn values_are_found_where_the_message_is_meant() {
        let message = json!({"type": "result", "is_error": false, "result": "x", "n": 2, "none": null, "list": [{"a": 1}]});
        let table = [
            (pick("/result", &[]), Some(json!("x"))),
            (pick("/result", &[("/type", json!("result"))]), Some(json!("x"))),
            (pick("/result", &[("/type", json!("result")), ("/is_error", json!(true))]), None),
            (pick("/result", &[("/n", json!(2.0))]), Some(json!("x"))),
            (pick("/result", &[("/missing", json!(null))]), None),
            (pick("/list/0/a", &[]), Some(json!(1))),
            (pick("/none", &[]), None),
            (pick("/missing", &[]), None),
            (pick("", &[("/n", json!(3))]), None),
        ];
        for (pick, expected) in table {
            assert_eq!(pick.find(&message).cloned(), expected, "{pick:?}");
        }
    }

    #[test]
    fn numbers_are_added_up() {
        let message = json!({"a": 1, "b": 2.5, "c": "3", "d": -1});
        let picks = ["/a", "/b", "/c", "/d", "/e"].map(|at| pick(at, &[]));
        assert_eq!(sum(&picks, &message), Some(3.5));
        assert_eq!(sum(&picks[2..], &message), None);
    }
}
