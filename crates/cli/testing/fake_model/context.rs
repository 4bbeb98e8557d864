//! What clients add to what a user says: it is no message of the user's.

/// Elements that clients put around or beside the user's words.
const ELEMENTS: [&str; 7] = [
    "system-reminder",
    "system_reminder",
    "environment_context",
    "user_instructions",
    "session_context",
    "reminder",
    "current_datetime",
];

/// How parts of messages begin that no user wrote.
const BEGINNINGS: [&str; 5] = [
    "# AGENTS.md instructions",
    "<permissions",
    "<turn_aborted",
    "[Request interrupted by user",
    "Output token limit hit.",
];

/// What the user said, trimmed; empty if all of it was added.
pub(crate) fn said(text: &str) -> String {
    let mut text = text.to_owned();
    for element in ELEMENTS {
        while let Some(rest) = without(&text, element) {
            text = rest;
        }
    }
    let text = text.trim();
    if BEGINNINGS.iter().any(|start| text.starts_with(start)) { String::new() } else { text.to_owned() }
}

/// The text without the first such element; `None` if there is none that is whole.
fn without(text: &str, element: &str) -> Option<String> {
    let (before, rest) = text.split_once(&format!("<{element}>"))?;
    let (_, after) = rest.split_once(&format!("</{element}>"))?;
    Some(format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn what_is_added_is_not_said() {
        let table = [
            ("[Request interrupted by user for tool use]", ""),
            ("hello", "hello"),
            ("<system-reminder>\nno\n</system-reminder>\n\nhello <b>", "hello <b>"),
            ("<reminder>a</reminder>x<reminder>b</reminder>y", "xy"),
            ("<environment_context>\n  <cwd>/w</cwd>\n</environment_context>", ""),
            ("# AGENTS.md instructions for /w\n\nhi", ""),
            ("<reminder>open", "<reminder>open"),
        ];
        for (text, expected) in table {
            assert_eq!(said(text), expected, "{text}");
        }
    }
}
