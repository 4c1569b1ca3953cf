//! The session without a transport.

use std::path::Path;

use aikeys::lsp::carry::store;
use aikeys::lsp::convert::{self, Abilities, Encoding};
use aikeys::lsp::offers::{Does, MoveRequest, Offer};
use aikeys::lsp::session::{STALE, Session};
use aikeys::moves::Reach;
use aikeys::rules::Finding;
use aikeys::text::{Edit, Span, apply};
use lsp_types::{CodeActionKind, CodeActionOrCommand, DiagnosticTag, Url};

use super::project::{Project, key, leaks};

const PYTHON: &str = "import os\n\napi_key = \"KEY\"\nuse(api_key, os.environ[\"OTHER_KEY\"])\n";

/// A project whose `app.py` holds a key and is open.
fn with_key(files: &[(&str, &str)]) -> (Project, Session, String, String) {
    let project = Project::new(files);
    let (mut session, key) = (Session::new(), key(1));
    let uri = project.open(
        &mut session,
        "app.py",
        "python",
        &PYTHON.replace("KEY\"", &format!("{key}\"")).replace(&format!("OTHER_{key}"), "OTHER_KEY"),
    );
    (project, session, uri, key)
}

fn findings(session: &mut Session, uri: &str) -> Vec<Finding> {
    session.findings(uri).0
}

fn offers(session: &mut Session, uri: &str) -> Vec<Offer> {
    let span = findings(session, uri).first().expect("a finding").span;
    session.offers(uri, span)
}

fn request(session: &mut Session, uri: &str, title: &str) -> MoveRequest {
    let all = offers(session, uri);
    let titles: Vec<String> = all.iter().map(|it| it.title.clone()).collect();
    let offer = all.into_iter().find(|it| it.title.starts_with(title)).unwrap_or_else(|| panic!("{title}: {titles:?}"));
    let Does::Move(fix, reach) = offer.does else { panic!("{} is no move", offer.title) };
    let version = session.document(uri).expect("it is open").version;
    let Finding { rule, span, .. } = offer.finding;
    MoveRequest { uri: uri.to_owned(), version, rule: rule.to_owned(), span, fix, title: offer.title, reach }
}

/// Carries a move out, the way the main loop and an editor would.
fn carry_out(session: &mut Session, request: &MoveRequest) {
    let plan = session.plan(request).expect("a move");
    assert!(session.is_current(&plan));
    let stored = store(plan).expect("it is stored");
    for file in stored.files() {
        let Some(uri) = &file.uri else { continue };
        let text = apply(file.doc.text(), &file.edits);
        let version = file.version.expect("an open file has a version") + 1;
        session.change(uri, version, |doc| doc.edit(&Edit::replace(Span::new(0, doc.text().len()), text)));
    }
    assert!(!session.is_current(&stored.plan), "the plan was for the text before");
}

#[test]
fn a_key_is_marked_without_its_quotes() {
    let (_project, mut session, uri, key) = with_key(&[]);
    let findings = findings(&mut session, &uri);
    let doc = &session.document(&uri).expect("it is open").doc;
    assert_eq!(findings.len(), 1);
    let shown = convert::diagnostic(doc, &findings[0], Encoding::Utf16);
    assert_eq!(doc.slice(findings[0].span), key);
    assert_eq!((shown.range.start.line, shown.range.start.character), (2, 11));
    assert_eq!(shown.range.end.character as usize, 11 + key.len());
    assert_eq!(shown.source.as_deref(), Some("aikeys"));
    assert_eq!(shown.code, Some(lsp_types::NumberOrString::String("hardcoded-ai-key".to_owned())));
    assert!(shown.data.is_none() && shown.tags.is_none());
    assert!(shown.message.contains("OpenAI") && !leaks(&shown.message, &key), "{}", shown.message);
}

#[test]
fn changes_wait_for_one_check_and_the_last_version_counts() {
    let (_project, mut session, uri, key) = with_key(&[]);
    assert_eq!(session.take_dirty(), [uri.as_str()]);
    assert!(session.take_dirty().is_empty());
    for version in 2..=200 {
        session.change(&uri, version, |doc| doc.edit(&Edit::insert(0, "#\n")));
    }
    session.change("file:///not/open.py", 7, |_| panic!("no such document"));
    assert_eq!(session.take_dirty(), [uri.as_str()], "one check for all changes");
    let open = session.document(&uri).expect("it is open");
    assert_eq!(open.version, 200);
    assert_eq!(open.doc.lines().position(open.doc.text().find(&key).expect("the key") as u32).line, 2 + 199);
    // A change that changes nothing is answered as well.
    session.change(&uri, 201, |_| {});
    assert_eq!(session.take_dirty(), [uri.as_str()]);
    session.close(&uri);
    assert!(session.document(&uri).is_none() && findings(&mut session, &uri).is_empty());
}

