//! Checks of all files: what clients ask for by `workspace/diagnostic` or by a command, made aside, kept until something
//! changes.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;
use tower_lsp::lsp_types::{
    MessageType, NumberOrString, PreviousResultId, Url, WorkspaceDiagnosticParams, WorkspaceDiagnosticReport,
    WorkspaceDiagnosticReportResult,
};

use super::commands::aside;
use super::convert::{self, found};
use super::main_loop::{MainLoop, answer, failed};
use super::outbox::{Letter, Token};
use super::server::{Event, Reply};
use crate::inventory::{Survey, survey};
use crate::text::counted;

/// A check of all files because of a change waits so long at least: more changes follow.
const PAUSE: Duration = Duration::from_millis(200);

/// The first check of all files waits so long: an editor that starts draws what is open, and needs the processor for it.
const FIRST: Duration = Duration::from_millis(700);

/// A question for all diagnostics, and the reports that its client has.
struct Parked {
    known: Vec<PreviousResultId>,
    reply: Reply<WorkspaceDiagnosticReportResult>,
}

/// What is known of all files.
#[derive(Default)]
pub(super) struct Everything {
    latest: Option<found::Reports>,
    /// Counts what changed.
    pub(super) generation: u64,
    /// How long the last survey took.
    took: Duration,
    running: bool,
    /// Something changed since the latest survey began.
    outdated: bool,
    /// They are answered when there is news.
    parked: Vec<Parked>,
    /// What users were told that could not be checked.
    told: BTreeSet<String>,
    /// Users who asked for a check.
    asked: Vec<Reply<Option<Value>>>,
    /// Files that are not open and have diagnostics at a client that does not ask.
    published: BTreeSet<Url>,
    /// The client that knows of nothing was told so.
    told_nothing: bool,
    /// The client asked for all files.
    pulled: bool,
    /// The client is told of all files that change.
    pub(super) watched: bool,
}

impl MainLoop {
    /// Answers when there is something new.
    pub(super) fn diagnose_all(
        &mut self,
        params: WorkspaceDiagnosticParams,
        reply: Reply<WorkspaceDiagnosticReportResult>,
    ) {
        self.watch_all();
        self.everything.pulled = true;
        // One question waits; who asks a second time has the first one's answer.
        for it in self.everything.parked.drain(..) {
            answer(it.reply, Ok(WorkspaceDiagnosticReport::default().into()));
        }
        self.everything.parked.push(Parked { known: params.previous_result_ids, reply });
        match &self.everything.latest {
            Some(_) if !self.everything.outdated => self.settle(),
            latest => {
                let pause = if latest.is_some() { Duration::ZERO } else { FIRST };
                self.survey(params.work_done_progress_params.work_done_token, pause);
            }
        }
    }

    /// The command: all files are checked now.
    pub(super) fn check_all(&mut self, reply: Reply<Option<Value>>) {
        if self.session.folders.is_empty() {
            return answer(reply, Err(failed("no folder is open".to_owned())));
        }
        self.watch_all();
        self.everything.asked.push(reply);
        self.survey(None, Duration::ZERO);
    }

    /// Files changed, on the disk or in the settings around them.
    pub(super) fn outdate(&mut self) {
        self.spread.clear();
        self.everything.generation += 1;
        self.session.forget_packages();
        self.everything.outdated = true;
        self.everything.told_nothing = false;
        self.everything.parked.retain(|it| !it.reply.is_closed());
        if !self.everything.parked.is_empty() {
            self.survey(None, self.pause());
        }
    }

    /// A program can write files all the time: most of the time is not for checks.
    fn pause(&self) -> Duration {
        (self.everything.took * 4).max(PAUSE)
    }

    fn survey(&mut self, token: Option<NumberOrString>, pause: Duration) {
        if self.everything.running {
            self.everything.outdated = true;
            return;
        }
        (self.everything.running, self.everything.outdated) = (true, false);
        let folders: Vec<_> = self.session.folders.iter().cloned().collect();
        let (said, progress) = unbounded_channel();
        let title = "aikeys: checking all files".to_owned();
        match token {
            Some(token) => self.post(Letter::Progress(Token::Given(token), title, progress)),
            None if self.abilities.progress && !self.everything.asked.is_empty() => {
                let token = self.new_token("check");
                self.post(Letter::Progress(token, title, progress));
            }
            None => {}
        }
        let events = self.events.clone();
        aside("survey", move || {
            thread::sleep(pause);
            let started = Instant::now();
            let (sender, surveyed) = channel();
            let work = move || {
                // Nobody listens when the process is about to end.
                let tick = &mut |files| drop(said.send(counted(files, "file")));
                let _ = sender.send(survey(&folders, tick));
            };
            // A panic in there drops the sender.
            let _ = thread::spawn(work).join();
            let _ = events.send(Event::Surveyed(surveyed.try_recv().ok(), started.elapsed()));
        });
    }

