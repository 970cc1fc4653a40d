//! Command lines of curl, among any other text: a session's log, a report of another tool. Main function: [`read`].
//!
//! What the command would read from files is not read. Options that say how to connect or what to print are passed over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::form::{Draft, Part, encoded, pair};
use super::recorded::Reading;
use super::shell::{Words, pipeline, written};

/// Options with an argument that say nothing of the request.
const IGNORED: &str = "--output --max-time --connect-timeout --proxy --proxy-user --cacert --capath --cert --cert-type \
    --key --key-type --pass --ciphers --tls-max --tls13-ciphers --cookie-jar --retry --retry-delay --retry-max-time \
    --write-out --resolve --connect-to --interface --dns-servers --limit-rate --max-redirs --max-filesize --stderr \
    --trace --trace-ascii --dump-header --noproxy --socks5 --socks5-hostname --unix-socket --speed-limit --speed-time \
    --keepalive-time --expect100-timeout --happy-eyeballs-timeout-ms --local-port --output-dir --rate --delegation \
    --krb --login-options --parallel-max --pinnedpubkey --preproxy --proto --proto-default --proto-redir --range \
    --time-cond --continue-at --telnet-option --variable --config -o -m -x -U -E -c -w -y -Y -D -K -r -C -z -P -Q -t";

/// Options without an argument.
const FLAGS: &str = "--include --silent --show-error --insecure --location --location-trusted --verbose --globoff \
    --fail --fail-with-body --fail-early --http0.9 --http1.0 --http1.1 --http2 --http2-prior-knowledge --http3 \
    --http3-only --compressed --compressed-ssh --path-as-is --no-buffer --progress-bar --no-progress-meter --remote-name \
    --remote-name-all --remote-header-name --remote-time --tlsv1 --tlsv1.0 --tlsv1.1 --tlsv1.2 --tlsv1.3 --ssl \
    --ssl-reqd --sslv2 --sslv3 --ipv4 --ipv6 --anyauth --basic --digest --ntlm --negotiate --netrc --netrc-optional \
    --create-dirs --disable --no-keepalive --raw --tcp-nodelay --tcp-fastopen --tr-encoding --parallel \
    --parallel-immediate --post301 --post302 --post303 --junk-session-cookies --styled-output --no-sessionid \
    --no-alpn --no-npn --cert-status --false-start --ignore-content-length --list-only --append --proxy-insecure \
    --proxytunnel --retry-all-errors --retry-connrefused --suppress-connect-headers --xattr --doh-insecure --crlf";

/// Whether a line begins with a command that is read.
pub(super) fn begins(line: &str) -> bool {
    command(line).is_some()
}

/// Where the command of a line begins, after a prompt.
fn command(line: &str) -> Option<usize> {
    let plain = line.trim_start().trim_start_matches(['$', '>', '%']).trim_start();
    let word = plain.split_whitespace().next()?;
    let is_curl = matches!(word, "curl" | "curl.exe") && plain.len() > word.len();
    let feeds_curl = matches!(word, "printf" | "echo") && plain.contains("| curl ");
    (is_curl || feeds_curl).then(|| line.len() - plain.len())
}

/// The requests of all commands in a text.
pub(super) fn read(text: &str) -> Reading {
    let mut reading = Reading::default();
    let (mut at, mut number) = (0, 1);
    while at < text.len() {
        let line = text[at..].split_inclusive('\n').next().unwrap_or_default();
        let mut length = line.len();
        if let Some(start) = command(line) {
            let place = format!("line {number}");
            match pipeline(&text[at + start..]) {
                Ok((commands, read)) => {
                    requests(&commands, &place, &mut reading);
                    // What follows in the same line may be another command.
                    length = start + read;
                }
                Err(reason) => reading.push(place, Err(reason)),
            }
        }
        number += text[at..at + length].matches('\n').count();
        at += length;
    }
    reading
}

