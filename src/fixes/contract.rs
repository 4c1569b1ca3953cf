//! What says which variables a program needs: the template that is nearest to it, and the files that give it variables.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::{Repairs, Safety};
use crate::syntax::Document;
use crate::text::{Edit, line_ending, whole_words};

/// What the nearest folder with a template of an env file says, and the folders above. Empty where there is no template.
#[derive(Clone, Debug, Default)]
pub struct Contract {
    /// The templates of that folder.
    pub templates: Vec<Arc<Document>>,
    /// The names in capitals that env files, compose files, workflows and manifests mention.
    pub declared: BTreeSet<String>,
}

impl Contract {
    /// Adds what a file mentions.
    pub fn declare(&mut self, text: &str) {
        let part = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        self.declared.extend(text.split(part).filter(|it| it.len() > 3 && it.contains('_')).map(str::to_owned));
    }

    /// See [`super::Surroundings::overlay`].
    pub(super) fn overlay(&mut self, open: &dyn Fn(&Path) -> Option<Arc<Document>>) {
        for file in &mut self.templates {
            if let Some(doc) = open(file.path()) {
                *file = doc;
            }
        }
    }
}

/// One of the templates names a variable, also in a comment.
pub fn is_named(templates: &[Arc<Document>], name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    templates.iter().any(|it| whole_words(it.text(), name, part).next().is_some())
}

/// Adds a variable without a value to a template.
pub fn add_to_template(template: &Document, name: &str) -> Repairs {
    let (text, ending) = (template.text(), line_ending(template.text()));
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { ending };
    let edit = Edit::insert(text.len(), format!("{gap}{name}={ending}"));
    let title = format!("Add {name} without a value to {}", template.path().display());
    Repairs::of_edits(template.path(), [edit], title, Safety::Offered)
}
