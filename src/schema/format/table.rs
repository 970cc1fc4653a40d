//! Names, edges and near misses of the formats, as data.

use super::Format;

/// Names as written in documents (ranking in the OpenAPI format registry and real use); the first of each is its own.
pub(super) const NAMES: &[(&str, Format)] = &[
    ("date-time", Format::DateTime),
    ("datetime", Format::DateTime),
    ("iso8601", Format::DateTime),
    ("iso-8601", Format::DateTime),
    ("rfc3339", Format::DateTime),
    ("timestamp", Format::DateTime),
    ("date", Format::Date),
    ("full-date", Format::Date),
    ("time", Format::Time),
    ("duration", Format::Duration),
    ("uuid", Format::Uuid),
    ("uuid4", Format::Uuid),
    ("uuid-v4", Format::Uuid),
    ("guid", Format::Uuid),
    ("email", Format::Email),
    ("idn-email", Format::IdnEmail),
    ("hostname", Format::Hostname),
    ("idn-hostname", Format::IdnHostname),
    ("ipv4", Format::Ipv4),
    ("ip", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("cidr", Format::Cidr),
    ("mac", Format::Mac),
    ("uri", Format::Uri),
    ("url", Format::Uri),
    ("iri", Format::Uri),
    ("http-url", Format::Uri),
    ("uri-reference", Format::UriReference),
    ("iri-reference", Format::UriReference),
    ("uri-template", Format::UriTemplate),
    ("byte", Format::Byte),
    ("base64", Format::Byte),
    ("base64url", Format::Base64Url),
    ("binary", Format::Binary),
    ("password", Format::Password),
    ("regex", Format::Regex),
    ("json-pointer", Format::JsonPointer),
    ("relative-json-pointer", Format::RelativeJsonPointer),
    ("decimal", Format::Decimal),
    ("int64-text", Format::Int64Text),
    ("hex", Format::Hex),
    ("phone", Format::Phone),
    ("semver", Format::Semver),
    ("json", Format::Json),
    ("json-string", Format::Json),
    ("int32", Format::Int32),
    ("int64", Format::Int64),
    ("long", Format::Int64),
    ("uint32", Format::Uint32),
    ("uint64", Format::Uint64),
    ("int16", Format::Int16),
    ("int8", Format::Int8),
    ("uint8", Format::Uint8),
    ("uint16", Format::Uint16),
    ("float", Format::Float),
    ("double", Format::Double),
    ("unix-time", Format::UnixTime),
];

pub(super) fn edges(format: Format) -> &'static [&'static str] {
    match format {
        Format::DateTime => &[
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2024-02-29T12:00:00Z",
            "2038-01-19T03:14:08Z",
            "2016-12-31T23:59:60Z",
            "2020-01-01T00:00:00.123456789Z",
            "2020-01-01T00:00:00+14:00",
            "2020-01-01T00:00:00-12:00",
            "2020-01-01t00:00:00z",
        ],
        Format::Date => &["1970-01-01", "0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29", "1900-02-28"],
        Format::Time => &["00:00:00Z", "23:59:59Z", "12:00:00.123456789Z", "00:00:00+14:00"],
        Format::Duration => &["P1D", "PT0S", "P1Y2M3DT4H5M6S", "P4W", "P99999Y"],
        Format::Uuid => &[
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF",
        ],
        Format::Email | Format::IdnEmail => {
            &["a@b.co", "a+tag@example.com", "o'brien@example.com", "very.long.local.part@sub.sub.sub.example.com"]
        }
        Format::Hostname | Format::IdnHostname => &["a", "localhost", "xn--nxasmq6b.example", "1.example"],
        Format::Ipv4 => &["0.0.0.0", "127.0.0.1", "255.255.255.255", "169.254.169.254"],
        Format::Ipv6 => &["::", "::1", "::ffff:127.0.0.1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        Format::Uri => &[
            "http://a",
            "https://example.com:65535/a?b=c#d",
            "http://[::1]/",
            "urn:a:b",
            "data:,a",
            "http://user:pw@example.com/%00",
        ],
        Format::UriReference => &["/", "a", "?", "#", "//example.com", "../.."],
        Format::Byte | Format::Base64Url => &["", "AA==", "/+8=", "////"],
        Format::Binary | Format::Password => &["", "'\"<>&", "\u{e9}\u{4e2d}"],
        Format::Regex => &["", "^$", "a{0,1}", "(?:a|b)*"],
        Format::JsonPointer => &["", "/", "/a/0", "/~0~1"],
        Format::Decimal => &["0", "-0.01", "12345678901234567890.123456789"],
        Format::Int64Text => &["0", "-9223372036854775808", "9223372036854775807"],
        _ => &[],
    }
}

pub(super) fn near_misses(format: Format) -> &'static [&'static str] {
    match format {
        Format::DateTime => &[
            "2024-02-30T00:00:00Z",
            "0000-00-00T00:00:00Z",
            "2024-01-01T24:61:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01",
            "1704067200",
            "not a date",
            "2024-13-01T00:00:00Z",
            "",
        ],
        Format::Date => &["2024-02-30", "0000-00-00", "2023-02-29", "2024-13-01", "24-1-1", "01/02/2024", "today", ""],
        Format::Time => &["24:61", "24:00:00Z", "12:60:00Z", "noon", ""],
        Format::Duration => &["P", "PT", "1D", "P1", "-", ""],
        Format::Uuid => &[
            "not-a-uuid",
            "00000000-0000-0000-0000-00000000000",
            "00000000-0000-0000-0000-00000000000g",
            "00000000-0000-0000-0000-0000000000000",
            "",
        ],
        Format::Email | Format::IdnEmail => &["a", "@", "a@", "@b.co", "a b@example.com", "a@b@c", ""],
        Format::Hostname | Format::IdnHostname => &["-a.example", "a_b .example", "a..b", ""],
        Format::Ipv4 => &["256.0.0.1", "1.2.3", "1.2.3.4.5", "::1", "01.02.03.04", ""],
        Format::Ipv6 => &["::g", "1::2::3", "127.0.0.1", "12345::", ""],
        Format::Uri => &["not a uri", "://", "http://[", "/relative", "%", ""],
        Format::UriReference => &["a b", "http://[", "%"],
        Format::UriTemplate => &["{", "{}"],
        Format::Byte | Format::Base64Url => &["!", "A", "====", "AA=A", "\u{e9}"],
        Format::Regex => &["(", "[", "*", "(?<"],
        Format::JsonPointer => &["a", "/~2", "#"],
        Format::Decimal => &["", "1.2.3", "ten", "0x10", "NaN"],
        _ => &[],
    }
}

/// What every value of a format matches, whatever else it must be; only of those whose name says it to every validator.
pub(super) fn shape(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::DateTime => {
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}.[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
        }
        Format::Date => "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        Format::Time => r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        Format::Duration => "^P",
        Format::Uuid => "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
        // A backslash stands in quotes only, or in a name before the address in angle brackets.
        Format::Email | Format::IdnEmail => r#"^"|>$|^[^\\]*@[^\\]*$"#,
        Format::Ipv4 => r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
        Format::Ipv6 => "^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$",
        Format::Uri => ":",
        Format::JsonPointer => "^$|^/",
        _ => return None,
    })
}