    /// A survey has ended; without a result where it failed.
    pub(super) fn take_survey(&mut self, survey: Option<Survey>, took: Duration) {
        (self.everything.running, self.everything.took) = (false, took);
        let Some(survey) = survey else {
            for reply in self.everything.asked.drain(..) {
                answer(reply, Err(failed("the check of all files failed".to_owned())));
            }
            return;
        };
        // Who asked after it began is told of what is there by now.
        if self.everything.outdated && !self.everything.asked.is_empty() {
            return self.survey(None, Duration::ZERO);
        }
        let survey = &survey;
        let problems = survey.problems.iter().filter(|it| self.everything.told.insert((*it).clone()));
        let problems: Vec<String> = problems.take(5).cloned().collect();
        if self.everything.asked.is_empty() && !problems.is_empty() {
            let text = format!("aikeys: not checked: {}", problems.join("\nnot checked: "));
            self.post(Letter::Show(MessageType::WARNING, text));
        }
        let latest = found::reports(survey, self.abilities.encoding);
        let (files, findings) = (survey.looked, latest.values().map(|it| it.all.len()).sum::<usize>());
        self.everything.latest = Some(latest);
        let asked = std::mem::take(&mut self.everything.asked);
        if !asked.is_empty() {
            // Neovim asked for open files only, before 0.12.
            if !self.everything.pulled {
                self.publish_all();
            }
            let mut text = format!("{} in {}", counted(findings, "finding"), counted(files, "file"));
            text.extend(survey.problems.iter().take(5).map(|it| format!("\nnot checked: {it}")));
            let level = if survey.problems.is_empty() { MessageType::INFO } else { MessageType::WARNING };
            self.post(Letter::Show(level, format!("aikeys: {text}")));
            for reply in asked {
                answer(reply, Ok(Some(json!({"files": files, "findings": findings}))));
            }
        }
        self.settle();
        if self.everything.outdated && !self.everything.parked.is_empty() {
            self.survey(None, self.pause());
        }
    }

    /// Answers who has something new to hear.
    fn settle(&mut self) {
        let Some(latest) = self.everything.latest.take() else { return };
        let parked = std::mem::take(&mut self.everything.parked);
        for it in parked.into_iter().filter(|it| !it.reply.is_closed()) {
            let (shown, in_cells) =
                (|uri: &Url| self.session.shows(uri.as_str()), |uri: &Url| self.session.shows_cells(uri.as_str()));
            match found::news(&latest, &it.known, &shown, &in_cells) {
                // Who asks again and again waits for news, as all do.
                Some(report)
                    if report.items.is_empty() && std::mem::replace(&mut self.everything.told_nothing, true) =>
                {
                    self.everything.parked.push(it);
                }
                Some(report) => answer(it.reply, Ok(WorkspaceDiagnosticReportResult::Report(report))),
                None => self.everything.parked.push(it),
            }
        }
        self.everything.latest = Some(latest);
    }

    /// For clients that do not ask.
    fn publish_all(&mut self) {
        let latest = self.everything.latest.take().unwrap_or_default();
        let is_shown = |uri: &Url| self.session.shows(uri.as_str()) || self.session.shows_cells(uri.as_str());
        let shown: Vec<Url> = latest.values().map(|it| &it.uri).filter(|uri| !is_shown(uri)).cloned().collect();
        let gone = std::mem::take(&mut self.everything.published)
            .into_iter()
            .filter(|it| !latest.contains_key(&found::name_of(it)));
        for uri in gone.filter(|uri| !self.session.shows(uri.as_str())) {
            self.post(Letter::Publish(uri, Vec::new(), None));
        }
        for uri in &shown {
            self.post(Letter::Publish(uri.clone(), latest[&found::name_of(uri)].all.clone(), None));
        }
        self.everything.published = shown.into_iter().collect();
        self.everything.latest = Some(latest);
    }

    /// A file is open from now on: what was said of it without its asking goes.
    pub(super) fn forget_published(&mut self, uri: &Url) {
        if self.everything.published.remove(uri) && self.abilities.pull {
            self.post(Letter::Publish(uri.clone(), Vec::new(), None));
        }
    }

    /// From now on the client says which files change, wherever they are.
    fn watch_all(&mut self) {
        if self.abilities.watch && !std::mem::replace(&mut self.everything.watched, true) {
            self.post(Letter::Register(vec![convert::all_watcher()]));
        }
    }
}
