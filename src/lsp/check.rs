//! Asks the stores about the references of env files, because the user wants to know. Aside from the session.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::session::Session;
use crate::project;
use crate::project::{Workspace, read_small};
use crate::rules::is_env_file;
use crate::secrets::{SecretRef, env_lines, without_keys};
use crate::stores::Stores;
use crate::syntax::Document;

/// The references of an env file, with their variables.
pub struct Sheet {
    workspace: Arc<Workspace>,
    file: PathBuf,
    named: Vec<(String, SecretRef)>,
}

/// What the stores answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many references are there.
    pub there: usize,
    /// Those that are not, each with its variable.
    pub problems: Vec<String>,
}

/// A message does not name more than these.
const SHOWN: usize = 5;

impl Session {
    /// What is to be asked about: the env file that belongs to a document; else those that are open; else those at the
    /// roots of the client's folders.
    pub fn sheets(&self, of: Option<(&str, Option<&Path>)>) -> Result<Vec<Sheet>, String> {
        let mut sheets = Vec::new();
        if let Some((uri, file)) = of {
            sheets.push(self.sheet_of(uri, file)?);
        } else {
            let open = self.documents.values().filter(|it| is_env_file(it.doc.path()));
            sheets.extend(open.filter_map(|it| Some(sheet(it.workspace.as_ref()?, &it.doc))));
            let folders = if sheets.is_empty() { self.folders.iter().collect() } else { Vec::new() };
            for folder in folders {
                let workspace = Arc::new(self.workspace_of(folder).map_err(|error| error.to_string())?);
                let file = workspace.relative(&folder.join(".env"));
                sheets.push(self.sheet_at(&workspace, &file)?);
            }
        }
        if sheets.iter().all(|sheet| sheet.named.is_empty()) {
            let files: Vec<String> = sheets.iter().map(|sheet| sheet.file.display().to_string()).collect();
            return Err(match files.is_empty() {
                true => "no env file is open, and no folder".to_owned(),
                false => format!("there is no reference in {}", files.join(", ")),
            });
        }
        Ok(sheets)
    }

    fn sheet_of(&self, uri: &str, file: Option<&Path>) -> Result<Sheet, String> {
        let open = self.document(uri);
        let (workspace, path) = match (open.and_then(|it| it.workspace.as_ref().zip(Some(it.doc.path()))), file) {
            (Some((workspace, path)), _) => (Arc::clone(workspace), path.to_owned()),
            (None, Some(file)) => {
                let file = if file.is_dir() { file.join(".env") } else { file.to_owned() };
                let folder = file.parent().unwrap_or(&file);
                let workspace = self.workspace_of(folder).map_err(|error| error.to_string())?;
                let path = workspace.relative(&file);
                (Arc::new(workspace), path)
            }
            (None, None) => return Err("this document belongs to no folder".to_owned()),
        };
        let env = if project::has_values(&path) { path } else { workspace.env_path(&path) };
        self.sheet_at(&workspace, &env)
    }

    /// What the client has open counts before what lies on the disk.
    fn sheet_at(&self, workspace: &Arc<Workspace>, file: &Path) -> Result<Sheet, String> {
        if let Some((_, open)) = self.open_at(workspace, file) {
            return Ok(sheet(workspace, &open.doc));
        }
        let bytes = read_small(&workspace.root().join(file)).map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        Ok(sheet(workspace, &Document::new(file, text)))
    }
}

fn sheet(workspace: &Arc<Workspace>, doc: &Document) -> Sheet {
    let lines = env_lines(doc.text());
    let name = |at: u32| lines.iter().rfind(|it| it.name.start <= at).map_or("", |it| doc.slice(it.name)).to_owned();
    let named = project::references_of(doc).into_iter().map(|(span, at)| (name(span.start), at)).collect();
    Sheet { workspace: Arc::clone(workspace), file: doc.path().to_owned(), named }
}

/// Asks about all of them, and remembers the answers.
pub fn ask(sheets: &[Sheet]) -> Report {
    let mut report = Report::default();
    for sheet in sheets {
        let references: Vec<SecretRef> = sheet.named.iter().map(|(_, at)| at.clone()).collect();
        let stores = Stores::of(&sheet.workspace);
        let answers = stores.exist_all(&references);
        stores.remember(references.iter().zip(&answers).map(|(at, answer)| (at, answer.as_ref().copied())));
        for ((name, at), answer) in sheet.named.iter().zip(answers) {
            match answer {
                Ok(true) => report.there += 1,
                Ok(false) => report.problems.push(format!("{name}: {at}: there is no such secret")),
                Err(error) => report.problems.push(format!("{name}: {error}")),
            }
        }
    }
    report
}

impl Report {
    /// For the user.
    pub fn message(&self) -> String {
        let (there, missing) = (self.there, self.problems.len());
        let verb = |count: usize| if count == 1 { "is" } else { "are" };
        let noun = if there == 1 { "reference" } else { "references" };
        let mut text = format!("{there} {noun} {} there", verb(there));
        if missing > 0 {
            let shown = self.problems.iter().take(SHOWN).map(|it| format!("\n{it}")).collect::<String>();
            text.push_str(&format!(", {missing} {} not:{shown}", verb(missing)));
        }
        if missing > SHOWN {
            text.push_str(&format!("\nand {} more", missing - SHOWN));
        }
        without_keys(&text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_says_it_all() {
        let report = |there, problems: usize| {
            let problems = (0..problems).map(|at| format!("N{at}: why")).collect();
            Report { there, problems }.message()
        };
        assert_eq!(report(3, 0), "3 references are there");
        assert_eq!(report(1, 1), "1 reference is there, 1 is not:\nN0: why");
        assert_eq!(
            report(0, 7),
            "0 references are there, 7 are not:\nN0: why\nN1: why\nN2: why\nN3: why\nN4: why\nand 2 more"
        );
    }
}
