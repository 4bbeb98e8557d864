//! The files of a batch of edits, and what is to become of them.

use crate::lab::Lab;

/// So many small files of a repository, each to be edited by its own job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files(pub(crate) usize);

impl Files {
    /// What a job says, with the item, a file, for `{}`. aider does not apply an edit that begins with a line whose end
    /// is the name of the file.
    pub(crate) const PROMPT: &str = "[[mode=ensure file={} tag={}-done]] Add a line to {}";

    /// Makes and commits them, and leaves a list of them in the lab's folder.
    pub(crate) fn make(self, lab: &Lab) {
        self.numbers().for_each(|number| lab.file(&name(number), &text(number)));
        lab.commit();
        let list: String = self.names().map(|name| name + "\n").collect();
        std::fs::write(lab.folder().join("list"), list).unwrap();
    }

    /// Their names, in the order of the list.
    pub(crate) fn names(self) -> impl Iterator<Item = String> {
        self.numbers().map(name)
    }

    /// How many of them hold what they held and the one new line, and nothing else.
    pub(crate) fn edited(self, lab: &Lab) -> usize {
        let wanted = |number: usize| format!("{}# edit {}-done\n", text(number), name(number));
        self.numbers().filter(|number| lab.read(&name(*number)) == wanted(*number)).count()
    }

    /// How often the model was asked for the edit of each, by its own log.
    pub(crate) fn asked(self, lab: &Lab) -> Vec<usize> {
        let asked = lab.model.asked();
        let of = |tag: &str| asked.iter().filter(|asked| asked.tag.as_deref() == Some(tag)).count();
        self.names().map(|name| of(&format!("{name}-done"))).collect()
    }

    fn numbers(self) -> std::ops::RangeInclusive<usize> {
        1..=self.0
    }
}

fn name(number: usize) -> String {
    format!("number_{number:03}.py")
}

fn text(number: usize) -> String {
    format!("# The file with number {number}.\n\n\ndef number():\n    return {number}\n")
}
