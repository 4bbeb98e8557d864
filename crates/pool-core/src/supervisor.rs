//! Keeps N of it alive: starts lives, judges ends, issues and revokes credits.
//!
//! One supervisor per pool owns the slots of every tool. All decisions are in [`crate::machine::slot`],
//! [`crate::machine::restart`] and [`crate::machine::breaker`]; this actor asks them and does what they say. It is
//! ours because `actix::Supervisor` does not restart an actor whose handler panicked, and knows no back-off.

mod attach;
mod command;
mod dice;
mod dump;
mod group;
mod holds;
mod restarts;
mod scale;
mod status;
mod watchers;

pub use attach::{Attachment, CannotAttach, Patience};
pub use command::{Command, Supervise};
pub use dump::{InstanceDump, LAST};
pub use holds::HoldStatus;
pub use scale::{CannotScale, SCALE_LIMIT, Scaled};
pub use status::{InstanceState, InstanceStatus, StartTimes};

use crate::instance::{InstanceActor, Plan};
use crate::machine::slot::{SlotAction, SlotState};
use crate::message::{Credit, Event, ExitReport, PoolEvent, Serial, SlotId, news};
use crate::process::Launch;
use crate::spec::ToolSpec;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Recipient, SpawnHandle, fut};
use dice::unit;
use group::{Group, Place};
use holds::Account;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot, watch};

/// Mailbox of the supervisor: commands only; news goes past the bound, being bounded by the protocol.
const MAILBOX: usize = 64;

/// What a pool is made of.
pub struct PoolPlan {
    /// Each tool, and how many instances of it.
    pub tools: Vec<(Arc<ToolSpec>, usize)>,
    /// How processes are started.
    pub launcher: Arc<dyn Launch>,
    /// Who spends the credits.
    pub router: Recipient<PoolEvent>,
    /// Seeds nonces and jitter.
    pub seed: u64,
}

/// What the world may know of a pool as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolHealth {
    /// Nothing can take a job yet.
    Starting,
    /// At least one instance has been ready.
    Up,
    /// Every instance has gone for ever, the jobs at hand have ended, and why.
    Failed(Arc<str>),
    /// All instances are gone, as asked.
    Gone,
}

/// See the module.
pub struct PoolSupervisor {
    groups: Vec<Group>,
    accounts: Vec<Account>,
    places: Vec<Place>,
    launcher: Arc<dyn Launch>,
    router: Recipient<PoolEvent>,
    health: watch::Sender<PoolHealth>,
    holds: watch::Sender<Vec<HoldStatus>>,
    seed: u64,
    closing: bool,
    timer: Option<(Instant, SpawnHandle)>,
    gone: Vec<oneshot::Sender<()>>,
    watchers: Vec<mpsc::Sender<InstanceStatus>>,
}

impl PoolSupervisor {
    /// A supervisor, and where to watch the health of its pool. Nothing is started before the actor is.
    #[must_use]
    pub fn new(plan: PoolPlan) -> (Self, watch::Receiver<PoolHealth>) {
        let (health, watch) = watch::channel(PoolHealth::Starting);
        let mut groups = Vec::new();
        let mut accounts = Vec::new();
        let mut places = Vec::new();
        for (spec, count) in plan.tools {
            places.extend((0..count).map(|_| Place::new(groups.len(), &spec, now())));
            let account = Account::find(&mut accounts, &spec.account);
            groups.push(Group::new(spec, account));
        }
        let supervisor = Self {
            groups,
            accounts,
            holds: watch::Sender::default(),
            places,
            launcher: plan.launcher,
            router: plan.router,
            health,
            seed: plan.seed,
            closing: false,
            timer: None,
            gone: Vec::new(),
            watchers: Vec::new(),
        };
        (supervisor, watch)
    }

    /// Tells `watcher` every change of an instance's state, from the first start on; some are missed while it is full.
    pub fn watched_by(&mut self, watcher: mpsc::Sender<InstanceStatus>) {
        self.watchers.push(watcher);
    }

    /// Where to watch the accounts that are held by usage limits.
    #[must_use]
    pub fn holds(&self) -> watch::Receiver<Vec<HoldStatus>> {
        self.holds.subscribe()
    }

