//! The first answer of two vendors.

use super::Vendors;
use crate::server::Server;

/// Both are asked; `winner` is answered once `loser` is known to work, and `loser` never is. At the
/// end no process is left of either.
fn race(vendors: &Vendors, winner: &Server, loser: &Server) {
    loser.control(Some("hang"));
    let question = "who is first?";
    let running = vendors.begin("ask", &["codex,claude", "--race", "-q", question]);
    loser.hears(question);
    winner.hears(question);
    winner.release();
    let ran = running.end();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "TURN 1: who is first?\n"), "{ran}");
}

#[test]
fn codex_wins_and_nothing_is_left_of_claude() {
    let Some(vendors) = Vendors::new(&["--together", "2"], &[]) else { return };
    race(&vendors, &vendors.codex, &vendors.claude);
}

#[test]
fn claude_wins_and_nothing_is_left_of_codex() {
    let Some(vendors) = Vendors::new(&[], &["--together", "2"]) else { return };
    race(&vendors, &vendors.claude, &vendors.codex);
}
