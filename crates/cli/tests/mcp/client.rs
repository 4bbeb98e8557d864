//! A client that writes and reads lines, and takes nothing but the protocol.

use crate::lab::Lab;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};

pub(crate) struct Client {
    pub(crate) child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    last: u64,
}

impl Client {
    /// Of `cluster mcp` with these words, and introduced.
    pub(crate) fn start(lab: &Lab, words: &[&str]) -> Self {
        let words: Vec<&str> = ["mcp"].iter().chain(words).copied().collect();
        let mut child = lab.command(&words).stdin(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut client = Self { child, to, from, last: 0 };
        let who = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let hello = client.ask("initialize", who);
        assert_eq!(hello["result"]["serverInfo"]["name"], "cluster", "{hello}");
        client.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    /// The pool of its own.
    pub(crate) fn pool(&self) -> String {
        format!("mcp-{}", self.child.id())
    }

    pub(crate) fn write(&mut self, message: &Value) {
        writeln!(self.to.as_mut().unwrap(), "{message}").unwrap();
    }

    /// Asks, and does not wait; the number of the request.
    pub(crate) fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        let mut request = json!({"jsonrpc": "2.0", "id": self.last, "method": method});
        request["params"] = params;
        self.write(&request);
        self.last
    }

    /// The next that is said.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut talk = String::new();
            self.child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
            panic!("the server has gone: {talk}");
        }
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        message
    }

    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let asked = self.begin(method, params);
        loop {
            let said = self.next();
            if said["id"] == asked {
                return said;
            }
        }
    }

    /// Calls a tool: text, data, and whether it failed.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> (String, Value, bool) {
        let mut call = json!({"name": tool});
        call["arguments"] = arguments;
        let said = self.ask("tools/call", call);
        let result = &said["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
        (text, result["structuredContent"].clone(), result["isError"] == true)
    }

    /// The data of a call that succeeds.
    pub(crate) fn ok(&mut self, tool: &str, arguments: Value) -> Value {
        let (text, data, is_error) = self.call(tool, arguments);
        assert!(!is_error, "{text}");
        data
    }

    /// Why a call fails.
    pub(crate) fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let (text, data, is_error) = self.call(tool, arguments);
        assert!(is_error, "{text} {data}");
        text
    }

    /// The names of the tools that there are.
    pub(crate) fn names(&mut self) -> Vec<String> {
        let list = self.ask("tools/list", json!({}));
        let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
        list["result"]["tools"].as_array().unwrap().iter().map(name).collect()
    }

    /// Goes away as clients do; how the server ends, and what it has said besides the protocol.
    pub(crate) fn leave(mut self) -> (ExitStatus, String) {
        drop(self.to.take());
        let mut rest = String::new();
        self.from.read_to_string(&mut rest).unwrap();
        assert!(rest.lines().all(|line| line.starts_with('{')), "{rest}");
        let mut talk = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
        (self.child.wait().unwrap(), talk)
    }
}

/// A test that fails leaves no server behind.
impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