#[test]
fn a_pulled_result_is_named_by_the_text_and_what_is_around_it() {
    let (_project, mut session, uri, _key) = with_key(&[]);
    let first = session.result_id(&uri);
    assert_eq!(session.result_id(&uri), first);
    session.change(&uri, 2, |_| {});
    let second = session.result_id(&uri);
    session.refresh();
    let third = session.result_id(&uri);
    assert!(first != second && second != third && first != third);
}

#[test]
fn offers_say_what_they_do_and_hold_no_key() {
    let (_project, mut session, uri, key) = with_key(&[("requirements.txt", "openai\n")]);
    let offers = offers(&mut session, &uri);
    let titles: Vec<&str> = offers.iter().map(|it| it.title.as_str()).collect();
    assert!(titles[0].starts_with("Move to .env"), "{titles:?}");
    assert_eq!(titles.last(), Some(&"Ignore with a reason… (hardcoded-ai-key)"));

    let open = session.document(&uri).expect("it is open");
    let url: Url = uri.parse().expect("a url");
    let abilities = Abilities { document_changes: true, disabled: true, ..Abilities::default() };
    let actions = convert::actions(&url, open.version, &open.doc, offers, &abilities);
    let shown = serde_json::to_string(&actions).expect("JSON");
    assert!(!leaks(&shown, &key), "an action shows the key");
    let mut preferred = 0;
    for action in &actions {
        let CodeActionOrCommand::CodeAction(action) = action else { panic!("a bare command") };
        let far = action.title.ends_with("wherever else it stands");
        let kind = if far { "quickfix.aikeys.everywhere" } else { "quickfix.aikeys" };
        assert_eq!(action.kind.as_ref().map(CodeActionKind::as_str), Some(kind));
        assert_ne!(action.edit.is_some(), action.command.is_some(), "{}: edit or command, never both", action.title);
        assert_eq!(action.title.starts_with("Move to"), action.command.is_some(), "{}", action.title);
        preferred += usize::from(action.is_preferred == Some(true));
    }
    assert_eq!(preferred, 1, "only the first action is preferred");
    assert!(session.offers(&uri, Span::at(0)).is_empty(), "there is nothing at the start of the file");
}

#[test]
fn the_command_of_an_offer_leads_back_to_its_fix() {
    let (_project, mut session, uri, _key) = with_key(&[]);
    let expected = request(&mut session, &uri, "Move to .env");
    let all = offers(&mut session, &uri);
    let open = session.document(&uri).expect("it is open");
    let url: Url = uri.parse().expect("a url");
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let abilities = Abilities { encoding, ..Abilities::default() };
        let all = all
            .iter()
            .map(|it| Offer { title: it.title.clone(), finding: it.finding.clone(), does: Does::Move(0, Reach::Given) })
            .collect();
        let actions = convert::actions(&url, open.version, &open.doc, all, &abilities);
        let Some(CodeActionOrCommand::CodeAction(first)) = actions.into_iter().next() else { panic!("no action") };
        let command = first.command.expect("a command");
        assert_eq!(command.command, "aikeys.move");
        let arguments = command.arguments.expect("arguments");
        assert_eq!(convert::move_request(arguments, |_| Some(&open.doc), encoding), Some(expected.clone()));
    }
    assert_eq!(convert::move_request(Vec::new(), |_| Some(&open.doc), Encoding::Utf8), None);
    assert_eq!(convert::move_request(vec![serde_json::json!({"uri": 1})], |_| Some(&open.doc), Encoding::Utf8), None);
}

