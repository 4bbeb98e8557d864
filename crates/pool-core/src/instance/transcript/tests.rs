use super::*;
use proptest::prelude::*;

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn all(follower: &mut Follower) -> Vec<Piece> {
    std::iter::from_fn(|| follower.try_next()).collect()
}

#[test]
fn it_tells_who_said_what_in_order() {
    let transcript = Transcript::default();
    transcript.begins(1);
    transcript.told(b"hello\n");
    transcript.said(b"good ", now());
    transcript.said(b"day\n", now());
    let mut follower = transcript.follow();
    let expected = [
        Piece::Note("life 1 begins".into()),
        Piece::Told(b"hello\n".to_vec()),
        Piece::Said(b"good day\n".to_vec()),
    ];
    assert_eq!(all(&mut follower), expected);
    transcript.ends(1, &ExitReport::Exited(3));
    assert_eq!(all(&mut follower), [Piece::Note("life 1 ended: it exited with code 3".into())]);
    assert_eq!(transcript.last_said(4), b"day\n");
    assert_eq!(transcript.last_said(1000), b"good day\n");
    assert_eq!(all(&mut transcript.listen()), []);
}

#[test]
fn what_has_gone_before_it_was_read_is_counted() {
    let transcript = Transcript::default();
    let mut slow = transcript.follow();
    for _ in 0..100 {
        transcript.said(&[b'x'; 1000], now());
    }
    let pieces = all(&mut slow);
    assert_eq!(pieces[0], Piece::Missed(100_000 - TRANSCRIPT as u64));
    let kept: usize = pieces[1..]
        .iter()
        .map(|piece| matches!(piece, Piece::Said(said) if said.len() <= PIECE))
        .map(usize::from)
        .sum();
    assert_eq!(kept, TRANSCRIPT.div_ceil(PIECE));
    assert_eq!(transcript.heard(now()).said, 100_000);
}

#[test]
fn many_short_turns_are_bounded_too() {
    let transcript = Transcript::default();
    for _ in 0..10 * VOICES {
        transcript.told(b"a");
        transcript.said(b"b", now());
    }
    let kept = all(&mut transcript.follow());
    assert_eq!(kept.len(), VOICES);
    assert!(open(&transcript.0).voices.len() <= VOICES);
}

#[test]
fn what_is_heard_counts_from_the_beginning_of_a_life() {
    let transcript = Transcript::default();
    let began = now();
    transcript.said(b"old", began);
    transcript.begins(2);
    assert_eq!(transcript.heard(began), Heard::default());
    transcript.said(b"new!", began);
    let later = began + Duration::from_secs(5);
    assert_eq!(transcript.heard(later), Heard { said: 4, silent: Some(Duration::from_secs(5)) });
}

#[tokio::test]
async fn one_who_waits_is_woken_and_told_of_the_end() {
    let transcript = Transcript::default();
    let (mut one, mut other) = (transcript.follow(), transcript.listen());
    let read = async { tokio::join!(one.next(), other.next()) };
    let write = async { transcript.told(b"x") };
    let (read, ()) = tokio::join!(read, write);
    assert_eq!(read, (Some(Piece::Told(b"x".to_vec())), Some(Piece::Told(b"x".to_vec()))));
    let (end, ()) = tokio::join!(one.next(), async { transcript.close() });
    assert_eq!((end, other.next().await), (None, None));
}

proptest! {
    /// Whatever is written and read when: what a reader gets, with what it missed, is all that there was, and each byte
    /// has its own voice.
    #[test]
    fn nothing_is_read_twice_or_in_another_voice(
        writes in prop::collection::vec((0..2_u8, 0..3000_usize, prop::bool::ANY), 0..200)
    ) {
        let transcript = Transcript::default();
        let mut follower = transcript.follow();
        let (mut written, mut read) = (Vec::new(), 0_usize);
        for (voice, count, reads) in writes {
            let bytes = vec![voice; count];
            if voice == 0 { transcript.said(&bytes, now()) } else { transcript.told(&bytes) }
            written.extend(bytes);
            prop_assert!(open(&transcript.0).bytes.len() <= TRANSCRIPT);
            while reads && let Some(piece) = follower.try_next() {
                let (voice, bytes) = match piece {
                    Piece::Missed(count) => {
                        read += usize::try_from(count).expect("few");
                        continue;
                    }
                    Piece::Said(bytes) => (0, bytes),
                    Piece::Told(bytes) => (1, bytes),
                    Piece::Note(note) => return Err(TestCaseError::fail(note)),
                };
                prop_assert!(bytes.iter().all(|byte| *byte == voice));
                prop_assert_eq!(&written[read..read + bytes.len()], &bytes[..]);
                read += bytes.len();
            }
            if reads {
                prop_assert_eq!(read, written.len());
            }
        }
    }
}
