//! What became of signals before we were started: ignored by `nohup`, blocked by a careless parent.

use nix::sys::signal::{SigSet, SigmaskHow};

/// Which signals were ignored when the process began; a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inherited(u64);

impl Inherited {
    /// From `/proc`; where there is none, nothing counts as ignored.
    pub(super) fn read() -> Self {
        Self::parse(&std::fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    fn parse(status: &str) -> Self {
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default())
    }

    pub(super) const fn ignores(self, signal: i32) -> bool {
        matches!(signal, 1..=64) && self.0 >> (signal - 1) & 1 == 1
    }
}

/// Lets every signal through to this thread: one that stays blocked would never be heard, and we could not be stopped.
pub(super) fn unblock() -> std::io::Result<()> {
    Ok(SigSet::empty().thread_swap_mask(SigmaskHow::SIG_SETMASK).map(drop)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_read_bit_by_bit() {
        let inherited = Inherited::parse("Name:\tx\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\n");
        let ignored: Vec<i32> = (-1..=70).filter(|signal| inherited.ignores(*signal)).collect();
        assert_eq!(ignored, [1, 13]);
        assert_eq!(Inherited::parse(""), Inherited(0));
    }
}
