//! What a tool says on a standard error of its own: told when it ends badly, and only then.

use crate::tool::fake;
use crate::world::World;

fn profile(world: &World) -> String {
    let words = fake(world, "");
    let command: Vec<_> = words.split_whitespace().map(|word| format!("{word:?}")).collect();
    format!(
        "schema = \"cluster.profile/1\"\ncommand = [{}]\nstderr = \"kept\"\n[turn]\nby = \"sentinel\"\n\
         send = \"/end {{nonce}}\"\nexpect = \"^end {{nonce}}$\"\n",
        command.join(", ")
    )
}

#[test]
fn last_words_stand_in_the_error_of_a_tool_that_crashes() {
    let world = World::new();
    world.file("fake.toml", profile(&world));
    let items = ["[[stderr=tokens_are_used_up crash]] a", "[[stderr=all_is_well]] b"];
    let ran = world.run(&[&["./fake.toml:1", "--json"], &items[..]].concat());
    let results = ran.results();
    assert_eq!(
        (ran.status, &results[0]["outcome"], &results[1]["outcome"]),
        (1, &"crashed".into(), &"ok".into())
    );
    let error = results[0]["error"].as_str().unwrap();
    assert!(
        error.ends_with("in the middle of its reply; on its standard error: tokens_are_used_up"),
        "{ran}"
    );
    assert!(!ran.stderr.contains("all_is_well") && !ran.stdout.contains("\"all_is_well"), "{ran}");
}

#[test]
fn a_flood_of_them_holds_nobody_up() {
    let world = World::new();
    world.file("fake.toml", profile(&world));
    let ran = world.run(&["./fake.toml:1", "-q", "[[flooderr=5000000]] a"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran}");
}