#[test]
fn a_move_takes_the_key_out_and_leaves_nothing_to_find() {
    let (project, mut session, uri, key) = with_key(&[]);
    let request = request(&mut session, &uri, "Move to .env");
    carry_out(&mut session, &request);
    let text = session.document(&uri).expect("it is open").doc.text();
    assert!(!text.contains(&key) && text.contains("os.environ[\"OPENAI_API_KEY\"]"), "the code reads a variable");
    assert_eq!(project.read(".env"), format!("OPENAI_API_KEY={key}\n"));
    assert!(project.read(".gitignore").contains(".env"));
    session.refresh();
    assert_eq!(findings(&mut session, &uri), []);
}

#[test]
fn an_outdated_move_is_refused() {
    let (project, mut session, uri, _key) = with_key(&[]);
    let good = request(&mut session, &uri, "Move to .env");
    let refused = |session: &Session, request: &MoveRequest| session.plan(request).err();
    assert_eq!(refused(&session, &good), None);
    let wrong = [
        MoveRequest { span: Span { start: good.span.start + 1, ..good.span }, ..good.clone() },
        MoveRequest { rule: "key-as-fallback".to_owned(), ..good.clone() },
        MoveRequest { fix: 99, ..good.clone() },
        MoveRequest { title: "Move to another store".to_owned(), ..good.clone() },
        MoveRequest { uri: project.uri("other.py"), ..good.clone() },
    ];
    for request in wrong {
        assert_eq!(refused(&session, &request).as_deref(), Some(STALE), "{request:?}");
    }
    session.change(&uri, 2, |doc| doc.edit(&Edit::insert(0, "# typed\n")));
    assert_eq!(refused(&session, &good).as_deref(), Some(STALE));
    assert!(project.read(".env").is_empty(), "nothing was stored");
}

#[test]
fn a_folder_of_the_client_is_a_workspace_where_nothing_else_is() {
    let (project, key) = (Project::new(&[("src/deep/app.py", "")]), key(2));
    let mut session = Session::new();
    let uri = project.open(&mut session, "src/deep/app.py", "python", &format!("key = \"{key}\"\n"));
    let path = |session: &Session| session.document(&uri).expect("it is open").doc.path().to_owned();
    assert_eq!(path(&session), Path::new("app.py"));
    session.change_folders(vec![project.root(), project.root().join("src")], &[]);
    assert_eq!(path(&session), Path::new("deep/app.py"), "the nearest folder");
    session.change_folders(Vec::new(), &[project.root().join("src")]);
    assert_eq!(path(&session), Path::new("src/deep/app.py"));
    project.write("src/deep/aikeys.toml", "");
    session.refresh();
    assert_eq!(path(&session), Path::new("app.py"), "settings make a workspace");
}

#[test]
fn what_the_editor_has_open_counts_before_the_disk() {
    let key = key(3);
    let library = format!("pub fn key() -> String {{\n    \"{key}\".to_string()\n}}\n");
    let manifest = "[package]\nname = \"app\"\n[dependencies]\ndotenvy = \"0.15\"\n";
    let project =
        Project::new(&[("Cargo.toml", manifest), ("src/main.rs", "fn main() {}\n"), ("src/lib.rs", &library)]);
    let mut session = Session::new();
    // No repository and no settings: the client's folder is the workspace.
    session.change_folders(vec![project.root()], &[]);
    let main = project.open(&mut session, "src/main.rs", "rust", "// one 🔑\n// two\nfn main() {\n    run();\n}\n");
    let uri = project.open(&mut session, "src/lib.rs", "rust", &library);
    let request = request(&mut session, &uri, "Move to .env and load it");
    carry_out(&mut session, &request);
    let text = session.document(&main).expect("it is open").doc.text();
    assert!(text.starts_with("// one 🔑\n// two\nfn main() {\n    dotenvy::"), "{text}");
    assert_eq!(project.read("src/main.rs"), "fn main() {}\n", "the file on disk is the editor's to save");
}

