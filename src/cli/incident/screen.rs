//! The screen: what is known at once, then what takes longer, then what is to be done.

use std::io::{self, Write};

use crate::incident::{
    Answer, Asked, Case, Findings, Held, Place, Sighting, Tree, Used, Verdict, is_burned, steps, verdict, worst_first,
};
use crate::text::counted;
use crate::verify::Life;

/// So many of a kind fit on it; the JSON has all.
const MOST: usize = 6;
/// Where answers begin.
const INDENT: usize = 14;

/// What was told in which order, so that the rest goes on there.
pub(super) struct Told {
    order: Vec<usize>,
    lives: bool,
    stores: bool,
}

/// Whose each key is, where it stands in files and stores, whether it is alive.
pub(super) fn first(case: &Case, found: &Findings, out: &mut dyn Write) -> io::Result<Told> {
    let mut screen = Screen { case, out };
    let told = Told {
        order: worst_first(case, found),
        lives: found.lives.is_some() && found.used.is_some(),
        stores: found.stores.is_some(),
    };
    for value in &told.order {
        screen.head(*value)?;
        screen.whose(*value)?;
        screen.lives(found, *value)?;
        screen.files(found, *value)?;
        screen.stores(found, *value)?;
    }
    screen.out.flush()?;
    Ok(told)
}

/// What came later, and what to do.
pub(super) fn rest(case: &Case, found: &Findings, told: &Told, out: &mut dyn Write) -> io::Result<()> {
    let mut screen = Screen { case, out };
    for value in told.order.iter().copied() {
        if case.keys.len() > 1 {
            screen.line("")?;
            screen.head(value)?;
        }
        if !told.lives {
            screen.lives(found, value)?;
        }
        if !told.stores {
            screen.stores(found, value)?;
        }
        screen.git(found, value)?;
        screen.made(found, value)?;
        screen.steps(found, value)?;
        screen.verdict(found, value)?;
    }
    screen.out.flush()?;
    let trees = [&found.tree, &found.made].into_iter().flatten().flat_map(|it| &it.problems);
    let past = found.past.iter().flat_map(|it| &it.problems);
    for problem in found.problems.iter().chain(trees).chain(past) {
        writeln!(io::stderr(), "error: {}", case.hidden(problem))?;
    }
    for note in found.past.iter().flat_map(|it| it.lacks.iter().chain(&it.others)) {
        writeln!(io::stderr(), "note: not looked at: {}", case.hidden(note))?;
    }
    Ok(())
}

struct Screen<'s> {
    case: &'s Case,
    out: &'s mut dyn Write,
}

