//! Three warm Python prompts, ten questions: `cargo run --example quickstart`.

use cluster::{Job, launch_cluster};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = launch_cluster("python", 3).await?;

    // One question, whichever instance is free.
    println!("6 * 7 = {}", cluster.ask("6 * 7").await?.text());

    // Many at once: three work at a time, the others wait in the router's queue.
    let replies = (1..=10).map(|n| (n, cluster.submit(format!("sum(range({n}))")))).collect::<Vec<_>>();
    for (n, reply) in replies {
        println!("sum(range({n})) = {}", reply.await?.text());
    }

    // Steps that belong together run on one instance, with nothing in between.
    let job = Job::new().step("import math").step("math.factorial(20)");
    println!("20! = {}", cluster.submit(job).await?.text());

    // A conversation that is kept.
    let session = cluster.session("notes");
    session.ask("seen = []").await?;
    session.ask("seen.append('a')").await?;
    println!("seen = {}", session.ask("seen").await?.text());

    // Work for a certain instance, and replies that wait to be read.
    let ticket = cluster.send_to(cluster::SlotId(2), "'from slot 2'").await;
    println!("{}", cluster.read(ticket).await??.text());

    for instance in cluster.status().await? {
        println!("instance {}: {:?}, {} jobs", instance.index, instance.state, instance.jobs);
    }
    cluster.shutdown().await;
    Ok(())
}

#[test]
fn it_ends_well() {
    main().expect("it ends well");
}
