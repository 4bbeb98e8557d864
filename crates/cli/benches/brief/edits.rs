//! The first part: the files edited in each of the ways, and how those compare.

use crate::files::Files;
use crate::lab::Lab;
use crate::measure::Cost;
use crate::ways::{Edited, Way};
use std::time::Duration;

/// What waits longer for the model than this is taken on fewer files, and scaled.
const LONGEST: Duration = Duration::from_secs(900);
/// How many files are few.
const FEW: usize = 24;
/// As many files as the targets are meant for.
const MEANT: usize = 218;

/// A line of the table.
struct Row {
    way: Way,
    /// For all files, scaled if need be.
    cost: Cost,
    warm: Option<Duration>,
    /// How many files there really were in the longest run, and how many of them were then as they should be.
    taken: usize,
    right: usize,
}

/// Measures and prints the table of one speed of the model; whether every file was edited as it should be.
pub(crate) fn print(files: Files, seconds: u64, one: Cost) -> bool {
    println!("## {} files, the model answers after {seconds} s (about {} s)", files.0, {
        estimate(files, seconds, one).as_secs()
    });
    println!("{:36} {:>9} {:>9} {:>11} {:>12}", "", "wall s", "CPU s", "edited", "warm s/file");
    let rows = Way::ALL.map(|way| {
        let row = Row::measure(way, files, seconds);
        row.print(files);
        row
    });
    compare(&rows, seconds);
    if files.0 < MEANT {
        println!("(the targets are for {MEANT} files; with fewer, starts and the last round weigh more)");
    }
    println!("({})\n", load());
    rows.iter().all(|row| row.right == row.taken)
}

/// How long that takes about.
pub(crate) fn estimate(files: Files, seconds: u64, one: Cost) -> Duration {
    let thinking = Duration::from_secs(seconds);
    let processors = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap();
    let of = |way: Way| {
        let taken = few(way, files, seconds).unwrap_or(files);
        let rounds = u32::try_from(taken.0.div_ceil(way.at_once())).unwrap();
        match way {
            Way::Pool(instances) => {
                one.cpu * u32::try_from(instances).unwrap() / processors + thinking * rounds
            }
            Way::Parallel => {
                (one.cpu * u32::try_from(taken.0).unwrap() / processors).max((thinking + one.wall) * rounds)
            }
            Way::EachAlone => (thinking + one.wall) * rounds,
        }
    };
    Way::ALL.into_iter().map(of).sum()
}

/// How many files are taken instead of all.
fn few(way: Way, files: Files, seconds: u64) -> Option<Files> {
    let rounds = u32::try_from(files.0.div_ceil(way.at_once())).unwrap();
    let is_long = way == Way::EachAlone || Duration::from_secs(seconds) * rounds > LONGEST;
    (is_long && files.0 > FEW).then_some(Files(FEW))
}

impl Row {
    fn measure(way: Way, files: Files, seconds: u64) -> Self {
        let taken = few(way, files, seconds).unwrap_or(files);
        let many = edit(way, taken, seconds);
        let cost = if taken.0 == files.0 {
            many.cost
        } else {
            // What a start costs, it costs once, but where each file has its own.
            let least = if way == Way::EachAlone { 0 } else { way.at_once() };
            let least =
                (least, if least == 0 { Cost::default() } else { edit(way, Files(least), seconds).cost });
            line_through(least, (taken.0, many.cost), files.0)
        };
        Self { way, cost, warm: many.warm, taken: taken.0, right: many.files }
    }

    fn print(&self, files: Files) {
        let edited = format!("{} of {}", self.right, self.taken);
        let warm = self.warm.map_or("-".to_owned(), |warm| format!("{:.3}", warm.as_secs_f64()));
        let (wall, cpu) = (self.cost.wall.as_secs_f64(), self.cost.cpu.as_secs_f64());
        let wrong = if self.right == self.taken { "" } else { "  WRONG" };
        let scaled = if self.taken == files.0 { "" } else { "  scaled" };
        println!("{:36} {wall:9.1} {cpu:9.1} {edited:>11} {warm:>12}{scaled}{wrong}", self.way.name());
    }
}

fn edit(way: Way, files: Files, seconds: u64) -> Edited {
    let lab = Lab::new(&["--delay-ms", &(seconds * 1000).to_string()]).unwrap();
    way.edit(&lab, files)
}

/// What so many files cost, if these two numbers of them cost that.
fn line_through(less: (usize, Cost), more: (usize, Cost), files: usize) -> Cost {
    #[expect(clippy::cast_precision_loss, reason = "numbers of files are small")]
    let by = (files - less.0) as f64 / (more.0 - less.0) as f64;
    let at = |less: Duration, more: Duration| less + more.saturating_sub(less).mul_f64(by);
    Cost { wall: at(less.1.wall, more.1.wall), cpu: at(less.1.cpu, more.1.cpu) }
}

fn compare([one, five, parallel, alone]: &[Row; 4], seconds: u64) {
    let over = |more: Duration, less: Duration| more.as_secs_f64() / less.as_secs_f64();
    let warm = match seconds {
        1 => Some(4.0),
        3 => Some(4.5),
        _ => None,
    };
    if let (Some(one), Some(five)) = (one.warm, five.warm) {
        verdict("five warm instances / one, once warm", over(one, five), warm);
    }
    let wall = |row: &Row| over(row.cost.wall, five.cost.wall);
    let cpu = |row: &Row| over(row.cost.cpu, five.cost.cpu);
    verdict("parallel -j5 / five warm, wall", wall(parallel), (seconds == 1).then_some(5.0));
    verdict("parallel -j5 / five warm, CPU", cpu(parallel), Some(12.0));
    verdict("one after the other / five warm, wall", wall(alone), None);
    verdict("one after the other / five warm, CPU", cpu(alone), None);
}

/// A ratio, and whether it is as large as it is to be.
fn verdict(name: &str, ratio: f64, want: Option<f64>) {
    let want = match want {
        None => String::new(),
        Some(want) => format!("  want >= {want:4.1}  {}", if ratio >= want { "ok" } else { "MISS" }),
    };
    println!("{name:40} {ratio:6.2} x{want}");
}

/// How busy the machine was, besides and by this.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    format!("load {}, {processors} processors", load.split(' ').next().unwrap_or_default())
}
