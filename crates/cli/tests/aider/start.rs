//! Instances that answer, instances at full speed, and those that still load.

use crate::events::await_files;
use crate::lab::{Lab, PATIENCE};
use cluster::Outcome;
use pool_core::supervisor::InstanceState;

#[tokio::test]
async fn the_first_instance_works_while_the_last_one_loads() {
    // Nobody is answered before all three instances have asked.
    let Some(lab) = Lab::new(&["--together", "3"]) else { return };
    let cluster = lab.cluster(3).await;
    let jobs: Vec<_> = (1..=3).map(|job| cluster.submit(format!("Say {job}"))).collect();
    // The pool has a thread of its own, so that looking here holds up nobody.
    // The log of the model is beside the repository.
    let (folder, asked) = (lab.repository().join(".."), || !lab.model.asked().is_empty());
    await_files(&folder, PATIENCE, asked, || "nobody asked the model");
    let early: Vec<InstanceState> =
        cluster.status().await.unwrap().iter().map(|instance| instance.state).collect();
    let loads = |state: &InstanceState| {
        matches!(state, InstanceState::Waiting | InstanceState::Starting | InstanceState::Warming)
    };
    assert!(early.contains(&InstanceState::Working) && early.iter().any(loads), "{early:?}");

    let mut slots = Vec::new();
    for job in jobs {
        let reply = job.await.unwrap();
        assert_eq!((reply.outcome, reply.instance.generation), (Outcome::Ok, 1), "{reply:?}");
        slots.push(reply.instance.slot.0);
    }
    slots.sort_unstable();
    assert_eq!(slots, [0, 1, 2]);
    for instance in cluster.status().await.unwrap() {
        let times = instance.started;
        let [Some(spawned), Some(ready), Some(warm)] = [times.spawned_us, times.ready_us, times.warm_us]
        else {
            panic!("{instance:?}")
        };
        assert!(spawned < ready && ready < warm, "{instance:?}");
        println!("spawned {spawned} µs, ready {ready} µs, warm {warm} µs");
    }
    cluster.shutdown().await;
}