#[test]
fn what_lies_beside_an_env_file_counts_while_it_is_typed() {
    let key = key(5);
    let saved = [(".env.example", "OPENAI_API_KEY=\n"), (".env.production", &format!("OPENAI_API_KEY={key}\n"))];
    let project = Project::new(&saved);
    let mut session = Session::new();
    session.change_folders(vec![project.root()], &[]);
    let template = project.open(&mut session, ".env.example", "dotenv", "OPENAI_API_KEY=\n# not saved\n");
    let text = format!("OPENAI_API_KEY=\"{key} \"\nHF_TOKEN=\"ref+vault://a/b#/c\"\n");
    let uri = project.open(&mut session, ".env", "dotenv", &text);
    let found = findings(&mut session, &uri);
    let rules: Vec<&str> = found.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["malformed-key-value", "template-drift"]);
    let offer =
        |session: &Session, at: usize| session.offers(&uri, found[at].span).into_iter().next().expect("an offer");
    let Does::Edit(files) = offer(&session, 0).does else { panic!("no edit") };
    assert_eq!(apply(files[0].doc.text(), &files[0].edits).lines().next(), Some(&*format!("OPENAI_API_KEY={key}")));
    let Does::Edit(files) = offer(&session, 1).does else { panic!("no edit") };
    assert_eq!(files[0].uri.as_ref(), Some(&template));
    assert_eq!(apply(files[0].doc.text(), &files[0].edits), "OPENAI_API_KEY=\n# not saved\nHF_TOKEN=\n");

    let uri = project.open(&mut session, ".env.dev", "dotenv", &format!("MY_KEY={key}\n"));
    let rules: Vec<&str> = findings(&mut session, &uri).iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["shared-across-environments"]);
}

#[test]
fn a_changed_env_file_is_looked_up_for_what_reads_it_and_nothing_else() {
    let project = Project::new(&[(".env.example", "OPENAI_API_KEY=\n"), (".env", "A=1\nGROQ_API_KEY=2\n")]);
    let mut session = Session::new();
    session.change_folders(vec![project.root()], &[]);
    let needs = |name: &str| format!("import os\nkey = os.environ[\"{name}\"]\n");
    let groq = project.open(&mut session, "groq.py", "python", &needs("GROQ_API_KEY"));
    let other = project.open(&mut session, "other.py", "python", &needs("OPENAI_API_KEY"));
    let found = |session: &mut Session| findings(session, &groq).iter().map(|it| it.rule).collect::<Vec<_>>();
    session.env_files_changed(&[project.root().join(".env")]);
    assert!(found(&mut session).is_empty(), "the env file declares it");
    session.take_dirty();
    let (before, kept) = (session.result_id(&groq), session.result_id(&other));

    project.write(".env", "A=1\n");
    session.env_files_changed(&[project.root().join(".env")]);
    assert_eq!(session.take_dirty(), std::slice::from_ref(&groq));
    assert_eq!(found(&mut session), ["env-not-declared"]);
    let titles: Vec<String> = offers(&mut session, &groq).into_iter().map(|it| it.title).collect();
    assert!(titles.iter().any(|it| it == "Add GROQ_API_KEY without a value to .env.example"), "{titles:?}");
    assert!(session.result_id(&groq) != before && session.result_id(&other) == kept);

    // Nothing changed that anybody reads.
    project.write(".env", "A=2\n");
    session.env_files_changed(&[project.root().join(".env")]);
    assert!(session.take_dirty().is_empty());
}

#[test]
fn ignoring_adds_a_comment_that_asks_for_its_reason() {
    let key = key(4);
    let project = Project::new(&[]);
    let mut session = Session::new();
    let uri = project.open(&mut session, "a.py", "python", &format!("if x:\r\n\tkey = \"{key}\"\r\n"));
    let offer = offers(&mut session, &uri).pop().expect("an offer");
    let Does::Edit(files) = offer.does else { panic!("{} is no edit", offer.title) };
    let text = apply(files[0].doc.text(), &files[0].edits);
    assert_eq!(text.replace(&key, "KEY"), "if x:\r\n\t# aikeys: ignore[hardcoded-ai-key]\r\n\tkey = \"KEY\"\r\n");
    session.change(&uri, 2, |doc| doc.edit(&Edit::replace(Span::new(0, doc.text().len()), text)));
    let left = findings(&mut session, &uri);
    assert_eq!(left.iter().map(|it| it.rule).collect::<Vec<_>>(), ["unused-ignore"], "the reason is missing");
    let doc = &session.document(&uri).expect("it is open").doc;
    assert_eq!(convert::diagnostic(doc, &left[0], Encoding::Utf8).tags, Some(vec![DiagnosticTag::UNNECESSARY]));

    // In the middle of a string, and behind a backslash, there is no place for a comment.
    for text in [format!("x = \"\"\"\n{key}\n\"\"\"\n"), format!("x = \\\n    \"{key}\"\n")] {
        let uri = project.open(&mut session, "b.py", "python", &text);
        let offers = offers(&mut session, &uri);
        assert!(offers.iter().all(|it| !it.title.starts_with("Ignore")), "{}", text.replace(&key, "KEY"));
    }
}

