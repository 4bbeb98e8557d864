//! Sizes as people write them: `65536`, `512M`, `2G`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// A number of bytes that is more than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

/// Reads a number of bytes that is more than none; K, M and G stand for 1024, its square and its cube.
///
/// # Errors
/// What would be right.
pub fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (&text[..at], 10),
        Some((at, 'M' | 'm')) => (&text[..at], 20),
        Some((at, 'G' | 'g')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let is_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << unit));
    bytes
        .filter(|bytes| *bytes > 0 && is_digits)
        .ok_or_else(|| "write a number of bytes, or one with K, M or G, such as 512M".to_owned())
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText).map(Self)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of bytes that is more than none, or a text such as \"512M\"")
    }

    fn visit_i64<E: Error>(self, bytes: i64) -> Result<u64, E> {
        let some = u64::try_from(bytes).ok().filter(|bytes| *bytes > 0);
        some.ok_or_else(|| E::invalid_value(Unexpected::Signed(bytes), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        size(text).map_err(|reason| E::custom(format!("{text:?} is no size: {reason}")))
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes: a number, or a text with K, M or G behind it.",
            "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn what_is_a_size() {
        let table = [
            ("65536", Some(65_536)),
            ("1K", Some(1024)),
            ("512M", Some(536_870_912)),
            ("2g", Some(2_147_483_648)),
            ("0", None),
            ("", None),
            ("M", None),
            ("+5", None),
            ("1.5G", None),
            ("2GB", None),
            ("-1", None),
            ("17179869184G", None),
            ("5\u{e9}", None),
        ];
        for (text, bytes) in table {
            assert_eq!(size(text).ok(), bytes, "{text:?}");
        }
    }
}
