//! A request taken apart into pieces that can be left out or made smaller. Main type: [`Draft`].

use bytes::Bytes;

use super::json::{Cut, Node, without_each};
use crate::wire::{Header, Headers, Request};

/// A request in pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    method: String,
    path: Bytes,
    query: Vec<Bytes>,
    headers: Vec<Header>,
    body: Body,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    /// JSON that is written back as the same bytes.
    Json(Node),
    /// `multipart/*`: the line that separates, the parts, and what follows the last one.
    Parts(Vec<u8>, Vec<Bytes>, Bytes),
    /// `application/x-www-form-urlencoded`: the pairs as written.
    Form(Vec<Bytes>),
    /// Anything else.
    Opaque(Bytes),
}

impl Draft {
    /// Takes a request apart.
    pub fn of(request: &Request) -> Self {
        let mut parts = request.target.splitn(2, |byte| *byte == b'?');
        let path = Bytes::copy_from_slice(parts.next().unwrap_or_default());
        let query = parts.next().map(split_pairs).unwrap_or_default();
        let multipart = || boundary(request).and_then(|mark| Some((split_parts(&request.body, &mark)?, mark)));
        let body = match Node::parse(&request.body) {
            Some(node) => Body::Json(node),
            None if is_form(request) => Body::Form(split_pairs(&request.body)),
            None => match multipart() {
                Some(((parts, end), mark)) => Body::Parts(mark, parts, end),
                None => Body::Opaque(request.body.clone()),
            },
        };
        Self { method: request.method.clone(), path, query, headers: request.headers.iter().cloned().collect(), body }
    }

    /// Puts the pieces together again.
    pub fn request(&self) -> Request {
        let mut target = self.path.to_vec();
        if !self.query.is_empty() {
            target.push(b'?');
            target.extend(self.query.join(&b'&'));
        }
        let body = match &self.body {
            Body::Json(node) => node.bytes(),
            Body::Parts(mark, parts, end) => {
                let mut body = mark.clone();
                for part in parts {
                    body.extend([b"\r\n", &**part, b"\r\n", mark].concat());
                }
                body.extend_from_slice(end);
                body.into()
            }
            Body::Form(pairs) => pairs.join(&b'&').into(),
            Body::Opaque(bytes) => bytes.clone(),
        };
        let headers: Headers = self.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect();
        Request { method: self.method.clone(), target: target.into(), headers, body }
    }

    /// Smaller drafts, the boldest first: each leaves a piece out or makes one simpler.
    pub fn smaller(&self) -> Vec<Self> {
        self.cut(Cut::All)
    }

    /// Those that leave a member, a parameter or a part out, and change no value.
    pub(super) fn shorter(&self) -> Vec<Self> {
        self.cut(Cut::Structure)
    }

    fn cut(&self, cut: Cut) -> Vec<Self> {
        let mut drafts = Vec::new();
        self.without_headers(&mut drafts);
        self.without_query(cut, &mut drafts);
        self.with_smaller_body(cut, &mut drafts);
        drafts
    }

    /// The same without the headers of this name.
    pub(super) fn without_header(&self, name: &str) -> Self {
        let is_it = |header: &&Header| !header.name.eq_ignore_ascii_case(name.as_bytes());
        Self { headers: self.headers.iter().filter(is_it).cloned().collect(), ..self.clone() }
    }

    fn without_headers(&self, drafts: &mut Vec<Self>) {
        let keep = |header: &Header| header.name.eq_ignore_ascii_case(b"content-type");
        if self.headers.iter().filter(|header| !keep(header)).count() > 1 {
            let headers = self.headers.iter().filter(|header| keep(header)).cloned().collect();
            drafts.push(Self { headers, ..self.clone() });
        }
        drafts.extend(without_each(&self.headers).map(|headers| Self { headers, ..self.clone() }));
    }

    fn without_query(&self, cut: Cut, drafts: &mut Vec<Self>) {
        if self.query.len() > 1 {
            drafts.push(Self { query: Vec::new(), ..self.clone() });
        }
        drafts.extend(without_each(&self.query).map(|query| Self { query, ..self.clone() }));
        for (index, pair) in self.query.iter().enumerate().filter(|_| cut == Cut::All) {
            if let Some(half) = half_of_value(pair) {
                let mut query = self.query.clone();
                query[index] = half;
                drafts.push(Self { query, ..self.clone() });
            }
        }
    }

    fn with_smaller_body(&self, cut: Cut, drafts: &mut Vec<Self>) {
        let mut push = |body| drafts.push(Self { body, ..self.clone() });
        match &self.body {
            Body::Json(node) => node.smaller(cut).into_iter().for_each(|node| push(Body::Json(node))),
            Body::Parts(mark, parts, end) => {
                without_each(parts).for_each(|parts| push(Body::Parts(mark.clone(), parts, end.clone())));
            }
            Body::Form(pairs) => without_each(pairs).for_each(|pairs| push(Body::Form(pairs))),
            Body::Opaque(bytes) if bytes.len() > 8 && cut == Cut::All => {
                let middle = bytes.len() / 2;
                push(Body::Opaque(bytes.slice(..middle)));
                push(Body::Opaque(bytes.slice(middle..)));
            }
            Body::Opaque(_) => {}
        }
    }
}

