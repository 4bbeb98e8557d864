//! The one place that prints. Standard output is data, standard error is talk.
//!
//! Whatever comes from a tool or an item is made safe before a terminal sees it, and always on standard error. Data
//! that goes into a pipe or a file is left as it is.

mod board;
mod document;
mod fit;
mod limit;
pub(crate) mod log;
mod outlet;
pub(crate) mod paint;
mod progress;
mod question;
pub(crate) mod redact;
mod replies;
pub(crate) mod sanitize;
mod screen;
pub(crate) mod seat;
mod states;
mod style;
mod summary;
mod talk;
mod tally;
mod transcripts;
mod versions;

pub(crate) use document::Bytes;
pub(crate) use limit::{LimitNews, span};
pub(crate) use seat::Seat;
pub(crate) use style::Style;
pub(crate) use talk::Level;
pub(crate) use tally::{Shown, Tally, jobs};
pub(crate) use transcripts::Transcripts;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::hooks::{Hooks, Said};
use crate::report::Report;
use board::Board;
use cluster::batch::ResultRecord;
use cluster::batch::clock::local;
use cluster::batch::plan::JobInfo;
use cluster::batch::run::Counts;
use cluster::hooks::Happened;
use cluster::inside::Why;
use outlet::{Mouth, Outlet, Stream};
use paint::Paint;
use pool_core::supervisor::{HoldStatus, InstanceDump, InstanceState, InstanceStatus};
use progress::Progress;
use replies::{Form, Replies};
use screen::Screen;
use states::States;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::Instant;
use summary::Starts;
use talk::Talk;
use versions::Versions;

/// Standard output and standard error of a run.
pub(crate) struct Output {
    replies: Replies,
    talk: Talk,
    progress: Progress,
    tally: Tally,
    states: States,
    starts: Starts,
    report: Report,
    hooks: Hooks,
    versions: Versions,
    total: Option<u64>,
    /// Somebody is there to be asked.
    asks: bool,
    /// Where everything goes that does not go to a terminal.
    outlet: Option<Outlet>,
}

impl Output {
    /// The output of a run that begins now, and the files that it leaves. Warnings of the libraries go to standard error
    /// from here on.
    pub(crate) fn new(style: Style, report: Report, now: Instant) -> Self {
        let form = match (style.json, stdout().is_terminal()) {
            (true, terminal) => Form::Json { terminal },
            (false, true) => Form::Headed(Paint::of(&stdout())),
            (false, false) => Form::Plain,
        };
        // Without a thread, everything is written directly.
        let outlet = Outlet::new(stdout(), stderr(), are_one()).ok();
        let through = |stream, terminal: bool| {
            let outlet = outlet.clone().filter(|_| !terminal)?;
            Some(Box::new(Mouth { outlet, stream }) as Box<dyn Write>)
        };
        let talk_to = through(Stream::Talk, stderr().is_terminal()).unwrap_or_else(|| Box::new(stderr()));
        let replies_to = through(Stream::Data, stdout().is_terminal()).unwrap_or_else(|| Box::new(stdout()));
        let talk = Talk::new(talk_to, Paint::of(&stderr()), style.level);
        let progress = Progress::new(style.total, screen(style.level), Paint::of(&stderr()), now);
        let mut output = Self::of(Replies::new(replies_to, form), talk, progress, style.total);
        output.report = report;
        log::listen(
            style.level,
            style.explain,
            output.progress.screen(),
            outlet.clone().filter(|_| !stderr().is_terminal()),
            cluster::config::state().map(|state| state.join("log")).as_deref(),
        );
        tracing::info!(target: log::FILE_ONLY, version = env!("CARGO_PKG_VERSION"), "a run begins");
        output.outlet = outlet;
        output
    }

    fn of(replies: Replies, talk: Talk, progress: Progress, total: Option<u64>) -> Self {
        Self {
            replies,
            talk,
            progress,
            tally: Tally::default(),
            states: States::default(),
            starts: Starts::default(),
            report: Report::default(),
            hooks: Hooks::default(),
            versions: Versions::default(),
            total,
            asks: false,
            outlet: None,
        }
    }

    /// The same into something else than the standard streams.
    #[cfg(test)]
    pub(crate) fn into(out: Box<dyn Write>, err: Box<dyn Write>, style: Style, now: Instant) -> Self {
        let talk = Talk::new(err, Paint::plain(), style.level);
        let progress = Progress::new(style.total, Screen::default(), Paint::plain(), now);
        Self::of(Replies::new(out, Form::Plain), talk, progress, style.total)
    }

    /// What went out so far.
    pub(crate) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Tells these of what happens, from now on.
    pub(crate) fn hook(&mut self, hooks: Hooks) {
        self.hooks = hooks;
    }

