//! Text for one row of a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text, made safe before, cut to so many columns.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    if columns > 0 {
        cut.push('…');
    }
    cut
}

/// A text and as many blanks as it takes to fill so many columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_letters_count_twice() {
        let table = [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("漢字漢", 5, "漢字…"),
            ("漢字漢", 4, "漢…"),
            ("ab", 0, ""),
        ];
        for (text, columns, expected) in table {
            assert_eq!(fit(text, columns), expected);
        }
        assert_eq!((pad("漢", 4).as_str(), pad("abc", 2).as_str()), ("漢  ", "abc"));
    }

    proptest! {
        #[test]
        fn it_fits(text: String, columns in 0..20_usize) {
            let safe = super::super::sanitize::line(&text, 100);
            prop_assert!(fit(&safe, columns).width() <= columns);
        }
    }
}
