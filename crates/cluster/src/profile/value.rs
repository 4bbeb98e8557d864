//! Values that are more than text: durations and patterns, checked where they are read.

use crate::batch::duration::duration;
use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::Formatter;
use std::time::Duration;

/// A duration such as `250ms`, `90s`, `30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Duration);

/// A regular expression; `^` and `$` match at line ends.
#[derive(Debug, Clone)]
pub struct Pattern(pub Regex);

/// A regular expression with `{nonce}` in it.
#[derive(Debug, Clone)]
pub struct Expect {
    /// With a group `nonce` in the place of `{nonce}`.
    pub pattern: Regex,
    written: String,
}

/// What stands for `{nonce}` in a pattern, the first time; a group has its name only once.
const NONCE_GROUP: &str = "(?P<nonce>[0-9a-f]{16})";

impl Pattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(text: &str) -> Result<Self, String> {
        RegexBuilder::new(text).multi_line(true).build().map(Self).map_err(|error| bad_regex(text, &error))
    }
}

impl Expect {
    /// Compiles `text`, which must have `{nonce}` in it.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("{nonce}") {
            return Err("must contain {nonce}, or an old reply could end a new turn".into());
        }
        let regex = text.replacen("{nonce}", NONCE_GROUP, 1).replace("{nonce}", "[0-9a-f]{16}");
        let pattern = Pattern::parse(&regex)?.0;
        Ok(Self { pattern, written: text.to_owned() })
    }
}

/// The last line of a regex error is the reason; those before it draw where.
fn bad_regex(text: &str, error: &regex::Error) -> String {
    let report = error.to_string();
    let reason = report.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    format!("{text:?} is no regular expression: {reason}")
}

impl std::fmt::Display for Time {
    /// In whole units, as short as can be; what is below a millisecond is rounded up.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let millis = self.0.as_nanos().div_ceil(1_000_000);
        let is_whole = |unit: u128| millis > 0 && millis.is_multiple_of(unit);
        let (unit, name) = [(3_600_000, "h"), (60_000, "m"), (1000, "s")]
            .into_iter()
            .find(|(unit, _)| is_whole(*unit))
            .unwrap_or((1, "ms"));
        write!(f, "{}{name}", millis / unit)
    }
}

macro_rules! as_text {
    ($type:ty, $name:literal, $about:literal, $read:expr, $write:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&$write(self))
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a text: ", $about))
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<$type, E> {
                        $read(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $about })
            }
        }
    };
}

as_text!(
    Time,
    "Time",
    "a duration such as 250ms, 90s, 30m or 1h 30m",
    |text: &str| duration(text).map(Time),
    Time::to_string
);
as_text!(
    Pattern,
    "Pattern",
    "a regular expression; ^ and $ match at line ends",
    Pattern::parse,
    |it: &Pattern| { it.0.as_str().to_owned() }
);
as_text!(
    Expect,
    "Expect",
    "a regular expression with {nonce} in it; ^ and $ match at line ends",
    Expect::parse,
    |it: &Expect| it.written.clone()
);
