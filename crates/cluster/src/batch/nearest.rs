//! "Did you mean …?"

/// The word of `known` that `word` is most likely a slip of; none if all are too far.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = word.chars().count().div_ceil(2).min(3);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many characters to insert, delete, replace or swap with a neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        let known = ["tool", "steps", "session", "timeout"];
        let table = [
            ("tol", Some("tool")),
            ("stpes", Some("steps")),
            ("Session", Some("session")),
            ("time_out", Some("timeout")),
            ("x", None),
            ("", None),
            ("priority", None),
        ];
        for (word, guess) in table {
            assert_eq!(nearest(word, known), guess, "{word:?}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
