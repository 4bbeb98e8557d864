//! A program with a life of its own: many threads, signals, children, a panic hook. A cluster in it disturbs none of it,
//! and is not disturbed.

use rustix::process::{Resource, Signal, child_subreaper, getrlimit, kill_process};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::signal::unix::{SignalKind, signal};

const CALLERS: usize = 50;
const QUESTIONS: usize = 20;
const CHILDREN: i32 = 100;

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::panic::set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::SeqCst);
    }));
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut own = signal(SignalKind::user_defined1())?;
    let before = (getrlimit(Resource::Nofile), child_subreaper()?);

    let cluster = cluster::launch_cluster("bash", 3).await?;
    let callers: Vec<_> = (0..CALLERS).map(|caller| tokio::spawn(ask(cluster.clone(), caller))).collect();
    let waiter = std::thread::spawn(own_children);
    let me = rustix::process::getpid();
    for (name, mine, of_mine) in
        [("SIGINT", Signal::INT, &mut interrupts), ("SIGUSR1", Signal::USR1, &mut own)]
    {
        kill_process(me, mine)?;
        of_mine.recv().await.ok_or(name)?;
    }
    let status = tokio::process::Command::new("sh").args(["-c", "exit 9"]).status().await?;
    assert_eq!(status.code(), Some(9), "a child of the runtime's own");
    waiter.join().expect("every child is told of to whoever started it");
    for caller in callers {
        caller.await?;
    }

    assert!(tokio::spawn(async { panic!("of the program's own") }).await.is_err());
    assert_eq!(PANICS.load(Ordering::SeqCst), 1, "the panic hook is the program's own");
    assert_eq!(
        (getrlimit(Resource::Nofile), child_subreaper()?),
        before,
        "limits and offices are as they were"
    );
    let pids: Vec<_> = cluster.status().await?.into_iter().filter_map(|status| status.pid).collect();
    cluster.shutdown().await;
    for pid in pids {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "{pid} is left");
    }
    println!("host: {} replies, {CHILDREN} children of its own, 2 signals", CALLERS * QUESTIONS);
    Ok(())
}

async fn ask(cluster: cluster::ClusterManager, caller: usize) {
    for question in 0..QUESTIONS {
        let text = format!("{caller}-{question}");
        let reply = cluster.ask(format!("echo {text}")).await.expect("a reply");
        assert_eq!(reply.text(), text);
    }
}

/// Whoever waits for any child takes these away.
fn own_children() {
    for n in 0..CHILDREN {
        let script = format!("exit {}", n % 256);
        let status = Command::new("sh").args(["-c", &script]).status().expect("sh starts");
        assert_eq!(status.code(), Some(n % 256));
    }
}
