//! The tasks beside an instance: each waits for one kind of thing and feeds it to the driver.

use super::driver::Driver;
use crate::message::ExitReport;
use crate::process::Launching;
use std::future::poll_fn;
use std::rc::Rc;

/// Launches the process, then reads, writes, waits and keeps time until the generation is over.
pub(super) fn start(driver: Rc<Driver>, launching: Launching) {
    spawn(driver, async move |driver| match launching.await {
        Err(error) => driver.feed(|conversation, _| conversation.launch_failed(error)),
        Ok(process) => {
            driver.launched(process);
            spawn(driver.clone(), async |driver| until_gone(&driver, read(&driver)).await);
            spawn(driver.clone(), async |driver| until_gone(&driver, write(&driver)).await);
            spawn(driver.clone(), async |driver| until_gone(&driver, keep_time(&driver)).await);
            until_gone(&driver, wait(&driver)).await;
        }
    });
}

/// Takes the instance down if there is a panic before this is dropped: a live actor without its reader, or one that has lost
/// the state of its job, would look busy for ever.
pub(super) struct Watch(pub(super) Rc<Driver>);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon(&ExitReport::Panicked);
        }
    }
}

/// Spawns a task under a [`Watch`].
fn spawn(driver: Rc<Driver>, task: impl AsyncFnOnce(Rc<Driver>) + 'static) {
    actix_rt::spawn(async move {
        let watch = Watch(driver.clone());
        task(driver).await;
        drop(watch);
    });
}

/// Runs `task` until it ends or the life is over: the streams that it waits for are dropped then, and wake nobody.
async fn until_gone(driver: &Driver, task: impl Future<Output = ()>) {
    let gone = driver.gone.notified();
    if driver.is_gone() {
        return;
    }
    tokio::select! {
        biased;
        () = task => {}
        () = gone => {}
    }
}

async fn read(driver: &Rc<Driver>) {
    let mut room = Driver::first_room();
    while !driver.is_gone() {
        match poll_fn(|context| driver.poll_read(room, context)).await {
            Ok(0) | Err(_) => {
                driver.feed(|conversation, now| conversation.end_of_output(now));
                return;
            }
            Ok(count) => {
                room = Driver::next_room(count, room);
                driver.output(count);
            }
        }
    }
}

async fn write(driver: &Rc<Driver>) {
    while !driver.is_gone() {
        driver.write.notified().await;
        if poll_fn(|context| driver.poll_backlog(context)).await.is_err() {
            driver.feed(|conversation, now| conversation.input_broken(now));
        }
    }
}

async fn wait(driver: &Rc<Driver>) {
    let exit = poll_fn(|context| driver.poll_exit(context)).await;
    driver.exited(exit);
}

async fn keep_time(driver: &Rc<Driver>) {
    while !driver.is_gone() {
        match driver.arm() {
            None => driver.rearm.notified().await,
            Some(deadline) => {
                // An order of its own, not a thrown die: the same events always lead to the same life.
                tokio::select! {
                    biased;
                    () = driver.rearm.notified() => {}
                    () = tokio::time::sleep_until(deadline.into()) => {
                        driver.feed(|conversation, now| conversation.handle_timeout(now));
                    }
                }
            }
        }
    }
}