    /// Starts as many waiting slots of a group as it allows at a time, in order.
    fn start_waiting(&mut self, group: usize, context: &mut Context<Self>) {
        let starting =
            self.places.iter().filter(|place| place.group == group && place.slot.is_starting()).count();
        let room =
            self.groups[group].spec.start.at_once.map_or(usize::MAX, |limit| limit.saturating_sub(starting));
        let waiting = |place: &Place| place.group == group && *place.slot.state() == SlotState::Waiting;
        let next: Vec<usize> =
            (0..self.places.len()).filter(|index| waiting(&self.places[*index])).take(room).collect();
        for index in next {
            self.start(index, context);
        }
    }

    // ## Waiting => Starting
    fn start(&mut self, index: usize, context: &Context<Self>) {
        let now = now();
        let seed = self.roll();
        let place = &mut self.places[index];
        let generation = place.slot.start(now);
        if place.asker.is_some() {
            // Whoever waits for its terminal waits for this life, whatever became of the last one.
            place.slot.attach();
        }
        place.status.starting(generation, now);
        place.transcript.begins(generation);
        // Taken, not copied: a conversation that cannot be taken up must not keep the tool from starting for ever.
        let thread = place.thread.take();
        place.continues = thread.as_ref().map(|(of, _)| (*of, false));
        let plan = Plan {
            spec: self.groups[place.group].spec.clone(),
            slot: slot_id(index),
            generation,
            launcher: self.launcher.clone(),
            activity: place.activity.clone(),
            transcript: place.transcript.clone(),
            supervisor: context.address().recipient(),
            seed,
            thread: thread.map(|(_, thread)| thread),
        };
        place.instance = Some(InstanceActor::new(plan).start());
    }

    /// A credit for the router. What the instance has just finished may go along in one message.
    fn issue(&self, index: usize, serial: Serial, context: &Context<Self>) -> Option<Credit> {
        let place = &self.places[index];
        let instance = place.instance.as_ref()?.clone().recipient();
        let offer = self.groups[place.group].offer.clone();
        let supervisor = context.address().recipient();
        let (generation, continues) = (place.slot.generation(), place.continues());
        Some(Credit::issue(slot_id(index), generation, offer, serial, continues, instance, supervisor))
    }

    fn act(&mut self, index: usize, action: SlotAction, context: &mut Context<Self>) {
        let group = self.places[index].group;
        match action {
            SlotAction::Nothing => {}
            SlotAction::Issue(serial) => {
                if let Some(credit) = self.issue(index, serial, context) {
                    self.health.send_if_modified(|health| {
                        let first = *health == PoolHealth::Starting;
                        if first {
                            *health = PoolHealth::Up;
                        }
                        first
                    });
                    news::tell(&self.router, PoolEvent::Ready(credit));
                }
                self.groups[group].window.ready();
                self.start_waiting(group, context);
            }
            SlotAction::Start => self.start_waiting(group, context),
            SlotAction::Charge(cause) => self.charge(index, cause, context),
            SlotAction::Pause => self.pause(index, context),
            SlotAction::HandOver => self.hand_over(index, context),
            SlotAction::Over => self.over(index, context),
        }
        self.arm(context);
        match action {
            SlotAction::Nothing => self.show(index),
            _ => self.show_all(),
        }
    }

    /// One timer for all slots, armed at the earliest deadline.
    fn arm(&mut self, context: &mut Context<Self>) {
        let slots = self.places.iter().filter_map(|place| place.slot.poll_timeout());
        let holds = self.accounts.iter().filter_map(|account| account.hold.poll_timeout());
        let wanted = slots.chain(holds).min();
        if self.timer.map(|(at, _)| at) == wanted {
            return;
        }
        if let Some((_, handle)) = self.timer.take() {
            context.cancel_future(handle);
        }
        if let Some(at) = wanted {
            let left = at.saturating_duration_since(now());
            let handle = if left.is_zero() {
                // A timer takes a millisecond at least, which is as long as a start.
                context.spawn(fut::ready(()).map(|(), this: &mut Self, context| this.timeout(context)))
            } else {
                context.run_later(left, Self::timeout)
            };
            self.timer = Some((at, handle));
        }
    }

