//! What happened to a run while nobody looked, in a line each: limits, crashes, a full disk, controllers that went.

use super::show::WIDTH;
use crate::output::{jobs, sanitize, span};
use cluster::ledger::news::{Chronicle, News, Told};
use jiff::Timestamp;
use std::time::Duration;

/// How many lines are shown: the last ones.
const MOST: usize = 40;

/// The lines. `goes_on`: a controller has the run now; `has_ended`: every job has been settled.
pub(super) fn lines(chronicle: &Chronicle, goes_on: bool, has_ended: bool) -> Vec<String> {
    let told = &chronicle.told;
    let mut lines: Vec<_> = (0..told.len()).flat_map(|place| of_one(chronicle, place)).collect();
    if let Some(last) = told.last().filter(|last| !goes_on && !has_ended && last.news != News::Left) {
        lines.push(gone(chronicle, told, last.controller));
    }
    let earlier = lines.len().saturating_sub(MOST);
    let hidden = (earlier > 0).then(|| format!("{earlier} earlier lines are not shown"));
    let shown = lines.split_off(earlier).into_iter().map(|(at, text)| format!("{at:.0}  {text}"));
    hidden.into_iter().chain(shown).collect()
}

/// Something that a line tells, and when it was.
type Line = (Timestamp, String);

/// What is shown of one of the news; nothing of those that end what others began.
fn of_one(chronicle: &Chronicle, place: usize) -> Vec<Line> {
    let (before, [one, after @ ..]) = chronicle.told.split_at(place) else { return Vec::new() };
    let text = match &one.news {
        News::Began { pid } => return took_up(chronicle, before, one, *pid),
        News::Left | News::Unlimited { .. } | News::Room | News::Other => None,
        News::Limited { account, .. } => limited(account, before, one, after),
        News::Ended { instance, tool, how, .. } => {
            let job =
                |(number, name): &(u64, String)| format!(" at job {number} {}", sanitize::line(name, 60));
            let job = one.job.as_ref().map(job).unwrap_or_default();
            let (tool, how) = (sanitize::line(tool, WIDTH), sanitize::line(how, WIDTH));
            Some(format!("instance {instance} {tool} ended{job}: {how}"))
        }
        News::GivenUp { reason } => Some(format!("given up: {}", sanitize::line(reason, 2 * WIDTH))),
        News::Full { reason } => Some(full(reason, one, after)),
    };
    text.map(|text| (one.at, text)).into_iter().collect()
}

/// A controller takes the run up; before that, what became of the last one.
fn took_up(chronicle: &Chronicle, before: &[Told], one: &Told, pid: u32) -> Vec<Line> {
    let Some(last) = before.last() else { return Vec::new() };
    let gone = (last.news != News::Left).then(|| gone(chronicle, before, last.controller));
    let stopped = (last.news == News::Left).then(|| (last.at, "stopped in order".to_owned()));
    gone.into_iter().chain(stopped).chain([(one.at, format!("resumed (pid {pid})"))]).collect()
}

/// A controller that said nothing in the end.
fn gone(chronicle: &Chronicle, told: &[Told], controller: u32) -> Line {
    let last = told.last().map(|last| last.at).unwrap_or_default();
    let at = chronicle.last_heard.get(&controller).copied().unwrap_or(last);
    let pid = told.iter().find_map(|told| match told.news {
        News::Began { pid } if told.controller == controller => Some(format!(" (pid {pid})")),
        _ => None,
    });
    let orphans = chronicle.orphans.get(&controller).copied();
    let orphans = orphans.map(|count| format!("; {} under way", were(count))).unwrap_or_default();
    let pid = pid.unwrap_or_default();
    (at, format!("nothing more was heard of the controller{pid}: killed, or the machine went down{orphans}"))
}

fn were(count: u64) -> String {
    if count == 1 { "1 job was".to_owned() } else { format!("{} were", jobs(count)) }
}