    /// Writes a result to where files of results are wanted, and tells hooks of a failure.
    pub(crate) fn keep(&mut self, record: &ResultRecord, shown: Shown) {
        self.look_at_version(record);
        self.report.ended(record, shown);
        if shown == Shown::Whole {
            self.hooks.ended(record);
        }
    }

    /// Tells hooks that the run has ended, and waits for them.
    pub(crate) async fn run_done(&mut self, exit: Exit, now: Instant) {
        let (tally, wall) = (&self.tally, self.progress.time(now));
        self.hooks.run_done(|| Happened::RunDone {
            exit: exit as u8,
            jobs: tally.all(),
            outcomes: tally.outcomes().map(|(word, count)| (word.to_owned(), count)).collect(),
            wall_us: u64::try_from(wall.as_micros()).unwrap_or(u64::MAX),
        });
        let said = self.hooks.finish().await;
        self.hooks_said(said);
    }

    fn hooks_said(&mut self, said: Vec<Said>) {
        for said in said {
            match said {
                Said::Output(line) => self.note(&sanitize::line(&line, talk::WIDTH)),
                Said::Warning(line) => {
                    self.lines(vec![format!("warning: {}", sanitize::line(&line, talk::WIDTH))]);
                }
            }
        }
    }

    /// Writes what is written at the end; false if some of it could not be written.
    pub(crate) fn keep_all(&mut self, now: Instant) -> bool {
        let lost = self.report.finish(self.progress.time(now));
        lost.is_none_or(|reason| {
            self.error(&reason);
            false
        })
    }

    /// A result; standard output has it after [`Output::flush`].
    pub(crate) fn result(&mut self, record: &ResultRecord, shown: Shown) -> std::io::Result<()> {
        self.tally.add(record, shown);
        let (replies, talk, total) = (&mut self.replies, &mut self.talk, self.total);
        self.progress.screen().aside(|| {
            let mut written = match shown {
                Shown::NotNeeded => return Ok(()),
                Shown::NoAnswer if !replies.is_json() => Ok(()),
                Shown::Whole | Shown::NotRun | Shown::NoAnswer => replies.write(record, total),
            };
            if shown != Shown::NotRun && talk.cares_for(record) {
                // Who sees both streams sees them in order.
                written = written.and_then(|()| replies.flush());
                talk.ended(record, total);
            }
            written
        })
    }

    /// Whether results have been sent off that have not been written yet.
    pub(crate) fn is_behind(&self) -> bool {
        self.outlet.as_ref().is_some_and(Outlet::is_behind)
    }

    /// Whether something has been said that has not been written yet.
    pub(crate) fn is_talking(&self) -> bool {
        self.outlet.as_ref().is_some_and(Outlet::is_talking)
    }