    fn timeout(&mut self, context: &mut Context<Self>) {
        self.timer = None;
        for index in 0..self.places.len() {
            let hold = &self.accounts[self.account_of(index)].hold;
            let action = self.places[index].slot.handle_timeout(hold, now());
            self.places[index].tell_trust(&self.groups, slot_id(index));
            self.act(index, action, context);
        }
        for account in 0..self.accounts.len() {
            self.mind(account, context);
        }
        self.arm(context);
    }
}

impl Actor for PoolSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX);
        for index in 0..self.places.len() {
            let offer = self.groups[self.places[index].group].offer.clone();
            news::tell(&self.router, PoolEvent::Added { slot: slot_id(index), offer });
        }
        for group in 0..self.groups.len() {
            self.start_waiting(group, context);
        }
    }
}

impl Handler<Event> for PoolSupervisor {
    type Result = ();

    fn handle(&mut self, event: Event, context: &mut Self::Context) {
        let now = now();
        let slot = match event {
            Event::Returned { job, .. } => {
                news::tell(&self.router, PoolEvent::Returned(job));
                return;
            }
            Event::Started { slot, .. }
            | Event::Finished { slot, .. }
            | Event::Idle { slot, .. }
            | Event::Conversing { slot, .. }
            | Event::TakenUp { slot, .. }
            | Event::Changed { slot, .. }
            | Event::Outgrown { slot, .. }
            | Event::Revoked { slot, .. }
            | Event::Exited { slot, .. }
            | Event::Detached { slot, .. }
            | Event::CreditDropped { slot, .. } => slot,
        };
        if let Event::Finished { limit: Some(limit), .. } = &event {
            self.limit_met(slot, limit, now);
        }
        let account = self.account_of(slot.index());
        let place = &mut self.places[slot.index()];
        place.status.note(&event, now);
        place.note_conversation(&event);
        let action = place.slot.handle(&event, &mut self.accounts[account].hold, now);
        place.tell_trust(&self.groups, slot);
        match event {
            Event::Finished { generation, report, limit, .. } => {
                let (credit, action) = match action {
                    SlotAction::Issue(serial) => {
                        (self.issue(slot.index(), serial, context), SlotAction::Nothing)
                    }
                    other => (None, other),
                };
                news::tell(&self.router, PoolEvent::Finished { slot, generation, report, credit });
                if let Some(again) = limit.and_then(|limit| limit.again) {
                    self.turned_away(slot, again, now);
                }
                if action != SlotAction::Nothing || self.places[slot.index()].slot.poll_timeout().is_some() {
                    self.act(slot.index(), action, context);
                }
            }
            Event::Exited { generation, ref exit, .. } => {
                self.exited(slot, generation, exit, action, context);
            }
            Event::Outgrown { generation, memory, .. } => self.outgrown(slot, generation, memory),
            Event::Detached { generation, .. } => self.detached(slot, generation),
            Event::Revoked { serial, .. } => {
                news::tell(&self.router, PoolEvent::Revoked { slot, serial });
                self.act(slot.index(), action, context);
            }
            _ => self.act(slot.index(), action, context),
        }
        self.mind(account, context);
        self.show(slot.index());
    }
}

impl PoolSupervisor {
    fn exited(
        &mut self,
        slot: SlotId,
        generation: u32,
        exit: &ExitReport,
        action: SlotAction,
        context: &mut Context<Self>,
    ) {
        let place = &mut self.places[slot.index()];
        if place.slot.generation() != generation {
            return;
        }
        let tool = &self.groups[place.group].spec.tool;
        // Those who watch are told, with what follows.
        if exit.is_abnormal() && self.watchers.is_empty() {
            tracing::warn!(%tool, %slot, generation, %exit, "an instance ended");
        } else {
            tracing::info!(%tool, %slot, generation, %exit, "an instance ended");
        }
        place.instance = None;
        place.transcript.ends(generation, exit);
        if action != SlotAction::Over {
            news::tell(&self.router, PoolEvent::Gone { slot, generation, for_ever: false });
        }
        self.act(slot.index(), action, context);
        self.end_if_over();
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The identity of the slot at this index.
fn slot_id(index: usize) -> SlotId {
    SlotId(u32::try_from(index).unwrap_or(u32::MAX))
}
