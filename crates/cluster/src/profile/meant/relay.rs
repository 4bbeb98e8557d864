//! Tools that are started for each turn, and services.

use super::super::value::Time;
use super::super::written::{self as w, By, Turn, Written};
use super::Wrong;
use pool_core::spec::{
    Cancel, Counts, Extract, Form, Join, OneShotSpec, Pick, PromptBy, RemoteSpec, RemoteState, ToolSpec,
    TurnRule,
};
use std::time::Duration;

/// From one look at a task to the next.
const EVERY: Duration = Duration::from_secs(10);
/// The longest time between two looks.
const EVERY_MAX: Duration = Duration::from_secs(300);

/// The rule of a tool that is started for each turn.
pub(super) fn one_shot(turn: &Turn) -> TurnRule {
    TurnRule::OneShot(Box::new(OneShotSpec {
        prompt: prompt(turn),
        extract: turn.extract.as_ref().map(extract).unwrap_or_default(),
        resume: turn.resume.clone().unwrap_or_default(),
    }))
}

/// The rule of a service. Optional arguments are for the command that hands a task in.
pub(super) fn remote(written: &Written) -> Result<TurnRule, Wrong> {
    let Some(remote) = &written.turn.remote else {
        return Err(("turn.remote", "is missing: by = \"remote\" needs it".into()));
    };
    let extra = written.args.as_ref().and_then(|args| args.extra.clone()).unwrap_or_default();
    let states = [
        (RemoteState::Working, remote.working.as_ref()),
        (RemoteState::Waiting, remote.waiting.as_ref()),
        (RemoteState::Done, Some(&remote.done)),
        (RemoteState::Failed, remote.failed.as_ref()),
    ];
    let states = states.into_iter().filter_map(|(state, written)| Some((state, written?.clone())));
    let every = remote.every.map_or(EVERY, |time| time.0);
    Ok(TurnRule::Remote(Box::new(RemoteSpec {
        prompt: prompt(&written.turn),
        submit: remote.submit.iter().cloned().chain(extra).collect(),
        poll: remote.poll.clone(),
        pull: remote.pull.clone(),
        cancel: remote.cancel.clone(),
        id: remote.id.0.clone(),
        states: states.collect(),
        every,
        every_max: remote.every_max.map_or_else(|| EVERY_MAX.max(every), |Time(time)| time),
    })))
}

/// What goes with such a rule besides: a turn is taken back by ending its process, and a conversation by forgetting it.
pub(super) fn settle(spec: &mut ToolSpec) {
    if !spec.turn.rule.is_relayed() {
        return;
    }
    if spec.cancel == Cancel::Restart {
        spec.cancel = Cancel::Message;
    }
    if matches!(&spec.turn.rule, TurnRule::OneShot(how) if !how.resume.is_empty()) {
        spec.reset = vec![OneShotSpec::FORGET.to_owned()];
    }
}

/// Whether prompts are put into files, which takes a place for them.
pub(super) fn writes_files(turn: &Turn) -> bool {
    turn.by.is_relayed() && prompt(turn) == PromptBy::File
}

/// The keys that only these rules know: whether they are written, and which rule they are of.
pub(super) fn keys(turn: &Turn) -> [(&'static str, bool, &'static [By]); 4] {
    [
        ("turn.prompt", turn.prompt.is_some(), &[By::OneShot, By::Remote]),
        ("turn.extract", turn.extract.is_some(), &[By::OneShot]),
        ("turn.resume", turn.resume.is_some(), &[By::OneShot]),
        ("turn.remote", turn.remote.is_some(), &[By::Remote]),
    ]
}

fn prompt(turn: &Turn) -> PromptBy {
    match turn.prompt.unwrap_or_default() {
        w::PromptBy::Stdin => PromptBy::Stdin,
        w::PromptBy::File => PromptBy::File,
    }
}

fn extract(written: &w::Extract) -> Extract {
    let picks = |list: &Option<Vec<w::Pick>>| list.iter().flatten().map(pick).collect();
    Extract {
        form: match written.form {
            w::Form::Text => Form::Text,
            w::Form::Jsonl => Form::Jsonl,
            w::Form::Json => Form::Json,
        },
        reply: picks(&written.reply),
        join: match written.join.unwrap_or_default() {
            w::Join::Blocks => Join::Blocks,
            w::Join::Pieces => Join::Pieces,
            w::Join::Last => Join::Last,
        },
        error: picks(&written.error),
        denied: picks(&written.denied),
        end: picks(&written.end),
        session: picks(&written.session),
        input: picks(&written.input),
        output: picks(&written.output),
        cost: picks(&written.cost),
        tokens_count: counts(written.tokens_count),
        cost_counts: counts(written.cost_counts),
    }
}

fn pick(written: &w::Pick) -> Pick {
    match written {
        w::Pick::Anywhere(at) => Pick { at: at.clone(), when: Vec::new() },
        w::Pick::When(w::PickWhen { at, when }) => Pick {
            at: at.clone(),
            when: when.iter().map(|(at, value)| (at.clone(), value.clone())).collect(),
        },
    }
}

fn counts(written: Option<w::Counts>) -> Counts {
    match written.unwrap_or_default() {
        w::Counts::Turn => Counts::Turn,
        w::Counts::Part => Counts::Part,
        w::Counts::Session => Counts::Session,
    }
}
