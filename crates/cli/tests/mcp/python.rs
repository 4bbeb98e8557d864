//! A client made with the `mcp` package of Python.
//!
//! Wants a Python that has it in `CLUSTER_TEST_MCP_PYTHON`; without, the test says that it is skipped.

use crate::lab::Lab;
use std::process::{Command, Stdio};

/// Longer than it takes, in seconds.
const PATIENCE: &str = "60";

const SCRIPT: &str = r#"
import asyncio, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

def data(result):
    failed = getattr(result, "is_error", None) or getattr(result, "isError", False)
    assert not failed, result
    found = getattr(result, "structured_content", None)
    return found if found is not None else result.structuredContent

async def main(program, tool):
    import os
    server = StdioServerParameters(command=program, args=["mcp", tool], env=dict(os.environ))
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            tools = await session.list_tools()
            print(*sorted(tool.name for tool in tools.tools))
            jobs = [{"prompt": f"job {n}"} for n in range(5)]
            run = data(await session.call_tool("run", {"jobs": jobs}))["run"]
            told = data(await session.call_tool("read", {"run": run, "wait_s": 50}))
            assert told["done"], told
            print(run, *(one["untrusted_reply"] for one in told["ended"]), sep="|")

asyncio.run(main(*sys.argv[1:]))
"#;

#[test]
fn a_client_in_python_sends_five_jobs_waits_for_them_and_reads_them() {
    let Some(python) = std::env::var_os("CLUSTER_TEST_MCP_PYTHON") else {
        return println!("skipped: CLUSTER_TEST_MCP_PYTHON names no program");
    };
    let lab = Lab::new();
    let script = lab.write("client.py", SCRIPT);
    let mut command = Command::new("timeout");
    command.arg(PATIENCE).arg(python).args([
        &script,
        env!("CARGO_BIN_EXE_cluster"),
        &format!("{}:2", lab.tame()),
    ]);
    command.env_clear().envs(lab.environment()).current_dir(lab.path("work")).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text, "cancel read run send status tools\nt1-t5|job 0|job 1|job 2|job 3|job 4\n");
}
