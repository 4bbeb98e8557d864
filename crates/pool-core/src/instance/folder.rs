//! The folder that agents are told.

use crate::spec::ToolSpec;
use std::path::Path;
use std::sync::Arc;

/// Agents are told where they work, by a path that means the same to them as to us.
pub(super) fn told_its_folder(spec: &Arc<ToolSpec>) -> Arc<ToolSpec> {
    let folder = spec.cwd.as_deref().unwrap_or(Path::new("."));
    match std::path::absolute(folder) {
        Ok(folder) if spec.agent().is_some() => {
            Arc::new(ToolSpec { cwd: Some(folder), ..ToolSpec::clone(spec) })
        }
        _ => spec.clone(),
    }
}
