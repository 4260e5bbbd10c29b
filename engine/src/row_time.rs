//! Parses a row's timestamp as whole seconds since 1970, UTC, in 32 bits: sufficient until 2106, with half
//! the memory.

use domain::time::Timestamp;

/// Parses a row's time. `YYYY-MM-DD HH:MM:SS`, which nearly every row has, takes a fast path; every other
/// spelling is parsed by [`Timestamp::parse`] and rounded down to the second. `None` if it is not a time, or
/// does not fit into 32 bits of seconds since 1970.
#[must_use]
pub fn parse_seconds(field: &[u8]) -> Option<u32> {
    let seconds = parse_common_format(field)
        .or_else(|| Timestamp::parse(std::str::from_utf8(field).ok()?).map(Timestamp::seconds))?;
    u32::try_from(seconds).ok()
}

/// Caches the day that was parsed last: consecutive rows are mostly of the same day.
#[derive(Debug, Clone, Copy, Default)]
pub struct DayCache {
    /// Its spelling, `YYYY-MM-DD`, and its start in seconds since 1970.
    day: Option<([u8; 10], u32)>,
}

impl DayCache {
    /// Parses `YYYY-MM-DD HH:MM:SS`, also with `T`; `None` for any other spelling.
    #[inline]
    pub fn parse_seconds(&mut self, field: &[u8; 19]) -> Option<u32> {
        let [y1, y2, y3, y4, y5, m1, m2, m3, d1, d2, b' ' | b'T', h1, h2, b':', n1, n2, b':', s1, s2] =
            *field
        else {
            return None;
        };
        let text = [y1, y2, y3, y4, y5, m1, m2, m3, d1, d2];
        let digit = |byte: u8| u32::from(byte.wrapping_sub(b'0'));
        let [h1, h2, n1, n2, s1, s2] = [h1, h2, n1, n2, s1, s2].map(digit);
        let is_valid_time = h1.max(h2).max(n2).max(s2) < 10 && n1.max(s1) < 6 && h1 * 10 + h2 < 24;
        if let Some((_, start)) = self.day.filter(|(cached, _)| is_valid_time && *cached == text) {
            return start.checked_add((h1 * 10 + h2) * 3600 + (n1 * 10 + n2) * 60 + s1 * 10 + s2);
        }
        let seconds = u32::try_from(parse_common_format(field)?).ok()?;
        self.day = Some((text, seconds - seconds % 86_400));
        Some(seconds)
    }
}

/// Fast path: parses `YYYY-MM-DD HH:MM:SS`, also with `T`; `None` if the slow path has to decide.
#[inline]
fn parse_common_format(field: &[u8]) -> Option<i64> {
    let text: &[u8; 19] = field.try_into().ok()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b' ' | b'T', h1, h2, b':', n1, n2, b':', s1, s2] = *text
    else {
        return None;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    let (year, month, day) = (number(y1, y2) * 100 + number(y3, y4), number(m1, m2), number(d1, d2));
    let (hour, minute, second) = (number(h1, h2), number(n1, n2), number(s1, s2));
    if year < 1970 || !(1..=12).contains(&month) || day < 1 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Every month has 28 days; only later days need the calendar.
    if day > 28 && day > days_in_month(year, month) {
        return None;
    }
    Some(days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years start in March, so that the leap day is the last day of the year; then every
/// five months have 153 days.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_fast_path_agrees_with_the_slow_path(
            year in 1969u32..2110, month in 0u32..14, day in 0u32..33,
            hour in 0u32..25, minute in 0u32..61, second in 0u32..62, has_t in any::<bool>(),
        ) {
            let separator = if has_t { 'T' } else { ' ' };
            let text = format!("{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}");
            let slow = Timestamp::parse(&text).and_then(|t| u32::try_from(t.seconds()).ok());
            prop_assert_eq!(parse_seconds(text.as_bytes()), slow);
        }

        #[test]
        fn the_day_cache_agrees_with_the_parser_without_a_cache(
            times in prop::collection::vec(
                ("(2026-02-0[1-4]|1969-12-31|2105-02-30|2106-02-07)", "[ T]([0-2][0-9]|24):[0-6][0-9]:[0-6/:][0-9:/]"),
                1..20,
            ),
        ) {
            let mut cache = DayCache::default();
            for (day, time) in times {
                let text = format!("{day}{time}");
                let field = text.as_bytes().first_chunk().unwrap();
                let uncached = parse_common_format(field).and_then(|s| u32::try_from(s).ok());
                prop_assert_eq!(cache.parse_seconds(field), uncached);
            }
        }

        #[test]
        fn arbitrary_bytes_are_parsed_like_on_the_slow_path(field in prop::collection::vec(any::<u8>(), 0..30)) {
            let slow = std::str::from_utf8(&field).ok().and_then(Timestamp::parse);
            prop_assert_eq!(parse_seconds(&field), slow.and_then(|t| u32::try_from(t.seconds()).ok()));
        }
    }

    #[test]
    fn every_known_spelling_is_parsed() {
        for text in [
            "2026-02-02 12:00:00",
            "2026-02-02T12:00:00Z",
            "2026-02-02 12:00:00.999",
            "2026-02-02T13:00:00+01:00",
        ] {
            assert_eq!(parse_seconds(text.as_bytes()), Some(1_770_033_600), "{text}");
        }
        assert_eq!(parse_seconds(b"2026-02-02"), Some(1_769_990_400));
        assert_eq!(parse_seconds(b"1969-12-31 23:59:59"), None);
        assert_eq!(parse_seconds(b""), None);
    }
}
