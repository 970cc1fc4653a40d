//! Odd bodies: no JSON, nearly JSON, JSON that no writer makes, and bodies that are not of their media type.

use bytes::Bytes;

use crate::generate::payloads::{self, GROWING};
use crate::generate::plan::{Change, Origin, Place, Plan};
use crate::scenario::encode::{Kind, encode, kind};
use crate::scenario::{Case, Datum, Intent};
use crate::schema::Types;

/// How deep the nested bodies nest: enough for a recursive reader, small on the wire.
const NESTING: usize = 2_000;
/// How many spots of a body are made odd.
const MOST_SPOTS: usize = 200;

/// Bodies in place of JSON: rank, class, bytes.
const TEXTS: &[(u8, &str, &[u8])] = &[
    (1, "invalid_json", b"{"),
    (1, "invalid_json", b"{\"a\":}"),
    (1, "invalid_utf8", b"{\"a\":\"\xff\xfe\"}"),
    (1, "json_null", b"null"),
    (2, "invalid_json", b"nul"),
    (2, "json_scalar", b"0"),
    (2, "json_scalar", b"\"\""),
    (2, "json_list", b"[]"),
    (2, "json_list", b"[null]"),
    (2, "json_empty", b"{}"),
    (2, "invalid_utf8", b"\xff\xfe\xfd"),
    (3, "json_scalar", b"true"),
    (3, "invalid_json", b"[1,]"),
    (3, "invalid_json", b"{'a':1}"),
    (3, "invalid_json", b"{\"a\":1} x"),
    (3, "invalid_json", b"{\"a\":1}{\"a\":1}"),
    (3, "invalid_json", b"\"\\u12"),
    (3, "invalid_json", b"\"\\x\""),
    (3, "invalid_json", b"{\"a\":01}"),
    (3, "invalid_json", b"{\"a\":.5}"),
    (3, "invalid_json", b"{\"a\":NaN}"),
    (3, "invalid_json", b"{\"a\":-Infinity}"),
    (3, "invalid_json", b"/**/{}"),
    (3, "invalid_json", b"\0"),
    (3, "invalid_json", b" "),
    (3, "invalid_utf8", b"\"\xed\xa0\x80\""),
    (3, "lone_surrogate", b"{\"a\":\"\\ud800\"}"),
    (3, "lone_surrogate", b"{\"\\udfff\":1}"),
    (3, "huge_number", b"[1e400]"),
    (3, "odd_member", b"{\"\":1}"),
    (3, "odd_member", b"{\"__proto__\":{\"gadfly\":1}}"),
    (3, "odd_member", b"{\"$ref\":\"#\"}"),
    (3, "odd_member", b"{\"@type\":\"x\",\"@class\":\"java.lang.Object\"}"),
    (3, "utf16", b"\xfe\xff\0{\0}"),
];

/// Media types that are not the body's: rank, type.
const TYPES: &[(u8, &str)] = &[
    (1, "text/plain"),
    (1, "application/xml"),
    (2, ""),
    (2, "application/x-www-form-urlencoded"),
    (2, "multipart/form-data"),
    (3, "application/json; charset=utf-99"),
    (3, "application/json; charset=utf-16"),
    (3, "application/"),
    (3, "/"),
    (3, "json"),
    (3, "application/json, text/plain"),
    (3, "application/json;"),
    (3, "APPLICATION/JSON"),
    (3, "application/octet-stream"),
    (3, "text/html; charset=\""),
];

/// Bodies that are odd in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// One of [`TEXTS`].
    Text(u8),
    /// One of the payloads for whole bodies.
    Payload(u16),
    /// One of [`COMPRESSED`].
    Gzip(u8),
    /// The usual body under one of [`TYPES`].
    Type(u8),
    /// No bytes under the usual media type.
    Empty,
    /// The first half of the usual body.
    Half,
    /// The usual body after a byte order mark.
    Marked,
    /// The usual body that claims to be compressed.
    Compressed,
    /// The first member twice, the second time null.
    Twice,
    /// Lists in lists.
    DeepLists,
    /// Objects in objects.
    DeepObjects,
    /// Very many members.
    Wide,
    /// A very long number.
    LongNumber,
    /// A form with broken pairs, or parts without an end.
    BrokenForm(u8),
    /// The usual multipart body with an odd name of its first file.
    Filename(u8),
    /// A body for an operation that has none.
    Unasked,
    /// The media type of a form without its boundary, and no body, for an operation that has none.
    Unbounded,
}

/// A value within a JSON body that no writer makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// A string of bytes that are no UTF-8.
    InvalidUtf8,
    /// A string with half a surrogate pair.
    LoneSurrogate,
    /// A string with an escaped NUL.
    Nul,
    /// One of [`NUMBERS`].
    Number(u8),
    /// A member twice.
    Twice,
}

/// Numbers that readers disagree about.
const NUMBERS: [&str; 6] = ["1e400", "-0", "-1e400", "1E+2", "0.1e1", "NaN"];

