//! What somebody meant who wrote a name that is not there. Main function: [`suggestion`].

/// ` did you mean ...?`, if one of the known words is close to what was written.
pub(crate) fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(written, known) {
        Some(word) => format!("; did you mean `{word}`?"),
        None => String::new(),
    }
}

/// The known word that is close to what was written, without regard to case.
fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&written, &word.to_lowercase());
    let (word, distance) =
        known.into_iter().map(|word| (word, distance(word))).min_by_key(|(_, distance)| *distance)?;
    (distance <= 1 + word.chars().count() / 4).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: &str) {
        assert_eq!(suggestion(written, ["url", "spec", "allow_hosts", "include", "GET /orders/{id}"]), expected);
    }

    #[test]
    fn only_near_words_are_suggested() {
        check("ulr", "; did you mean `url`?");
        check("URL", "; did you mean `url`?");
        check("allowed_hosts", "; did you mean `allow_hosts`?");
        check("get /order/{id}", "; did you mean `GET /orders/{id}`?");
        check("banana", "");
        check("", "");
    }
}
