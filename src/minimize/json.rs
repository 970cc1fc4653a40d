//! JSON taken apart without a change to what its scalars look like: `1e400` and a lone surrogate stay what they are. Main
//! type: [`Node`].

use bytes::Bytes;

/// How deep a text may be nested to be taken apart.
const DEEPEST: usize = 64;

/// A JSON value as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Names as written, quotes and all, with their values.
    Object(Vec<(Bytes, Node)>),
    /// Items.
    Array(Vec<Node>),
    /// Text, number, or word, as written.
    Scalar(Bytes),
}

impl Node {
    /// Takes a compact text apart; `None` if it is none, so that what is put together is the text again.
    pub(super) fn parse(text: &Bytes) -> Option<Self> {
        let (node, end) = value(text, 0, DEEPEST)?;
        (end == text.len()).then_some(node)
    }

    /// The text.
    pub(super) fn bytes(&self) -> Bytes {
        let mut out = Vec::new();
        self.write(&mut out);
        out.into()
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Scalar(text) => out.extend_from_slice(text),
            Self::Array(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    out.extend((index > 0).then_some(b','));
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, (name, member)) in members.iter().enumerate() {
                    out.extend((index > 0).then_some(b','));
                    out.extend_from_slice(name);
                    out.push(b':');
                    member.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// How many members and items there are in it.
    fn weight(&self) -> usize {
        match self {
            Self::Scalar(_) => 0,
            Self::Array(items) => items.iter().map(|item| 1 + item.weight()).sum(),
            Self::Object(members) => members.iter().map(|(_, member)| 1 + member.weight()).sum(),
        }
    }

    /// With members and items left out, from the outside in.
    pub(super) fn shorter(&self) -> Vec<Self> {
        match self {
            Self::Object(members) => {
                // The one that holds most goes first: of two that would do, the smaller one is left.
                let mut order: Vec<usize> = (0..members.len()).collect();
                order.sort_by_key(|index| std::cmp::Reverse(members[*index].1.weight()));
                let without = |index: &usize| {
                    let mut rest = members.clone();
                    rest.remove(*index);
                    Self::Object(rest)
                };
                let mut out: Vec<_> = order.iter().map(without).collect();
                for (index, (_, member)) in members.iter().enumerate() {
                    out.extend(member.shorter().into_iter().map(|shorter| {
                        let mut changed = members.clone();
                        changed[index].1 = shorter;
                        Self::Object(changed)
                    }));
                }
                out
            }
            Self::Array(items) => {
                let mut out = Vec::new();
                if items.len() > 2 {
                    let (left, right) = items.split_at(items.len() / 2);
                    out.extend([Self::Array(left.to_vec()), Self::Array(right.to_vec())]);
                }
                out.extend(without_each(items).take(16).map(Self::Array));
                for (index, item) in items.iter().enumerate().take(4) {
                    out.extend(item.shorter().into_iter().map(|shorter| {
                        let mut changed = items.clone();
                        changed[index] = shorter;
                        Self::Array(changed)
                    }));
                }
                out
            }
            Self::Scalar(_) => Vec::new(),
        }
    }

    /// The scalars in their order, each with the name of the member that it or its list is.
    pub(super) fn scalars(&self) -> Vec<(&[u8], &Bytes)> {
        let mut out = Vec::new();
        self.each_scalar(b"", &mut out);
        out
    }

    fn each_scalar<'a>(&'a self, name: &'a [u8], out: &mut Vec<(&'a [u8], &'a Bytes)>) {
        match self {
            Self::Scalar(text) => out.push((name, text)),
            Self::Array(items) => items.iter().for_each(|item| item.each_scalar(name, out)),
            Self::Object(members) => members.iter().for_each(|(name, member)| member.each_scalar(name, out)),
        }
    }

    /// The scalar of this number, in the order of [`Node::scalars`].
    pub(super) fn scalar_mut(&mut self, mut number: usize) -> Option<&mut Bytes> {
        self.find_scalar(&mut number)
    }

    fn find_scalar(&mut self, number: &mut usize) -> Option<&mut Bytes> {
        match self {
            Self::Scalar(text) if *number == 0 => Some(text),
            Self::Scalar(_) => {
                *number -= 1;
                None
            }
            Self::Array(items) => items.iter_mut().find_map(|item| item.find_scalar(number)),
            Self::Object(members) => members.iter_mut().find_map(|(_, member)| member.find_scalar(number)),
        }
    }
}

/// The text without the white space between its parts.
pub(super) fn compact(text: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let end = string(text, at).unwrap_or(at + 1);
        if !b" \t\r\n".contains(byte) {
            out.extend_from_slice(&text[at..end]);
        }
        at = end;
    }
    out.into()
}

pub(super) fn without_each<T: Clone>(items: &[T]) -> impl Iterator<Item = Vec<T>> {
    (0..items.len()).map(|index| {
        let mut rest = items.to_vec();
        rest.remove(index);
        rest
    })
}

