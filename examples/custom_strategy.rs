//! A strategy of your own: `cargo run --example custom_strategy`
//!
//! A strategy picks the slot; everything else (the queue, sessions, what is void) stays with the shipped router. This one
//! fills the pool from slot 0 on, so that the last instances stay idle and may be few.

use cluster::ClusterManager;
use cluster::profile::{Overrides, Profile, Surroundings};
use pool_core::message::SlotId;
#[cfg(test)]
use routing::strategy::Table;
use routing::strategy::{Candidate, Candidates, JobView, Strategy};

struct FillFromTheLeft;

impl Strategy for FillFromTheLeft {
    fn name(&self) -> &str {
        "fill_from_the_left"
    }

    fn choose(&mut self, _: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        candidates.iter().next().map(|first| first.slot)
    }

    fn score(&self, _: &JobView<'_>, slot: &Candidate<'_>) -> String {
        format!("{} from the left", slot.slot)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bash = Profile::load("bash", &Overrides::default(), &Surroundings::current())?;
    let builder = ClusterManager::builder().tool(bash.spec, 3).strategy(Box::new(FillFromTheLeft));
    let cluster = builder.build().await?;

    for n in 1..=5 {
        let reply = cluster.ask(format!("echo $(({n} * {n}))").as_str()).await?;
        println!("{n} squared is {}, says slot {}", reply.text(), reply.instance.slot);
    }
    let figures = cluster.metrics().await?;
    println!("{} jobs by {}", figures.total.served, figures.strategy);
    cluster.shutdown().await;
    Ok(())
}

#[test]
fn it_takes_the_first_that_is_free() {
    let mut table = Table::of(&["bash"; 3]);
    assert_eq!(table.pick(&mut FillFromTheLeft, &JobView::plain()), Some(SlotId(0)));
    table.shut(SlotId(0));
    assert_eq!(table.pick(&mut FillFromTheLeft, &JobView::plain()), Some(SlotId(1)));
}

#[test]
fn it_ends_well() {
    main().expect("it ends well");
}