#[test]
fn what_cannot_be_moved_says_why() {
    let (project, mut session, _uri, key) = with_key(&[]);
    let text = format!("api_key = \"{key}\"\n");
    // A buffer that is no file yet.
    let untitled = "untitled:Untitled-1".to_owned();
    let opened = aikeys::lsp::session::Opened {
        uri: untitled.clone(),
        file: None,
        language: "python".to_owned(),
        version: 1,
        text,
        is_cell: false,
    };
    session.open(opened);
    let offers = offers(&mut session, &untitled);
    assert!(offers.iter().all(|it| !matches!(it.does, Does::Move(..))));
    let reason =
        offers.iter().find_map(|it| if let Does::Nothing(reason) = &it.does { Some(reason.clone()) } else { None });
    assert!(reason.expect("a reason").contains("save it first"));
    // Only clients that can show a reason get such an action.
    let open = session.document(&untitled).expect("it is open");
    let url: Url = untitled.parse().expect("a url");
    let count = |disabled| {
        let offers = session.offers(&untitled, Span::new(0, open.doc.text().len()));
        let actions = convert::actions(&url, 1, &open.doc, offers, &Abilities { disabled, ..Abilities::default() });
        actions.len()
    };
    assert_eq!(count(true), count(false) + 1);
    drop(project);
}

#[test]
fn only_our_kind_of_action_is_made() {
    let wants = |kinds: &[&str]| {
        let kinds: Vec<CodeActionKind> = kinds.iter().map(|it| CodeActionKind::from((*it).to_owned())).collect();
        convert::wants_actions(Some(&kinds), convert::KIND)
    };
    assert!(convert::wants_actions(None, convert::KIND));
    assert!(wants(&["quickfix"]) && wants(&["quickfix.aikeys"]) && wants(&[""]) && wants(&["refactor", "quickfix"]));
    let far = |kind: &str| convert::wants_actions(Some(&[kind.to_owned().into()]), convert::EVERYWHERE);
    assert!(far("quickfix.aikeys") && far("quickfix.aikeys.everywhere") && !far("quickfix.aikeys.x"));
    assert!(!wants(&["quick"]) && !wants(&["quickfix.aikeys.x"]) && !wants(&["source"]) && !wants(&[]));
}

#[test]
fn settings_of_the_workspace_apply_and_broken_ones_are_told_once() {
    let (project, mut session, uri, _key) = with_key(&[("aikeys.toml", "[severity]\nhardcoded-ai-key = \"info\"\n")]);
    assert_eq!(findings(&mut session, &uri)[0].severity, aikeys::rules::Severity::Info);
    project.write("aikeys.toml", "ignore = [\"hardcoded-ai-key\"]\n");
    session.refresh();
    assert_eq!(findings(&mut session, &uri), []);
    project.write("aikeys.toml", "no such thing\n");
    session.refresh();
    for _ in 0..3 {
        assert_eq!(findings(&mut session, &uri).len(), 1, "a key is found whatever the settings say");
    }
    let problems = session.take_problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("aikeys.toml"), "{problems:?}");
    assert!(session.take_problems().is_empty());
}

#[test]
fn a_committed_key_is_said_to_be_one_when_the_history_was_searched() {
    let key = key(5);
    let text = format!("api_key = \"{key}\"\n");
    let project = Project::with_git(&[("app.py", &text)]);
    let mut session = Session::new();
    let uri = project.open(&mut session, "app.py", "python", &text);
    let (_, history) = session.findings(&uri);
    assert!(!session.learn(history.expect("the history was never searched").search()), "nothing is committed yet");
    assert!(session.findings(&uri).1.is_none(), "it is not searched again");

    project.git(&["add", "app.py"]);
    project.git(&["commit", "-qm", "t"]);
    session.saved(&uri);
    let before = session.result_id(&uri);
    let (found, history) = session.findings(&uri);
    assert!(!found[0].notes.iter().any(|it| it.contains("committed")));
    assert!(session.learn(history.expect("a saved file is searched again").search()));
    assert_ne!(session.result_id(&uri), before, "a pulled result is outdated now");
    let (found, history) = session.findings(&uri);
    assert!(found[0].notes[0].starts_with("already committed"), "{:?}", found[0].notes);
    assert!(history.is_none());
}

