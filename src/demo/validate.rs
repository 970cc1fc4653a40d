//! What the document promises about single values, checked by hand: lengths, ranges, enums, formats, patterns.
//!
//! Main type: [`Invalid`], the place and the rule that was broken. Deliberately independent of the `jsonschema`
//! crate and of regular expressions: the demo's tests compare both readings of the document. It knows no request;
//! `call` and `fields` decide which status a broken rule becomes.

use serde_json::Value;

/// A value that breaks a rule of the document. The text never repeats what was sent.
#[derive(Debug)]
pub(crate) struct Invalid {
    place: String,
    rule: &'static str,
}

pub(crate) type Checked<T> = Result<T, Invalid>;

impl Invalid {
    pub(crate) fn rule(rule: &'static str) -> Self {
        Self { place: String::new(), rule }
    }

    /// Prefixes the place with the name of what held the value.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.place = if self.place.is_empty() { name.to_owned() } else { format!("{name}.{}", self.place) };
        self
    }

    pub(crate) fn message(&self) -> String {
        if self.place.is_empty() { self.rule.to_owned() } else { format!("{}: {}", self.place, self.rule) }
    }
}

fn ensure(holds: bool, rule: &'static str) -> Checked<()> {
    if holds { Ok(()) } else { Err(Invalid::rule(rule)) }
}

// JSON values.

/// An integer as JSON Schema sees it: `1.0` is one, and so is nothing that an `f64` cannot hold exactly.
pub(crate) fn integer(value: &Value, minimum: i64, maximum: i64) -> Checked<i64> {
    let number = value.as_i64().or_else(|| value.as_f64().and_then(whole));
    let number = number.ok_or_else(|| Invalid::rule("must be an integer in range"))?;
    ensure((minimum..=maximum).contains(&number), "must be an integer in range")?;
    Ok(number)
}

#[expect(clippy::cast_possible_truncation, reason = "the guard keeps the number within 2^53, where the cast is exact")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
}

pub(crate) fn number(value: &Value, minimum: f64, maximum: f64) -> Checked<f64> {
    let number = value.as_f64().ok_or_else(|| Invalid::rule("must be a number"))?;
    ensure((minimum..=maximum).contains(&number), "must be a number in range")?;
    Ok(number)
}

pub(crate) fn boolean(value: &Value) -> Checked<bool> {
    value.as_bool().ok_or_else(|| Invalid::rule("must be true or false"))
}

/// A string that passes `check`.
pub(crate) fn string<T>(value: &Value, check: impl FnOnce(&str) -> Checked<T>) -> Checked<T> {
    check(value.as_str().ok_or_else(|| Invalid::rule("must be a string"))?)
}

pub(crate) fn nullable<T>(value: &Value, check: impl FnOnce(&Value) -> Checked<T>) -> Checked<Option<T>> {
    if value.is_null() { Ok(None) } else { check(value).map(Some) }
}

/// An array of `minimum` to `maximum` members that each pass `check`.
pub(crate) fn array<T>(
    value: &Value,
    minimum: usize,
    maximum: usize,
    check: impl Fn(&Value) -> Checked<T>,
) -> Checked<Vec<T>> {
    let members = value.as_array().ok_or_else(|| Invalid::rule("must be an array"))?;
    ensure((minimum..=maximum).contains(&members.len()), "must have an allowed number of members")?;
    members.iter().map(check).collect()
}

// Text, wherever it came from.

/// Length in Unicode code points, as JSON Schema counts it.
pub(crate) fn length(text: &str, minimum: usize, maximum: usize) -> Checked<String> {
    // Counting stops early, so that a megabyte of text costs no more than the longest legal one.
    let count = text.chars().take(maximum + 1).count();
    ensure((minimum..=maximum).contains(&count), "must have an allowed length")?;
    Ok(text.to_owned())
}

