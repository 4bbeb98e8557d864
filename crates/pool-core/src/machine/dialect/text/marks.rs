//! What a tool itself says of its prompt: marks that a terminal does not show.
//!
//! Shells that integrate with terminals print `ESC ] 133 ; B` behind their prompt and `ESC ] 133 ; D ; status` when a
//! command has ended; editors of lines switch bracketed paste on (`ESC [ ? 2004 h`) while they read a line, and off when
//! they have it. Whoever has done so at its start does it at every prompt: then text that looks like the prompt ends a
//! turn only together with the mark. Whoever has not is never asked for one.
//!
//! A mark is evidence and no proof: a reply may print one. So a tool's custom is learned before its first turn, when
//! nothing that comes is a reply, and each turn needs a mark of its own; 133;B counts only while nothing stands behind
//! it; and a mark alone ends nothing, for the prompt must be there too, at the very end. What is left is a reply that
//! prints a mark, then the prompt, and then is silent. Of its status a reply may lie, too, to its own harm. Where that
//! matters, a sentinel is the rule to use.

use avt::parser::{Function, Osc, ShellIntegration};

/// A mark that says: here the tool awaits input. The later is the more exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// Bracketed paste has been switched on.
    Paste,
    /// The prompt ends here.
    Input,
}

impl Mark {
    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Paste => "prompt mark (bracketed paste)",
            Self::Input => "prompt mark (OSC 133;B)",
        }
    }
}

/// What the marks say of text that looks like a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing: the tool prints none.
    None,
    /// It is not the prompt: this one is missing.
    Missing(Mark),
    /// It is the prompt; the status of the last command, if it is not 0.
    Given(Mark, Option<u8>),
}

/// The marks of one generation of a tool.
#[derive(Debug, Default)]
pub(super) struct Marks {
    custom: Custom,
    /// Bracketed paste is on.
    paste: bool,
    /// The last that was printed is the end of a prompt.
    input: bool,
    /// Of the last command, if it is not 0.
    failure: Option<u8>,
    /// How much of [`PASTE`] has come.
    paste_seen: usize,
}

/// Which mark the tool prints at its prompts.
#[derive(Debug, Clone, Copy)]
enum Custom {
    /// As far as its start has shown.
    Learning(Option<Mark>),
    /// Its first turn has begun.
    Known(Option<Mark>),
}

impl Default for Custom {
    fn default() -> Self {
        Self::Learning(None)
    }
}

/// Bracketed paste, without the letter that says on or off: the terminal that draws does not know it.
const PASTE: &str = "\x1b[?2004";

impl Marks {
    /// Takes note of a character that may be part of a control sequence, and of what came of it.
    pub(super) fn fed(&mut self, character: char, function: Option<&Function>) {
        let is_paste = self.paste_seen == PASTE.len();
        self.paste_seen = match PASTE[self.paste_seen..].chars().next() {
            Some(next) if next == character => self.paste_seen + 1,
            _ => usize::from(PASTE.starts_with(character)),
        };
        match function {
            Some(Function::Decset(_)) if is_paste => {
                self.paste = true;
                self.learn(Mark::Paste);
            }
            Some(Function::Decrst(_)) if is_paste => (self.paste, self.input) = (false, false),
            Some(Function::Osc(Osc::ShellIntegration(said))) => self.shell(*said),
            Some(Function::Print(character)) if *character != ' ' => self.input = false,
            Some(Function::Lf) => self.input = false,
            _ => {}
        }
    }

    /// Takes note of plain text.
    pub(super) fn printed(&mut self, text: &str) {
        self.input = self.input && text.bytes().all(|byte| byte == b' ');
    }

    fn shell(&mut self, said: ShellIntegration) {
        // The prompt of a shell may hold all but C, and bracketed paste may have been switched on before it.
        self.input = said == ShellIntegration::CommandStart;
        match said {
            ShellIntegration::CommandStart => self.learn(Mark::Input),
            ShellIntegration::CommandExecuted => (self.paste, self.failure) = (false, None),
            ShellIntegration::CommandFinished { exit_status } => {
                self.failure = exit_status.filter(|status| *status != 0);
            }
            ShellIntegration::PromptStart => {}
        }
    }

    fn learn(&mut self, mark: Mark) {
        if let Custom::Learning(best) = &mut self.custom {
            *best = (*best).max(Some(mark));
        }
    }

    /// A turn begins: the tool's custom is known, and the marks so far are those of an earlier prompt.
    pub(super) const fn begin_turn(&mut self) {
        self.custom = Custom::Known(self.wanted());
        (self.paste, self.input, self.failure) = (false, false, None);
    }

    /// The mark that a prompt must have.
    pub(super) const fn wanted(&self) -> Option<Mark> {
        let (Custom::Learning(mark) | Custom::Known(mark)) = self.custom;
        mark
    }

    /// What they say of a prompt at the end of what has come.
    pub(super) fn word(&self) -> Word {
        match self.wanted() {
            None => Word::None,
            Some(mark @ Mark::Paste) if self.paste => Word::Given(mark, self.failure),
            Some(mark @ Mark::Input) if self.input => Word::Given(mark, self.failure),
            Some(mark) => Word::Missing(mark),
        }
    }
}
