//! What a name says about its value. Functions: [`tokens`], [`secret`], [`says_place`], [`says_log`].
//!
//! Names are judged by whole words, so that `tokenizer`, `secretary` and `passwordless` say nothing.

/// Words that turn a sensitive name into one about it: `password_policy`, `token_type`, `next_page_token`.
const ABOUT: &str = "algorithm alg allow allowed at available can changed completion configured continuation continue count \
    created csrf cursor date description disabled enabled end endpoint error errors exists expiration expired \
    expires expiry field fields format has hint hints href index is label last length limit limits link max \
    message method min mode must needs next offset page path pattern placeholder policies policy position prev \
    previous prompt protected public ref reference regex required requires rules score sort start status \
    strategy strength sync text time timestamp title total ttl type updated uri url usage used uses valid \
    version xsrf arn supported mechanism checker minutes seconds days";

/// Words before `key` that make it a secret one.
const KEYS: &[&str] =
    &["api", "access", "private", "secret", "encryption", "signing", "master", "ssh", "auth", "hmac", "session"];

/// What kind of secret a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Secret {
    /// A password, in clear or hashed.
    Password,
    /// A token, secret or key.
    Token,
    /// The number or check digits of a payment card.
    Card,
    /// A national identity number.
    Person,
}

impl Secret {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "credential",
            Self::Card => "card number",
            Self::Person => "identity number",
        }
    }
}

/// The words of a name in lower case: `accessTokenID2` is `access`, `token`, `id`, `2`.
pub(super) fn tokens(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, &c) in chars.iter().enumerate() {
        let previous = index.checked_sub(1).map(|before| chars[before]);
        let next_is_lower = chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        let starts = previous.is_some_and(|previous| {
            (c.is_uppercase() && (previous.is_lowercase() || next_is_lower))
                || (c.is_ascii_digit() != previous.is_ascii_digit())
        });
        if !c.is_alphanumeric() || starts {
            out.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    out.extend((!word.is_empty()).then_some(word));
    out
}

/// Whether a list of words separated by spaces holds this one.
pub(super) fn lists(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed.eq_ignore_ascii_case(word))
}

/// What kind of secret the name promises, if any.
pub(super) fn secret(name: &str) -> Option<Secret> {
    let tokens = tokens(name);
    let has = |words: &[&str]| tokens.iter().any(|token| words.contains(&token.as_str()));
    let pair = |first: &[&str], second: &str| {
        tokens.windows(2).any(|pair| first.contains(&pair[0].as_str()) && pair[1] == second)
    };
    let last = tokens.last().map_or("", String::as_str);
    if tokens.iter().any(|token| lists(ABOUT, token)) || matches!(last, "id" | "ids" | "name" | "names") {
        return None;
    }
    let accounts = ["db", "user", "admin", "root", "smtp", "database", "mysql", "account"];
    let password = has(&["password", "passwords", "passwd", "pwd", "passphrase", "passcode", "pw"])
        || pair(&["pass"], "word")
        || pair(&accounts, "pass");
    if password || (has(&["hash", "hashed"]) && has(&["pin", "pass"])) {
        return Some(Secret::Password);
    }
    let token = has(&["token", "secret", "secrets", "credential", "credentials", "jwt", "totp", "otp", "apikey"])
        || has(&["privatekey", "secretkey", "accesskey"])
        || pair(KEYS, "key");
    if token {
        return Some(Secret::Token);
    }
    let card = pair(&["card", "cc", "credit"], "number") || has(&["cvv", "cvc", "cardnumber", "pan"]);
    if card {
        return Some(Secret::Card);
    }
    (has(&["ssn"]) || pair(&["social"], "security")).then_some(Secret::Person)
}

/// Whether the name says that its value is a path, a file, an address or a host.
pub(super) fn says_place(name: &str) -> bool {
    const PLACES: &str = "path paths file files filename dir directory folder root host hosts hostname url urls uri href link links ip \
        address addr endpoint server servers location origin peer peers node nodes instance source target";
    tokens(name).iter().any(|token| lists(PLACES, token))
}

/// Whether the name says that its value is an opaque mark of the protocol: a page, a state, a guard against forgery.
pub(super) fn says_mark(name: &str) -> bool {
    const MARKS: &str = "cursor page paging next prev previous continuation continue csrf xsrf sync etag revision state nonce after \
        before";
    tokens(name).iter().any(|token| lists(MARKS, token))
}

/// Whether the name says that its value is an identifier, a time or a count, so that digits are no card number.
pub(super) fn says_number(name: &str) -> bool {
    const NUMBERS: &str = "id ids uid guid number no num ref reference code timestamp ts time date seq sequence serial tracking barcode \
        isbn ean gtin imei phone tel count total size bytes nanos micros millis version hash checksum seed key";
    tokens(name).iter().any(|token| lists(NUMBERS, token))
}

/// Whether the name says that its value is prose or code that somebody wrote, in which anything may be quoted.
pub(super) fn says_prose(name: &str) -> bool {
    const PROSE: &str = "description documentation doc docs example examples code source content contents readme help \
        summary note notes text comment comments body markdown html template script query sql cell cells";
    tokens(name).iter().any(|token| lists(PROSE, token))
}

/// Whether the name says that its value is a log or a trace.
pub(super) fn says_log(name: &str) -> bool {
    const LOGS: &str = "log logs trace traceback tracebacks stack stacktrace backtrace output stdout stderr console dump debug \
        profile pprof threads goroutine diagnostics journal";
    tokens(name).iter().any(|token| lists(LOGS, token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, words) in [
            ("accessTokenID2", "access token id 2"),
            ("APIKey", "api key"),
            ("password_hash", "password hash"),
            ("X-Auth-Token", "x auth token"),
            ("HTTPServer", "http server"),
            ("", ""),
        ] {
            assert_eq!(tokens(name).join(" "), words, "{name}");
        }
    }

    #[track_caller]
    fn check(expected: Option<Secret>, names: &str) {
        for name in names.split_whitespace() {
            assert_eq!(secret(name), expected, "{name}");
        }
    }

    #[test]
    fn sensitive_names_are_known() {
        check(
            Some(Secret::Password),
            "password Password passwordHash pwd user_passwd db_pass passWord hashed_password",
        );
        check(Some(Secret::Password), "pin_hash pw_hash");
        check(Some(Secret::Token), "token access_token idToken resetToken secret client_secret apiKey api-key");
        check(Some(Secret::Token), "private_key X-Api-Key apikey credentials totp_secret jwt");
        check(Some(Secret::Card), "card_number cardNumber cvv credit_card_number");
        check(Some(Secret::Person), "ssn");
    }

    #[test]
    fn names_about_secrets_are_not_secrets() {
        check(None, "tokenizer secretary passwordless next_page_token nextPageToken cursor csrf_token token_type");
        check(None, "has_password password_policy passwordChangedAt token_count max_tokens secret_name key_id key");
        check(None, "public_key hash commit_hash passed passenger compass page_token continuationToken secretRef");
        check(None, "password_reset_url token_endpoint author_id monkey keyboard card pan_out_id");
    }

    #[test]
    fn names_of_places_and_logs_are_known() {
        for name in ["path", "filePath", "base_url", "hostname", "remote_addr"] {
            assert!(says_place(name), "{name}");
        }
        assert!(!says_place("detail") && !says_place("hostess"));
        assert!(says_log("stackTrace") && says_log("logs") && !says_log("blog") && !says_log("message"));
    }
}
