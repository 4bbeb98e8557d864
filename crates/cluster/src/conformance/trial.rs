//! Does with a tool what the plan says, and keeps what was seen.

use super::judge::{self, Cut, Part, Written};
use super::plan::{FILE, Plan, Turn, recall};
use super::{Cell, Feature, Kit, Verdict};
use crate::stream::Piece;
use crate::{ClusterManager, Job, LaunchError};
use pool_core::message::{JobResult, Outcome, Usage};
use pool_core::process::Launch;
use pool_core::spec::{Cancel, ToolSpec};
use pool_core::supervisor::{InstanceState, InstanceStatus};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The longest turn: an agent may try its service again for minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// A turn that says nothing is cancelled after so long: it has begun by then.
const BEGUN: Duration = Duration::from_secs(2);

/// Why a cancel shows nothing.
const TOO_QUICK: &str = "it was over before it could be cancelled";

/// What was found.
pub(super) struct Found {
    /// Every feature in order.
    pub(super) features: Vec<Cell>,
    /// How many prompts were sent.
    pub(super) prompts: usize,
    /// The version that the tool told by itself.
    pub(super) version: Option<Arc<str>>,
}

/// Does what the plan says.
pub(super) async fn run(kit: &Kit<'_>, plan: &Plan, launcher: &impl Fn() -> Arc<dyn Launch>) -> Found {
    let started = Instant::now();
    let mut trial = match start(&kit.profile.spec, launcher()).await {
        Ok(pool) => Trial::new(pool, plan),
        Err(error) => {
            return Found { features: not_there(plan, &error), prompts: 0, version: None };
        }
    };
    let ready = format!("in {:.1?}", started.elapsed());
    trial.keep(Feature::Ready, Ok(ready));
    trial.turn().await;
    trial.stream().await;
    trial.ends_as(Feature::Error, Outcome::Error).await;
    trial.cancel(kit.profile.spec.cancel).await;
    trial.resume(kit).await;
    trial.ends_as(Feature::Limit, Outcome::Limited).await;
    trial.permission(kit, launcher).await;
    trial.finish().await
}

/// One instance, ready. Nobody waits for the end of a limit here.
async fn start(spec: &ToolSpec, launcher: Arc<dyn Launch>) -> Result<ClusterManager, LaunchError> {
    let spec = ToolSpec { hold: None, ..spec.clone() };
    let pool = ClusterManager::builder().tool(spec, 1).launcher(launcher).build().await?;
    pool.ready().await?;
    Ok(pool)
}

/// What does not start cannot be tried.
fn not_there(plan: &Plan, error: &LaunchError) -> Vec<Cell> {
    let cells = Feature::ALL.into_iter().map(|feature| match feature {
        Feature::Ready => Cell::new(feature, Verdict::No, error.to_string()),
        _ => {
            plan.settled(feature).unwrap_or_else(|| Cell::new(feature, Verdict::NotTried, "it did not start"))
        }
    });
    cells.collect()
}

struct Trial<'a> {
    plan: &'a Plan,
    pool: ClusterManager,
    cells: Vec<Cell>,
    prompts: usize,
    usage: Option<Usage>,
    version: Option<Arc<str>>,
}

impl<'a> Trial<'a> {
    fn new(pool: ClusterManager, plan: &'a Plan) -> Self {
        Self { plan, pool, cells: Vec::new(), prompts: 0, usage: None, version: None }
    }

    fn keep(&mut self, feature: Feature, said: Result<String, String>) {
        self.cells.push(judge::cell(feature, said));
    }

    /// Keeps what is said, or why it could not be found out.
    fn keep_if(&mut self, feature: Feature, said: Option<Result<String, String>>, why: &str) {
        match said {
            Some(said) => self.keep(feature, said),
            None => self.cells.push(Cell::new(feature, Verdict::NotTried, why)),
        }
    }

    /// What is sent for a feature, with the prompt that shows that the tool goes on: it would show nothing if it does not
    /// work by itself.
    fn sends(&mut self, feature: Feature) -> Option<(&'a str, &'a Turn)> {
        let [say, _] = self.plan.sends(feature)? else { return None };
        let is_right = self.cells.iter().any(|cell| cell.feature == Feature::Turn && cell.is == Verdict::Yes);
        if !is_right {
            self.keep_if(feature, None, "its turn does not work, so nothing shows that it goes on");
            return None;
        }
        Some((say, self.plan.turn.as_ref()?))
    }

    async fn turn(&mut self) {
        let Some(turn) = self.plan.sends(Feature::Turn).and(self.plan.turn.as_ref()) else { return };
        let said = self.answers(turn).await;
        self.keep(Feature::Turn, said);
    }

    /// What is said of the prompt whose answer is known.
    async fn answers(&mut self, turn: &Turn) -> Result<String, String> {
        let result = self.ask(turn.job()).await;
        judge::turn(&result, &turn.expect)
    }

    async fn ask(&mut self, job: Job) -> JobResult {
        let result = self.pool.ask(job.timeout(PATIENCE)).await;
        self.count(&result);
        result
    }

    fn count(&mut self, result: &JobResult) {
        self.prompts += 1;
        let Ok(reply) = result else { return };
        if self.version.is_none() {
            self.version.clone_from(&reply.instance.version);
        }
        let more = Usage::total(&reply.steps);
        self.usage = match (self.usage, more) {
            (Some(usage), Some(more)) => Some(usage.plus(more)),
            (usage, more) => usage.or(more),
        };
    }

