//! What is shown and starts nothing: `--dry-run`, `schema`, `tools`.

use crate::running::World;
use insta::assert_snapshot;