fn requests(commands: &[Words], place: &str, reading: &mut Reading) {
    for (index, words) in commands.iter().enumerate() {
        let Some((name, arguments)) = words.split_first() else { continue };
        if name != b"curl" && name != b"curl.exe" {
            continue;
        }
        let fed = index.checked_sub(1).and_then(|before| written(&commands[before]));
        for part in arguments.split(|word| word == b"--next" || word == b"-:") {
            match draft(part, fed.as_deref()).and_then(Draft::requests) {
                Ok(requests) => {
                    for request in requests {
                        reading.push(place.to_owned(), Ok((request, None)));
                    }
                }
                Err(reason) => reading.push(place.to_owned(), Err(reason)),
            }
        }
    }
}

/// What the options say.
fn draft(arguments: &[Vec<u8>], fed: Option<&[u8]>) -> Result<Draft, String> {
    let mut draft = Draft::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let text = String::from_utf8_lossy(word);
        let mut value = |name: &str| {
            let next = words.next().map(|word| &word[..]);
            next.ok_or_else(|| format!("after {name} something is missing"))
        };
        if text.starts_with("--") && text.len() > 2 {
            long(&mut draft, &text, fed, &mut value)?;
        } else if let (Some(b'-'), Some(_)) = (word.first(), word.get(1)) {
            short(&mut draft, &word[1..], fed, &mut value)?;
        } else {
            draft.urls.push(text.into_owned());
        }
    }
    Ok(draft)
}

type Value<'a, 'b> = dyn FnMut(&str) -> Result<&'a [u8], String> + 'b;

/// `-sX POST` and `-XPOST`: flags, and at the end an option with its argument.
fn short<'a>(
    draft: &mut Draft,
    letters: &'a [u8],
    fed: Option<&[u8]>,
    value: &mut Value<'a, '_>,
) -> Result<(), String> {
    for (index, letter) in letters.iter().enumerate() {
        let name = match letter {
            b'X' => "--request",
            b'H' => "--header",
            b'd' => "--data",
            b'b' => "--cookie",
            b'u' => "--user",
            b'F' => "--form",
            b'A' => "--user-agent",
            b'e' => "--referer",
            b'T' => "--upload-file",
            b'G' => {
                draft.is_get = true;
                continue;
            }
            b'I' => {
                draft.is_head = true;
                continue;
            }
            other if b"omxUEcwyYDKrCzPQt".contains(other) => "--output",
            _ => continue,
        };
        let rest = &letters[index + 1..];
        let mut own = |name: &str| if rest.is_empty() { value(name) } else { Ok(rest) };
        return long(draft, name, fed, &mut own);
    }
    Ok(())
}

fn long(draft: &mut Draft, name: &str, fed: Option<&[u8]>, value: &mut Value<'_, '_>) -> Result<(), String> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match name {
        "--request" => draft.method = Some(lossy(value(name)?)),
        "--url" => draft.urls.push(lossy(value(name)?)),
        "--request-target" => draft.target = Some(value(name)?.to_vec()),
        "--header" => draft.header(value(name)?)?,
        "--data" | "--data-ascii" | "--data-binary" => draft.data(&content(name, value(name)?, fed)?),
        "--data-raw" => draft.data(value(name)?),
        "--data-urlencode" => draft.data(&encoded(value(name)?)?),
        "--url-query" => draft.query.push(encoded(value(name)?)?),
        "--json" => {
            draft.is_json = true;
            draft.append(&content(name, value(name)?, fed)?);
        }
        "--form" => draft.parts.push(Part::of(value(name)?)?),
        "--form-string" => draft.parts.push(Part::plain(pair(value(name)?)?)),
        "--user" => draft.push("Authorization", format!("Basic {}", STANDARD.encode(value(name)?)).as_bytes()),
        "--oauth2-bearer" => draft.push("Authorization", format!("Bearer {}", lossy(value(name)?)).as_bytes()),
        // Without a `=` it names a file, of which nobody knows what it holds.
        "--cookie" => {
            let cookie = value(name)?;
            if cookie.contains(&b'=') {
                draft.push("Cookie", cookie);
            }
        }
        "--user-agent" => draft.push("User-Agent", value(name)?),
        "--referer" => draft.push("Referer", value(name)?),
        "--upload-file" => return Err(format!("its body is the file {}, which is not read", lossy(value(name)?))),
        "--get" => draft.is_get = true,
        "--head" => draft.is_head = true,
        _ if IGNORED.split(' ').any(|known| known == name) => _ = value(name)?,
        _ if FLAGS.split(' ').any(|known| known == name) || name.starts_with("--no-") => {}
        _ => return Err(format!("the option {name} is not known, nor whether an argument follows it")),
    }
    Ok(())
}

