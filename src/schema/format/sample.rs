//! Random values of the text formats. Main function: [`draw`].

use arbitrary::Unstructured;

use super::Format;

/// Room for the longest of the usual dates.
const USUAL: usize = 32;

/// A value; an empty tape gives the plainest.
pub(super) fn draw(format: Format, tape: &mut Unstructured<'_>) -> String {
    match format {
        Format::DateTime => date_time(tape),
        Format::Date => date(tape),
        Format::Time => time(tape),
        Format::Duration => duration(tape),
        Format::Uuid => uuid(tape),
        Format::Email | Format::IdnEmail => format!("{}@example.com", word(tape, 1, 12)),
        Format::Hostname | Format::IdnHostname => format!("{}.example.com", word(tape, 1, 12)),
        Format::Ipv4 => format!("127.{}.{}.{}", below(tape, 256), below(tape, 256), 1 + below(tape, 254)),
        Format::Ipv6 => format!("2001:db8::{:x}:{:x}", below(tape, 65_536), below(tape, 65_536)),
        Format::Cidr => format!("10.{}.0.0/{}", below(tape, 256), 16 + below(tape, 9)),
        Format::Mac => format!("02:00:00:00:{:02x}:{:02x}", below(tape, 256), below(tape, 256)),
        Format::Uri => format!("http://{}.example.com/{}", word(tape, 1, 8), word(tape, 0, 8)),
        Format::UriReference => format!("/{}", word(tape, 0, 12)),
        Format::UriTemplate => format!("/{}/{{id}}", word(tape, 1, 8)),
        Format::Byte => base64(tape, true),
        Format::Base64Url => base64(tape, false),
        Format::Hex => {
            hex(&(0..2 + below(tape, 16)).map(|_| u8::try_from(below(tape, 256)).unwrap_or(0)).collect::<Vec<_>>())
        }
        Format::Regex => format!("^{}$", word(tape, 1, 8)),
        Format::JsonPointer => format!("/{}", word(tape, 1, 8)),
        Format::RelativeJsonPointer => format!("{}/{}", below(tape, 4), word(tape, 1, 8)),
        Format::Decimal => format!("{}.{:02}", below(tape, 100_000), below(tape, 100)),
        Format::Int64Text => below(tape, 1_000_000).to_string(),
        Format::Phone => format!("+1555{:07}", below(tape, 10_000_000)),
        Format::Semver => format!("{}.{}.{}", below(tape, 10), below(tape, 20), below(tape, 20)),
        Format::Json => format!("{{\"{}\":{}}}", word(tape, 1, 6), below(tape, 100)),
        _ => word(tape, 1, 16),
    }
}

fn below(tape: &mut Unstructured<'_>, bound: u32) -> u32 {
    tape.int_in_range(0..=bound - 1).unwrap_or(0)
}

/// Lower-case letters.
fn word(tape: &mut Unstructured<'_>, least: u32, most: u32) -> String {
    let length = least + below(tape, most - least + 1);
    (0..length).map(|_| char::from(b'a' + u8::try_from(below(tape, 26)).unwrap_or(0))).collect()
}

fn date(tape: &mut Unstructured<'_>) -> String {
    let mut out = String::with_capacity(USUAL);
    push_date(tape, &mut out);
    out
}

fn time(tape: &mut Unstructured<'_>) -> String {
    let mut out = String::with_capacity(USUAL);
    push_time(tape, &mut out);
    out
}

fn date_time(tape: &mut Unstructured<'_>) -> String {
    let mut out = String::with_capacity(USUAL);
    push_date(tape, &mut out);
    out.push('T');
    push_time(tape, &mut out);
    out
}

fn push_date(tape: &mut Unstructured<'_>, out: &mut String) {
    // Mostly our own time: far years are among the edges. Every month has a day 28.
    let year = if below(tape, 8) == 7 { 1 + below(tape, 9_999) } else { 2020 + below(tape, 15) };
    digits(out, year, 4);
    for most in [12, 28] {
        out.push('-');
        digits(out, 1 + below(tape, most), 2);
    }
}

fn push_time(tape: &mut Unstructured<'_>, out: &mut String) {
    for (most, mark) in [(24, ":"), (60, ":"), (60, "")] {
        digits(out, below(tape, most), 2);
        out.push_str(mark);
    }
    match below(tape, 6) {
        4 => {
            out.push('.');
            digits(out, below(tape, 1_000), 3);
            out.push('Z');
        }
        5 => {
            out.push('+');
            digits(out, below(tape, 12), 2);
            out.push_str(":30");
        }
        _ => out.push('Z'),
    }
}

/// Appends a number with leading zeros.
fn digits(out: &mut String, number: u32, width: u32) {
    for place in (0..width).rev() {
        out.push(char::from_digit(number / 10_u32.pow(place) % 10, 10).unwrap_or('0'));
    }
}

fn duration(tape: &mut Unstructured<'_>) -> String {
    let amount = 1 + below(tape, 60);
    match below(tape, 4) {
        1 => format!("PT{amount}M"),
        2 => format!("P{amount}W"),
        3 => format!("P1Y2M{amount}DT1H"),
        _ => format!("PT{amount}S"),
    }
}

/// Version 4 (RFC 9562), since some servers look.
fn uuid(tape: &mut Unstructured<'_>) -> String {
    let mut bytes = [0; 16];
    tape.fill_buffer(&mut bytes).unwrap_or_default();
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let [time, middle, version, variant, node] = [0..4, 4..6, 6..8, 8..10, 10..16].map(|range| hex(&bytes[range]));
    format!("{time}-{middle}-{version}-{variant}-{node}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
        text.extend([digit(byte >> 4), digit(byte & 15)]);
        text
    })
}

fn base64(tape: &mut Unstructured<'_>, standard: bool) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let length = 3 + below(tape, 24) as usize;
    let mut bytes = vec![0; length];
    tape.fill_buffer(&mut bytes).unwrap_or_default();
    if standard { STANDARD.encode(bytes) } else { URL_SAFE_NO_PAD.encode(bytes) }
}
