//! Standard output: replies as text, or results as JSON.

use super::paint::Paint;
use super::sanitize;
use super::talk::title;
use cluster::batch::ResultRecord;
use std::io::{BufWriter, Write};

/// In which form results leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The replies one after the other, as they are. What is empty leaves no trace.
    Plain,
    /// For eyes: each under a line that names its item.
    Headed(Paint),
    /// One object a line.
    Json {
        /// Eyes may see it.
        terminal: bool,
    },
}

pub(super) struct Replies {
    out: BufWriter<Box<dyn Write>>,
    form: Form,
}

impl Replies {
    pub(super) fn new(out: Box<dyn Write>, form: Form) -> Self {
        Self { out: BufWriter::with_capacity(64 << 10, out), form }
    }

    /// Whether results leave as JSON.
    pub(super) const fn is_json(&self) -> bool {
        matches!(self.form, Form::Json { .. })
    }

    /// Writes one result, in one piece, so that lines of different jobs never mix. It may stay here until
    /// [`Replies::flush`].
    pub(super) fn write(&mut self, record: &ResultRecord, total: Option<u64>) -> std::io::Result<()> {
        let mut text = match self.form {
            Form::Plain => record.reply.clone(),
            Form::Headed(paint) => headed(record, total, paint),
            Form::Json { terminal } => json(record, terminal)?,
        };
        if text.is_empty() {
            return Ok(());
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.out.write_all(text.as_bytes())
    }

    /// Sends off what has been written.
    pub(super) fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn headed(record: &ResultRecord, total: Option<u64>, paint: Paint) -> String {
    let head = paint.dim(&format!("── {} ──", title(record, total)));
    format!("{head}\n{}", sanitize::text(&record.reply))
}

fn json(record: &ResultRecord, terminal: bool) -> std::io::Result<String> {
    let json = serde_json::to_string(record)?;
    Ok(if terminal { sanitize::json(&json).into_owned() } else { json })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::batch::plan::JobInfo;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Seen(Rc<RefCell<Vec<u8>>>);

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn record(item: &str, reply: &str) -> ResultRecord {
        let info = JobInfo { index: 2, id: "3".into(), item: Some(item.into()), ..JobInfo::default() };
        let blank = ResultRecord::refused(info, String::new(), "2026-11-21T03:00:00Z".parse().unwrap());
        ResultRecord { reply: reply.into(), ..blank }
    }

    fn written(form: Form, item: &str, reply: &str) -> String {
        let seen = Seen::default();
        let mut replies = Replies::new(Box::new(seen.clone()), form);
        replies.write(&record(item, reply), Some(12)).unwrap();
        replies.flush().unwrap();
        String::from_utf8(seen.0.take()).unwrap()
    }

    #[test]
    fn each_form_has_its_shape() {
        let headed = Form::Headed(Paint::plain());
        let table = [
            (Form::Plain, "i", "two\nlines", "two\nlines\n"),
            (Form::Plain, "i", "ends itself\n", "ends itself\n"),
            (Form::Plain, "i", "", ""),
            (Form::Plain, "i", "raw \x1b[2J", "raw \x1b[2J\n"),
            (headed, "a\x07\nb", "raw \x1b[2J\r\n", "── 3/12 a\\u{7}… ──\nraw \\u{1b}[2J\n"),
            (headed, "i", "", "── 3/12 i ──\n"),
        ];
        for (form, item, reply, expected) in table {
            assert_eq!(written(form, item, reply), expected);
        }
    }

    #[test]
    fn json_is_one_line_and_safe_to_look_at() {
        let plain = written(Form::Json { terminal: false }, "i", "a\n\u{202e}b");
        assert_eq!(plain.matches('\n').count(), 1);
        assert!(plain.contains("\u{202e}"));
        let shown = written(Form::Json { terminal: true }, "i", "a\n\u{202e}b");
        assert!(shown.contains("a\\n\\u202eb"));
        let read = |text: &str| serde_json::from_str::<ResultRecord>(text).unwrap();
        assert_eq!(read(&plain), read(&shown));
    }
}