/// A body as it is given; after an `@` the name of a file would stand, and `-` is what another command writes.
fn content(name: &str, given: &[u8], fed: Option<&[u8]>) -> Result<Vec<u8>, String> {
    match (given.strip_prefix(b"@"), fed) {
        (None, _) => Ok(given.to_vec()),
        (Some(b"-"), Some(fed)) if name == "--data" || name == "--data-ascii" => {
            Ok(fed.iter().copied().filter(|byte| !b"\r\n\0".contains(byte)).collect())
        }
        (Some(b"-"), Some(fed)) => Ok(fed.to_vec()),
        (Some(file), _) => Err(format!("its body is the file {}, which is not read", String::from_utf8_lossy(file))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Headers, Origin, Request, curl};

    /// Method, target, headers and body on one line each.
    fn shown(request: &Request) -> String {
        let fields = request.headers.iter();
        let fields: Vec<_> = fields
            .map(|h| format!("{}: {}", String::from_utf8_lossy(&h.name), String::from_utf8_lossy(&h.value)))
            .collect();
        let body = String::from_utf8_lossy(&request.body);
        format!("{} {} | {} | {body}", request.method, request.target_text(), fields.join(", "))
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let reading = read(text);
        assert!(reading.problems.is_empty(), "{text}: {:?}", reading.problems);
        let found: Vec<_> = reading.recorded.iter().map(|one| shown(&one.request)).collect();
        assert_eq!(found, expected, "{text}");
    }

    const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

    #[test]
    fn requests_are_what_curl_would_send() {
        check("curl http://x/a?b", &["GET /a?b |  | "]);
        check("curl -sXPUT x/a -H'A: b' -H 'C;' -H 'Accept:'", &["PUT /a | A: b, C:  | "]);
        check("curl x -d a=b --data c", &[&format!("POST / | {FORM} | a=b&c")]);
        check("curl x -d '{}' -H 'Content-Type: application/json'", &["POST / | Content-Type: application/json | {}"]);
        check("curl x -d a -H 'Content-Type:'", &["POST / |  | a"]);
        check("curl -G x/a -d b=c --data-urlencode 'd=e f&'", &["GET /a?b=c&d=e%20f%26 |  | "]);
        check("curl 'x/a?b' --url-query c=d", &["GET /a?b&c=d |  | "]);
        check(
            "curl --json '{\"a\":1}' x",
            &["POST / | Content-Type: application/json, Accept: application/json | {\"a\":1}"],
        );
        check("curl -I x/a", &["HEAD /a |  | "]);
        check(
            "curl -u me:pass -b 'a=b; c=d' -b jar x",
            &["GET / | Authorization: Basic bWU6cGFzcw==, Cookie: a=b; c=d | "],
        );
        check("curl x/a x/b --next -X DELETE x/c", &["GET /a |  | ", "GET /b |  | ", "DELETE /c |  | "]);
        check("curl --max-time 3 -o out.json -k --compressed x", &["GET / |  | "]);
        check("curl --request-target '*' -X OPTIONS x/a", &["OPTIONS * |  | "]);
        check("printf 'a\\000' | curl x --data-binary @- -H 'Content-Type:'", &["POST / |  | a\0"]);
        check(
            "echo '{}' | curl x -d @- -H 'Content-Type: application/json'",
            &["POST / | Content-Type: application/json | {}"],
        );
    }

    #[test]
    fn a_form_is_written_in_parts() {
        let boundary = super::super::form::BOUNDARY;
        let expected = format!(
            "POST / | Content-Type: multipart/form-data; boundary={boundary} | --{boundary}\r\n\
             Content-Disposition: form-data; name=\"a\"\r\n\r\nb;c\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"d\"; filename=\"e.txt\"\r\nContent-Type: text/plain\r\n\r\nf\r\n\
             --{boundary}--\r\n"
        );
        check("curl x --form-string 'a=b;c' -F 'd=f;type=text/plain;filename=e.txt'", &[&expected]);
    }

    #[test]
    fn commands_are_found_in_any_text() {
        let text =
            "1. The server's answer\n\n    curl -X GET http://x/a\n\nthat's it\n$ curl \\\n  x/b; curl x/c\ncurling\n";
        check(text, &["GET /a |  | ", "GET /b |  | ", "GET /c |  | "]);
        let places: Vec<_> = read(text).recorded.iter().map(|one| one.place.clone()).collect();
        assert_eq!(places[..2], ["line 3", "line 6"]);
    }

    #[track_caller]
    fn refuse(text: &str, expected: &str) {
        let reading = read(text);
        let problems: Vec<_> = reading.problems.iter().map(ToString::to_string).collect();
        assert!(reading.recorded.is_empty() && problems.len() == 1, "{text}: {reading:?}");
        assert!(problems[0].contains(expected), "{text}: {problems:?}");
    }

    #[test]
    fn what_can_not_be_known_is_told_by_its_line() {
        refuse("\ncurl x -d @body.json", "line 2: its body is the file body.json, which is not read");
        refuse("curl x -F 'a=@b.png'", "its body is the file b.png");
        refuse("curl x -T b.png", "its body is the file b.png");
        refuse("curl --frobnicate x", "the option --frobnicate is not known");
        refuse("curl x -X", "after --request something is missing");
        refuse("curl -s -k", "there is no URL");
        refuse("curl 'x", "a ' is not closed");
        refuse("curl ftp://x/a", "ftp is not http or https");
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            "[ -~]{0,12}".prop_map(String::into_bytes),
            ".{0,8}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..12)
        ]
    }

    prop_compose! {
        /// What an HTTP client can send: no field has blanks around its value, and no name holds a colon.
        fn requests()(
            method in "[A-Z]{1,7}",
            target in prop_oneof![bytes().prop_map(|rest| [b"/".to_vec(), rest].concat()), Just(b"*".to_vec())],
            headers in prop::collection::vec(("[A-Za-z0-9-]{1,8}", "([!-~]([ -~]{0,8}[!-~])?)?"), 0..3),
            body in bytes(),
        ) -> Request {
            let headers: Headers = headers.into_iter().collect();
            Request { method, target: target.into(), headers, body: body.into() }
        }
    }

    proptest! {
        #[test]
        fn what_we_print_is_read_again(request in requests()) {
            // Without a content type curl would claim a form; our line takes that back.
            prop_assume!(request.headers.iter().all(|header| !header.name.eq_ignore_ascii_case(b"content-type")));
            let origin: Origin = "http://127.0.0.1:8080".parse().unwrap();
            let reading = read(&curl(&request, &origin));
            prop_assert!(reading.problems.is_empty(), "{:?}", reading.problems);
            prop_assert_eq!(&reading.recorded[0].request, &request);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(curl |-[a-zA-Z] |--[a-z-]{3,12} |[ -~\né'\"$@=]){0,12}") {
            let reading = read(&text);
            prop_assert!(reading.recorded.len() < 100);
        }
    }
}
