//! Two instances of one tool by index, and nothing else of the family.

use pool_core::ToolProcessPool;
use pool_core::message::SlotId;
use pool_core::spec::{ToolSpec, TurnRule, TurnSpec};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cat = ToolSpec::new("cat", vec!["/bin/cat".into()], TurnSpec::new(TurnRule::Lines));
    actix::System::new().block_on(async {
        let pool = ToolProcessPool::start(cat, 2)?;
        for slot in [0, 1, 0] {
            let reply = pool.send_prompt(SlotId(slot), "one line").await?;
            assert_eq!((reply.text(), reply.instance.slot), ("one line", SlotId(slot)));
        }
        pool.shutdown().await?;
        println!("core: 3 replies of 2 instances");
        Ok(())
    })
}
