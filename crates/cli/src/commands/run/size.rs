//! Sizes as people write them: `65536`, `512M`, `2G`.

/// Reads a number of bytes that is more than none; K, M and G stand for 1024, its square and its cube.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (&text[..at], 10),
        Some((at, 'M' | 'm')) => (&text[..at], 20),
        Some((at, 'G' | 'g')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let is_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << unit));
    bytes
        .filter(|bytes| *bytes > 0 && is_digits)
        .ok_or_else(|| "write a number of bytes, or one with K, M or G, such as 512M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn what_is_a_size() {
        let table = [
            ("65536", Some(65_536)),
            ("1K", Some(1024)),
            ("512M", Some(536_870_912)),
            ("2g", Some(2_147_483_648)),
            ("0", None),
            ("", None),
            ("M", None),
            ("+5", None),
            ("1.5G", None),
            ("2GB", None),
            ("-1", None),
            ("17179869184G", None),
            ("5\u{e9}", None),
        ];
        for (text, bytes) in table {
            assert_eq!(size(text).ok(), bytes, "{text:?}");
        }
    }
}
