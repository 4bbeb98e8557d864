//! The handle works wherever it is called from: any tokio runtime, actix, many threads, none.

use cluster::{ClusterManager, launch_cluster};

async fn asks(cluster: &ClusterManager) {
    let reply = cluster.ask("echo hello").await.expect("a reply");
    assert_eq!(reply.text(), "hello");
}

#[tokio::test(flavor = "current_thread")]
async fn from_a_tokio_runtime_of_one_thread() {
    let cluster = launch_cluster("bash", 1).await.expect("bash is there");
    asks(&cluster).await;
    cluster.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_fifty_tasks_of_a_tokio_runtime_of_many_threads() {
    let cluster = launch_cluster("bash", 3).await.expect("bash is there");
    let tasks = (0..50).map(|n| {
        let cluster = cluster.clone();
        tokio::spawn(async move {
            let reply = cluster.ask(format!("echo {n}")).await.expect("a reply");
            assert_eq!(reply.text(), n.to_string());
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no panic");
    }
    cluster.shutdown().await;
}

#[test]
fn from_actix_with_a_thread_of_its_own_and_on_the_same_arbiter() {
    actix::System::new().block_on(async {
        let cluster = launch_cluster("bash", 1).await.expect("bash is there");
        asks(&cluster).await;
        cluster.shutdown().await;

        let profile = cluster::profile::Profile::load(
            "bash",
            &cluster::profile::Overrides::default(),
            &cluster::profile::Surroundings::current(),
        );
        let builder = ClusterManager::builder().tool(profile.expect("built in").spec, 1);
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        asks(&cluster).await;
        cluster.shutdown().await;
    });
}

#[test]
fn from_threads_without_a_runtime() {
    let cluster = cluster::blocking::launch_cluster("bash", 2).expect("bash is there");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let cluster = &cluster;
            scope.spawn(move || {
                assert_eq!(cluster.ask(format!("echo {n}")).expect("a reply").text(), n.to_string());
            });
        }
    });
    cluster.shutdown();
}

#[test]
fn dropping_the_last_handle_kills_the_tools_before_it_returns() {
    let cluster = cluster::blocking::launch_cluster("bash", 2).expect("bash is there");
    let pids: Vec<u32> =
        cluster.status().expect("open").into_iter().filter_map(|status| status.pid).collect();
    assert!(!pids.is_empty());
    drop(cluster);
    for pid in pids {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "{pid} is left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_to_a_cluster_that_has_gone_is_answered_and_takes_no_place() {
    let cluster = launch_cluster("bash", 1).await.expect("bash is there");
    cluster.kill().await;
    for _ in 0..2 * cluster::outbox::OUTBOX {
        let ticket = cluster.send("echo hello").await;
        let (answered, result) = cluster.read_any().await.expect("an answer");
        assert_eq!(answered, ticket);
        assert_eq!(result.expect_err("nobody is there"), cluster::JobError::Closed);
    }
    let ticket = cluster.send("echo hello").await;
    assert!(cluster.read(ticket).await.expect("an answer").is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_with_much_to_do_is_not_taken_for_one_that_has_gone() {
    let cluster = launch_cluster("bash", 2).await.expect("bash is there");
    let asks: Vec<_> = (0..500)
        .map(|n| {
            let cluster = cluster.clone();
            tokio::spawn(async move {
                assert_eq!(cluster.status().await.expect("it is there").len(), 2);
                if n % 50 == 0 {
                    asks_and_looks(&cluster).await;
                }
            })
        })
        .collect();
    for ask in asks {
        ask.await.expect("no panic");
    }
    cluster.shutdown().await;
}

async fn asks_and_looks(cluster: &ClusterManager) {
    asks(cluster).await;
    assert_eq!(cluster.snapshot().await.expect("it is there").instances.len(), 2);
}
