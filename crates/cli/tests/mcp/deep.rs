//! Pools inside of pools: counted by what tools inherit, and by who their ancestors are.

use crate::lab::Lab;

const BIN: &str = env!("CARGO_BIN_EXE_cluster");

/// What a tool of a pool says that is told this.
fn in_a_pool(lab: &Lab, command: &str) -> String {
    lab.ok(&["run", "bash:1", command, "-q", "--no-ledger"])
}

#[test]
fn a_tool_of_a_pool_gets_no_pool() {
    let lab = Lab::new();
    assert_eq!(in_a_pool(&lab, "echo $CLUSTER_DEPTH"), "1\n");
    let tame = lab.tame();
    for hide in ["", "env -u CLUSTER_DEPTH ", "env CLUSTER_DEPTH=0 setsid -w "] {
        let said = in_a_pool(&lab, &format!("{hide}{BIN} mcp {tame} </dev/null 2>&1; echo $?"));
        assert!(
            said.contains("this runs inside of a pool (depth 1)") && said.ends_with("\n2\n"),
            "{hide}: {said}"
        );
    }
    let mut alone = lab.command(&["mcp", &tame]);
    let output = alone.env("CLUSTER_DEPTH", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "the variable alone is enough");
}

#[test]
fn so_many_pools_may_be_inside_of_each_other_as_somebody_allows() {
    let lab = Lab::new();
    let tame = lab.tame();
    let inner = format!("{BIN} mcp {tame} --max-depth 2 </dev/null; echo $?");
    assert_eq!(in_a_pool(&lab, &inner), "0\n");
    let nested = format!("{BIN} run bash:1 -q --no-ledger 'echo $CLUSTER_DEPTH; {inner}'")
        .replace("; echo $?'", " 2>&1; echo $?'");
    let said = in_a_pool(&lab, &nested);
    assert!(said.starts_with("2\n") && said.contains("depth 2") && said.ends_with("\n2\n"), "{said}");
}
