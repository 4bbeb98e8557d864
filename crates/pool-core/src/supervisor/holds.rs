//! Usage limits: an account for each set of tools that share one, and what its hold does to their slots.

use super::group::Group;
use super::{PoolSupervisor, now, slot_id, unit};
use crate::machine::hold::{self, Hold, HoldAction};
use crate::machine::slot::{SlotAction, SlotState};
use crate::message::{Again, Job, LimitMet, Needs, OnLimit, PoolEvent, Reset, SlotId, news};
use actix::Context;
use std::sync::Arc;
use std::time::Instant;

/// A hold that lasts, for people: the times are those of the pool's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldStatus {
    /// The account.
    pub account: Arc<str>,
    /// The tools of the pool that use it.
    pub tools: Vec<Arc<str>>,
    /// Since when.
    pub since: Instant,
    /// When one instance tries again.
    pub until: Instant,
    /// In the tool's own words.
    pub reason: Arc<str>,
}

/// Whose usage is limited as a whole.
pub(super) struct Account {
    name: Arc<str>,
    pub(super) hold: Hold,
    since: Option<Instant>,
}

impl Account {
    /// The place of the account of this name, which is added if it is new.
    pub(super) fn find(accounts: &mut Vec<Self>, name: &Arc<str>) -> usize {
        let known = accounts.iter().position(|account| account.name == *name);
        known.unwrap_or_else(|| {
            accounts.push(Self { name: name.clone(), hold: Hold::default(), since: None });
            accounts.len() - 1
        })
    }
}

impl PoolSupervisor {
    /// A job on `slot` met a limit.
    #[expect(clippy::disallowed_methods, reason = "the tool speaks of the wall clock")]
    pub(super) fn limit_met(&mut self, slot: SlotId, met: &LimitMet, now: Instant) {
        let dice = unit(self.roll());
        let group = self.group_of(slot);
        let Some(spec) = &group.spec.hold else { return };
        let reset = met.reset.as_ref().and_then(|reset| match reset {
            Reset::After(time) => Some(*time),
            Reset::At(text) => hold::away(text, &jiff::Zoned::now()),
        });
        let reason = met.reason.as_str().into();
        let (account, spec) = (group.account, *spec);
        self.accounts[account].hold.limited(slot, &reason, reset, &spec, dice, now);
    }

    fn group_of(&self, slot: SlotId) -> &Group {
        &self.groups[self.places[slot.index()].group]
    }

    /// A job that a limit turned away: to the front of the queue if it has the patience, else home.
    pub(super) fn turned_away(&self, slot: SlotId, again: Again, now: Instant) {
        let Again { mut job, reply } = again;
        let free = self.free_again(slot, &job, now);
        match (job.on_limit.patience(now), free) {
            (Some(until), Some(free)) if now < until && free <= until && !self.closing => {
                if matches!(job.on_limit, OnLimit::Wait(_)) {
                    job.needs = Needs::Tool(self.group_of(slot).spec.tool.clone());
                }
                job.on_limit = job.on_limit.met(until);
                if let Some(errand) = &mut job.errand {
                    errand.turned_away();
                }
                job.reply_to.undeliver();
                news::tell(&self.router, PoolEvent::Returned(job));
            }
            _ => job.reply_to.send(Ok(*reply)),
        }
    }

    /// When a job that met a limit on `slot` may be tried again; never if limits hold nobody here.
    fn free_again(&self, slot: SlotId, job: &Job, now: Instant) -> Option<Instant> {
        let here = self.account_of(slot.index());
        let held = self.accounts[here].hold.limit()?.until;
        let is_bound = job.session.is_some() || matches!(job.needs, Needs::Tool(_));
        if is_bound || !matches!(job.on_limit, OnLimit::Next(_)) {
            return Some(held);
        }
        let alive =
            self.groups.iter().filter(|group| group.failure.is_none() && group.offer.meets(&job.needs));
        let free = |group: &Group| self.accounts[group.account].hold.limit().map_or(now, |limit| limit.until);
        alive.map(free).min()
    }

    /// Does what an account's hold wants; after every input that it or one of its slots has had.
    pub(super) fn mind(&mut self, account: usize, context: &mut Context<Self>) {
        let hold = &mut self.accounts[account].hold;
        let action = hold.poll_action();
        if action.is_none() && hold.limit().is_none() {
            return;
        }
        self.do_for_hold(account, action, context);
        let others = self.places_of(account);
        let others_wait = others.iter().any(|index| is_limited(self.places[*index].slot.state()));
        self.accounts[account].hold.handle_timeout(others_wait, now());
        let action = self.accounts[account].hold.poll_action();
        self.do_for_hold(account, action, context);
        if self.accounts[account].hold.is_due() {
            self.offer(account, context);
        }
        self.arm(context);
    }

    fn do_for_hold(&mut self, account: usize, action: Option<HoldAction>, context: &mut Context<Self>) {
        let Some(action) = action else { return };
        if let HoldAction::Pass(slot) = action {
            self.places[slot.index()].revoke();
            return;
        }
        for index in self.places_of(account) {
            if action == HoldAction::Revoke {
                self.places[index].revoke();
            }
            let action = self.places[index].slot.held(&self.accounts[account].hold, now());
            self.act(index, action, context);
        }
        self.publish(account);
    }

    /// One slot may try: the first that can, beginning behind the one that had the last trial.
    fn offer(&mut self, account: usize, context: &mut Context<Self>) {
        let mut slots = self.places_of(account);
        let last = self.accounts[account].hold.last();
        let next = slots.iter().position(|index| slot_id(*index) > last).unwrap_or(0);
        slots.rotate_left(next);
        for index in slots {
            let hold = &mut self.accounts[account].hold;
            let action = self.places[index].slot.try_on(slot_id(index), hold, now());
            if matches!(action, SlotAction::Issue(_)) {
                return self.act(index, action, context);
            }
        }
    }

    fn publish(&mut self, account: usize) {
        let tools = self.groups.iter().filter(|group| group.account == account);
        let tools: Vec<Arc<str>> = tools.map(|group| group.spec.tool.clone()).collect();
        let Account { name, hold, since } = &mut self.accounts[account];
        let status = hold.limit().map(|limit| HoldStatus {
            account: name.clone(),
            tools,
            since: *since.get_or_insert_with(now),
            until: limit.until,
            reason: limit.reason.clone(),
        });
        match &status {
            Some(HoldStatus { until, reason, .. }) => {
                let left = until.saturating_duration_since(now());
                tracing::info!(account = %name, %reason, ?left, "an account is held by a usage limit");
            }
            None => {
                *since = None;
                tracing::info!(account = %name, "an account is free again");
            }
        }
        self.holds.send_modify(|holds| {
            holds.retain(|other| other.account != *name);
            holds.extend(status);
        });
    }

    pub(super) fn account_of(&self, index: usize) -> usize {
        self.groups[self.places[index].group].account
    }

    fn places_of(&self, account: usize) -> Vec<usize> {
        (0..self.places.len()).filter(|index| self.account_of(*index) == account).collect()
    }
}

const fn is_limited(state: &SlotState) -> bool {
    matches!(state, SlotState::Limited(_))
}
