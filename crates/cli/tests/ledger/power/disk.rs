//! What is left on a disk whose power is cut: what was synced, and of the rest as much as chance will have it.
//!
//! Stricter than most file systems: a name is sure to be there only after a sync of its folder, data only after a sync
//! of its file, and of a write that was not synced any of its sectors may have been written.

use super::trace::{Call, Event};
use crate::torture::Dice;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a disk writes at once, in bytes.
const SECTOR: usize = 512;

/// What becomes of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Luck {
    /// Nothing of it is there.
    None,
    /// All of it is there.
    All,
    /// Of each sector and each name the dice decide.
    Dice,
}

/// A disk, as it was before the events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    /// Folders have no bytes.
    names: BTreeMap<PathBuf, Option<usize>>,
    files: Vec<Vec<u8>>,
}

impl Disk {
    /// What is in this folder.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut disk = Self::default();
        disk.take_in(folder);
        disk
    }

    fn take_in(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.take_in(&path);
                self.names.insert(path, None);
            } else {
                self.names.insert(path.clone(), Some(self.files.len()));
                self.files.push(std::fs::read(&path).unwrap());
            }
        }
    }

    /// What is left in `folder` after these events and a cut at this moment.
    pub(crate) fn cut(
        self,
        folder: &Path,
        events: &[Event],
        moment: u64,
        luck: Luck,
        dice: &mut Dice,
    ) -> Self {
        let is_sync = |event: &&Event| matches!(event.call, Call::Sync(_)) && event.end <= moment;
        let syncs = events.iter().filter(is_sync).collect();
        // What the program sees: where each file is, and how long.
        let seen = |(path, file): (&PathBuf, &Option<usize>)| {
            let file = (*file)?;
            Some((path.clone(), Seen { file, length: self.files[file].len() }))
        };
        let seen = self.names.iter().filter_map(seen).collect();
        let mut cut = Cut { folder, disk: self, seen, syncs, luck, dice };
        events.iter().filter(|event| event.start < moment).for_each(|event| cut.replay(event));
        cut.disk
    }

    /// Puts it in place of what is in this folder.
    pub(crate) fn restore(&self, folder: &Path) {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).unwrap();
        for (path, file) in &self.names {
            // A name in a folder that is not there is not there.
            if !path.parent().unwrap().is_dir() {
                continue;
            }
            match file {
                None => std::fs::create_dir(path).unwrap(),
                Some(file) => std::fs::write(path, &self.files[*file]).unwrap(),
            }
        }
    }
}

/// A file, as the program sees it.
struct Seen {
    file: usize,
    length: usize,
}

/// A disk on its way to a cut.
struct Cut<'a> {
    folder: &'a Path,
    disk: Disk,
    seen: BTreeMap<PathBuf, Seen>,
    /// All that were over before the cut.
    syncs: Vec<&'a Event>,
    luck: Luck,
    dice: &'a mut Dice,
}

impl Cut<'_> {
    /// Whether this change of a file or folder is on the disk.
    fn survives(&mut self, path: &Path, event: &Event) -> bool {
        let by = |sync: &&&Event| sync.start >= event.end;
        let is_synced = self.syncs.iter().filter(by).any(|sync| sync.call == Call::Sync(path.to_owned()));
        is_synced || self.luck == Luck::All || (self.luck == Luck::Dice && self.dice.below(2) == 0)
    }

    /// Whether this change of a name is on the disk.
    fn name_survives(&mut self, path: &Path, event: &Event) -> bool {
        path != self.folder
            && path.starts_with(self.folder)
            && path.parent().is_some_and(|folder| self.survives(folder, event))
    }

    fn replay(&mut self, event: &Event) {
        match &event.call {
            Call::Sync(_) => {}
            Call::MakeFolder(path) => {
                if self.name_survives(path, event) {
                    self.disk.names.insert(path.clone(), None);
                }
            }
            Call::Create(path) => self.create(path, event),
            Call::Write { path, at, bytes } => self.write(path, *at, bytes, event),
            Call::Truncate { path, length } => {
                let Some(seen) = self.seen.get_mut(path) else { return };
                let (file, length) = (seen.file, *length as usize);
                seen.length = length;
                if self.survives(path, event) {
                    self.disk.files[file].resize(length, 0);
                }
            }
            Call::Rename { from, to } => {
                let Some(moved) = self.seen.remove(from) else { return };
                if self.name_survives(to, event) {
                    self.disk.names.remove(from);
                    self.disk.names.insert(to.clone(), Some(moved.file));
                }
                self.seen.insert(to.clone(), moved);
            }
            Call::Remove(path) => {
                self.seen.remove(path);
                if self.name_survives(path, event) {
                    self.disk.names.remove(path);
                }
            }
        }
    }

    fn create(&mut self, path: &Path, event: &Event) {
        if self.seen.contains_key(path) || !path.starts_with(self.folder) {
            return;
        }
        let file = self.disk.files.len();
        self.disk.files.push(Vec::new());
        self.seen.insert(path.to_owned(), Seen { file, length: 0 });
        if self.name_survives(path, event) {
            self.disk.names.insert(path.to_owned(), Some(file));
        }
    }

    fn write(&mut self, path: &Path, at: Option<u64>, bytes: &[u8], event: &Event) {
        let Some(seen) = self.seen.get_mut(path) else { return };
        let (file, at) = (seen.file, at.map_or(seen.length, |at| at as usize));
        seen.length = seen.length.max(at + bytes.len());
        for (number, sector) in bytes.chunks(SECTOR).enumerate() {
            if self.survives(path, event) {
                put(&mut self.disk.files[file], at + number * SECTOR, sector);
            }
        }
    }
}

fn put(data: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if data.len() < at + bytes.len() {
        data.resize(at + bytes.len(), 0);
    }
    data[at..at + bytes.len()].copy_from_slice(bytes);
}
