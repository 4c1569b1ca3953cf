//! Times as arguments.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo, Timestamp, Unit};

/// `90d`, `12h`, `30m`: a day has 24 hours.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write it as 90d, 12h or 30m".to_owned();
    let span: Span = text.parse().map_err(|_| wrong())?;
    let seconds = span.total((Unit::Second, SpanRelativeTo::days_are_24_hours())).map_err(|_| wrong())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// A moment that is over: so long ago (`7d`, `12h`, `2w`), a day (`2026-05-31`), or a time of RFC 3339.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let now = Timestamp::now();
    let back = duration(text).ok().and_then(|it| now.checked_sub(it).ok());
    let moment = back.or_else(|| format!("{text}T00:00:00Z").parse().ok()).or_else(|| text.parse().ok());
    let wrong = || "write a time like 7d, 12h or 2w, or a day like 2026-05-31, that is over".to_owned();
    moment.filter(|it| *it < now).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let days = |days: u64| Ok(Duration::from_secs(days * 24 * 60 * 60));
        assert_eq!((duration("90d"), duration("2w"), duration("0s")), (days(90), days(14), days(0)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["", "d", "-7d", "soon", "7 dogs", "9999999999999w", "1mo"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(moment("2026-05-31").map(|it| it.to_string()).as_deref(), Ok("2026-05-31T00:00:00Z"));
        assert_eq!(moment("2026-05-31T01:02:03Z").map(|it| it.to_string()).as_deref(), Ok("2026-05-31T01:02:03Z"));
        let week = moment("7d").expect("a time");
        assert!(Timestamp::now().duration_since(week).as_hours() == 168);
        for wrong in ["", "0d", "9999-01-01", "2026-13-01", "yesterday", "-1d", "x7d"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
