//! What `--version` says: which source was built, for what, and how. `-V` says the number alone.

use std::sync::LazyLock;

use jiff::Timestamp;

/// `--version`. Its first line is the name and the number, which programs compare.
pub fn long() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let number = env!("CARGO_PKG_VERSION");
        data().iter().fold(number.to_owned(), |text, (name, value)| format!("{text}\n{name}: {value}"))
    });
    &TEXT
}

/// What is known of the build: the same for everybody who builds this source in this way.
pub fn data() -> [(&'static str, String); 6] {
    [
        ("commit", env!("AIKEYS_COMMIT").to_owned()),
        ("commit-date", date(env!("AIKEYS_DATE"))),
        ("target", env!("AIKEYS_TARGET").to_owned()),
        ("profile", env!("AIKEYS_PROFILE").to_owned()),
        ("features", features()),
        ("rustc", env!("AIKEYS_RUSTC").to_owned()),
    ]
}

/// The day of `SOURCE_DATE_EPOCH`, by which those who build for others give the time of the commit.
fn date(seconds: &str) -> String {
    let time = seconds.parse().ok().and_then(|it| Timestamp::from_second(it).ok());
    time.map_or_else(|| "unknown".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

fn features() -> String {
    let all = [
        ("aws", cfg!(feature = "aws")),
        ("gcp", cfg!(feature = "gcp")),
        ("keyring", cfg!(feature = "keyring")),
        ("vault", cfg!(feature = "vault")),
        ("verify", cfg!(feature = "verify")),
    ];
    let built: Vec<&str> = all.into_iter().filter_map(|(name, is_built)| is_built.then_some(name)).collect();
    if built.is_empty() { "none".to_owned() } else { built.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn a_day_is_read_from_seconds() {
        assert_eq!(date("1790000000"), "2026-09-21");
        assert_eq!(date("unknown"), "unknown");
        assert_eq!(date("99999999999999999"), "unknown");
    }
}
