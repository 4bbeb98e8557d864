//! Nothing outlives the pool: guards, for programs that embed it.
//!
//! Without them a pool stops the process groups of its tools. That misses children that left their group, and misses
//! everything if the program itself is killed with SIGKILL. With them nothing is left within a second, whatever
//! happens. Guards are this program started again, which only its `main` can allow:
//!
//! ```no_run
//! #[tokio::main(flavor = "current_thread")]
//! async fn run() -> Result<(), Box<dyn std::error::Error>> {
//!     let cluster = cluster::launch_cluster("python", 3).await?;
//!     // ...
//! #   cluster.shutdown().await;
//!     Ok(())
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     cluster::guard::init();
//!     run()
//! }
//! ```
//!
//! A program whose `main` cannot do that may name one that does: `builder.launcher(Arc::new(Guards::of(path)))`, where
//! `path` is that of `cluster`.

pub use pool_core::process::guard::{Guards, init};
