//! The encrypted file for other readers than before.

use super::identity::identities;
use super::local::{Contents, Local, publics};
use super::recipients::Reader;
use super::{StoreError, known};
use crate::project::write_atomic;

/// A file that is about to be encrypted anew, and what changes by that.
pub struct Rekey {
    /// Who can read it then.
    pub readers: Vec<Reader>,
    /// Those of them who could not.
    pub added: Vec<Reader>,
    /// The public keys of those who no longer can.
    pub removed: Vec<String>,
    /// This machine's public keys.
    pub own: Vec<String>,
    /// What they can read.
    pub names: Vec<String>,
    /// Somebody made the file anew since this machine wrote it, or another program did.
    pub is_remade: bool,
    origin: String,
    contents: Contents,
    file: Vec<u8>,
    list: Option<Vec<u8>>,
    new_list: Vec<u8>,
}

impl Local {
    /// What encrypting the file anew changes: to the readers that its list names now, or, with `more`, to them besides
    /// those of before.
    pub fn rekey(&self, more: &[Reader]) -> Result<Rekey, StoreError> {
        let (file, contents) = self.read()?;
        let (list, mut readers) = self.listed()?;
        let mut new_list = list.clone().unwrap_or_default();
        let past = contents.past.clone().filter(|it| known::is_known(&self.file(), &it.origin) != Some(false));
        let (before, origin) = past.map(|past| (past.readers, past.origin)).unzip();
        let was = |key: &String| before.as_ref().is_some_and(|it: &Vec<String>| it.contains(key));
        if !more.is_empty() {
            let readers = readers.iter().filter(|it| !more.iter().any(|more| more.key == it.key)).cloned();
            self.check(&contents, &readers.collect::<Vec<_>>())?;
        }
        for reader in more {
            if !readers.iter().any(|it| it.key == reader.key) {
                let name = reader.name.as_ref().map(|name| format!("# {name}\n")).unwrap_or_default();
                let start = if new_list.ends_with(b"\n") || new_list.is_empty() { "" } else { "\n" };
                new_list.extend_from_slice(format!("{start}\n{name}{}\n", reader.key).as_bytes());
                readers.push(reader.clone());
            }
        }
        let own = publics(&identities()?);
        self.check_own(&readers, &own)?;
        let added = readers.iter().filter(|it| !was(&it.key) && (before.is_some() || !own.contains(&it.key)));
        let gone = before.iter().flatten().filter(|key| !readers.iter().any(|it| it.key == **key));
        let removed: Vec<String> = gone.cloned().collect();
        Ok(Rekey {
            added: added.cloned().collect(),
            is_remade: before.is_none(),
            // Who is left out knows the old number.
            origin: origin.filter(|_| removed.is_empty()).unwrap_or_else(known::origin),
            removed,
            names: contents.secrets.keys().cloned().collect(),
            readers,
            own,
            contents,
            file,
            list,
            new_list,
        })
    }

    /// Writes the list, then the file. A list that names more readers than the file has is seen by the next write.
    pub fn carry_out(&self, rekey: &Rekey) -> Result<(), StoreError> {
        let _alone = self.alone()?;
        if rekey.list.as_ref() != Some(&rekey.new_list) {
            write_atomic(&self.root, &self.list(), rekey.list.as_deref(), &rekey.new_list, 0o644)?;
        }
        self.write(Some(&rekey.file), &rekey.contents.secrets, &rekey.readers, &rekey.origin)
    }
}
