//! What becomes of an instance beside its conversation, in virtual time.

use super::*;
use crate::message::{
    Afterwards, Assign, Errand, ErrandFuture, Job, JobResult, Placement, Refused, ReplyTo, Step,
    reply_channel,
};
use crate::process::fake::{Fakes, Play, Stage};
use crate::spec::{Shutdown, TurnRule, TurnSpec};
use std::cell::RefCell;
use std::future::pending;
use std::time::Duration;

/// How the life ended, in the ears of a supervisor.
type End = Rc<RefCell<Option<ExitReport>>>;

struct Ear(End);

impl Actor for Ear {
    type Context = Context<Self>;
}

impl Handler<Event> for Ear {
    type Result = ();

    fn handle(&mut self, event: Event, _: &mut Self::Context) {
        if let Event::Exited { exit, .. } = event {
            *self.0.borrow_mut() = Some(exit);
        }
    }
}

/// What the process of a life plays.
type Script = fn(Stage) -> Play;

/// A life of a tool that answers line by line and plays `script`, what shows its work, and how it ends.
fn life(script: Script) -> (actix::Addr<InstanceActor>, Arc<Activity>, End) {
    let mut spec = ToolSpec::new("fake", vec!["fake".into()], TurnSpec::new(TurnRule::Lines));
    spec.stop = Shutdown::Kill;
    let (end, activity) = (End::default(), Arc::new(Activity::new(driver::now())));
    let plan = Plan {
        spec: Arc::new(spec),
        slot: SlotId(0),
        generation: 1,
        launcher: Arc::new(Fakes::new(script)),
        activity: activity.clone(),
        transcript: Arc::new(Transcript::default()),
        supervisor: Ear(end.clone()).start().recipient(),
        seed: 1,
        thread: None,
    };
    (InstanceActor::new(plan).start(), activity, end)
}

fn in_virtual_time(test: impl Future<Output = ()>) {
    actix::System::new().block_on(async {
        tokio::time::pause();
        test.await;
    });
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Nobody wakes a task whose stream has been dropped.
#[test]
fn a_life_that_is_over_leaves_nothing() {
    let table: [(ExitReport, Script); 2] = [
        (ExitReport::Exited(0), |stage| {
            Box::pin(async move {
                // A grandchild has its output, and lives on.
                actix_rt::spawn(async move {
                    let _output = stage;
                    pending::<()>().await;
                });
                ExitReport::Exited(0)
            })
        }),
        (ExitReport::Unkillable, |stage| {
            Box::pin(async move {
                stage.hang_in_the_kernel();
                pending().await
            })
        }),
    ];
    for (exit, script) in table {
        in_virtual_time(async {
            let (instance, activity, end) = life(script);
            pass(1).await;
            // More than the pipe takes: its writer waits, too.
            let (reply_to, handle) = reply_channel(false);
            assert!(reply_to.place(SlotId(0), 1));
            let step = Step::Say("x".repeat(1 << 20));
            let job = Box::new(Job::new(vec![step], reply_to, driver::now()));
            instance.send(Assign { serial: 1, job }).await.expect("it lives");
            pass(5).await;
            instance.send(Order::Kill).await.expect("it lives");
            pass(10).await;
            assert_eq!(*end.borrow(), Some(exit.clone()));
            drop((instance, handle));
            pass(1).await;
            assert_eq!(Arc::strong_count(&activity), 1, "{exit}: a task still has the life");
        });
    }
}

struct Refuses;

impl Errand for Refuses {
    fn before(&mut self, _: &Placement) -> ErrandFuture<Result<(), Refused>> {
        Box::pin(std::future::ready(Err(Refused("no".into()))))
    }
}

struct Trap;

impl Afterwards for Trap {
    fn ended(self: Box<Self>, _: ReplyTo, _: JobResult) {
        panic!("a trap");
    }
}

/// No deadline minds an instance that has lost its job on the way.
#[test]
fn a_panic_behind_an_errand_takes_the_life_down() {
    in_virtual_time(async {
        let (instance, _, end) = life(|stage| {
            Box::pin(async move {
                let _kept = stage;
                pending().await
            })
        });
        pass(1).await;
        let (mut reply_to, handle) = reply_channel(false);
        assert!(reply_to.place(SlotId(0), 1));
        reply_to.then(Box::new(Trap));
        let mut job = Box::new(Job::new(vec![Step::Say("x".into())], reply_to, driver::now()));
        job.errand = Some(Box::new(Refuses));
        instance.send(Assign { serial: 1, job }).await.expect("it lives");
        pass(1).await;
        assert_eq!(*end.borrow(), Some(ExitReport::Panicked));
        assert!(matches!(handle.await, Err(crate::JobError::Lost { .. })));
    });
}
