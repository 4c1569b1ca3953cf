//! What the command line does not report, the editor does not show.

use std::path::Path;

use aikeys::lsp::session::Session;
use aikeys::project::{Terms, baseline_text, entries_of};
use aikeys::text::{Edit, Span};

use super::project::{Project, key};

#[test]
fn what_the_baseline_lists_is_not_shown() {
    let project = Project::new(&[("aikeys.toml", "baseline = \"aikeys-baseline.json\"\n")]);
    let mut session = Session::new();
    let uri = project.open(&mut session, "old.py", "python", &format!("KEY = \"{}\"\n", key(1)));
    let (all, _) = session.findings(&uri);
    assert_eq!(all.len(), 1, "a baseline that is not there hides nothing");
    let told = session.take_problems().join("\n");
    assert!(told.contains("aikeys-baseline.json: there is no such baseline"), "{told}");

    let entries = entries_of(Path::new("old.py"), all.iter());
    let listed = entries.into_iter().map(|entry| (entry, Terms::with_reason("revoked"))).collect();
    project.write("aikeys-baseline.json", &baseline_text(&listed).expect("a text"));
    session.refresh();
    assert!(session.findings(&uri).0.is_empty() && session.take_problems().is_empty());
    assert!(session.offers(&uri, all[0].span).is_empty());

    // Another key is new, and the same one a second time as well.
    for more in [key(2), key(1)] {
        let end = session.document(&uri).expect("it is open").doc.text().len();
        session.change(&uri, 2, |doc| doc.edit(&Edit::replace(Span::at(end), format!("MORE = \"{more}\"\n"))));
    }
    assert_eq!(session.findings(&uri).0.len(), 2);

    let text = project.read("aikeys-baseline.json").replace("\"reason\"", "\"until\":\"2020-01-31\",\"reason\"");
    project.write("aikeys-baseline.json", &text);
    session.refresh();
    assert_eq!(session.findings(&uri).0.len(), 3, "an entry that has ended hides nothing");
}
