//! Pools of agents: what comes back is right, and what goes wrong is called what it is.

use crate::agent::{Agent, Lab};
use cluster::message::{CompletedBy, Step};
use cluster::profile::{Allow, Overrides, Profile, Surroundings};
use cluster::{ClusterManager, Job, Outcome, Reply};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

impl Agent {
    /// The name of its profile.
    pub(crate) const fn profile(self) -> &'static str {
        match self {
            Self::Codex => "codex",
            Self::Claude => "claude",
            Self::Gemini => "gemini",
            Self::Qwen => "qwen",
            Self::Opencode => "opencode",
            Self::Copilot => "copilot",
        }
    }
}

impl Lab {
    /// So many warm instances, which may do so much.
    async fn pool(&self, instances: usize, allow: Allow, timeout: Option<Duration>) -> ClusterManager {
        let flags = Overrides {
            allow: Some(allow),
            timeout,
            env: vec!["FAKE_KEY".into(), "COPILOT_*".into(), "OPENAI_*".into()],
            ..Overrides::default()
        };
        let mut env: Vec<(OsString, OsString)> =
            self.environment().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let folder = self.program.parent().map(Path::to_owned);
        let path = std::env::var_os("PATH").unwrap();
        let folders = folder.into_iter().chain(std::env::split_paths(&path));
        env.push(("PATH".into(), std::env::join_paths(folders).unwrap()));
        env.remove(0);
        let around = Surroundings {
            env,
            state: Some(self.home.path().join("state")),
            cwd: self.folder(),
            ..Surroundings::default()
        };
        let mut profile = Profile::load(self.agent.profile(), &flags, &around).unwrap();
        profile.spec.cwd = Some(self.folder());
        // Nobody waits for the end of a limit here.
        profile.spec.hold = None;
        let pool = ClusterManager::builder().tool(profile.spec, instances).build().await.unwrap();
        let mut changes = pool.watch(64);
        pool.ready().await.unwrap();
        while pool.metrics().await.unwrap().slots.iter().filter(|slot| slot.credits == 1).count() < instances
        {
            changes.recv().await.expect("an instance that comes up tells so");
        }
        pool
    }
}

/// Runs `test` with a pool of the agent, if that is here.
fn with(agent: Agent, test: impl AsyncFnOnce(Lab)) {
    let Some(lab) = Lab::new(agent) else { return };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test(lab));
}

impl Lab {
    /// Whether a reply is to `prompt` alone. With claude's `/clear` three messages of its own begin the new conversation.
    fn is_fresh(&self, reply: &Reply, prompt: &str) -> bool {
        let text = reply.text();
        let is_cleared = self.agent == Agent::Claude && text == format!("TURN 4: {prompt}");
        reply.is_ok() && (is_cleared || text == format!("TURN 1: {prompt}"))
    }
}

async fn ask(pool: &ClusterManager, prompt: &str) -> Reply {
    pool.ask(prompt).await.unwrap()
}

/// The right answers for everybody, by the protocol, with what they took.
async fn ten_jobs_on_two_instances(lab: Lab) {
    let pool = lab.pool(2, Allow::Read, None).await;
    let prompts: Vec<String> = (0..10).map(|number| format!("question number {number}")).collect();
    let mut jobs = Vec::new();
    for prompt in &prompts {
        jobs.push(pool.submit(prompt.as_str()));
    }
    let mut slots = [0; 2];
    for (prompt, job) in prompts.iter().zip(jobs) {
        let reply = job.await.unwrap();
        assert!(lab.is_fresh(&reply, prompt), "{reply:?}");
        let step = &reply.steps[0];
        assert_eq!(step.completed_by, CompletedBy::Protocol);
        assert!(reply.instance.version.is_some(), "{:?}", reply.instance);
        assert_eq!(reply.instance.generation, 1);
        if let Some(usage) = step.usage {
            let input = usage.input.unwrap();
            assert!([100, 110].contains(&input) && usage.output == Some(20), "{usage:?}");
        }
        slots[reply.instance.slot.index()] += 1;
    }
    assert!(slots.iter().all(|count| *count > 0), "{slots:?}");
    pool.shutdown().await;
}

/// A job of several steps is one conversation, and the next job another one.
async fn steps_are_one_conversation(lab: Lab) {
    let pool = lab.pool(1, Allow::Read, None).await;
    let steps = ["one", "two", "/help is text"].map(|text| Step::Say(text.into()));
    let reply = pool.ask(Job::new().with_steps(steps)).await.unwrap();
    let texts: Vec<&str> = reply.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(&texts[..2], ["TURN 1: one", "TURN 2: two"]);
    assert!(texts[2].starts_with("TURN 3: ") && texts[2].contains("/help is text"), "{texts:?}");
    assert!(lab.is_fresh(&ask(&pool, "three").await, "three"));
    pool.shutdown().await;
}

