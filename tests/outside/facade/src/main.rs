//! The whole, from a program that knows nothing of actors or runtimes.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = cluster::blocking::launch_cluster("bash", 2)?;
    let reply = cluster.ask("echo hello")?;
    assert_eq!(reply.text(), "hello");
    let job = cluster::Job::from("echo $((6 * 7))").capability("shell");
    assert_eq!(cluster.ask(job)?.text(), "42");
    cluster.shutdown();
    println!("facade: 2 replies");
    Ok(())
}