#[test]
fn hovering_explains_without_showing_a_value() {
    let other = key(6);
    let env = format!("# mine\nOTHER_KEY={other}\n");
    let (project, mut session, uri, key) = with_key(&[(".env", &env)]);
    let text = session.document(&uri).expect("it is open").doc.text().to_owned();
    let at = |what: &str| text.find(what).expect("it is there") as u32 + 3;
    let (span, shown) = session.hover(&uri, at(&key)).expect("a finding");
    assert_eq!(span.len(), key.len());
    for part in ["hardcoded-ai-key", "sk-proj-…", "OpenAI", "platform.openai.com", "Move to .env", "OPENAI_API_KEY"] {
        assert!(shown.contains(part), "{part} is missing in:\n{shown}");
    }
    assert!(!leaks(&shown, &key));

    let read = |session: &Session| session.hover(&uri, at("os.environ[")).expect("a variable is read here").1;
    assert_eq!(read(&session), "`OTHER_KEY`: `.env` holds a value");
    assert!(!leaks(&read(&session), &other));
    project.write(".env", "OTHER_KEY=\"ref+age://.aikeys/secrets.age#/OTHER_KEY\"\n");
    assert!(read(&session).contains("refers to `ref+"));
    project.write(".env", "ANOTHER=1\n");
    assert!(read(&session).contains("does not set it"));
    assert!(session.hover(&uri, 0).is_none());
    session.close(&uri);
}

#[test]
fn a_key_is_moved_from_wherever_it_stands_in_one_change() {
    let (key, other) = (key(1), key(2));
    let settings = format!("{{\"mcpServers\": {{\"a\": {{\"env\": {{\"OPENAI_API_KEY\": \"{key}\"}}}}}}}}\n");
    let notebook = format!(
        "{{\"cells\": [{{\"cell_type\": \"code\", \"source\": [\"x = 1\\n\", \"key = \\\"{key}\\\"\"]}}], \"metadata\": {{}}}}\n"
    );
    let files = [
        ("aikeys.toml", String::new()),
        ("lib/saved.py", format!("key = \"{key}\"\n")),
        ("lib/open.py", "key = None\n".to_owned()),
        ("lib/other.py", format!("key = \"{other}\"\n")),
        (".mcp.json", settings),
        ("chat.ipynb", notebook),
        ("notes.txt", format!("{key}\n")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (project, mut session, uri, _) = with_key(&files);
    let open = project.open(&mut session, "lib/open.py", "python", &format!("# typed\nkey = \"{key}\"\n"));
    let request = request(&mut session, &uri, "Move to .env (start with `aikeys-lsp run -- python app.py`), here and");
    assert_eq!(request.reach, Reach::Everywhere);
    let stored = store(session.plan(&request).expect("a move")).expect("it is stored");
    assert_eq!(project.read(".env"), format!("OPENAI_API_KEY={key}\n"));
    let changed: Vec<String> = stored.files().iter().map(|it| it.doc.path().display().to_string()).collect();
    assert_eq!(changed, ["app.py", ".mcp.json", "chat.ipynb", "lib/open.py", "lib/saved.py"]);
    for file in stored.files() {
        let text = apply(file.doc.text(), &file.edits);
        assert!(!text.contains(&key), "{}", file.doc.path().display());
        assert_eq!(
            file.uri.is_some(),
            [&uri, &open].iter().any(|it| it.ends_with(file.doc.path().to_str().unwrap_or("")))
        );
    }
    let of = |name: &str| {
        let files = stored.files();
        let file = files.iter().find(|it| it.doc.path() == Path::new(name)).expect("it changes");
        apply(file.doc.text(), &file.edits)
    };
    assert!(of(".mcp.json").contains("\"${OPENAI_API_KEY}\""));
    assert!(of("lib/open.py").contains("# typed\n"), "what the editor has counts");
    assert!(of("chat.ipynb").contains("\"key = os.environ[\\\"OPENAI_API_KEY\\\"]\""));
    let told = stored.told.clone().expect("the user hears of it");
    assert!(told.contains("is read in 5 places of 5 files now"), "{told}");
    assert!(told.contains("stays in notes.txt:1: "), "{told}");
    assert!(!leaks(&told, &key));
    assert!(project.read("lib/saved.py").contains(&key), "the client edits, not the server");
}
