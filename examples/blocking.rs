//! The same from code without a runtime: `cargo run --example blocking`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = cluster::blocking::launch_cluster("bash", 2)?;

    println!("{}", cluster.ask("echo hello from $BASH_VERSION")?.text());

    // Replies come as they finish; the quick one first.
    let slow = cluster.send("sleep 0.2; echo slow");
    let quick = cluster.send("echo quick");
    for _ in 0..2 {
        let (ticket, reply) = cluster.read_any()?;
        let name = if ticket == slow { "slow" } else { "quick" };
        assert!(ticket == slow || ticket == quick);
        println!("{name}: {}", reply?.text());
    }

    cluster.shutdown();
    Ok(())
}

#[test]
fn it_ends_well() {
    main().expect("it ends well");
}
