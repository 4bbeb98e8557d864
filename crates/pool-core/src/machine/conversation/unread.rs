//! Answers that a process has asked for and does not read: it may ask on and on, and they must not fill our memory.

/// So many bytes of answers to a process's own questions may wait for it to read on. Prompts do not count: they are as long as
/// they are.
pub const UNREAD_ANSWERS: usize = 1 << 20;

/// How many bytes of answers wait at most.
#[derive(Debug, Default)]
pub(super) struct Unread(usize);

impl Unread {
    /// So many bytes of answers are to be sent; true if too many wait.
    pub(super) const fn answers(&mut self, bytes: usize) -> bool {
        self.0 = self.0.saturating_add(bytes);
        self.0 > UNREAD_ANSWERS
    }

    /// So many of all bytes that were to be sent wait.
    pub(super) const fn waits(&mut self, all: usize) {
        if all < self.0 {
            self.0 = all;
        }
    }
}

/// What is said of it.
pub(super) fn too_much() -> String {
    format!("it asks and does not read: more than {UNREAD_ANSWERS} bytes of answers wait for it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a queue that knows of each byte whether it is an answer, and is read from its front.
        #[test]
        fn too_much_is_never_missed_and_who_reads_all_is_never_blamed(
            events in prop::collection::vec((0..3_u8, 0..UNREAD_ANSWERS), 0..60),
        ) {
            let (mut unread, mut queue) = (Unread::default(), Vec::<(bool, usize)>::new());
            for (kind, size) in events {
                match kind {
                    0 => queue.push((false, size)),
                    1 => {
                        queue.push((true, size));
                        let answers: usize = queue.iter().filter(|it| it.0).map(|it| it.1).sum();
                        let blamed = unread.answers(size);
                        prop_assert!(blamed || answers <= UNREAD_ANSWERS, "{answers} bytes wait");
                        let all: usize = queue.iter().map(|it| it.1).sum();
                        prop_assert!(!blamed || all > UNREAD_ANSWERS, "only {all} bytes wait");
                    }
                    _ => {
                        let mut left = size;
                        while let Some((_, first)) = queue.first_mut() {
                            let read = left.min(*first);
                            (*first, left) = (*first - read, left - read);
                            if *first > 0 {
                                break;
                            }
                            queue.remove(0);
                        }
                    }
                }
                unread.waits(queue.iter().map(|it| it.1).sum());
            }
        }
    }
}
