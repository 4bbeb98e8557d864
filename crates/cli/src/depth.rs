//! How deep we are: a tool of a pool may be an agent that starts a pool of its own, and so on.
//!
//! Counted twice, because either can be lost: tools inherit a variable, and every tool has a guard among its ancestors.

use std::ffi::OsString;

/// What tools inherit: how many pools they are inside of.
pub(crate) const VARIABLE: &str = "CLUSTER_DEPTH";

/// More ancestors than anybody has.
const ANCESTORS: usize = 4096;

/// How many pools this process is inside of: 0 for one that a person has started.
pub(crate) fn depth() -> u32 {
    inherited(std::env::var_os(VARIABLE)).max(pools_above(ancestors()))
}

/// Who cannot be read was not written by us, and counts as one.
fn inherited(value: Option<OsString>) -> u32 {
    value.map_or(0, |value| value.to_str().and_then(|value| value.parse().ok()).unwrap_or(1))
}

/// Whether each of our ancestors is a guard, from our parent upwards.
fn ancestors() -> impl Iterator<Item = bool> {
    let mut at = parent("self");
    std::iter::from_fn(move || {
        let pid = at.take()?;
        at = parent(&pid);
        Some(std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| is_guard(&line)))
    })
    .take(ANCESTORS)
}

fn parent(pid: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name may have any character in it, parentheses too.
    let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
    (parent != "0").then(|| parent.to_owned())
}

fn is_guard(command_line: &[u8]) -> bool {
    command_line.split(|byte| *byte == 0).nth(1) == Some(pool_core::process::guard::ARGUMENT.as_bytes())
}

/// A pool's guards follow each other: that of a slot, and the one that it was made from.
fn pools_above(are_guards: impl Iterator<Item = bool>) -> u32 {
    let (mut pools, mut was_guard) = (0, false);
    for is_guard in are_guards {
        pools += u32::from(is_guard && !was_guard);
        was_guard = is_guard;
    }
    pools
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_told_by_their_guards() {
        let table: [(&[u8], u32); 6] =
            [(b"", 0), (b"...", 0), (b".gg.", 1), (b"g", 1), (b".gg..gg.", 2), (b"g.g.g", 3)];
        for (ancestors, pools) in table {
            assert_eq!(pools_above(ancestors.iter().map(|one| *one == b'g')), pools, "{ancestors:?}");
        }
        assert!(is_guard(b"cluster-guard\0__guard\0"));
        for other in [&b""[..], b"__guard\0", b"sh\0-c\0__guard\0", b"cluster\0__guarded\0"] {
            assert!(!is_guard(other), "{other:?}");
        }
    }

    #[test]
    fn what_was_inherited_counts_whatever_it_says() {
        let table =
            [(None, 0), (Some("0"), 0), (Some("3"), 3), (Some(""), 1), (Some("-1"), 1), (Some("many"), 1)];
        for (value, depth) in table {
            assert_eq!(inherited(value.map(OsString::from)), depth, "{value:?}");
        }
    }

    #[test]
    fn ancestors_end_at_the_first_process() {
        assert!((1..ANCESTORS).contains(&ancestors().count()));
    }
}
