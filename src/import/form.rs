//! A request as the options of curl put it together. Main type: [`Draft`].

use bytes::Bytes;

use super::recorded::target;
use crate::wire::{Headers, Request};

/// What stands between the parts of a multipart body that is written here.
pub(super) const BOUNDARY: &str = "gadfly-imported-boundary";
/// What is not encoded in a query or a form (RFC 3986 section 2.3).
const RESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) method: Option<String>,
    pub(super) urls: Vec<String>,
    /// Sent in place of the path of the URL.
    pub(super) target: Option<Vec<u8>>,
    /// More pairs of the query.
    pub(super) query: Vec<Vec<u8>>,
    pub(super) parts: Vec<Part>,
    pub(super) is_json: bool,
    pub(super) is_get: bool,
    pub(super) is_head: bool,
    headers: Vec<(String, Vec<u8>)>,
    /// Headers that curl would send by itself, and is told not to.
    without: Vec<String>,
    data: Option<Vec<u8>>,
}

/// One part of a multipart body.
#[derive(Debug)]
pub(super) struct Part {
    name: Vec<u8>,
    content: Vec<u8>,
    media_type: Option<String>,
    filename: Option<String>,
}

impl Part {
    /// A text that is taken as it is.
    pub(super) fn plain((name, content): (Vec<u8>, Vec<u8>)) -> Self {
        Self { name, content, media_type: None, filename: None }
    }

    /// `name=content;type=..;filename=..`.
    pub(super) fn of(given: &[u8]) -> Result<Self, String> {
        let (name, rest) = pair(given)?;
        if let Some(file) = rest.strip_prefix(b"@").or(rest.strip_prefix(b"<")) {
            let file = file.split(|byte| *byte == b';').next().unwrap_or_default();
            return Err(format!("its body is the file {}, which is not read", String::from_utf8_lossy(file)));
        }
        let mut part = Self::plain((name, Vec::new()));
        let mut content: Vec<&[u8]> = Vec::new();
        for piece in rest.split(|byte| *byte == b';') {
            let text = String::from_utf8_lossy(piece);
            match text.trim_start().split_once('=') {
                Some(("type", value)) if !content.is_empty() => part.media_type = Some(value.to_owned()),
                Some(("filename", value)) if !content.is_empty() => {
                    part.filename = Some(value.trim_matches('"').to_owned());
                }
                _ => content.push(piece),
            }
        }
        part.content = content.join(&b';');
        Ok(part)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"").bytes());
        out.extend(&self.name);
        out.push(b'"');
        if let Some(filename) = &self.filename {
            out.extend(format!("; filename=\"{filename}\"").bytes());
        }
        if let Some(media_type) = &self.media_type {
            out.extend(format!("\r\nContent-Type: {media_type}").bytes());
        }
        out.extend(b"\r\n\r\n");
        out.extend(&self.content);
        out.extend(b"\r\n");
    }
}

/// `name=content`.
pub(super) fn pair(given: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let at = given.iter().position(|byte| *byte == b'=').ok_or("a part of a form has no =")?;
    Ok((given[..at].to_vec(), given[at + 1..].to_vec()))
}

/// The argument of `--data-urlencode`: what stands after its first `=` is encoded.
pub(super) fn encoded(given: &[u8]) -> Result<Vec<u8>, String> {
    let encode = |bytes: &[u8]| percent_encoding::percent_encode(bytes, RESERVED).to_string().into_bytes();
    match given.iter().position(|byte| matches!(byte, b'=' | b'@')) {
        Some(at) if given[at] == b'@' => {
            Err(format!("its body is the file {}, which is not read", String::from_utf8_lossy(&given[at + 1..])))
        }
        Some(0) => Ok(encode(&given[1..])),
        Some(at) => Ok([&given[..=at], &encode(&given[at + 1..])].concat()),
        None => Ok(encode(given)),
    }
}

impl Draft {
    /// `Name: value`; `Name;` is sent empty, `Name:` is not sent.
    pub(super) fn header(&mut self, line: &[u8]) -> Result<(), String> {
        if line.starts_with(b"@") {
            return Err("its headers are in a file, which is not read".to_owned());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        match line.iter().position(|byte| *byte == b':') {
            Some(at) if line[at + 1..].trim_ascii().is_empty() => self.without.push(text(&line[..at])),
            Some(at) => self.headers.push((text(&line[..at]), line[at + 1..].trim_ascii().to_vec())),
            None => match line.strip_suffix(b";") {
                Some(name) => self.headers.push((text(name), Vec::new())),
                None => return Err(format!("the header {:?} has no colon", text(line))),
            },
        }
        Ok(())
    }

    /// A header that an option stands for.
    pub(super) fn push(&mut self, name: &str, value: &[u8]) {
        self.headers.push((name.to_owned(), value.to_vec()));
    }

    /// More of the body, after an `&`.
    pub(super) fn data(&mut self, more: &[u8]) {
        if self.data.as_ref().is_some_and(|data| !data.is_empty()) {
            self.append(b"&");
        }
        self.append(more);
    }

    /// More of the body.
    pub(super) fn append(&mut self, more: &[u8]) {
        self.data.get_or_insert_default().extend_from_slice(more);
    }

    /// One request for each URL.
    pub(super) fn requests(self) -> Result<Vec<Request>, String> {
        if self.urls.is_empty() {
            return Err("there is no URL".to_owned());
        }
        self.urls.iter().map(|url| self.request(url)).collect()
    }

    fn request(&self, url: &str) -> Result<Request, String> {
        let in_query = self.data.as_ref().filter(|_| self.is_get);
        let body = if self.is_get { None } else { self.data.as_ref() };
        let sends = body.is_some() || !self.parts.is_empty();
        let usual = match () {
            () if self.is_head => "HEAD",
            () if sends => "POST",
            () => "GET",
        };
        let mut request = Request::new(self.method.as_deref().unwrap_or(usual), self.whole_target(url, in_query)?);
        request.headers = self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(body) = body {
            request.body = Bytes::copy_from_slice(body);
            let media_type = if self.is_json { "application/json" } else { "application/x-www-form-urlencoded" };
            self.usual(&mut request.headers, "Content-Type", media_type);
        } else if !self.parts.is_empty() {
            let mut written = Vec::new();
            self.parts.iter().for_each(|part| part.write(&mut written));
            written.extend(format!("--{BOUNDARY}--\r\n").bytes());
            request.body = written.into();
            self.usual(&mut request.headers, "Content-Type", &format!("multipart/form-data; boundary={BOUNDARY}"));
        }
        if self.is_json {
            self.usual(&mut request.headers, "Accept", "application/json");
        }
        Ok(request)
    }

    /// A header that curl sends by itself.
    fn usual(&self, headers: &mut Headers, name: &str, value: &str) {
        if !self.without.iter().any(|without| without.eq_ignore_ascii_case(name)) {
            headers.push_if_absent(name, value.to_owned());
        }
    }

    fn whole_target(&self, url: &str, data: Option<&Vec<u8>>) -> Result<Bytes, String> {
        let mut whole = match &self.target {
            Some(target) => return Ok(Bytes::copy_from_slice(target)),
            None => target(url)?.to_vec(),
        };
        for pair in data.into_iter().chain(&self.query) {
            whole.push(if whole.contains(&b'?') { b'&' } else { b'?' });
            whole.extend_from_slice(pair);
        }
        Ok(whole.into())
    }
}