impl Screen<'_> {
    /// A line in which nothing of a value stands.
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", self.case.hidden(text.trim_end()))
    }

    fn row(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.line(&format!("  {name:<width$}{text}", width = INDENT - 2))
    }

    /// The first ones of a list.
    fn list(&mut self, items: &[(String, String)]) -> io::Result<()> {
        let width = items.iter().take(MOST).map(|(at, _)| at.chars().count()).max().unwrap_or(0);
        for (at, what) in items.iter().take(MOST) {
            self.row("", &format!("{at:width$}  {what}"))?;
        }
        if items.len() > MOST {
            self.row("", &format!("and {} more: `--format json` has all", items.len() - MOST))?;
        }
        Ok(())
    }

    fn head(&mut self, value: usize) -> io::Result<()> {
        let key = &self.case.keys[value];
        let whose = &key.whose;
        let kind = whose.kind.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
        let class = whose.class.map(|it| format!(" ({it})")).unwrap_or_default();
        self.line(&format!("{}: {}{kind}{class}", key.shown, whose.name))
    }

    fn whose(&mut self, value: usize) -> io::Result<()> {
        let key = &self.case.keys[value];
        self.row("taken as", &format!("{} on standard input", key.part))?;
        if !key.whose.may_be.is_empty() {
            let all = &key.whose.may_be;
            let more = if all.len() > MOST { format!(" and {} others", all.len() - MOST) } else { String::new() };
            let some: Vec<&str> = all.iter().take(MOST).map(String::as_str).collect();
            self.row(
                "whose",
                &format!("its shape fits {}{more}: `NAME=value` on standard input tells", some.join(", ")),
            )?;
        }
        if let Some(page) = &key.whose.page {
            self.row("keys page", page)?;
        }
        match is_burned(self.case, value) {
            Some(since) => self.row("burned", &format!("since {since}, in aikeys.lock")),
            None => self.row("burned", "not noted in aikeys.lock"),
        }
    }

    fn files(&mut self, found: &Findings, value: usize) -> io::Result<()> {
        if self.case.is_bare() {
            return self.row("files", "none: this is a bare repository");
        }
        let Some(tree) = &found.tree else { return Ok(()) };
        self.places(tree, value, "files", &counted(tree.looked, "file"))
    }

    fn places(&mut self, tree: &Tree, value: usize, name: &str, files: &str) -> io::Result<()> {
        let places = &tree.places[value];
        if places.is_empty() {
            return self.row(name, &format!("it stands in none of {files}"));
        }
        self.row(name, &format!("{} in {files}", counted(places.len(), "place")))?;
        self.list(&places.iter().map(place).collect::<Vec<_>>())
    }

    fn stores(&mut self, found: &Findings, value: usize) -> io::Result<()> {
        let Some(stores) = &found.stores else { return self.row("stores", "not all have answered yet") };
        if stores.is_empty() {
            return self.row("stores", "no reference is in use here");
        }
        let leading: Vec<&Asked> = found.leading(value).collect();
        let silent: Vec<&Asked> = stores.iter().filter(|it| matches!(it.answer, Answer::Silent(_))).collect();
        let what = match leading.len() {
            0 => "none leads to it".to_owned(),
            1 => "1 leads to it".to_owned(),
            many => format!("{many} lead to it"),
        };
        let unknown = match silent.len() {
            0 => String::new(),
            1 => ", of 1 it is not known".to_owned(),
            many => format!(", of {many} it is not known"),
        };
        self.row("stores", &format!("of {} {what}{unknown}", counted(stores.len(), "reference")))?;
        let mut items: Vec<(String, String)> =
            leading.iter().map(|it| (it.reference.to_string(), standing(it))).collect();
        for it in silent {
            let Answer::Silent(why) = &it.answer else { continue };
            items.push((
                it.reference.to_string(),
                why.strip_prefix(&format!("{}: ", it.reference)).unwrap_or(why).to_owned(),
            ));
        }
        self.list(&items)
    }

    fn lives(&mut self, found: &Findings, value: usize) -> io::Result<()> {
        let life = match found.life(value) {
            None => "its provider has not answered yet".to_owned(),
            Some(Life::Live) => "YES: its provider took it just now".to_owned(),
            Some(Life::Dead) => "no: its provider does not take it any more".to_owned(),
            Some(Life::Unknown(why)) => format!("unknown: {why}"),
        };
        self.row("alive", &life)?;
        let Some(used) = found.used.as_ref().and_then(|it| it.get(value)) else { return Ok(()) };
        self.row("last used", &last_used(used))
    }

    fn git(&mut self, found: &Findings, value: usize) -> io::Result<()> {
        let Some(past) = &found.past else {
            let why =
                if self.case.has_history() { "its history could not be looked at" } else { "there is no repository" };
            return self.row("git", why);
        };
        let Some(held) = past.held.get(value).filter(|it| it.is_held()) else {
            return self.row("git", &format!("none of {} holds it, on no branch", counted(past.commits, "commit")));
        };
        let pushed = match held.pushed {
            Some(true) => "PUSHED",
            Some(false) => "not pushed",
            None => "nothing tells whether it was pushed",
        };
        let versions = counted(held.versions, "version");
        self.row("git", &format!("{pushed}; {versions} in {}", counted(past.commits, "commit")))?;
        self.sightings(held)?;
        if !held.names.is_empty() {
            let more =
                if held.names.len() > MOST { format!(" and {} more", held.names.len() - MOST) } else { String::new() };
            let names: Vec<&str> = held.names.iter().take(MOST).map(String::as_str).collect();
            self.row("", &format!("on {}{more}", names.join(", ")))?;
        }
        Ok(())
    }

    fn sightings(&mut self, held: &Held) -> io::Result<()> {
        let mut items: Vec<(String, String)> =
            held.places.iter().map(|it| (it.path.clone(), sighted(it, ""))).collect();
        items.extend(held.dropped.iter().map(|it| (it.path.clone(), sighted(it, ", on no branch any more"))));
        items.extend(held.staged.iter().map(|it| (it.clone(), "staged for the next commit".to_owned())));
        if held.lost > 0 {
            let lost = counted(held.lost, "text");
            items.push((lost, "which nothing leads to: a dropped stash or commit, or what was staged once".to_owned()));
        }
        self.list(&items)
    }

    fn made(&mut self, found: &Findings, value: usize) -> io::Result<()> {
        let Some(tree) = found.made.as_ref().filter(|it| it.looked > 0) else { return Ok(()) };
        let files = format!("{} that tools made or git keeps", counted(tree.looked, "file"));
        self.places(tree, value, "besides", &files)
    }

    fn steps(&mut self, found: &Findings, value: usize) -> io::Result<()> {
        let steps = steps(self.case, found, value);
        if steps.is_empty() {
            return Ok(());
        }
        self.line("next")?;
        for step in steps {
            match step.command {
                Some(command) => {
                    self.line(&format!("  {}", step.text))?;
                    self.line(&format!("      {command}"))?;
                }
                None => self.line(&format!("  {}", step.text))?,
            }
        }
        Ok(())
    }

    fn verdict(&mut self, found: &Findings, value: usize) -> io::Result<()> {
        match verdict(self.case, found, value) {
            Verdict::Contained => self.line("contained"),
            Verdict::NotContained(why) => self.line(&format!("not contained: {}", why.join("; "))),
            Verdict::Unclear(why) => self.line(&format!("not known to be contained: {}", why.join("; "))),
        }
    }
}

fn place(it: &Place) -> (String, String) {
    let at = it.line.map_or_else(|| it.path.clone(), |line| format!("{}:{line}", it.path));
    let parts = [it.kind.id(), it.variable.as_deref().unwrap_or(""), it.written];
    (at, parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(", "))
}

fn standing(asked: &Asked) -> String {
    let names: Vec<&str> = asked.names.iter().map(String::as_str).collect();
    let parts = [names.join(", "), asked.places.join(", ")];
    parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" at ")
}

fn sighted(it: &Sighting, more: &str) -> String {
    let Some(commit) = &it.commit else { return String::new() };
    let (short, day) = (commit.id.get(..7).unwrap_or(&commit.id), commit.date.get(..10).unwrap_or(&commit.date));
    let pushed = if commit.pushed == Some(true) { ", pushed" } else { "" };
    let versions = if it.versions > 1 { format!(", in {} versions", it.versions) } else { String::new() };
    let head = if it.in_head { ", still in HEAD" } else { "" };
    format!("since {short} of {day}{pushed}{versions}{head}{more}")
}

fn last_used(used: &Used) -> String {
    match used {
        Used::Unknown(why) => format!("not known: {why}"),
        Used::Known { name, id, last, active } => {
            let last = last.map_or("never, as far as its account says".to_owned(), |it| {
                it.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
            });
            let state = if *active { "" } else { ", switched off" };
            format!("{last}; in the account it is {name:?} ({id}{state})")
        }
    }
}
