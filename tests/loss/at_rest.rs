//! Keys in an env file that go to a store: each is in the file or in the store, whatever others do meanwhile.

use std::fs;

use aikeys::moves::{Reach, carry_out_beside, plan};
use aikeys::project::read_values;
use aikeys::secrets::Secret;
use aikeys::stores::{Local, SECRETS, Stores};
use aikeys::syntax::Document;

use super::at_home;
use super::stage::{Env, Stage, Store};
use crate::support::with_keys;

const LINES: &str = "# mine\nexport OPENAI_API_KEY={openai.project#1} # main\nGROQ_API_KEY='{groq.api#2}'\nDEBUG=1\n";

/// What another program does between two steps.
const ACTS: [&str; 4] = ["nothing", "adds a line", "takes the store away", "puts another value there"];

#[test]
fn an_env_file_keeps_its_keys_until_the_store_has_them() {
    if !at_home("loss::at_rest::an_env_file_keeps_its_keys_until_the_store_has_them", "exec \"$@\"") {
        return;
    }
    let keyed = with_keys(LINES);
    let (mut whole, mut refused) = (0, 0);
    for (act, step) in ACTS.iter().flat_map(|act| (0..5).map(move |step| (*act, step))) {
        let stage = Stage::of(&[], Env::Missing, Store::Local);
        stage.write(".gitignore", ".env\n");
        stage.write(".env", &keyed.text);
        let (workspace, stores) = (stage.workspace(), stage.stores());
        let doc = Document::new(".env", keyed.text.clone());
        let local = Local::open(stage.root());
        let plan = plan(&workspace, &stores, &[&doc], &local.destination(), None, &|_, _| {}, Reach::Given);
        assert_eq!(plan.moves.len(), 2, "both keys can move");
        let mut now = 0;
        let outcome = carry_out_beside(&workspace, &stores, &plan, &mut || {
            if now == step {
                match act {
                    "adds a line" => stage.write(".env", &format!("{}LATE=1\n", stage.read(".env"))),
                    "takes the store away" => drop(fs::remove_file(stage.path(SECRETS))),
                    "puts another value there" => {
                        let taken =
                            Stores::of(&workspace).replace(&local.reference("GROQ_API_KEY"), &Secret::new("other"));
                        taken.expect("another program can write to the store");
                    }
                    _ => {}
                }
            }
            now += 1;
        });
        let text = stage.read(".env");
        let values = read_values(&stage.path(".env")).expect("it can be read");
        let referred: Vec<String> = values
            .iter()
            .filter_map(|(_, value)| aikeys::secrets::SecretRef::parse(value.expose()))
            .map(|reference| stage.stores().get(&reference).expect("what is referred to is there").expose().to_owned())
            .collect();
        for key in keyed.keys.values() {
            assert!(text.contains(key.as_str()) || referred.contains(key), "{act} at step {step}: a key is lost");
        }
        assert!(
            text.starts_with("# mine\nexport OPENAI_API_KEY=") && text.contains(" # main\n"),
            "{act} at step {step}"
        );
        match outcome.errors.is_empty() {
            true => {
                assert_eq!(referred.len(), 2, "{act} at step {step}: all or none");
                whole += 1;
            }
            false => {
                assert!(referred.is_empty(), "{act} at step {step}: all or none");
                refused += 1;
            }
        }
    }
    assert!(whole >= 8 && refused >= 5, "{whole} moved, {refused} were refused");
}
