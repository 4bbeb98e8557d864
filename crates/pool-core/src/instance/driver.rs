//! The one place that performs effects for a conversation.

use super::backlog::Backlog;
use super::folder::told_its_folder;
use super::tasks::Watch;
use super::{Activity, Inside, Plan, Transcript};
use crate::machine::conversation::{Action, Conversation};
use crate::machine::dialect::any::AnyDialect;
use crate::message::{Assign, Control, ControlMessage, Event, ExitReport, Job, news};
use crate::process::look::{Depth, Looking, Seen};
use crate::process::{Input, NARROW, Output, Process, ProcessControl};
use crate::spec::TurnRule;
use actix::Recipient;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// The smallest room for a read; what an idle instance keeps.
const SMALL_READ: usize = 4096;
/// The room for a read once a reply turns out to be large: what a pipe holds.
const LARGE_READ: usize = 65_536;

/// How much that somebody has typed may wait for the tool to read it, in bytes.
const TYPED: usize = 65_536;

/// The now of the pausable clock.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A conversation and everything it drives.
pub(super) struct Driver {
    inner: RefCell<Inner>,
    /// The writer has something to do.
    pub(super) write: Notify,
    /// The timer is armed too late.
    pub(super) rearm: Notify,
    /// The last word has been said.
    pub(super) gone: Notify,
}

struct Inner {
    conversation: Conversation<AnyDialect>,
    supervisor: Recipient<Event>,
    activity: Arc<Activity>,
    transcript: Arc<Transcript>,
    me: Option<Arc<Recipient<ControlMessage>>>,
    input: Option<Box<dyn Input>>,
    wide: Wide,
    output: Option<Box<dyn Output>>,
    errors: Option<Box<dyn Output>>,
    /// Nothing but the number of lines tells one reply from the next: surplus must be found before the next job.
    counts_lines: bool,
    backlog: Backlog,
    control: Option<Box<dyn ProcessControl>>,
    /// When the timer fires.
    armed: Option<Instant>,
}

/// Which pipes were too narrow once, and have been widened.
#[derive(Default)]
struct Wide {
    input: bool,
    output: bool,
}

impl Driver {
    pub(super) fn new(plan: Plan, me: Arc<Recipient<ControlMessage>>) -> Rc<Self> {
        let dialect = {
            let recorder = super::record::recorder(&plan.spec, plan.slot, plan.generation);
            AnyDialect::new(told_its_folder(&plan.spec), plan.seed, plan.thread.clone(), recorder)
        };
        let counts_lines = matches!(plan.spec.turn.rule, TurnRule::Lines);
        let conversation = Conversation::new(plan.spec, plan.slot, plan.generation, dialect, now());
        Rc::new(Self {
            inner: RefCell::new(Inner {
                conversation,
                supervisor: plan.supervisor,
                activity: plan.activity,
                transcript: plan.transcript,
                me: Some(me),
                input: None,
                wide: Wide::default(),
                output: None,
                errors: None,
                counts_lines,
                backlog: Backlog::default(),
                control: None,
                armed: None,
            }),
            write: Notify::new(),
            rearm: Notify::new(),
            gone: Notify::new(),
        })
    }

    /// Takes a job from the router.
    pub(super) fn assign(self: &Rc<Self>, assign: Assign) {
        let inner = self.inner.borrow();
        let controls = inner.listen_to(&assign.job);
        let surplus = inner.counts_lines && inner.output.as_ref().is_some_and(|output| output.is_waiting());
        drop(inner);
        self.feed(|conversation, now| {
            if surplus {
                conversation.violated("one line too many", now);
            }
            conversation.assign(assign, controls, now);
        });
    }

    /// Takes a job from somebody who is attached.
    pub(super) fn attend(self: &Rc<Self>, job: Box<Job>) {
        let controls = self.inner.borrow().listen_to(&job);
        self.feed(|conversation, now| conversation.attend(job, controls, now));
    }

    /// Gives the conversation an input, then does what it wants.
    pub(super) fn feed(self: &Rc<Self>, input: impl FnOnce(&mut Conversation<AnyDialect>, Instant)) {
        self.feed_and_note(|conversation, _, now| input(conversation, now));
    }

    fn feed_and_note(
        self: &Rc<Self>,
        input: impl FnOnce(&mut Conversation<AnyDialect>, &Transcript, Instant),
    ) {
        let mut inner = self.inner.borrow_mut();
        let now = now();
        let Inner { conversation, transcript, .. } = &mut *inner;
        input(conversation, transcript, now);
        inner.activity.show(inner.conversation.current_job(), now);
        self.drive(&mut inner);
    }

