//! An ordered list of header fields. Main type: [`Headers`]. Duplicates, odd names and any bytes are kept as they
//! are; it does not fold, sort or check.

use bytes::Bytes;

/// One field: name and value as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name, in the case in which it was sent.
    pub name: Bytes,
    /// The value, without the white space around it.
    pub value: Bytes,
}

/// Header fields in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.0.push(Header { name: name.into(), value: value.into() });
    }

    /// Adds the field unless one of this name (compared without case) is there.
    pub fn push_if_absent(&mut self, name: &str, value: impl Into<Bytes>) {
        if !self.contains(name) {
            self.push(name.to_owned(), value);
        }
    }

    /// Takes all fields of this name out.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|header| !header.name.eq_ignore_ascii_case(name.as_bytes()));
    }

    /// The first value of this name, compared without case (RFC 9110 section 5.1).
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.0.iter().find(|header| header.name.eq_ignore_ascii_case(name.as_bytes())).map(|header| &header.value)
    }

    /// The first value of this name, if it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Whether a field of this name is there.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The fields in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<N: Into<Bytes>, V: Into<Bytes>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(name, value)| Header { name: name.into(), value: value.into() }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_duplicates_are_kept() {
        let mut headers: Headers = [("X-A", "1"), ("x-a", "2"), ("B", "3")].into_iter().collect();
        assert_eq!(headers.text("x-A"), Some("1"));
        assert_eq!(headers.len(), 3);
        headers.push_if_absent("b", "4");
        assert_eq!(headers.len(), 3);
        headers.remove("X-a");
        assert_eq!(headers.len(), 1);
    }
}
