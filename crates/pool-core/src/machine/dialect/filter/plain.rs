//! How far text needs no filtering: the scan that every byte of every reply goes through.

/// Bytes that are judged together; a multiple of every vector width.
const BLOCK: usize = 256;

/// The length of the front of `bytes` in which nothing has to be filtered. Invalid UTF-8 is let through.
pub(super) fn run(bytes: &[u8]) -> usize {
    let mut start = 0;
    for block in bytes.chunks(BLOCK) {
        if !is_plain_ascii(block)
            && !is_tame(block)
            && let Some(odd) = (start..start + block.len()).find(|&at| is_odd(&bytes[at..]))
        {
            return odd;
        }
        start += block.len();
    }
    bytes.len()
}

/// Bidirectional controls: they make text look like what it is not.
pub(in crate::machine::dialect) const fn is_bidi(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Without branches, so that the compiler makes vector code of it; likewise [`is_tame`]. A byte that is neither printable
/// nor a tab or a line end is beyond the end of both ranges: nothing but subtractions, half the work of comparing.
fn is_plain_ascii(block: &[u8]) -> bool {
    block.iter().fold(0, |odd, &byte| {
        let unprintable = byte.wrapping_sub(b' ').saturating_sub(b'~' - b' ');
        let no_space = byte.wrapping_sub(b'\t').saturating_sub(b'\n' - b'\t');
        odd | unprintable.min(no_space)
    }) == 0
}

/// Whether not even a first byte of something odd is in it.
fn is_tame(block: &[u8]) -> bool {
    !block.iter().fold(false, |odd, &byte| {
        let control = (byte < b' ') & (byte != b'\n') & (byte != b'\t');
        odd | control | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xd8) | (byte == 0xe2)
    })
}

/// Whether `bytes` begin with a character that has to be filtered.
const fn is_odd(bytes: &[u8]) -> bool {
    match bytes {
        [b'\n' | b'\t', ..] => false,
        [0x00..0x20 | 0x7f, ..] => true,
        [0xc2, second, ..] => matches!(second, 0x80..=0x9f),
        [0xd8, second, ..] => matches!(second, 0x9c),
        [0xe2, 0x80, third, ..] => matches!(third, 0x8e | 0x8f | 0xaa..=0xae),
        [0xe2, 0x81, third, ..] => matches!(third, 0xa6..=0xa9),
        _ => false,
    }
}
