//! Sends a coding agent the answer that was planned.

use std::io;

use crate::{
    answer::{EVER, pieces},
    api::{Answer, Api, Asked, Frame, Refusal},
    http::Conn,
    mode::{Failure, Mode},
    plan::Timing,
};

/// Answers; an error if the connection is not to be used any more.
pub(crate) fn send(
    conn: &mut Conn,
    api: &dyn Api,
    asked: &Asked,
    mode: Mode,
    answer: &Answer,
    timing: &Timing,
) -> io::Result<()> {
    conn.pause(timing.delay)?;
    match mode {
        Mode::Http(failure) => refuse(conn, api, asked, failure, timing),
        Mode::Reset => conn.reset(),
        Mode::Hang => conn.pause(EVER),
        _ if asked.stream => {
            let pieces: Vec<_> = pieces(answer.says.text(), timing.gap.is_some()).collect();
            let frames = api.frames(answer, &pieces);
            conn.begin_events()?;
            if mode == Mode::MidReset {
                stream(conn, first_half(&frames), timing)?;
                return conn.reset_later();
            }
            stream(conn, &frames, timing)?;
            conn.end_events()
        }
        _ => whole(conn, api, mode, answer, timing),
    }
}

fn whole(conn: &mut Conn, api: &dyn Api, mode: Mode, answer: &Answer, timing: &Timing) -> io::Result<()> {
    let characters = u32::try_from(answer.says.text().chars().count()).unwrap_or(u32::MAX);
    conn.pause(timing.gap.unwrap_or_default().saturating_mul(characters))?;
    match mode {
        Mode::MidReset => conn.half(&api.whole(answer)),
        _ => conn.json(200, "", &api.whole(answer)),
    }
}

fn refuse(
    conn: &mut Conn,
    api: &dyn Api,
    asked: &Asked,
    failure: Failure,
    timing: &Timing,
) -> io::Result<()> {
    match api.refuse(asked, failure, timing.retry_after.as_deref()) {
        Refusal::Http { status, headers, body } => conn.json(status, &headers, &body),
        Refusal::Stream(frames) => {
            conn.begin_events()?;
            stream(conn, &frames, timing)?;
            conn.end_events()
        }
    }
}

fn stream(conn: &mut Conn, frames: &[Frame], timing: &Timing) -> io::Result<()> {
    for frame in frames {
        let data = frame.data.as_str().map_or_else(|| frame.data.to_string(), str::to_owned);
        conn.event(frame.name, &data)?;
        conn.pause(timing.gap.filter(|_| frame.piece).unwrap_or_default())?;
    }
    Ok(())
}

/// The events up to the middle of the pieces.
fn first_half(frames: &[Frame]) -> &[Frame] {
    let pieces: Vec<_> = (0..frames.len()).filter(|at| frames[*at].piece).collect();
    let middle = pieces.get(pieces.len() / 2).copied().unwrap_or_default();
    &frames[..middle]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Frame, first_half};

    #[test]
    fn half_of_the_pieces_is_sent() {
        let frame = |piece| Frame { name: None, data: json!(null), piece };
        let frames = [false, true, true, true, false].map(frame);
        assert_eq!(first_half(&frames).len(), 2);
        assert_eq!(first_half(&frames[..2]).len(), 1);
        assert_eq!(first_half(&frames[..1]).len(), 0);
    }
}