/// The oddities of the whole body.
pub(super) fn wholes(plan: &Plan) -> Vec<(u8, Whole)> {
    let Some(body) = plan.bodies.first() else { return vec![(2, Whole::Unbounded), (3, Whole::Unasked)] };
    let mut out = vec![(1, Whole::Empty), (2, Whole::Half), (3, Whole::Compressed)];
    out.extend(TYPES.iter().enumerate().map(|(index, (rank, _))| (*rank, Whole::Type(byte(index)))));
    match kind(&body.media_type) {
        Kind::Json => {
            out.extend(TEXTS.iter().enumerate().map(|(index, (rank, ..))| (*rank, Whole::Text(byte(index)))));
            out.extend((0..=u16::MAX).zip(payloads::bodies()).map(|(index, _)| (3, Whole::Payload(index))));
            out.extend((0..COMPRESSED.len()).map(|index| (3, Whole::Gzip(byte(index)))));
            out.extend([
                (1, Whole::DeepLists),
                (2, Whole::Twice),
                (2, Whole::DeepObjects),
                (2, Whole::Marked),
                (3, Whole::LongNumber),
                (4, Whole::Wide),
            ]);
        }
        Kind::Form => out.extend((0..FORMS.len()).map(|index| (2, Whole::BrokenForm(byte(index))))),
        Kind::Multipart => {
            out.extend((0..FILENAMES.len()).map(|index| (1, Whole::Filename(byte(index)))));
            out.extend((0..FORMS.len()).map(|index| (2, Whole::BrokenForm(byte(index)))));
        }
        _ => out.extend([(3, Whole::Text(2)), (3, Whole::Text(10))]),
    }
    out
}

/// What stands in place of a file's name.
const FILENAMES: [&[u8]; 6] =
    [b"", b"../../../../etc/passwd", b"a\x00b.txt", "\u{e9}\u{202e}txt.exe".as_bytes(), b"..", b"C:\\a\\b.txt"];

/// Compressed bodies: what `Content-Encoding` says, bytes.
const COMPRESSED: [(&str, &[u8]); 7] = [
    ("gzip", GROWING),
    // Cut off within the data, after the header, and before the checksum.
    ("gzip", GROWING.split_at(1_000).0),
    ("gzip", GROWING.split_at(10).0),
    ("gzip", GROWING.split_at(GROWING.len() - 8).0),
    ("gzip, gzip", GROWING),
    ("deflate", GROWING.split_at(64).0),
    ("gadfly", b"{}"),
];

/// Broken forms: media type, bytes.
const FORMS: [(&str, &[u8]); 8] = [
    ("application/x-www-form-urlencoded", b"a&=b&&=&%zz=%"),
    ("application/x-www-form-urlencoded", b"%ff=%ff&a=%00"),
    ("application/x-www-form-urlencoded", b"a[=1&a]=2&a[b]c=3&[=4"),
    ("application/x-www-form-urlencoded", b"\xff\xfe"),
    ("multipart/form-data", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=\"\xff\"; filename=\"../../a\"\r\n\r\n1\r\n--x--\r\n",
    ),
    ("multipart/form-data; boundary=\"", b"--\r\n"),
];

/// The oddities within a JSON body.
pub(super) fn withins(plan: &Plan) -> Vec<(u8, u16, Within)> {
    let Some(body) = plan.bodies.first().filter(|body| kind(&body.media_type) == Kind::Json) else { return Vec::new() };
    let mut out = Vec::new();
    for (index, spot) in body.part.spots.iter().enumerate().take(MOST_SPOTS) {
        let types = body.part.document().constraints(spot.node).preferred;
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        if types.overlaps(Types::STRING) {
            let kinds = [(1, Within::InvalidUtf8), (2, Within::LoneSurrogate), (2, Within::Nul)];
            out.extend(kinds.map(|(rank, within)| (rank, index, within)));
        }
        if types.overlaps(Types::NUMBER) {
            out.extend(
                (0..NUMBERS.len()).map(|number| (2 + u8::from(number > 1), index, Within::Number(byte(number)))),
            );
        }
        if types.overlaps(Types::OBJECT) && spot.depth > 0 {
            out.push((4, index, Within::Twice));
        }
    }
    out
}