    /// Whether so much has not been written that no more results should be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.outlet.as_ref().is_some_and(Outlet::is_full)
    }

    /// Resolves when something has been written.
    ///
    /// # Errors
    /// Why results cannot be written any more; told once.
    pub(crate) async fn moved(&self) -> std::io::Result<()> {
        match &self.outlet {
            Some(outlet) => outlet.moved().await,
            None => std::future::pending().await,
        }
    }

    /// Sends the results so far off.
    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        let replies = &mut self.replies;
        self.progress.screen().aside(|| replies.flush())
    }

    /// Whether what instances do is drawn, as long as it is told at each tick.
    pub(crate) fn draws(&self) -> bool {
        self.progress.screen().is_there()
    }

    /// Takes away what moves, until the next tick: somebody else has the terminal now.
    pub(crate) fn put_away(&self) {
        self.progress.clear();
    }

    /// Shows how far the run is, if it is time to. `info`: which job that is.
    pub(crate) fn tick<'a>(
        &mut self,
        counts: Counts,
        instances: &[InstanceStatus],
        info: impl Fn(u64) -> Option<&'a JobInfo>,
        now: Instant,
    ) {
        let said = self.hooks.said();
        self.hooks_said(said);
        let total = self.total;
        let job = |status: &InstanceStatus| status.job.and_then(&info).map(|job| title(job, total));
        let board = Board::new(instances, &job);
        if let Some(line) = self.progress.tick(counts, self.tally.failed(), &board, now) {
            self.talk.progress(&line);
        }
    }

    /// Something worth knowing, unless the user wants quiet.
    pub(crate) fn note(&mut self, text: &str) {
        let talk = &mut self.talk;
        self.progress.screen().aside(|| talk.note(text));
    }

    /// An error that does not end the program at once.
    pub(crate) fn error(&mut self, text: &str) {
        let talk = &mut self.talk;
        self.progress.screen().aside(|| talk.error(text));
    }

    /// A usage limit came, moved or went.
    pub(crate) fn limit(&mut self, news: &LimitNews, counts: Counts, now: Instant) {
        let left = self.total.map(|total| total.saturating_sub(counts.ended + counts.running as u64));
        let waiting = left.unwrap_or(counts.waiting as u64);
        self.note(&news.text(waiting, now, &local()));
    }

    /// Why a limit ended the run.
    pub(crate) fn too_long(hold: &HoldStatus, now: Instant) -> String {
        limit::too_long(hold, now, &local())
    }

    /// An instance has become something else; said if it is worth it.
    pub(crate) fn changed(&mut self, status: &InstanceStatus, job: Option<&JobInfo>) {
        self.hooks.changed(status, job);
        let job = job.map(|job| title(job, self.total));
        self.starts.changed(status);
        if self.asks && status.state == InstanceState::NeedsInput {
            return;
        }
        if let Some(line) = self.states.changed(status, job.as_deref()) {
            self.note(&line);
        }
    }

    /// What every instance does, each in a line. `info`: which job that is.
    pub(crate) fn status<'a>(
        &mut self,
        instances: &[InstanceStatus],
        info: impl Fn(u64) -> Option<&'a JobInfo>,
    ) {
        let title = |status: &InstanceStatus| status.job.and_then(&info).map(|job| title(job, self.total));
        let lines: Vec<_> =
            instances.iter().map(|status| states::line(status, title(status).as_deref())).collect();
        lines.iter().for_each(|line| self.note(line));
    }

    /// What every instance does, what it waits for, and what to do about it.
    pub(crate) fn dump<'a>(&mut self, instances: &[InstanceDump], info: impl Fn(u64) -> Option<&'a JobInfo>) {
        let lines = instances.iter().flat_map(|dump| {
            let title = dump.status.job.and_then(&info).map(|job| title(job, self.total));
            states::why(&Why::of(dump.clone()), title.as_deref(), states::advice(dump.status.state))
        });
        let lines: Vec<_> = lines.collect();
        self.lines(lines);
    }

    fn lines(&mut self, lines: Vec<String>) {
        let talk = &mut self.talk;
        self.progress.screen().aside(|| talk.lines(lines));
    }

    /// The last lines; on a terminal, and for those who want to know more, also what the pool was good for.
    pub(crate) fn summary(&mut self, now: Instant) {
        self.progress.clear();
        let wall = self.progress.time(now);
        tracing::info!(target: log::FILE_ONLY, "{} in {wall:.1?}", self.tally);
        if self.progress.screen().is_there() || self.talk.is_verbose() {
            for line in summary::lines(&self.starts, &self.tally, wall) {
                self.talk.note(&line);
            }
        }
        self.talk.summary(&self.tally, wall);
    }

    /// Something worth knowing before a run has an output of its own.
    pub(crate) fn aside(text: &str) {
        Talk::new(Box::new(stderr()), Paint::of(&stderr()), Level::Normal).note(&sanitize::line(text, 1000));
    }

    /// Prints lines of talk under one word, for commands without a run.
    pub(crate) fn remarks(word: &str, lines: &[String]) {
        let mut talk = Talk::new(Box::new(stderr()), Paint::of(&stderr()), Level::Normal);
        lines.iter().for_each(|line| talk.remark(word, line));
    }

    /// Prints why a command ended.
    pub(crate) fn failure(failure: &Failure) {
        let mut talk = Talk::new(Box::new(stderr()), Paint::of(&stderr()), Level::Normal);
        talk.error(&failure.message);
        tracing::error!(target: log::FILE_ONLY, "{}", failure.message);
        if let Some(help) = &failure.help {
            talk.help(help);
        }
    }
}

/// What the user calls a job.
fn title(job: &JobInfo, total: Option<u64>) -> String {
    talk::title_of(job.index, job.item.as_deref().unwrap_or(&job.id), total)
}

/// The terminal for rows that move, if there is one that can. Who reads replies from a pipe most likely writes to the same
/// terminal, and would write into the rows.
fn screen(level: Level) -> Screen {
    let moves = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    let is_pipe = |stat: rustix::fs::Stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_fifo();
    let is_piped = rustix::fs::fstat(stdout()).is_ok_and(is_pipe);
    if stderr().is_terminal() && moves && !is_piped && level >= Level::Normal {
        Screen::new()
    } else {
        Screen::default()
    }
}

/// Whether standard output and standard error lead to the same place.
fn are_one() -> bool {
    let place = |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino);
    let (data, talk) = (rustix::fs::fstat(stdout()).map(place), rustix::fs::fstat(stderr()).map(place));
    data.is_ok() && data == talk
}

/// Prints clap's errors, and the help, which is one of them.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    // Nobody is left to be told if this cannot be written.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}
