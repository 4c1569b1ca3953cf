//! What says which variables a program needs: the template that is nearest to it, and the files that give it variables.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::syntax::Document;

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