    async fn stream(&mut self) {
        let Some([say]) = self.plan.sends(Feature::Stream) else { return };
        let (began, mut bytes, mut parts) = (Instant::now(), 0, Vec::new());
        let mut pieces = self.pool.stream(Job::from(say.as_str()).timeout(PATIENCE));
        while let Some(piece) = pieces.next().await {
            match piece {
                Piece::Text { text, .. } => {
                    bytes += text.len();
                    parts.push(Part { at: began.elapsed(), bytes });
                }
                Piece::End(result) => {
                    self.count(&result);
                    self.keep(Feature::Stream, judge::stream(&parts, began.elapsed(), &result));
                    return;
                }
                Piece::Sent | Piece::Missed(_) | Piece::Question(_) => {}
            }
        }
    }

    /// A prompt that ends in a certain way, and the known one after it.
    async fn ends_as(&mut self, feature: Feature, wanted: Outcome) {
        let Some((say, turn)) = self.sends(feature) else { return };
        let result = self.ask(Job::from(say)).await;
        let after = self.answers(turn).await;
        self.keep(feature, judge::ends_as(wanted, &result, after));
    }

    async fn cancel(&mut self, way: Cancel) {
        let Some((say, turn)) = self.sends(Feature::Cancel) else { return };
        let before = self.status().await;
        let mut pieces = self.pool.stream(Job::from(say).timeout(PATIENCE));
        // What comes is of no interest, but that it has begun.
        let begun = async {
            while !matches!(pieces.next().await, None | Some(Piece::Text { .. } | Piece::End(_))) {}
        };
        let _ = timeout(BEGUN, begun).await;
        pieces.cancel();
        let Some(result) = pieces.result().await else {
            self.prompts += 1;
            return self.keep_if(Feature::Cancel, None, TOO_QUICK);
        };
        self.count(&result);
        let after = self.answers(turn).await;
        let is_same = before.zip(self.status().await).is_some_and(|(one, two)| one.pid == two.pid);
        self.keep_if(Feature::Cancel, judge::cancel(way, Cut { result: &result, is_same, after }), TOO_QUICK);
    }

    async fn status(&self) -> Option<InstanceStatus> {
        self.pool.status().await.ok()?.into_iter().next()
    }

    async fn resume(&mut self, kit: &Kit<'_>) {
        let Some([say, then]) = self.plan.sends(Feature::Resume) else { return };
        let session = self.pool.session("conformance");
        let first = session.ask(Job::from(say.as_str()).timeout(PATIENCE)).await;
        self.count(&first);
        if let Err(why) = self.kill(kit.profile.spec.limits.ready).await {
            self.keep(Feature::Resume, Err(why));
            return;
        }
        let second = session.ask(Job::from(then.as_str()).timeout(PATIENCE)).await;
        self.count(&second);
        session.close();
        let expect = recall(&kit.profile.test).expect;
        self.keep(Feature::Resume, judge::resume(&first, &second, &expect));
    }

    /// Kills the tool's process, and waits for the next.
    async fn kill(&self, patience: Duration) -> Result<(), String> {
        let mut changes = self.pool.watch(64);
        let before = self.status().await.ok_or("it has no instance")?;
        let pid =
            before.pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).ok_or("it has no process")?;
        kill_process(pid, Signal::KILL).map_err(|error| format!("it cannot be killed: {error}"))?;
        let back = async {
            while let Some(status) = changes.recv().await {
                if status.generation > before.generation && status.state == InstanceState::Ready {
                    return true;
                }
            }
            false
        };
        match timeout(patience, back).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err("it does not come back after it was killed".into()),
        }
    }

    async fn permission(&mut self, kit: &Kit<'_>, launcher: &impl Fn() -> Arc<dyn Launch>) {
        let Some([denied, allowed]) = self.plan.sends(Feature::Permission) else { return };
        let file = kit.folder.join(FILE);
        let denied = self.ask(Job::from(denied.as_str())).await;
        let denied = Written { result: &denied, is_there: take_away(&file) };
        // What the other may do is settled when it starts.
        self.pool.shutdown().await;
        match start(&kit.free.spec, launcher()).await {
            Err(error) => self.keep(Feature::Permission, Err(error.to_string())),
            Ok(pool) => {
                self.pool = pool;
                let allowed = self.ask(Job::from(allowed.as_str())).await;
                let allowed = Written { result: &allowed, is_there: take_away(&file) };
                let said = judge::permission(&denied, &allowed);
                self.keep_if(Feature::Permission, said, "it did not try to write a file");
            }
        }
    }

    async fn finish(mut self) -> Found {
        self.pool.shutdown().await;
        if self.plan.settled(Feature::Usage).is_none() {
            self.keep(Feature::Usage, judge::usage(self.prompts, self.usage));
        }
        let cells = Feature::ALL.map(|feature| {
            let seen = self.cells.iter().find(|cell| cell.feature == feature).cloned();
            seen.or_else(|| self.plan.settled(feature))
                .unwrap_or_else(|| Cell::new(feature, Verdict::NotTried, "nothing was seen"))
        });
        Found { features: cells.into(), prompts: self.prompts, version: self.version }
    }
}

impl Turn {
    fn job(&self) -> Job {
        if self.is_command { Job::new().command(self.say.as_str()) } else { Job::from(self.say.as_str()) }
    }
}

/// Whether the file was there; it is not afterwards.
fn take_away(file: &Path) -> bool {
    std::fs::remove_file(file).is_ok()
}