/// A usage limit, from its beginning to its end; nothing for news of one that has begun before.
fn limited(account: &str, before: &[Told], one: &Told, after: &[Told]) -> Option<String> {
    let is_its = |told: &&Told| match &told.news {
        News::Limited { account: other, .. } | News::Unlimited { account: other } => other == account,
        _ => false,
    };
    let same = |told: &&Told| told.controller == one.controller;
    let goes_on = |told: &Told| matches!(told.news, News::Limited { .. });
    if before.iter().rev().filter(same).find(is_its).is_some_and(goes_on) {
        return None;
    }
    let last =
        after.iter().filter(same).filter(is_its).take_while(|told| goes_on(told)).last().unwrap_or(one);
    let over = after.iter().filter(same).filter(is_its).find(|told| !goes_on(told));
    let News::Limited { tools, until, reason, .. } = &last.news else { return None };
    let how_long = over.map_or_else(|| format!("until {until:.0}"), |over| lasted(one, over));
    let (who, reason) = (sanitize::line(&tools.join(" and "), WIDTH), sanitize::line(reason, WIDTH));
    Some(format!("{who} limited {how_long}: {reason}"))
}

/// A full disk.
fn full(reason: &str, one: &Told, after: &[Told]) -> String {
    let same = after.iter().take_while(|told| told.controller == one.controller);
    let room = same.clone().find(|told| told.news == News::Room);
    let how_long = room.map(|room| format!(" {}", lasted(one, room))).unwrap_or_default();
    format!("the disk took no more{how_long}, nothing new was sent: {}", sanitize::line(reason, WIDTH))
}

fn lasted(from: &Told, to: &Told) -> String {
    let time = Duration::try_from(to.at.duration_since(from.at)).unwrap_or_default();
    format!("for {}", span(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn at(minute: i64) -> Timestamp {
        "2026-11-21T22:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_secs(60 * minute.unsigned_abs())
    }

    fn chronicle(told: Vec<(i64, u32, News)>) -> Chronicle {
        let one = |(minute, controller, news)| {
            let job = matches!(news, News::Ended { generation: 1, .. }).then(|| (5, "a.py".to_owned()));
            Told { at: at(minute), controller, news, job }
        };
        let told: Vec<_> = told.into_iter().map(one).collect();
        let last_heard = told.iter().map(|told| (told.controller, told.at)).collect();
        Chronicle { told, last_heard, orphans: BTreeMap::from([(1, 3)]) }
    }

    fn limit(until: i64) -> News {
        let reason = "429: \u{1b}[31mslow down".into();
        News::Limited { account: "team".into(), tools: vec!["aider".into()], until: at(until), reason }
    }

    fn crash(generation: u32) -> News {
        let how = "it exited with code 3; started again in 0.5 s".into();
        News::Ended { instance: 2, generation, tool: "aider".into(), how }
    }

    #[test]
    fn a_night_in_lines() {
        let full = || News::Full { reason: "database or disk is full".into() };
        let told = vec![
            (0, 1, News::Began { pid: 7 }),
            (1, 1, limit(20)),
            (20, 1, limit(50)),
            (51, 1, News::Unlimited { account: "team".into() }),
            (55, 1, crash(1)),
            (60, 1, limit(99)),
            (120, 2, News::Began { pid: 8 }),
            (125, 2, full()),
            (126, 2, crash(2)),
            (135, 2, News::Room),
            (140, 2, News::Left),
            (500, 3, News::Began { pid: 9 }),
            (501, 3, News::Other),
            (502, 3, full()),
            (503, 3, News::GivenUp { reason: "aider ended too often".into() }),
        ];
        let chronicle = chronicle(told);
        insta::assert_snapshot!(lines(&chronicle, false, false).join("\n"));
        assert_eq!(lines(&chronicle, true, false).len() + 1, lines(&chronicle, false, false).len());
    }

    #[test]
    fn a_run_without_trouble_has_no_lines_and_one_with_much_has_not_too_many() {
        let quiet = chronicle(vec![(0, 1, News::Began { pid: 7 }), (9, 1, News::Left)]);
        assert!(lines(&quiet, false, true).is_empty());
        assert!(lines(&Chronicle::default(), false, false).is_empty());
        let began = (0, 1, News::Began { pid: 7 });
        let crashes = (1..=100).map(|minute| (minute, 1, crash(2)));
        let lines = lines(&chronicle(std::iter::once(began).chain(crashes).collect()), true, false);
        assert_eq!((lines.len(), lines[0].as_str()), (MOST + 1, "60 earlier lines are not shown"));
    }
}