pub(crate) fn one_of(text: &str, members: &[&'static str]) -> Checked<&'static str> {
    let found = members.iter().find(|member| **member == text);
    found.copied().ok_or_else(|| Invalid::rule("must be one of the documented values"))
}

/// An integer as a URL carries it: decimal digits in their shortest form.
pub(crate) fn digits(text: &str, minimum: i64, maximum: i64) -> Checked<i64> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let shortest = text == "0" || !plain.starts_with('0');
    ensure(shortest && made_of(plain, 1, 20, |c| c.is_ascii_digit()), "must be an integer in range")?;
    let number = text.parse().map_err(|_| Invalid::rule("must be an integer in range"))?;
    ensure((minimum..=maximum).contains(&number), "must be an integer in range")?;
    Ok(number)
}

pub(crate) fn flag(text: &str) -> Checked<bool> {
    Ok(one_of(text, &["true", "false"])? == "true")
}

/// Between `minimum` and `maximum` characters, all of which belong to `class`.
pub(crate) fn made_of(text: &str, minimum: usize, maximum: usize, class: impl Fn(char) -> bool) -> bool {
    length(text, minimum, maximum).is_ok() && text.chars().all(class)
}

/// `made_of` as a check of its own.
pub(crate) fn pattern(text: &str, minimum: usize, maximum: usize, class: impl Fn(char) -> bool) -> Checked<String> {
    ensure(made_of(text, minimum, maximum, class), "must match the documented pattern")?;
    Ok(text.to_owned())
}

/// `^[A-Z]{3}-[0-9]{4}$`
pub(crate) fn sku(text: &str) -> Checked<String> {
    let fits = text.split_once('-').is_some_and(|(letters, figures)| {
        made_of(letters, 3, 3, |c| c.is_ascii_uppercase()) && made_of(figures, 4, 4, |c| c.is_ascii_digit())
    });
    ensure(fits, "must be a stock keeping unit such as MUG-0001")?;
    Ok(text.to_owned())
}

/// An opaque position: whole groups of four base64url characters, at most sixteen groups.
pub(crate) fn cursor(text: &str) -> Checked<String> {
    let class = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    ensure(text.len().is_multiple_of(4) && made_of(text, 4, 64, class), "must be a cursor from an earlier page")?;
    Ok(text.to_owned())
}

/// `^(W/)?"[A-Za-z0-9-]{1,40}"$`: answers the part between the quotes.
pub(crate) fn entity_tag(text: &str) -> Checked<String> {
    let strong = text.strip_prefix("W/").unwrap_or(text);
    let inner = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    pattern(inner, 1, 40, |c| c.is_ascii_alphanumeric() || c == '-')
}

// Formats.

/// RFC 3339 `full-date`. Two legal dates compare as their texts do.
pub(crate) fn date(text: &str) -> Checked<String> {
    ensure(is_date(text), "must be a date")?;
    Ok(text.to_owned())
}

/// Four, two and two digits with hyphens, whether or not the calendar has that day.
pub(crate) fn shaped_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(i, byte)| if i == 4 || i == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

fn is_date(text: &str) -> bool {
    if !shaped_like_date(text) {
        return false;
    }
    let (year, month, day) = (two_or_more(&text[..4]), two_or_more(&text[5..7]), two_or_more(&text[8..]));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=last).contains(&day)
}

/// The value of a run of ASCII digits that is too short to overflow.
fn two_or_more(figures: &str) -> u32 {
    figures.bytes().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'))
}

/// RFC 3339 `date-time`. A leap second counts only where one can be: 23:59:60 in UTC.
pub(crate) fn date_time(text: &str) -> Checked<String> {
    let fits = text.get(..10).is_some_and(is_date)
        && matches!(text.as_bytes().get(10), Some(b'T' | b't'))
        && text.get(11..).is_some_and(is_time);
    ensure(fits, "must be a date and time")?;
    Ok(text.to_owned())
}

fn is_time(text: &str) -> bool {
    let Some((clock, mut rest)) = text.split_at_checked(8) else { return false };
    let Some((hour, minute, second)) = clock_parts(clock) else { return false };
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == fraction.len() {
            return false;
        }
    }
    let Some(offset) = offset_minutes(rest) else { return false };
    let utc = (i64::from(hour * 60 + minute) - offset).rem_euclid(24 * 60);
    hour < 24 && minute < 60 && (second < 60 || (second == 60 && utc == 24 * 60 - 1))
}

fn clock_parts(clock: &str) -> Option<(u32, u32, u32)> {
    let bytes = clock.as_bytes();
    let shaped =
        bytes.iter().enumerate().all(|(i, byte)| if i == 2 || i == 5 { *byte == b':' } else { byte.is_ascii_digit() });
    shaped.then(|| (two_or_more(&clock[..2]), two_or_more(&clock[3..5]), two_or_more(&clock[6..])))
}

fn offset_minutes(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let (hour, minute) = text.get(1..)?.split_once(':')?;
    let two = |part: &str| made_of(part, 2, 2, |c| c.is_ascii_digit());
    if !two(hour) || !two(minute) || two_or_more(hour) > 23 || two_or_more(minute) > 59 {
        return None;
    }
    Some(sign * i64::from(two_or_more(hour) * 60 + two_or_more(minute)))
}

/// RFC 4122 text form, in lower case: upper case is as valid, and names the same object.
pub(crate) fn uuid(text: &str) -> Checked<String> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = [8, 4, 4, 4, 12];
    let fits = groups.len() == lengths.len()
        && groups.iter().zip(lengths).all(|(group, n)| made_of(group, n, n, |c| c.is_ascii_hexdigit()));
    ensure(fits, "must be a UUID")?;
    Ok(text.to_ascii_lowercase())
}

/// RFC 5321 `Mailbox`, at most 120 characters.
pub(crate) fn email(text: &str) -> Checked<String> {
    let fits = text.rsplit_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
    ensure(fits && text.len() <= 120, "must be an email address of at most 120 characters")?;
    Ok(text.to_owned())
}

fn is_local_part(local: &str) -> bool {
    let atom = |part: &str| made_of(part, 1, 64, |c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c));
    let quoted =
        local.len() >= 2 && local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).is_some_and(is_quoted);
    local.len() <= 64 && (quoted || local.split('.').all(atom))
}

fn is_quoted(inner: &str) -> bool {
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let legal = match character {
            '\\' => characters.next().is_some_and(|next| matches!(next, ' '..='~')),
            '"' => false,
            other => matches!(other, ' '..='~'),
        };
        if !legal {
            return false;
        }
    }
    true
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match literal.strip_prefix("IPv6:") {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => literal.parse::<std::net::Ipv4Addr>().is_ok(),
        };
    }
    let label = |part: &str| {
        made_of(part, 1, 63, |c| c.is_ascii_alphanumeric() || c == '-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    domain.split('.').all(label)
}
