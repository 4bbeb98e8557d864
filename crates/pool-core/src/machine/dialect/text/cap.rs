//! A bound on what is kept of a long reply: its head and its tail.

use super::window::{char_start_after, char_start_before};

/// Kept behind the tail until the end of the turn is known: what ends it is not part of the reply.
const MARGIN: usize = 8192;

/// How much may gather at least before the middle is cut again, so that cutting is rare: one read.
const SLACK: usize = 65536;

/// Keeps a growing buffer near its bound, and cuts it to size when it is complete.
#[derive(Debug, Clone)]
pub(in crate::machine::dialect) struct Cap {
    max: usize,
    /// How much of the front is the head, once something has been cut out behind it.
    head: usize,
    cut: u64,
}

impl Cap {
    pub(in crate::machine::dialect) const fn new(max: usize) -> Self {
        Self { max, head: 0, cut: 0 }
    }

    /// Cuts the middle out of `bytes` if they have become too many; returns how many went. Each byte of a stream
    /// without end is moved about twice.
    pub(in crate::machine::dialect) fn thin(&mut self, bytes: &mut Vec<u8>) -> usize {
        let limit = self.max + MARGIN + SLACK.max(self.max / 4);
        if bytes.len() <= limit {
            // Doubling would overshoot the bound.
            if bytes.len() > limit / 2 && bytes.capacity() < limit + SLACK {
                bytes.reserve_exact(limit + SLACK - bytes.len());
            }
            return 0;
        }
        let tail = char_start_before(bytes, bytes.len() - self.max / 2 - MARGIN);
        self.remove(bytes, tail, "")
    }

    /// How much of the front is the head, once something has been cut out.
    pub(in crate::machine::dialect) const fn head_len(&self) -> usize {
        self.head
    }

    /// Cuts a complete reply down to its bound; a line in it says where and how much. Returns how many bytes are gone in
    /// all.
    pub(in crate::machine::dialect) fn finish(mut self, bytes: &mut Vec<u8>) -> u64 {
        let half = self.max / 2;
        if self.cut > 0 || bytes.len() > self.max {
            let tail = char_start_after(bytes, bytes.len().saturating_sub(half).max(self.head));
            let head = self.head(bytes);
            let cut = self.cut + (tail - head) as u64;
            self.remove(bytes, tail, &cut_here(cut));
        }
        self.cut
    }

    fn remove(&mut self, bytes: &mut Vec<u8>, tail: usize, line: &str) -> usize {
        self.head = self.head(bytes);
        let gone = tail - self.head;
        self.cut += gone as u64;
        if line.is_empty() {
            bytes.drain(self.head..tail);
        } else {
            bytes.splice(self.head..tail, line.bytes());
        }
        gone
    }

    fn head(&self, bytes: &[u8]) -> usize {
        if self.cut > 0 { self.head } else { char_start_before(bytes, self.max / 2) }
    }
}

/// The line that stands where so many bytes were.
fn cut_here(cut: u64) -> String {
    format!("\n[… {cut} bytes cut …]\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keep(max: usize, bytes: &[u8], chunk: usize) -> (Vec<u8>, u64) {
        let (mut cap, mut kept) = (Cap::new(max), Vec::new());
        for piece in bytes.chunks(chunk) {
            kept.extend_from_slice(piece);
            cap.thin(&mut kept);
        }
        let cut = cap.finish(&mut kept);
        (without_mark(kept, cut), cut)
    }

    fn without_mark(mut kept: Vec<u8>, cut: u64) -> Vec<u8> {
        let mark = cut_here(cut).into_bytes();
        if let Some(place) = memchr::memmem::find(&kept, &mark) {
            kept.drain(place..place + mark.len());
        }
        kept
    }

    #[test]
    fn a_short_reply_is_whole() {
        assert!(keep(4096, &[b'x'; 4096], 100) == (vec![b'x'; 4096], 0));
    }

    #[test]
    fn the_marker_stands_between_head_and_tail() {
        let mut bytes = [[b'a'; 4096], [b'b'; 4096]].concat();
        assert_eq!(Cap::new(4096).finish(&mut bytes), 4096);
        let expected = format!("{}\n[… 4096 bytes cut …]\n{}", "a".repeat(2048), "b".repeat(2048));
        assert_eq!(String::from_utf8(bytes).expect("text"), expected);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let (mut cap, mut kept) = (Cap::new(1 << 20), Vec::new());
        for _ in 0..1024 {
            kept.extend_from_slice(&[b'x'; 65536]);
            cap.thin(&mut kept);
            assert!(kept.capacity() <= (1 << 20) + (1 << 18) + 2 * 65536 + MARGIN, "{}", kept.capacity());
        }
        let cut = cap.finish(&mut kept);
        assert_eq!((cut, without_mark(kept, cut).len()), (63 << 20, 1 << 20));
    }

    proptest! {
        #[test]
        fn head_and_tail_are_those_of_the_stream(size in 0..400_000_usize, max in 4096..100_000_usize, chunk in 1..70_000_usize) {
            let bytes: Vec<u8> = (0..size).map(|at| b'a' + (at % 23) as u8).collect();
            let (kept, cut) = keep(max, &bytes, chunk.max(size / 100));
            prop_assert_eq!(kept.len() as u64 + cut, size as u64);
            if size <= max {
                prop_assert_eq!(cut, 0);
            } else {
                let half = max / 2;
                prop_assert!(kept[..half] == bytes[..half]);
                prop_assert!(kept[half..] == bytes[size - half..]);
            }
        }

        #[test]
        fn characters_stay_whole(size in 4096..9000_usize) {
            let text = "a漢é😀".repeat(size);
            let mut bytes = text.into_bytes();
            Cap::new(4096).finish(&mut bytes);
            prop_assert!(String::from_utf8(bytes).is_ok());
        }
    }
}
