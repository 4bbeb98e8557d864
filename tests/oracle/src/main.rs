//! Our side of the Agent Client Protocol against the agent's side of the protocol's own library, over a pipe in memory.

mod agent;
mod client;

use client::Client;
use pool_core::machine::dialect::{Dialect, Found};
use pool_core::message::Outcome;
use pool_core::spec::Allow;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    replies_and_failures().await;
    permissions().await;
    cancelling().await;
    sessions().await;
    println!("acp: all as the protocol's own library has it");
}

async fn replies_and_failures() {
    let mut client = Client::begun(Allow::Read, None).await;
    assert_eq!(client.dialect.version().as_deref(), Some("5.0"));
    let table = [
        ("chunks", Outcome::Ok, "Hello world", ""),
        ("chunks", Outcome::Ok, "Hello world", ""),
        ("long", Outcome::Ok, &*"é\"\\".repeat(1 << 18), ""),
        ("tool", Outcome::Ok, "I look.\n\nDone.", ""),
        ("files", Outcome::Ok, "files: method not found: fs/read_text_file", ""),
        ("stop max_tokens", Outcome::ContextFull, "", "it stopped: max tokens"),
        ("stop refusal", Outcome::Error, "", "it stopped: refusal"),
        ("stop max_turn_requests", Outcome::Error, "", "it stopped: max turn requests"),
        ("fail 400", Outcome::Error, "", "no luck (code 400)"),
        ("fail 429", Outcome::Limited, "", "no luck (code 429)"),
        ("fail -32603", Outcome::Error, "", "no luck (code -32603)"),
        ("chunks", Outcome::Ok, "Hello world", ""),
    ];
    for (prompt, outcome, text, detail) in table {
        let end = client.ask(prompt).await;
        let told = (end.outcome, end.text.as_str(), end.detail.as_deref().unwrap_or_default());
        assert!(told == (outcome, text, detail), "{prompt}: {told:.200?}");
    }
    let usage = client.ask("usage 100 20").await.usage.expect("tokens");
    assert_eq!((usage.input, usage.output, usage.cost_usd), (Some(100), Some(20), Some(0.25)));
}

async fn permissions() {
    let table = [
        (Allow::Read, "read", "yes-once", Outcome::Ok),
        (Allow::Read, "edit", "no-once", Outcome::Denied),
        (Allow::Edits, "edit", "yes-once", Outcome::Ok),
        (Allow::Edits, "execute", "no-once", Outcome::Denied),
        (Allow::All, "execute", "yes-once", Outcome::Ok),
        (Allow::All, "other", "yes-once", Outcome::Ok),
    ];
    for (allow, kind, chosen, outcome) in table {
        let mut client = Client::begun(allow, None).await;
        let end = client.ask(&format!("permission {kind}")).await;
        assert_eq!((end.text.as_str(), end.outcome), (chosen, outcome), "{allow:?} {kind}");
    }
    for (answer, chosen) in [("yes", "yes-once"), ("no", "no-once")] {
        let mut client = Client::begun(Allow::Ask, None).await;
        client.say("permission execute");
        assert_eq!(client.found().await, Found::Question("may it do this: touch x?".into()));
        client.answer(answer);
        assert_eq!(client.end().await.text, chosen);
    }
}

async fn cancelling() {
    let mut client = Client::begun(Allow::Ask, None).await;
    client.say("wait");
    client.interrupt();
    let end = client.end().await;
    assert_eq!((end.outcome, end.detail.as_deref()), (Outcome::Error, Some("it stopped: cancelled")));
    // While it asks: the question is answered, as the protocol wants it, and the turn ends.
    client.say("permission edit");
    assert!(matches!(client.found().await, Found::Question(_)));
    client.interrupt();
    assert_eq!(client.end().await.text, "cancelled");
    assert_eq!(client.ask("chunks").await.text, "Hello world");
}

async fn sessions() {
    let mut client = Client::begun(Allow::Read, None).await;
    assert_eq!(client.ask("session").await.text, "session 1 in the mode careful");
    client.command("/new");
    assert_eq!(client.end().await.evidence, "the answer to session/new");
    assert_eq!(client.ask("session").await.text, "session 2 in the mode careful");
    let mut client = Client::begun(Allow::Read, Some("old")).await;
    assert!(client.dialect.has_taken_up());
    assert_eq!(client.ask("session").await.text, "session old in the mode careful");
    let mut client = Client::begun(Allow::Read, Some("gone")).await;
    assert!(!client.dialect.has_taken_up());
    assert_eq!(client.ask("session").await.text, "session 1 in the mode careful");
}
