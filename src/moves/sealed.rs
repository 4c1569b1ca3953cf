//! Texts that only who has some secrets can read: nothing new has to be kept secret for them.

use std::io::{Read, Write};

use age::secrecy::SecretString;
use zeroize::Zeroizing;

use crate::secrets::Secret;

/// How dear one guess is, as a power of two. Keys cannot be guessed; a value that can be is no better off in `.env`.
const WORK: u8 = 14;

fn passphrase(secrets: &[Secret]) -> SecretString {
    let all: Vec<&str> = secrets.iter().map(Secret::expose).collect();
    SecretString::from(all.join("\n"))
}

/// Encrypts a text, so that only who has all of these secrets can read it. `None` where the system gives no random bytes.
pub(crate) fn sealed(text: &[u8], secrets: &[Secret]) -> Option<Vec<u8>> {
    let mut recipient = age::scrypt::Recipient::new(passphrase(secrets));
    recipient.set_work_factor(WORK);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).ok()?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).ok()?;
    writer.write_all(text).ok()?;
    writer.finish().ok()?;
    Some(sealed)
}

/// The text again; `None` with other secrets.
pub(crate) fn opened(sealed: &[u8], secrets: &[Secret]) -> Option<Zeroizing<Vec<u8>>> {
    let identity = age::scrypt::Identity::new(passphrase(secrets));
    let decryptor = age::Decryptor::new(sealed).ok()?;
    let mut text = Zeroizing::new(Vec::new());
    decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).ok()?.read_to_end(&mut text).ok()?;
    Some(text)
}
