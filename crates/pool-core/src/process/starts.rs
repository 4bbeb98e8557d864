//! Starts a few processes at a time, off the arbiter.

use crate::error::StartError;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// How many processes are being started at a time. A start mostly waits for the child to get as far as its program, so
/// that some more than the processors keep those busy.
const AT_ONCE: usize = 4;

/// The starts that wait, and the threads that see to them.
///
/// A thread goes on with the next start as long as one waits: to wake a thread for each costs more than to start
/// a small tool. The queue is as long as the pool is large.
#[derive(Clone, Default)]
pub(super) struct Starts {
    line: Arc<Mutex<Line>>,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Start>,
    threads: usize,
}

type Start = Box<dyn FnOnce() + Send>;

impl Starts {
    /// Runs `start` when its turn has come. One that nobody waits for any more is left out.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        start: impl FnOnce() -> Result<T, StartError> + Send + 'static,
    ) -> Result<T, StartError> {
        let (done, started) = oneshot::channel();
        self.push(Box::new(move || {
            if !done.is_closed() {
                let _ = done.send(start());
            }
        }));
        started.await.unwrap_or_else(|_| Err(StartError::System("the thread of its start ended".to_owned())))
    }

    fn push(&self, start: Start) {
        let mut line = self.line();
        line.waiting.push_back(start);
        let is_worth_a_thread = line.threads < AT_ONCE;
        line.threads += usize::from(is_worth_a_thread);
        drop(line);
        if is_worth_a_thread {
            let worker = Worker { starts: self.clone(), counts: true };
            tokio::task::spawn_blocking(move || worker.work());
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that sees to starts. One that the system or the runtime does not let us have is none: it is dropped.
struct Worker {
    starts: Starts,
    /// Among [`Line::threads`].
    counts: bool,
}

impl Worker {
    fn work(mut self) {
        while let Some(start) = self.next() {
            // A start that panics is its own instance's matter: its caller hears that the answer was dropped.
            let _ = panic::catch_unwind(AssertUnwindSafe(start));
        }
    }

    /// The next start. Without one the thread ends, which is decided under the same lock.
    fn next(&mut self) -> Option<Start> {
        let mut line = self.starts.line();
        let next = line.waiting.pop_front();
        if next.is_none() {
            line.threads -= 1;
            self.counts = false;
        }
        next
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.counts {
            self.starts.line().threads -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Starts};
    use crate::error::StartError;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn all_are_run_and_never_more_than_a_few_at_once() {
        let starts = Starts::default();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let runs: Vec<_> = (0..100_usize)
            .map(|number| {
                let (starts, now, most) = (starts.clone(), now.clone(), most.clone());
                tokio::spawn(async move {
                    let start = move || {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        Ok(number)
                    };
                    starts.run(start).await
                })
            })
            .collect();
        for (number, run) in runs.into_iter().enumerate() {
            assert_eq!(run.await.expect("no panic"), Ok(number));
        }
        assert!((1..=AT_ONCE).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn as_many_as_may_run_at_once_do() {
        let starts = Starts::default();
        let all = Arc::new(std::sync::Barrier::new(AT_ONCE));
        let run = |()| {
            let (starts, all) = (starts.clone(), all.clone());
            // None goes on before all are there.
            tokio::spawn(async move { starts.run(move || Ok(all.wait().is_leader())).await })
        };
        let runs: Vec<_> = [(); AT_ONCE].map(run).into();
        let mut leaders = 0;
        for run in runs {
            leaders += usize::from(run.await.expect("no panic") == Ok(true));
        }
        assert_eq!(leaders, 1);
    }

    /// A runtime that is shutting down drops what it is to run.
    #[test]
    fn a_thread_that_never_was_is_not_counted() {
        let starts = Starts::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let handle = runtime.handle().clone();
        drop(runtime);
        let _inside = handle.enter();
        for _ in 0..2 * AT_ONCE {
            starts.push(Box::new(|| {}));
        }
        assert_eq!(starts.line().threads, 0);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_its_own_start_and_the_next_ones_go_on() {
        let starts = Starts::default();
        for _ in 0..=AT_ONCE {
            let start = || -> Result<(), StartError> { panic!("on purpose") };
            assert!(starts.run(start).await.is_err());
        }
        assert_eq!(starts.run(|| Ok(7)).await, Ok(7));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_left_out() {
        let (starts, ran) = (Starts::default(), Arc::new(AtomicUsize::new(0)));
        let (releases, held): (Vec<_>, Vec<_>) = (0..AT_ONCE)
            .map(|_| {
                let (release, held) = std::sync::mpsc::channel::<()>();
                let starts = starts.clone();
                let hold = move || Ok(held.recv().is_err());
                (release, tokio::spawn(async move { starts.run(hold).await }))
            })
            .unzip();
        tokio::task::yield_now().await;
        let counted = ran.clone();
        tokio::select! {
            biased;
            _ = starts.run(move || Ok(counted.fetch_add(1, Ordering::SeqCst))) => panic!("all threads are held"),
            () = std::future::ready(()) => {}
        }
        drop(releases);
        for held in held {
            assert_eq!(held.await.expect("no panic"), Ok(true));
        }
        assert_eq!(starts.run(|| Ok(())).await, Ok(()));
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    }
}
