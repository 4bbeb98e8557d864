//! Transcripts as files.

use crate::machine::dialect::replay::Recorder;
use crate::message::{Generation, SlotId};
use crate::spec::ToolSpec;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Writes a transcript of this life, if that is wanted. A disk that takes no more ends the transcript, not the tool.
pub(super) fn recorder(spec: &ToolSpec, slot: SlotId, generation: Generation) -> Option<Recorder> {
    let recording = spec.record.clone().filter(|_| spec.agent().is_some())?;
    let path = recording.folder.join(format!("{}-{slot}-{generation}.txt", spec.tool));
    let mut file = match create(&path) {
        Ok(file) => Some(file),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the transcript cannot be written");
            return None;
        }
    };
    Some(Recorder::new(Box::new(move |line| {
        if let Some(open) = &mut file
            && let Err(error) = open.write_all((recording.hide)(line).as_bytes())
        {
            tracing::warn!(path = %path.display(), %error, "the transcript ends here");
            file = None;
        }
    })))
}

fn create(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}
