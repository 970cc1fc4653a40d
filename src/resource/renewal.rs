//! Texts of a repeated step that are new each time. Main type: [`Renewal`].

use super::entry::Name;
use super::recipe::{Writer, value_mut};
use crate::scenario::{Case, Content, Datum, Unique, Values, placeholder};

/// Which texts of a step are new each time.
pub(super) enum Renewal<'a> {
    /// None.
    Never,
    /// Those that were new when its case was made, and those of these names: it makes something.
    Anew(&'a [Name]),
    /// The same, unless a step before it has made them new: it is about the same thing.
    Shared,
}

impl Renewal<'_> {
    /// For a text that is new beside those that were when the case was made: whether it is an email address.
    fn is_email(&self, pointer: &str, text: &str, known: &Values) -> Option<bool> {
        match self {
            Self::Never => None,
            Self::Anew(names) => {
                let mut own = names.iter().filter(|name| name.parameter.is_none());
                let name = own.find(|name| *name.pointer == *pointer && !text.contains("{{"))?;
                Some(name.is_email)
            }
            Self::Shared => known.contains_key(text).then(|| text.contains('@')),
        }
    }
}

impl Writer<'_> {
    /// Replaces the texts that were new when the case was made, and those that are called like names.
    pub(super) fn renew(&mut self, case: &mut Case, renewal: &Renewal<'_>, fresh: &mut Vec<String>) {
        if matches!(renewal, Renewal::Never) {
            return;
        }
        if let Renewal::Anew(names) = renewal {
            self.renew_arguments(case, names, fresh);
        }
        let salt = case.provenance.salt();
        let Some(body) = &mut case.body else { return };
        let Content::Value(value) = &mut body.content else { return };
        let mut known = std::mem::take(&mut self.fresh);
        each_text(value, &mut String::new(), &mut |pointer, text| {
            let unique = Unique::of(pointer, salt);
            let (word, email) = (unique.word(), unique.email());
            let (old, is_email) = if *text == word || *text == email {
                (word, *text == email)
            } else if let Some(is_email) = renewal.is_email(pointer, text, &known) {
                (text.clone(), is_email)
            } else {
                return;
            };
            let is_known = known.contains_key(&old);
            let name = known.entry(old).or_insert_with(|| self.name("fresh")).clone();
            *text = if is_email { format!("{}@example.com", placeholder(&name)) } else { placeholder(&name) };
            if !is_known || matches!(renewal, Renewal::Anew(_)) {
                fresh.push(name);
            }
        });
        self.fresh = known;
    }

    /// Replaces what the target is to call the thing. What a name ends with may say of what kind it is.
    fn renew_arguments(&mut self, case: &mut Case, names: &[Name], fresh: &mut Vec<String>) {
        for name in names.iter().filter(|name| name.parameter.is_some()) {
            let Some(Datum::String(text)) = value_mut(case, name.parameter, &name.pointer) else { continue };
            if text.contains("{{") {
                continue;
            }
            let word = self.name("fresh");
            *text = format!("{}{}", placeholder(&word), Name::extension(text));
            fresh.push(word);
        }
    }
}

/// Calls for each text of a value with its pointer.
fn each_text(value: &mut Datum, pointer: &mut String, each: &mut dyn FnMut(&str, &mut String)) {
    let length = pointer.len();
    match value {
        Datum::String(text) => each(pointer, text),
        Datum::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                each_text(item, pointer, each);
                pointer.truncate(length);
            }
        }
        Datum::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&crate::schema::escape_token(name));
                each_text(member, pointer, each);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}
