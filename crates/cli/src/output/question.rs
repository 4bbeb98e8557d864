//! What an agent asks, on a terminal: the whole question once, and the keys below everything as long as it is open.

use super::{Output, sanitize, title};
use crate::commands::run::Question;
use cluster::batch::plan::JobInfo;

/// How much of a question is shown; agents' own questions are shorter.
const WIDTH: usize = 4000;

impl Output {
    /// Agents ask who sits at the terminal.
    pub(crate) const fn asks(&mut self) {
        self.asks = true;
    }

    /// Puts a question, behind which others wait. Even who wants quiet is asked.
    pub(crate) fn ask(&mut self, question: &Question, job: Option<&JobInfo>, keys: &str) {
        let job = job.map(|job| format!(" (job {})", title(job, self.total))).unwrap_or_default();
        let words = sanitize::line(&question.words, WIDTH);
        let mut lines = vec![format!("{} asks{job}: {words}", name(question))];
        if !self.draws() {
            lines.push(keys.to_owned());
        }
        self.lines(lines);
    }

    /// What answers the question that was put, and how many wait behind it: below everything, where there are rows.
    pub(crate) fn keys(&mut self, behind: usize, keys: &str) {
        let behind = if behind > 0 { format!("({behind} more wait)  ") } else { String::new() };
        self.progress.prompt(Some(format!("{behind}{keys}")));
    }

    /// Nothing is asked any more.
    pub(crate) fn ask_no_more(&mut self) {
        self.progress.prompt(None);
    }

    /// A question has been answered.
    pub(crate) fn answered(&mut self, question: &Question, yes: bool) {
        self.note(&format!("{}: {}", name(question), if yes { "yes, it may" } else { "no, it may not" }));
    }

    /// What the keys mean, at length.
    pub(crate) fn help_answer(&mut self, keys: &str) {
        self.lines(vec![
            keys.to_owned(),
            "no is no failure: the agent goes on without. Other instances work on meanwhile. Ctrl-C ends the run.".into(),
        ]);
    }
}

fn name(question: &Question) -> String {
    format!("instance {} {}", question.slot, sanitize::line(&question.tool, 80))
}
