//! Prints what was measured: a table for each case, and a verdict for each target.

use super::case::{Case, Measure, Target};
use super::rounds::Measured;
use crate::sample::Sample;

/// What became of a target.
pub(crate) struct Verdict {
    case: &'static str,
    target: &'static str,
    demand: String,
    /// The median of the rounds, the least and the most; `None` if it could not be measured.
    spread: Option<Spread>,
    holds: bool,
}

impl Verdict {
    /// Whether the target was reached.
    pub(crate) const fn passed(&self) -> bool {
        self.holds
    }
}

/// The middle and the ends of some numbers.
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Option<Self> {
        numbers.sort_by(f64::total_cmp);
        let (least, most) = (*numbers.first()?, *numbers.last()?);
        let middle = numbers.len() / 2;
        let median = if numbers.len() % 2 == 1 {
            numbers[middle]
        } else {
            numbers[middle - 1].midpoint(numbers[middle])
        };
        Some(Self { least, median, most })
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}-{})", short(self.median), short(self.least), short(self.most))
    }
}

/// Prints the table of a case and returns its verdicts.
pub(crate) fn print(case: &Case, measured: &Measured) -> Vec<Verdict> {
    let (before, after) = measured.load;
    println!("\n## {}: {}", case.name, case.about);
    println!("{} rounds, load {before:.2} -> {after:.2}\n", measured.rounds.len());
    println!(
        "{:28}{} {:>26}",
        "",
        case.shown.iter().map(|key| format!("{key:>14}")).collect::<String>(),
        "/ limit"
    );
    for (position, row) in case.rows.iter().enumerate() {
        let numbers = |key: &str| {
            Spread::of(samples(measured, position).filter_map(|sample| sample.get(key)).collect())
                .map_or_else(|| "-".to_owned(), |spread| short(spread.median))
        };
        let cells: String = case.shown.iter().map(|key| format!("{:>14}", numbers(key))).collect();
        let ratio = Measure::Ratio { of: row.name, to: case.rows[0].name, key: case.shown[0] };
        let ratio =
            spread(case, measured, &ratio).map_or_else(|| "-".to_owned(), |spread| spread.to_string());
        println!("{:28}{cells} {ratio:>26}", row.name);
    }
    for (position, row) in case.rows.iter().enumerate() {
        if let Some(failure) = measured.rounds.iter().find_map(|round| round[position].as_ref().err()) {
            println!("! {}: {failure}", row.name);
        }
    }
    case.targets.iter().map(|target| judge(case, target, measured)).collect()
}

/// Prints the verdicts of all cases.
pub(crate) fn print_summary(verdicts: &[Verdict]) {
    println!("\n## targets\n");
    for verdict in verdicts {
        let word = match &verdict.spread {
            None => "????",
            Some(_) if verdict.holds => "PASS",
            Some(_) => "miss",
        };
        let spread = verdict.spread.as_ref().map_or_else(|| "not measured".to_owned(), Spread::to_string);
        println!("{word}  {:11}{:36}{spread:>26}  {}", verdict.case, verdict.target, verdict.demand);
    }
}

fn judge(case: &Case, target: &Target, measured: &Measured) -> Verdict {
    let spread = spread(case, measured, &target.measure);
    let demand = match &target.measure {
        Measure::Ratio { to, .. } => format!("{} x {to}", target.bound),
        Measure::Value { key, .. } => format!("{} {key}", target.bound),
        Measure::Growth { key, .. } => format!("{} {key} each", target.bound),
        Measure::Syncs { .. } | Measure::GrowthInSyncs { .. } => target.bound.to_string(),
    };
    let holds = spread.as_ref().is_some_and(|spread| target.bound.holds(spread.median));
    Verdict { case: case.name, target: target.name, demand, spread, holds }
}

fn spread(case: &Case, measured: &Measured, measure: &Measure) -> Option<Spread> {
    let of_round = |round: &Vec<Result<Sample, String>>| {
        let position = |name: &str| case.rows.iter().position(|row| row.name == name);
        measure.of(|name| round[position(name)?].as_ref().ok())
    };
    Spread::of(measured.rounds.iter().filter_map(of_round).collect())
}

fn samples(measured: &Measured, position: usize) -> impl Iterator<Item = &Sample> {
    measured.rounds.iter().filter_map(move |round| round[position].as_ref().ok())
}

/// Four significant digits, no exponent.
fn short(number: f64) -> String {
    let digits = 3 - number.abs().max(0.001).log10().floor() as i32;
    format!("{number:.*}", digits.clamp(0, 3) as usize)
}
