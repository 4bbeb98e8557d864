//! The key that gets up.

use std::str::FromStr;

/// A control key, as the byte that it types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u8);

/// What is typed goes through here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// Keys; this one gets up.
    Keys(Key),
    /// Lines, which have no such key.
    Lines,
}

impl Typed {
    pub(super) const fn new(key: Key) -> Self {
        Self::Keys(key)
    }

    pub(super) const fn lines() -> Self {
        Self::Lines
    }

    /// What goes to the instance, and whether somebody gets up then; what is typed behind that goes nowhere.
    pub(super) fn take(self, mut bytes: Vec<u8>) -> (Vec<u8>, bool) {
        let Self::Keys(Key(key)) = self else { return (bytes, false) };
        let at = bytes.iter().position(|byte| *byte == key);
        bytes.truncate(at.unwrap_or(bytes.len()));
        (bytes, at.is_some())
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix('^').or_else(|| {
            let (prefix, name) = text.split_at_checked(5)?;
            prefix.eq_ignore_ascii_case("ctrl-").then_some(name)
        });
        match name.map(|name| name.to_ascii_uppercase()).as_deref().map(str::as_bytes) {
            // What ends a line would end the sitting with each.
            Some([b'J' | b'M']) => Err("this key ends a line: choose another one".into()),
            Some([key @ b'@'..=b'_']) => Ok(Self(key & 0x1f)),
            _ => Err("a key is 'ctrl-' and a letter, or one of '@[\\]^_'".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_names() {
        let table =
            [("ctrl-]", Ok(0x1d)), ("Ctrl-a", Ok(1)), ("^A", Ok(1)), ("ctrl-@", Ok(0)), ("ctrl-_", Ok(0x1f))];
        for (name, byte) in table {
            assert_eq!(name.parse::<Key>().map(|Key(byte)| byte), byte, "{name}");
        }
        for wrong in ["", "a", "ctrl-", "ctrl-ab", "alt-a", "ctrl-ä", "^", "ctrl-m", "^j", "ctrl-1"] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_typed_before_the_key_still_goes() {
        let keys = Typed::new(Key(0x1d));
        assert_eq!(keys.take(b"ls\r".to_vec()), (b"ls\r".to_vec(), false));
        assert_eq!(keys.take(b"ls\r\x1dmore".to_vec()), (b"ls\r".to_vec(), true));
        assert_eq!(Typed::lines().take(b"\x1d\n".to_vec()), (b"\x1d\n".to_vec(), false));
    }
}
