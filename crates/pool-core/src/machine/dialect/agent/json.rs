//! Looks into messages. A field that is missing, or of another kind than expected, is none: agents change theirs often.

pub(in crate::machine::dialect) use serde_json::{Value, json};

/// A line as a message; none if it is not a JSON object.
pub(in crate::machine::dialect) fn object(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line).ok().filter(Value::is_object)
}

/// Ways into a message.
pub(super) trait Fields {
    /// The field at the end of a path of names.
    fn at(&self, path: &[&str]) -> Option<&Value>;

    /// A text there.
    fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// A count there.
    fn count(&self, path: &[&str]) -> Option<u64> {
        self.at(path)?.as_u64()
    }

    /// A list there; empty if there is none.
    fn list(&self, path: &[&str]) -> &[Value] {
        self.at(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

impl Fields for Value {
    fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }
}