/// What it wants to do is allowed or not, as was said.
async fn a_change_of_a_file_is_allowed_or_not(lab: Lab) {
    let file = lab.folder().join("made.txt");
    let prompt = format!("[[mode=write file={}: some text]] [[mode=say: done]]", file.display());
    let pool = lab.pool(1, Allow::Read, None).await;
    let reply = ask(&pool, &prompt).await;
    assert_eq!(reply.outcome, Outcome::Denied, "{reply:?}");
    assert!(reply.error.is_some() && !file.exists(), "{reply:?}");
    pool.shutdown().await;
    let pool = lab.pool(1, Allow::Edits, None).await;
    let reply = ask(&pool, &prompt).await;
    assert_eq!((reply.outcome, reply.text()), (Outcome::Ok, "done"), "{reply:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim_end(), "some text");
    pool.shutdown().await;
}

/// Limits and failures of its service, and the instance that goes on after them.
async fn limits_and_failures_have_names(lab: Lab) {
    let pool = lab.pool(1, Allow::Read, None).await;
    let heals = ask(&pool, "[[mode=429 n=1 tag=heals after=0]] go on").await;
    assert!(lab.is_fresh(&heals, "go on"), "{heals:?}");
    assert_eq!(lab.server.modes("heals"), ["429", "plain"]);
    let stays = ask(&pool, "[[mode=429 tag=stays after=0]] go on").await;
    assert_eq!(stays.outcome, Outcome::Limited, "{stays:?}");
    let refused = ask(&pool, "[[mode=400]] go on").await;
    assert_eq!(refused.outcome, Outcome::Error, "{refused:?}");
    let after = ask(&pool, "and now").await;
    assert!(lab.is_fresh(&after, "and now") && after.instance.generation == 1, "{after:?}");
    pool.shutdown().await;
}

/// A turn that takes too long is taken back by a message, and the process goes on.
async fn a_late_turn_is_taken_back(lab: Lab) {
    let pool = lab.pool(1, Allow::Read, Some(Duration::from_secs(6))).await;
    let late = ask(&pool, "[[mode=hang]] never").await;
    assert_eq!(late.outcome, Outcome::TimedOut, "{late:?}");
    let after = ask(&pool, "and now").await;
    assert!(lab.is_fresh(&after, "and now") && after.instance.generation == 1, "{after:?}");
    pool.shutdown().await;
}

/// A conversation outlives the process that held it.
async fn a_session_survives_a_crash(lab: Lab) {
    let pool = lab.pool(1, Allow::Read, None).await;
    let session = pool.session("s");
    assert_eq!(session.ask("one").await.unwrap().text(), "TURN 1: one");
    let pid = pool.status().await.unwrap()[0].pid.unwrap();
    let mut running = session.stream("[[mode=drip gap=200]] two");
    // It is in the middle of its reply.
    assert!(running.next().await.is_some());
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
    let crashed = running.result().await.unwrap().unwrap();
    assert_eq!(crashed.outcome, Outcome::Crashed, "{crashed:?}");
    let after = session.ask("three").await.unwrap();
    assert_eq!((after.instance.generation, after.context_lost), (2, false));
    // Whether the prompt that was never answered is a turn of its own, or stands in one with the next, is for the agent to
    // say: in one the model does what both want.
    let remembers = ["TURN 2: three", "TURN 3: three"].contains(&after.text());
    assert!(remembers || after.text().starts_with("drip by drip"), "it remembers: {after:?}");
    session.close();
    assert!(lab.is_fresh(&ask(&pool, "four").await, "four"), "and nobody else does");
    pool.shutdown().await;
}

/// A test of each agent for each of these.
macro_rules! agents {
    ($($agent:ident is $kind:ident: $($test:ident)*;)*) => {$(
        mod $agent {
            use super::*;
            $(
                #[test]
                fn $test() {
                    with(Agent::$kind, super::$test);
                }
            )*
        }
    )*};
}

agents! {
    codex is Codex: ten_jobs_on_two_instances steps_are_one_conversation a_change_of_a_file_is_allowed_or_not
        limits_and_failures_have_names a_late_turn_is_taken_back a_session_survives_a_crash;
    claude is Claude: ten_jobs_on_two_instances steps_are_one_conversation a_change_of_a_file_is_allowed_or_not
        limits_and_failures_have_names a_late_turn_is_taken_back a_session_survives_a_crash;
    gemini is Gemini: ten_jobs_on_two_instances steps_are_one_conversation a_change_of_a_file_is_allowed_or_not
        limits_and_failures_have_names a_late_turn_is_taken_back;
    qwen is Qwen: ten_jobs_on_two_instances steps_are_one_conversation a_change_of_a_file_is_allowed_or_not
        limits_and_failures_have_names a_late_turn_is_taken_back a_session_survives_a_crash;
    opencode is Opencode: ten_jobs_on_two_instances steps_are_one_conversation a_change_of_a_file_is_allowed_or_not
        limits_and_failures_have_names a_late_turn_is_taken_back a_session_survives_a_crash;
    copilot is Copilot: ten_jobs_on_two_instances steps_are_one_conversation a_change_of_a_file_is_allowed_or_not
        limits_and_failures_have_names a_late_turn_is_taken_back a_session_survives_a_crash;
}