/// The value at this place of the text, and where it ends.
fn value(text: &Bytes, start: usize, depth: usize) -> Option<(Node, usize)> {
    let depth = depth.checked_sub(1)?;
    match text.get(start)? {
        b'{' => {
            let mut members = Vec::new();
            let end = items(text, start, b'}', |at| {
                let name = string(text, at)?;
                let (member, end) = value(text, (*text.get(name)? == b':').then_some(name + 1)?, depth)?;
                members.push((text.slice(at..name), member));
                Some(end)
            })?;
            Some((Node::Object(members), end))
        }
        b'[' => {
            let mut list = Vec::new();
            let end = items(text, start, b']', |at| {
                let (item, end) = value(text, at, depth)?;
                list.push(item);
                Some(end)
            })?;
            Some((Node::Array(list), end))
        }
        b'"' => string(text, start).map(|end| (Node::Scalar(text.slice(start..end)), end)),
        _ => {
            let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            let length = text[start..].iter().take_while(|byte| is_word(byte)).count();
            (length > 0).then(|| (Node::Scalar(text.slice(start..start + length)), start + length))
        }
    }
}

/// What stands between brackets, comma by comma; where the closing one ends.
fn items(text: &Bytes, start: usize, close: u8, mut item: impl FnMut(usize) -> Option<usize>) -> Option<usize> {
    if *text.get(start + 1)? == close {
        return Some(start + 2);
    }
    let mut at = start + 1;
    loop {
        let end = item(at)?;
        match *text.get(end)? {
            byte if byte == close => return Some(end + 1),
            b',' => at = end + 1,
            _ => return None,
        }
    }
}

/// Where the string that begins here ends.
fn string(text: &Bytes, start: usize) -> Option<usize> {
    if *text.get(start)? != b'"' {
        return None;
    }
    let mut at = start + 1;
    loop {
        match *text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<Node> {
        Node::parse(&Bytes::copy_from_slice(text.as_bytes()))
    }

    fn shown(nodes: &[Node]) -> Vec<String> {
        nodes.iter().map(|node| String::from_utf8_lossy(&node.bytes()).into_owned()).collect()
    }

    #[test]
    fn what_only_looks_like_json_is_left_alone() {
        for text in ["", "{", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "[1 2]", "{\"a\": 1}", "[]x", "\"a", "\"\\"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&format!("{}{}", "[".repeat(100), "]".repeat(100))), None);
    }

    #[test]
    fn scalars_stay_as_they_are_written() {
        for text in ["1e400", "{\"a\":-0,\"a\":\"\\ud800\"}", "[99999999999999999999999,true,{},[],\"\"]", "\"\\\"}\""]
        {
            assert_eq!(parse(text).unwrap().bytes(), text);
        }
        let shorter = shown(&parse("{\"n\":99999999999999999999999,\"m\":\"card\"}").unwrap().shorter());
        assert_eq!(shorter, ["{\"m\":\"card\"}", "{\"n\":99999999999999999999999}"]);
    }

    #[test]
    fn members_and_items_go_from_the_outside_in() {
        let node = parse("{\"a\":[1,\"abc\"]}").unwrap();
        assert_eq!(shown(&node.shorter()), ["{}", "{\"a\":[\"abc\"]}", "{\"a\":[1]}"]);
        let heavy = parse("{\"a\":1,\"b\":[2],\"c\":3}").unwrap().shorter();
        assert_eq!(shown(&heavy)[..2], ["{\"a\":1,\"c\":3}", "{\"b\":[2],\"c\":3}"]);
    }

    #[test]
    fn scalars_are_known_by_their_number() {
        let mut node = parse("{\"a\":[1,{\"b\":null}],\"c\":\"x\"}").unwrap();
        let names: Vec<_> =
            node.scalars().into_iter().map(|(name, text)| [Bytes::copy_from_slice(name), text.clone()]).collect();
        assert_eq!(names, [["\"a\"", "1"], ["\"b\"", "null"], ["\"c\"", "\"x\""]]);
        *node.scalar_mut(1).unwrap() = "7".into();
        assert_eq!(shown(&[node.clone()]), ["{\"a\":[1,{\"b\":7}],\"c\":\"x\"}"]);
        assert_eq!(node.scalar_mut(3), None);
    }

    #[test]
    fn white_space_goes_and_what_is_in_texts_stays() {
        let text = Bytes::from_static(b" {\"a b\": [1,\n\t\"c \\\" d\"]}\r\n");
        assert_eq!(compact(&text), "{\"a b\":[1,\"c \\\" d\"]}");
    }

    proptest! {
        #[test]
        fn every_compact_text_is_taken_apart_and_put_together(texts in prop::collection::vec(".{0,6}", 0..4)) {
            let value = serde_json::json!({"a": texts, "b": [1.5, null, {"c": texts}], "": -7});
            let text = value.to_string();
            prop_assert_eq!(parse(&text).unwrap().bytes(), text);
        }

        #[test]
        fn no_text_is_too_odd(text in "[\\[\\]{}:,\"\\\\a1 ]{0,24}") {
            if let Some(node) = parse(&text) {
                prop_assert_eq!(node.bytes(), text);
            }
        }
    }
}
