//! Which of a client's tools is called, and with which arguments: every client has its own names for the same.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Names of tools that run a command, and of arguments that hold it.
const SHELLS: [&str; 6] = ["exec_command", "shell_command", "shell", "Bash", "bash", "run_shell_command"];
const COMMANDS: [&str; 2] = ["cmd", "command"];

/// Names of tools that write a file, and of arguments that hold its path and its text.
const WRITERS: [&str; 4] = ["Write", "write", "write_file", "create"];
const PATHS: [&str; 4] = ["file_path", "filePath", "path", "absolute_path"];
const TEXTS: [&str; 3] = ["content", "file_text", "contents"];

/// A tool that a request declares.
#[derive(Debug, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// The JSON schema of its arguments.
    pub(crate) schema: Value,
}

/// A call of a tool.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// An object.
    pub(crate) arguments: Value,
}

impl Tool {
    /// A tool by these two fields of its declaration.
    pub(crate) fn of(name: &Value, schema: &Value) -> Option<Self> {
        Some(Self { name: name.as_str()?.to_owned(), schema: schema.clone() })
    }

    /// A call with these arguments, each under the first of its names that the tool knows. What else it demands
    /// gets a value of the right type.
    fn call(&self, given: &[(&[&str], &str)]) -> Call {
        let mut arguments = Map::new();
        let known = self.schema["properties"].as_object();
        for (name, schema) in known.into_iter().flatten() {
            let demanded = self.schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
            let value = given.iter().find(|(names, _)| names.contains(&name.as_str()));
            match value {
                Some((_, text)) if schema["type"] == "array" => {
                    arguments.insert(name.clone(), json!(["bash", "-lc", text]));
                }
                Some((_, text)) => {
                    arguments.insert(name.clone(), json!(text));
                }
                None if demanded => {
                    arguments.insert(name.clone(), fill(schema));
                }
                None => {}
            }
        }
        Call { name: self.name.clone(), arguments: Value::Object(arguments) }
    }
}

/// A call that runs this command; an error if no tool does.
pub(crate) fn shell(tools: &[Tool], command: &str) -> Result<Call, String> {
    let tool = find(tools, &SHELLS).ok_or_else(|| missing("runs commands", tools))?;
    Ok(tool.call(&[(&COMMANDS, command)]))
}

/// A call that writes this text to this file. Codex has no tool for that: it understands patches as commands.
pub(crate) fn write(tools: &[Tool], path: &str, text: &str) -> Result<Call, String> {
    if let Some(tool) = find(tools, &WRITERS) {
        return Ok(tool.call(&[(&PATHS, path), (&TEXTS, text)]));
    }
    let tool = find(tools, &SHELLS[..2]).ok_or_else(|| missing("writes files", tools))?;
    let lines: String = text.lines().map(|line| format!("+{line}\n")).collect();
    let patch = format!("*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch");
    Ok(tool.call(&[(&COMMANDS, &format!("apply_patch <<'EOF'\n{patch}\nEOF\n"))]))
}

/// A call of the tool of this name, whatever its client puts before it, with these arguments: a JSON object.
pub(crate) fn named(tools: &[Tool], name: &str, arguments: &str) -> Result<Call, String> {
    let is_it = |tool: &&Tool| {
        let before = tool.name.strip_suffix(name);
        before.is_some_and(|before| !before.ends_with(|last: char| last.is_ascii_alphanumeric()))
    };
    let tool = tools.iter().find(is_it).ok_or_else(|| missing(&format!("is called {name}"), tools))?;
    let arguments = serde_json::from_str(arguments).map_err(|error| format!("{arguments}: {error}"))?;
    Ok(Call { name: tool.name.clone(), arguments })
}

/// A value that fits a schema: the first that it lists, else a plain one of its type.
pub(crate) fn fill(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    match schema["type"].as_str().unwrap_or_default().to_lowercase().as_str() {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), fill(schema))).collect::<Map<_, _>>().into()
        }
        "array" => json!([]),
        "boolean" => json!(false),
        "integer" | "number" => json!(1),
        _ => json!("fake"),
    }
}

fn find<'a>(tools: &'a [Tool], names: &[&str]) -> Option<&'a Tool> {
    names.iter().find_map(|name| tools.iter().find(|tool| tool.name == *name))
}

fn missing(does: &str, tools: &[Tool]) -> String {
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
    format!("no tool that {does} among: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Tool, fill, named, shell, write};

    fn tool(name: &str, schema: Value) -> Tool {
        Tool { name: name.to_owned(), schema }
    }

    #[test]
    fn names_come_from_the_declarations() {
        let table = [
            ("Bash", json!({"command": {}, "timeout": {}}), json!({"command": "ls"})),
            ("exec_command", json!({"cmd": {"type": "string"}}), json!({"cmd": "ls"})),
            ("shell", json!({"command": {"type": "array"}}), json!({"command": ["bash", "-lc", "ls"]})),
            (
                "bash",
                json!({"command": {}, "description": {"type": "string"}}),
                json!({"command": "ls", "description": "fake"}),
            ),
        ];
        for (name, properties, arguments) in table {
            let schema = json!({"properties": properties, "required": ["description"]});
            let call = shell(&[tool("Read", json!({})), tool(name, schema)], "ls").unwrap();
            assert_eq!((call.name.as_str(), call.arguments), (name, arguments));
        }
        assert_eq!(
            shell(&[tool("Read", json!({}))], "ls").unwrap_err(),
            "no tool that runs commands among: Read"
        );
    }

    #[test]
    fn files_are_written_by_a_tool_or_by_a_patch() {
        let writer = tool("write", json!({"properties": {"filePath": {}, "content": {}}}));
        let call = write(&[writer], "a", "b\nc").unwrap();
        assert_eq!(call.arguments, json!({"filePath": "a", "content": "b\nc"}));
        let codex = tool("exec_command", json!({"properties": {"cmd": {}}}));
        let patch = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: a\n+b\n+c\n*** End Patch\nEOF\n";
        assert_eq!(write(&[codex], "a", "b\nc").unwrap().arguments, json!({"cmd": patch}));
        assert!(write(&[], "a", "b").is_err());
    }

    #[test]
    fn a_tool_is_called_by_its_name_whatever_its_client_puts_before_it() {
        let tools = ["mcp__cluster__resend", "mcp__cluster__send"].map(|name| tool(name, json!({})));
        let call = named(&tools, "send", r#"{"a": [1]}"#).unwrap();
        assert_eq!((call.name.as_str(), call.arguments), ("mcp__cluster__send", json!({"a": [1]})));
        assert!(named(&tools, "read", "{}").is_err() && named(&tools, "send", "{").is_err());
    }

    #[test]
    fn forms_are_filled() {
        let schema = json!({"type": "OBJECT", "properties": {
            "why": {"type": "STRING"}, "score": {"type": "INTEGER"}, "model": {"enum": ["x", "y"]}}});
        assert_eq!(fill(&schema), json!({"why": "fake", "score": 1, "model": "x"}));
    }
}