    /// `count` bytes have been read.
    pub(super) fn output(self: &Rc<Self>, count: usize) {
        self.feed_and_note(|conversation, transcript, now| {
            let buffer = conversation.buffer();
            transcript.said(&buffer[buffer.len() - count..], now);
            conversation.output(count, now);
        });
    }

    /// Somebody who is attached types. False if nobody is, or the tool has long not read.
    pub(super) fn type_in(self: &Rc<Self>, bytes: &[u8]) -> bool {
        let inner = self.inner.borrow();
        let takes = inner.conversation.is_attached() && inner.backlog.len() + bytes.len() <= TYPED;
        drop(inner);
        if takes {
            self.feed(|conversation, _| conversation.typed(bytes));
        }
        takes
    }

    /// The process exists.
    pub(super) fn launched(self: &Rc<Self>, process: Process) {
        let mut inner = self.inner.borrow_mut();
        let pid = process.control.pid();
        inner.input = Some(process.input);
        inner.output = Some(process.output);
        inner.errors = process.errors;
        inner.control = Some(process.control);
        inner.conversation.launched(pid, now());
        self.drive(&mut inner);
    }

    /// Reads into the dialect's buffer. Resolves to the number of bytes, 0 at the end.
    pub(super) fn poll_read(&self, room: usize, context: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let mut inner = self.inner.borrow_mut();
        let Inner { conversation, output, wide, .. } = &mut *inner;
        let Some(output) = output else { return Poll::Ready(Ok(0)) };
        let buffer = conversation.buffer();
        if buffer.capacity() - buffer.len() < room {
            buffer.reserve(room);
        }
        let read = std::task::ready!(std::pin::pin!(output.read_buf(buffer)).poll(context));
        if matches!(read, Ok(NARROW..)) && !std::mem::replace(&mut wide.output, true) {
            output.widen();
        }
        Poll::Ready(read)
    }

    /// How much room the next read gets after one of `read` bytes into `room`.
    pub(super) const fn next_room(read: usize, room: usize) -> usize {
        if read >= room { LARGE_READ } else { SMALL_READ }
    }

    /// The room of the first read.
    pub(super) const fn first_room() -> usize {
        SMALL_READ
    }

    /// Writes what waits. Resolves when nothing does.
    ///
    /// # Errors
    /// The pipe is broken: the process has closed its input, or has ended.
    pub(super) fn poll_backlog(&self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let mut inner = self.inner.borrow_mut();
        let Inner { input, backlog, conversation, .. } = &mut *inner;
        let Some(pipe) = input else { return Poll::Ready(Ok(())) };
        let done = backlog.poll(pipe.as_mut(), context);
        conversation.unread(backlog.len());
        let done = std::task::ready!(done);
        if done.is_err() || backlog.close {
            *input = None;
        }
        backlog.clear();
        Poll::Ready(done)
    }

    /// Waits for the end of the process, and listens to its standard error meanwhile: at the end all that it said has
    /// been heard.
    pub(super) fn poll_exit(&self, context: &mut Context<'_>) -> Poll<ExitReport> {
        let mut inner = self.inner.borrow_mut();
        let Inner { conversation, control, errors, .. } = &mut *inner;
        let exit = control.as_mut().map_or(Poll::Pending, |control| control.poll_exit(context));
        listen(errors, context, |words| conversation.complained(words));
        exit
    }

    /// The process is gone and reaped.
    pub(super) fn exited(self: &Rc<Self>, exit: ExitReport) {
        self.feed(|conversation, now| conversation.exited(exit, now));
    }

    /// How it is, and a look at its processes that is under way.
    pub(super) fn describe(&self, depth: Depth) -> (Inside, Option<Looking>) {
        let inner = self.inner.borrow();
        let look = inner.control.as_ref().map(|control| control.look(depth));
        (inner.conversation.describe(now()), look)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.inner.borrow().conversation.is_gone()
    }

    /// When the timer is to fire; remembered, so that only an earlier wish disturbs it.
    pub(super) fn arm(&self) -> Option<Instant> {
        let mut inner = self.inner.borrow_mut();
        inner.armed = inner.conversation.poll_timeout();
        inner.armed
    }

    /// Our own side broke: everything ends at once.
    pub(super) fn abandon(self: &Rc<Self>, why: &ExitReport) {
        // If the driver is borrowed, the panic came from in here, and whoever holds it is being unwound.
        let Ok(mut inner) = self.inner.try_borrow_mut() else { return };
        if !inner.conversation.is_gone() {
            tracing::error!(%why, "an instance is abandoned");
            inner.conversation.abandon();
            self.drive(&mut inner);
        }
    }

