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
