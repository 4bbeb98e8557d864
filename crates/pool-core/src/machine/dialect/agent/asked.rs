//! Requests of an agent that were put as questions. It may ask again before it is answered: each request gets one answer.

use super::post::{Heard, Post};
use std::collections::VecDeque;

/// How many may wait at once; more are refused.
const MOST_ASKED: usize = 64;

/// A request of an agent, which waits for its answer without end.
pub(super) trait Request {
    /// What it is about to do with what: the words between "may it" and [`Request::what`].
    const VERB: &'static str;

    /// What it wants, in a line for people.
    fn what(&self) -> &str;

    /// Sends its answer.
    fn answer(self, yes: bool, post: &mut Post);
}

/// Requests that wait, the oldest first: one is asked at a time.
#[derive(Debug)]
pub(super) struct Asked<R>(VecDeque<R>);

impl<R> Default for Asked<R> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<R: Request> Asked<R> {
    /// Puts a request, now or when those before it have been answered.
    pub(super) fn ask(&mut self, request: R, post: &mut Post) {
        if self.0.len() >= MOST_ASKED {
            return refuse(request, post);
        }
        self.0.push_back(request);
        if self.0.len() == 1 {
            self.put(post);
        }
    }

    /// Whether one waits.
    pub(super) fn is_open(&self) -> bool {
        !self.0.is_empty()
    }

    /// Answers the oldest one, and puts the next.
    pub(super) fn answer(&mut self, yes: bool, post: &mut Post) {
        if let Some(request) = self.0.pop_front() {
            request.answer(yes, post);
            self.put(post);
        }
    }

    /// The agent does not want to know any more what this one is answered.
    pub(super) fn withdraw(&mut self, is_it: impl Fn(&R) -> bool, post: &mut Post) {
        let is_put = self.0.front().is_some_and(&is_it);
        self.0.retain(|request| !is_it(request));
        if is_put {
            self.put(post);
        }
    }

    /// Lets go of all of them: nobody answers them any more. The caller sees to it that each gets an answer.
    pub(super) fn take(&mut self) -> impl Iterator<Item = R> + use<R> {
        std::mem::take(&mut self.0).into_iter()
    }

    /// Says no to all of them: nobody answers them any more.
    pub(super) fn refuse(&mut self, post: &mut Post) {
        self.take().for_each(|request| request.answer(false, post));
    }

    fn put(&self, post: &mut Post) {
        if let Some(request) = self.0.front() {
            post.tell(Heard::Question(format!("may it {} {}?", R::VERB, request.what())));
        }
    }
}

/// Says no without asking anybody.
pub(super) fn refuse(request: impl Request, post: &mut Post) {
    post.tell(Heard::Denied(super::excerpt(request.what())));
    request.answer(false, post);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::dialect::agent::json::json;
    use proptest::prelude::*;

    struct Numbered(usize, String);

    impl Request for Numbered {
        const VERB: &'static str = "do";

        fn what(&self) -> &str {
            &self.1
        }

        fn answer(self, yes: bool, post: &mut Post) {
            post.send(&json!([self.0, yes]));
        }
    }

    /// The numbers of those that were put, and of those that were answered.
    fn read(post: &mut Post) -> (Vec<usize>, Vec<usize>) {
        let mut put = Vec::new();
        while let Some(heard) = post.next() {
            if let Heard::Question(words) = heard {
                put.push(words.trim_matches(|it: char| !it.is_ascii_digit()).parse().expect("a number"));
            }
        }
        let mut out = Vec::new();
        post.deliver(&mut out);
        let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let answered = lines.map(|line| serde_json::from_slice::<(usize, bool)>(line).expect("an answer").0);
        (put, answered.collect())
    }

    proptest! {
        #[test]
        fn each_is_put_once_and_answered_once_unless_it_was_withdrawn(
            events in prop::collection::vec((0..8_u8, any::<prop::sample::Index>()), 0..300),
        ) {
            let (mut asked, mut post) = (Asked::default(), Post::default());
            let (mut count, mut withdrawn, mut put, mut answered) = (0, Vec::new(), Vec::new(), Vec::new());
            for (kind, pick) in events {
                match kind {
                    0..4 => {
                        asked.ask(Numbered(count, count.to_string()), &mut post);
                        count += 1;
                    }
                    4..7 => asked.answer(pick.index(2) == 0, &mut post),
                    _ if count > 0 => {
                        let which = pick.index(count);
                        asked.withdraw(|it| it.0 == which, &mut post);
                        withdrawn.push(which);
                    }
                    _ => {}
                }
                let (questions, answers) = read(&mut post);
                prop_assert!(answers.len() <= 1 && asked.0.len() <= MOST_ASKED);
                put.extend(questions);
                answered.extend(answers);
                let shown = asked.0.front().map(|it| it.0);
                prop_assert!(shown.is_none() || put.last() == shown.as_ref(), "the last one put is the one at hand");
            }
            asked.refuse(&mut post);
            answered.extend(read(&mut post).1);
            prop_assert!(put.is_sorted() && put.windows(2).all(|two| two[0] < two[1]), "{put:?}");
            answered.sort_unstable();
            let (all, once) = (answered.len(), { answered.dedup(); answered.len() });
            prop_assert_eq!(all, once);
            prop_assert!((0..count).all(|it| withdrawn.contains(&it) || answered.contains(&it)));
        }
    }
}
