//! A client made with the `mcp` package of Python.
//!
//! Wants a Python that has it in `CLUSTER_TEST_MCP_PYTHON`; without, the test says that it is skipped.

use crate::client::Client;
use crate::lab::Lab;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Longer than it takes, in seconds.
const PATIENCE: &str = "60";

const SCRIPT: &str = r#"
import asyncio, os, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

def data(result):
    failed = getattr(result, "is_error", None) or getattr(result, "isError", False)
    assert not failed, result
    found = getattr(result, "structured_content", None)
    return found if found is not None else result.structuredContent

async def main(program, *words):
    server = StdioServerParameters(command=program, args=["mcp", *words], env=dict(os.environ))
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            if not words:
                run = data(await session.call_tool("run", {"jobs": [{"prompt": "[[delay=300]] kept"}]}))["run"]
                print(run, flush=True)
                data(await session.call_tool("read", {"any": True, "wait_s": 50}))
            tools = await session.list_tools()
            print(*sorted(tool.name for tool in tools.tools))
            jobs = [{"prompt": f"job {n}"} for n in range(5)]
            run = data(await session.call_tool("run", {"jobs": jobs}))["run"]
            told = data(await session.call_tool("read", {"run": run, "wait_s": 50}))
            assert told["done"], told
            print(run, *(one["untrusted_reply"] for one in told["ended"]), sep="|")

asyncio.run(main(*sys.argv[1:]))
"#;

/// The client with these words for the server; none if there is none.
fn client(lab: &Lab, words: &[&str]) -> Option<Command> {
    let Some(python) = std::env::var_os("CLUSTER_TEST_MCP_PYTHON") else {
        println!("skipped: CLUSTER_TEST_MCP_PYTHON names no program");
        return None;
    };
    let script = lab.write("client.py", SCRIPT);
    let mut command = Command::new("timeout");
    command.arg(PATIENCE).arg(python).args([&script, env!("CARGO_BIN_EXE_cluster")]).args(words);
    command.env_clear().envs(lab.environment()).current_dir(lab.path("work"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

#[test]
fn a_client_in_python_sends_five_jobs_waits_for_them_and_reads_them() {
    let lab = Lab::new();
    let Some(mut client) = client(&lab, &[&format!("{}:2", lab.tame())]) else { return };
    let output = client.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text, "cancel read run send status tools\nt1-t5|job 0|job 1|job 2|job 3|job 4\n");
}

#[test]
fn a_client_in_python_that_is_killed_while_it_waits_loses_nothing() {
    let lab = Lab::new();
    let Some(mut first) = client(&lab, &[]) else { return };
    lab.ok(&["up", &lab.tame(), "-n", "1"]);
    let mut first = first.process_group(0).spawn().unwrap();
    let mut run = String::new();
    BufReader::new(first.stdout.take().unwrap()).read_line(&mut run).unwrap();
    kill_process_group(Pid::from_child(&first), Signal::KILL).unwrap();
    first.wait().unwrap();
    assert_eq!(run, "t1\n");
    let mut other = Client::start(&lab, &[]);
    assert_eq!(other.ok("read", json!({"any": true, "wait_s": 50}))["untrusted_reply"], "kept");
}