/// The case of an oddity of the whole body.
pub(super) fn whole(plan: &Plan, whole: Whole, origin: Origin) -> Option<Case> {
    let body = plan.bodies.first();
    let media_type = body.map_or("application/json", |body| body.media_type.as_str());
    let good = body.and_then(|body| body.part.good(0, origin)).unwrap_or(Datum::Null);
    let json = || Bytes::from(good.to_json());
    let raw = |class: &'static str, bytes: Bytes| Some(plan.with_raw(media_type, bytes, origin, Intent::Wire(class)));
    match whole {
        Whole::Text(index) => {
            let (_, class, bytes) = TEXTS.get(usize::from(index))?;
            raw(class, Bytes::from_static(bytes))
        }
        Whole::Payload(index) => {
            let payload = payloads::bodies().get(usize::from(index))?;
            raw(payload.class, payload.bytes.clone())
        }
        Whole::Gzip(index) => {
            let (encoding, bytes) = COMPRESSED.get(usize::from(index))?;
            let mut case = raw("compressed", Bytes::from_static(bytes))?;
            case.headers.push(("Content-Encoding".to_owned(), Bytes::from_static(encoding.as_bytes())));
            Some(case)
        }
        Whole::Type(index) => {
            let (_, other) = TYPES.get(usize::from(index))?;
            (*other != media_type).then(|| plan.with_raw(other, json(), origin, Intent::Wire("wrong_media_type")))
        }
        Whole::Empty => raw("empty_body", Bytes::new()),
        Whole::Half => raw("truncated", json().slice(..json().len() / 2)),
        Whole::Marked => raw("byte_order_mark", Bytes::from([b"\xef\xbb\xbf", &json()[..]].concat())),
        Whole::Compressed => {
            let mut case = raw("content_encoding", json())?;
            case.headers.push(("Content-Encoding".to_owned(), Bytes::from_static(b"gzip")));
            Some(case)
        }
        Whole::Twice => raw("duplicate_key", twice(&good)?.to_json().into()),
        Whole::DeepLists => raw("deep_nesting", Bytes::from(["[".repeat(NESTING), "]".repeat(NESTING)].concat())),
        Whole::DeepObjects => raw("deep_nesting", deep_objects(&good)),
        Whole::Wide => raw("many_members", wide(&good).to_json().into()),
        Whole::LongNumber => raw("huge_number", Bytes::from(["[", &"9".repeat(5_000), "]"].concat())),
        Whole::BrokenForm(index) => {
            let (media_type, bytes) = FORMS.get(usize::from(index))?;
            Some(plan.with_raw(media_type, Bytes::from_static(bytes), origin, Intent::Wire("broken_form")))
        }
        Whole::Filename(index) => {
            let usual = encode(&plan.usual(origin, Intent::Wire("odd_filename")), "");
            let bytes = renamed(&usual.body, FILENAMES.get(usize::from(index))?)?;
            Some(plan.with_raw(usual.headers.text("content-type")?, bytes, origin, Intent::Wire("odd_filename")))
        }
        Whole::Unbounded => {
            Some(plan.with_raw("multipart/form-data", Bytes::new(), origin, Intent::Wire("unbounded_form")))
        }
        Whole::Unasked => {
            let bytes = Bytes::from_static(b"{\"gadfly\":1}");
            Some(plan.with_raw("application/json", bytes, origin, Intent::Wire("unasked_body")))
        }
    }
}

/// A multipart body with another name of its first file.
fn renamed(body: &[u8], name: &[u8]) -> Option<Bytes> {
    const MARK: &[u8] = b"filename=\"";
    let start = body.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let length = body[start..].iter().position(|byte| *byte == b'"')?;
    Some([&body[..start], name, &body[start + length..]].concat().into())
}

/// The first member a second time, as null.
fn twice(value: &Datum) -> Option<Datum> {
    let Datum::Object(members) = value else { return None };
    let mut members = members.clone();
    let name = members.first()?.0.clone();
    members.push((name, Datum::Null));
    Some(Datum::Object(members))
}

/// The value with something deep in its first member, or the deep thing alone.
fn deep_objects(good: &Datum) -> Bytes {
    let name = match good {
        Datum::Object(members) => members.first().map_or("a", |(name, _)| name.as_str()),
        _ => "a",
    };
    let opening = format!("{{{}:", String::from_utf8_lossy(&Datum::string(name).to_json()));
    Bytes::from([opening.repeat(NESTING), "0".to_owned(), "}".repeat(NESTING)].concat())
}

/// The value with very many members more.
fn wide(good: &Datum) -> Datum {
    let mut members = if let Datum::Object(members) = good { members.clone() } else { Vec::new() };
    members.extend((0..5_000).map(|index| (format!("gadfly{index}"), Datum::Null)));
    Datum::Object(members)
}

/// The case of an oddity within the body.
pub(super) fn within(plan: &Plan, spot: u16, within: Within, origin: Origin) -> Option<Case> {
    let place = Place::Body(0);
    let part = plan.part(place)?;
    let spot = part.spots.get(usize::from(spot))?;
    let raw = |bytes: &'static [u8]| Datum::RawString(Bytes::from_static(bytes));
    let (class, value) = match within {
        Within::InvalidUtf8 => ("invalid_utf8", raw(b"a\xff\xfeb")),
        Within::LoneSurrogate => ("lone_surrogate", raw(b"a\\ud800b")),
        Within::Nul => ("nul", raw(b"a\\u0000b")),
        Within::Number(index) => ("odd_number", Datum::Number((*NUMBERS.get(usize::from(index))?).into())),
        Within::Twice => ("duplicate_key", twice(part.goods.get(usize::from(spot.base))?.at(&spot.pointer)?)?),
    };
    let value = plan.changed(place, spot, Change::Set(value), origin)?;
    Some(plan.with(place, value, origin, Intent::Wire(class)))
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