fn is_form(request: &Request) -> bool {
    request.headers.text("content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

fn split_pairs(text: &[u8]) -> Vec<Bytes> {
    text.split(|byte| *byte == b'&').map(Bytes::copy_from_slice).collect()
}

/// `name=value` with half of a long value; never cuts a percent-encoded byte in two.
fn half_of_value(pair: &Bytes) -> Option<Bytes> {
    let start = pair.iter().position(|byte| *byte == b'=')? + 1;
    let length = pair.len() - start;
    if length < 16 {
        return None;
    }
    let mut end = start + length / 2;
    while end > start && pair[end.saturating_sub(2)..end].contains(&b'%') {
        end -= 1;
    }
    Some(pair.slice(..end))
}

/// The boundary of a multipart body, by its content type (RFC 2046 section 5.1.1).
fn boundary(request: &Request) -> Option<Vec<u8>> {
    let value = request.headers.text("content-type").filter(|value| value.starts_with("multipart/"))?;
    let boundary = value.split("boundary=").nth(1)?.split(';').next()?.trim().trim_matches('"');
    (!boundary.is_empty()).then(|| format!("--{boundary}").into_bytes())
}

/// The parts between the lines that separate them, and what follows the last one.
fn split_parts(body: &Bytes, mark: &[u8]) -> Option<(Vec<Bytes>, Bytes)> {
    let separator = [b"\r\n", mark].concat();
    let mut rest = body.strip_prefix(mark)?;
    let mut parts = Vec::new();
    while let Some(inner) = rest.strip_prefix(b"\r\n") {
        let end = inner.windows(separator.len()).position(|window| window == separator)?;
        parts.push(body.slice_ref(&inner[..end]));
        rest = &inner[end + separator.len()..];
    }
    Some((parts, body.slice_ref(rest)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn post(target: &str, body: &str) -> Request {
        let mut request = Request::new("POST", target.to_owned());
        request.headers.push("Content-Type", "application/json");
        request.body = body.to_owned().into();
        request
    }

    #[track_caller]
    fn check(request: &Request, expected: &Request) {
        let drafts = Draft::of(request).smaller();
        assert!(drafts.iter().any(|draft| draft.request() == *expected), "{expected:?} is not among {drafts:?}");
    }

    #[test]
    fn every_piece_can_be_left_out() {
        check(&post("/a?b=1&c=2", "{}"), &post("/a?c=2", "{}"));
        check(&post("/a?b=1&c=2", "{}"), &post("/a", "{}"));
        check(&post("/a", r#"{"x":1,"y":{"z":[1,2]}}"#), &post("/a", r#"{"y":{"z":[1,2]}}"#));
        check(&post("/a", r#"{"y":{"z":[1,2]}}"#), &post("/a", r#"{"y":{"z":[2]}}"#));
        check(&post("/a", r#"{"y":"abcd"}"#), &post("/a", r#"{"y":"cd"}"#));
    }

    #[test]
    fn drafts_only_get_smaller() {
        let request = post("/a?b=1&c=2", r#"{"a":[1,2,3,{"b":"text"}],"c":null}"#);
        let length = |request: &Request| request.target.len() + request.headers.iter().count() + request.body.len();
        for draft in Draft::of(&request).smaller() {
            assert!(length(&draft.request()) < length(&request), "{draft:?}");
        }
    }

    #[test]
    fn parts_of_a_multipart_body_can_be_left_out() {
        let mut request = post("/files", "--B\r\n\r\none\r\n--B\r\nX: y\r\n\r\n\r\n--B--\r\n");
        request.headers.remove("content-type");
        request.headers.push("Content-Type", "multipart/form-data; boundary=B");
        let draft = Draft::of(&request);
        assert_eq!(draft.request(), request);
        let bodies: Vec<_> = draft.shorter().iter().map(|draft| draft.request().body).collect();
        assert!(bodies.contains(&Bytes::from_static(b"--B\r\n\r\none\r\n--B--\r\n")), "{bodies:?}");
        request.body = "--B\r\nno end".into();
        assert_eq!(Draft::of(&request).request(), request);
    }

    #[test]
    fn a_shorter_draft_keeps_every_value() {
        let request = post("/a?b=0123456789abcdef0123456789", r#"{"x":"abcd","y":2}"#);
        let bodies: Vec<_> = Draft::of(&request).shorter().iter().map(|draft| draft.request().body).collect();
        assert_eq!(bodies.iter().filter(|body| **body != request.body).count(), 2, "{bodies:?}");
    }

    #[test]
    fn percent_encoded_bytes_stay_whole() {
        let half = half_of_value(&Bytes::from_static(b"q=%41%41%41%41%41%41")).unwrap();
        assert_eq!(half, "q=%41%41%41");
    }

    proptest! {
        #[test]
        fn taking_apart_and_putting_together_changes_nothing(
            path in "/[a-z/%.]{0,12}", query in proptest::option::of("[a-z=&%0-9]{0,20}"), body in ".{0,40}"
        ) {
            let target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
            // `/a?` and `/a` are one to a draft only if the query is absent: an empty pair is a piece.
            let request = post(&target, &body);
            prop_assert_eq!(Draft::of(&request).request(), request);
        }
    }
}