    fn drive(self: &Rc<Self>, inner: &mut Inner) {
        self.write_out(inner);
        while let Some(action) = inner.conversation.poll_action() {
            self.perform(inner, action);
        }
        if inner.conversation.is_gone() {
            inner.me = None;
            inner.input = None;
            inner.output = None;
            inner.errors = None;
            inner.control = None;
            self.gone.notify_waiters();
            return;
        }
        // A timer that fires too early costs a look; moving it costs more, on every turn.
        if let Some(wanted) = inner.conversation.poll_timeout()
            && inner.armed.is_none_or(|armed| wanted < armed)
        {
            inner.armed = Some(wanted);
            self.rearm.notify_one();
        }
    }

    fn perform(self: &Rc<Self>, inner: &mut Inner, action: Action) {
        match action {
            Action::Finish(reply_to, result) => reply_to.send(*result),
            Action::Tell(event) => news::tell(&inner.supervisor, event),
            Action::Signal(signal) => {
                if let Some(control) = &mut inner.control {
                    control.signal(signal);
                }
            }
            Action::CloseInput => {
                inner.backlog.close = true;
                if inner.backlog.is_empty() {
                    inner.input = None;
                }
            }
            Action::Seat(seat) => {
                if let Some(input) = &mut inner.input {
                    input.seat(seat);
                }
            }
            Action::Resize(size) => {
                if let Some(input) = &mut inner.input {
                    input.resize(size);
                }
            }
            Action::Look(depth) => self.look(inner, depth, Conversation::looked),
            Action::Weigh => {
                self.look(inner, Depth::Tree, |conversation, seen, _| conversation.weighed(seen));
            }
            Action::Arm(job, future) => {
                self.feed_later(future, move |conversation, end, now| conversation.armed(job, end, now));
            }
            Action::Settle(job, future) => {
                self.feed_later(future, move |conversation, next, now| conversation.settled(job, next, now));
            }
        }
    }

    /// Looks at the tool, and goes on with what is seen.
    fn look(
        self: &Rc<Self>,
        inner: &Inner,
        depth: Depth,
        then: fn(&mut Conversation<AnyDialect>, &[Seen], Instant),
    ) {
        let Some(control) = &inner.control else { return };
        self.feed_later(control.look(depth), move |conversation, seen, now| then(conversation, &seen, now));
    }

    /// Gives the conversation what comes of `future`. If that panics itself, the deadline of who waits for it does the rest.
    fn feed_later<T: 'static>(
        self: &Rc<Self>,
        future: impl Future<Output = T> + 'static,
        input: impl FnOnce(&mut Conversation<AnyDialect>, T, Instant) + 'static,
    ) {
        let driver = self.clone();
        actix_rt::spawn(async move {
            let result = future.await;
            let watch = Watch(driver.clone());
            driver.feed(|conversation, now| input(conversation, result, now));
            drop(watch);
        });
    }

    /// Writes at once what the pipe takes; the rest is the writer's.
    fn write_out(&self, inner: &mut Inner) {
        let Inner { conversation, input, wide, backlog, transcript, .. } = inner;
        let new = conversation.outgoing();
        if new.is_empty() {
            return;
        }
        let Some(pipe) = input else {
            new.clear();
            return;
        };
        transcript.told(new);
        if new.len() > NARROW && !std::mem::replace(&mut wide.input, true) {
            pipe.widen();
        }
        let mut taken = 0;
        if backlog.is_empty() {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(Ok(count)) = Pin::new(pipe).poll_write(&mut context, new) {
                taken = count;
            }
        }
        if taken < new.len() {
            backlog.add(new, taken);
            self.write.notify_one();
        }
        new.clear();
        new.shrink_to(SMALL_READ);
        conversation.unread(backlog.len());
    }
}

impl Inner {
    /// From now on, its caller speaks to us; what was said before is given back.
    fn listen_to(&self, job: &Job) -> Vec<Control> {
        self.me.as_ref().map(|me| job.reply_to.attach(me)).unwrap_or_default()
    }
}

/// Hears what is said there by now; nothing more at its end.
fn listen(from: &mut Option<Box<dyn Output>>, context: &mut Context<'_>, mut heard: impl FnMut(&[u8])) {
    let mut room = [0; SMALL_READ];
    while let Some(errors) = from {
        let mut piece = ReadBuf::new(&mut room);
        match Pin::new(errors).poll_read(context, &mut piece) {
            Poll::Pending => return,
            Poll::Ready(Ok(())) if !piece.filled().is_empty() => heard(piece.filled()),
            Poll::Ready(_) => *from = None,
        }
    }
}
