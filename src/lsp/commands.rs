//! What the client's commands do: each starts on the main loop, asks stores aside, and comes back as an event.

use std::path::Path;
use std::thread;

use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;
use tower_lsp::lsp_types::{ExecuteCommandParams, MessageType};

use super::carry::{self, Stored};
use super::check::{self, Report};
use super::convert;
use super::main_loop::{MainLoop, STACK, answer, failed};
use super::outbox::{Applied, Letter};
use super::server::{Event, Reply};
use super::undo::{self, Found};
use crate::moves;
use crate::secrets::without_keys;
use crate::stores::store_called;

impl MainLoop {
    /// Starts what a command asks for.
    pub(super) fn execute(&mut self, params: ExecuteCommandParams, reply: Reply<Option<Value>>) {
        match params.command.as_str() {
            convert::MOVE => self.store(params.arguments, reply),
            convert::CHECK => self.check_references(&params.arguments, reply),
            convert::UNDO => self.find_move(&params.arguments, reply),
            convert::CHECK_ALL => self.check_all(reply),
            convert::KEYS => self.list_keys(reply),
            convert::STORES => self.list_stores(&params.arguments, reply),
            _ => answer(reply, Err(failed("there is no such command".to_owned()))),
        }
    }

    /// The first third of a move: worked out again, then the store, aside.
    fn store(&mut self, arguments: Vec<Value>, reply: Reply<Option<Value>>) {
        // Before anything is stored: without the edit the key would stay in the text.
        if !self.abilities.apply_edit {
            return answer(
                reply,
                Err(failed("this editor takes no edits from a server: nothing was changed".to_owned())),
            );
        }
        let document = |uri: &str| self.session.document(uri).map(|open| &open.doc);
        let plan = convert::move_request(arguments, document, self.abilities.encoding)
            .ok_or_else(|| super::session::STALE.to_owned())
            .and_then(|request| self.session.plan(&request));
        let plan = match plan {
            Ok(plan) => plan,
            Err(reason) => return answer(reply, Err(failed(reason))),
        };
        let events = self.events.clone();
        aside("move", move || match carry::store(plan) {
            Ok(stored) => {
                // Without a main loop the process is about to end.
                let _ = events.send(Event::Stored(Box::new(stored), reply));
            }
            Err(reason) => answer(reply, Err(failed(reason))),
        });
    }

    /// The second third: the key is stored, the client edits its text.
    pub(super) fn edit(&mut self, stored: Box<Stored>, reply: Reply<Option<Value>>) {
        // The env file has changed.
        self.refresh();
        if !self.session.is_current(&stored.plan) {
            return self.unfinished(&stored, "the file was changed meanwhile", reply);
        }
        let files = stored.files();
        let Some(edit) = convert::workspace_edit(&files, &self.abilities) else {
            return self.unfinished(&stored, "a path of this move is no file", reply);
        };
        let title = stored.plan.title.clone();
        self.post(Letter::Edit(title, edit, Box::new(|applied| Event::Edited(stored, applied, reply))));
    }

    /// The last third: the text no longer holds the key.
    pub(super) fn finish(&mut self, stored: Stored, applied: Applied, reply: Reply<Option<Value>>) {
        match applied {
            Applied::Yes => {
                // Its line is asked for before the edit, in VS Code.
                if self.abilities.refresh_lenses {
                    self.post(Letter::RefreshLenses);
                }
                self.session.moved = Some(stored.plan.workspace.root().to_owned());
                if let Some(told) = &stored.told {
                    self.post(Letter::Show(MessageType::INFO, format!("aikeys: {told}")));
                }
                // What is remembered is encrypted first, which takes its time on purpose.
                aside("record", move || {
                    stored.finish();
                    answer(reply, Ok(None));
                });
            }
            Applied::Refused => self.unfinished(&stored, "the editor did not take the edit", reply),
            Applied::Silent => self.unfinished(&stored, "the editor did not say whether it took the edit", reply),
        }
    }

