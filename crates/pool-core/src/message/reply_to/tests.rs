use super::*;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Instance;

impl actix::Actor for Instance {
    type Context = actix::Context<Self>;
}

impl actix::Handler<ControlMessage> for Instance {
    type Result = ();

    fn handle(&mut self, _: ControlMessage, _: &mut Self::Context) {}
}

/// Between its placement and its arrival there, what is said to it goes to the instance that had it before, which has
/// forgotten it.
#[test]
fn a_job_that_comes_back_and_is_taken_back_on_its_way_is_not_begun() {
    type Back = fn(&ReplyTo);
    let delivered: Back = |job| {
        assert!(job.deliver());
        job.undeliver();
    };
    actix::System::new().block_on(async {
        let instance = || Arc::new(actix::Actor::start(Instance).recipient());
        for (what, back) in [("undelivered", ReplyTo::unplace as Back), ("turned away by a limit", delivered)]
        {
            let (reply_to, handle) = reply_channel(false);
            handle.answer("first");
            assert!(reply_to.place(SlotId(0), 1));
            assert_eq!(reply_to.attach(&instance()), [Control::Answer("first".into())], "{what}");
            back(&reply_to);
            assert!(reply_to.place(SlotId(1), 1), "{what}");
            handle.cancel();
            handle.cancel();
            assert_eq!(reply_to.attach(&instance()), [Control::Cancel], "{what}");
        }
        let (reply_to, handle) = reply_channel(false);
        assert!(reply_to.place(SlotId(0), 1));
        handle.cancel();
        assert_eq!(reply_to.attach(&instance()), [Control::Cancel], "once");
    });
}

/// The queue may not move for hours, and it need not: whoever waits for a job that is taken back from elsewhere is
/// woken as soon as nobody can run it any more, and its holder finds it cancelled.
#[test]
fn whoever_waits_for_a_queued_job_hears_at_once_that_it_was_taken_back() {
    type Move = fn(&ReplyTo);
    let placed: Move = |job| assert!(job.place(SlotId(0), 1));
    let delivered: Move = |job| assert!(job.place(SlotId(0), 1) && job.deliver());
    let table: [(&str, Option<(Move, Move)>); 3] = [
        ("queued", None),
        ("placed, and back undelivered", Some((placed, ReplyTo::unplace))),
        ("delivered, and turned away by a limit", Some((delivered, ReplyTo::undeliver))),
    ];
    for (what, journey) in table {
        let (reply_to, handle) = reply_channel(false);
        let (remote, woken) = (handle.remote(), Arc::new(Woken::default()));
        let waker = Waker::from(woken.clone());
        let (mut handle, mut context) = (pin!(handle), Context::from_waker(&waker));
        if let Some((there, _)) = journey {
            there(&reply_to);
        }
        assert!(handle.as_mut().poll(&mut context).is_pending(), "{what}");
        remote.cancel();
        if let Some((_, back)) = journey {
            assert!(!woken.0.load(Ordering::Relaxed), "{what}: an instance has it");
            back(&reply_to);
        }
        assert!(woken.0.load(Ordering::Relaxed) && reply_to.is_cancelled(), "{what}");
        let result = handle.poll(&mut context);
        assert!(matches!(result, Poll::Ready(Err(JobError::Cancelled))), "{what}: {result:?}");
    }
}
