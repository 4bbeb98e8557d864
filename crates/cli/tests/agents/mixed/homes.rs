//! Agents that do not share a home.

use super::Vendors;
use std::collections::BTreeSet;

/// Codex as it is, but for its home.
const CODEX: &str = include_str!("../../../../cluster/profiles/codex.toml");

#[test]
fn two_of_codex_have_homes_of_their_own_with_its_settings_in_them() {
    // Both are at work before either is answered.
    let Some(vendors) = Vendors::new(&["--together", "2"], &[]) else { return };
    let profile = CODEX.replacen("[turn]", "home = \"per-instance\"\n[turn]", 1);
    std::fs::write(vendors.world.path("codex.toml"), profile).unwrap();
    let ask = |which: &str| format!("{which} [[mode=shell: printf %s $CODEX_HOME]]");
    let items = [ask("one"), ask("two")];
    let ran = vendors.begin("run", &["./codex.toml:2", "--json", &items[0], &items[1]]).end();
    // Without its settings it would know of no model.
    assert_eq!(ran.status, 0, "{ran}");
    let homes: BTreeSet<String> =
        ran.results().iter().map(|result| result["reply"].as_str().unwrap().to_owned()).collect();
    let inside = vendors.world.path(".local/state/cluster/homes");
    assert_eq!(homes.len(), 2, "{ran}");
    assert!(homes.iter().all(|home| home.contains(&inside.display().to_string())), "{ran}");
    assert!(!vendors.world.path(".codex/sessions").exists(), "conversations went elsewhere: {ran}");
    let left = std::fs::read_dir(inside).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(left.count(), 0, "{ran}");
}