    /// The key is in two places: nothing is lost, and the user has to know.
    fn unfinished(&mut self, stored: &Stored, why: &str, reply: Reply<Option<Value>>) {
        let done = stored.deposited.iter().map(|deposited| {
            let (name, env) = (&deposited.name, deposited.env.display());
            match deposited.env_edit {
                Some(_) => format!("{env} was left to the editor"),
                None => format!("{name} is stored and named in {env}"),
            }
        });
        let done = done.collect::<Vec<_>>().join(", ");
        let message = format!("{why}: {done}, and the key still stands in the source. Move it again");
        answer(reply, Err(failed(message)));
    }

    /// Asks the stores about references, aside.
    fn check_references(&mut self, arguments: &[Value], reply: Reply<Option<Value>>) {
        let of = convert::check_of(arguments);
        let of = of.as_ref().map(|(uri, file)| (uri.as_str(), file.as_deref().map(Path::new)));
        let sheets = match self.session.sheets(of) {
            Ok(sheets) => sheets,
            Err(reason) => return answer(reply, Err(failed(reason))),
        };
        let (working, until) = unbounded_channel::<String>();
        if self.abilities.progress {
            let token = self.new_token("store.check");
            self.post(Letter::Progress(token, "aikeys: asking the stores".to_owned(), until));
        }
        let events = self.events.clone();
        aside("check", move || {
            let report = check::ask(&sheets);
            drop(working);
            // Without a main loop the process is about to end.
            let _ = events.send(Event::Asked(report, reply));
        });
    }

    /// All findings are made again: they say what the stores answered.
    pub(super) fn tell_answers(&mut self, report: &Report, reply: Reply<Option<Value>>) {
        self.refresh();
        let level = if report.problems.is_empty() { MessageType::INFO } else { MessageType::WARNING };
        self.post(Letter::Show(level, format!("aikeys: {}", report.message())));
        answer(reply, Ok(None));
    }

    /// Looks for the last move, aside: its store has to give the keys, which open what is remembered.
    fn find_move(&mut self, arguments: &[Value], reply: Reply<Option<Value>>) {
        let workspaces = self.session.undo_in(convert::uri_of(arguments).as_deref());
        let (events, through_client) = (self.events.clone(), self.abilities.apply_edit);
        aside("undo", move || match undo::find(workspaces) {
            Ok(found) if through_client => {
                // Without a main loop the process is about to end.
                let _ = events.send(Event::Found(Box::new(found), reply));
            }
            Ok(found) => {
                let done = moves::undo(&found.workspace, &found.last).map_err(|error| failed(error.to_string()));
                answer(reply, done.map(|()| None));
            }
            Err(reason) => answer(reply, Err(failed(reason))),
        });
    }

    /// The client puts the texts back, so that what it has open and what lies on the disk stay the same.
    pub(super) fn put_back(&mut self, found: Box<Found>, reply: Reply<Option<Value>>) {
        let edit = self.session.put_back(&found).and_then(|files| {
            let edit = convert::workspace_edit(&files, &self.abilities);
            edit.ok_or_else(|| "a path of this move is no file".to_owned())
        });
        let edit = match edit {
            Ok(edit) => edit,
            Err(reason) => return answer(reply, Err(failed(reason))),
        };
        let title = format!("Put back {}", without_keys(&found.last.title));
        self.post(Letter::Edit(title, edit, Box::new(|applied| Event::PutBack(found, applied, reply))));
    }

    /// The texts are back, or not.
    pub(super) fn end_undo(&mut self, found: &Found, applied: &Applied, reply: Reply<Option<Value>>) {
        match applied {
            Applied::Yes => {
                moves::forget(&found.workspace);
                let title = &found.last.title;
                let store = store_called(&found.last.store);
                let told = format!("aikeys: put back {title}; {store} keeps the keys as well. Save the files");
                self.post(Letter::Show(MessageType::INFO, told));
                answer(reply, Ok(None));
            }
            Applied::Refused => answer(reply, Err(failed("the editor did not take the edit".to_owned()))),
            Applied::Silent => {
                answer(reply, Err(failed("the editor did not say whether it took the edit".to_owned())));
            }
        }
    }
}

/// Does something slow. Without the thread the reply is dropped, and answered as an internal error.
/// Whether there is one.
pub(super) fn aside(name: &str, work: impl FnOnce() + Send + 'static) -> bool {
    thread::Builder::new().name(name.to_owned()).stack_size(STACK).spawn(work).is_ok()
}
