//! Values that are secrets by what they are. Functions: [`kind_of`], [`by_itself`], [`is_masked`].

use std::sync::LazyLock;

use regex::Regex;

/// A kind of secret that a value shows by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// PEM or OpenSSH private key.
    PrivateKey,
    /// A URL or key-value string with a password for a data store.
    ConnectionString,
    /// The hash of a password.
    PasswordHash,
    /// A JSON Web Token or the key of a well-known service.
    Credential,
    /// The number of a payment card.
    CardNumber,
}

impl Kind {
    /// The name in the parameters of a requirement.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::PrivateKey => "private_key",
            Self::ConnectionString => "connection_string",
            Self::PasswordHash => "password_hash",
            Self::Credential => "credential",
            Self::CardNumber => "card_number",
        }
    }
}

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are tested")
}

static PRIVATE_KEY: LazyLock<Regex> =
    LazyLock::new(|| compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*[A-Za-z0-9+/=\s:,-]{16}"));

static CONNECTION: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r#"(?xi)
        \b(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|oracle|clickhouse|cockroachdb|ldaps?
           |smtps?|s?ftp|cassandra|neo4j|bolt|nats|kafka)(?:\+\w+)?
        ://(?<user>[^\s/@:"'<>]*):(?<password>[^\s/@"'<>]+)@[\w.\[-]
        | \b(?:server|data\ source|host|addr(?:ess)?)=[^;"'\s]+;[^"'\n]*\b(?:password|pwd)=(?<word>[^;"'\s]+)"#,
    )
});

static PASSWORD_HASH: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"^(?:\$(?:2[abxy]|argon2(?:id|i|d)|1|5|6|7|y|scrypt|pbkdf2[\w-]*)\$[\w./+=,$-]{16,}|(?:pbkdf2|bcrypt|argon2|scrypt|sha1|md5)(?:_\w+)?\$[\w./+=,$-]{16,}|\{(?:SSHA\d*|BCRYPT|CRYPT|PBKDF2)\}\S{16,}|(?:pbkdf2|scrypt):[\w:]+\$\w+\$\w{16,})$",
    )
});

static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"\b(?:eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}\b|AIza[\w-]{35}|gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[\w-]{10,}|(?:sk|rk)_live_\w{16,}|glpat-[\w-]{20})",
    )
});

/// What kind of secret the value is by its form, if any.
pub(super) fn kind_of(value: &str) -> Option<Kind> {
    by_itself(value).or_else(|| {
        if PASSWORD_HASH.is_match(value) {
            return Some(Kind::PasswordHash);
        }
        if CREDENTIAL.is_match(value) {
            return Some(Kind::Credential);
        }
        is_card_number(value).then_some(Kind::CardNumber)
    })
}

/// The kinds that are out of place in any answer.
pub(super) fn by_itself(text: &str) -> Option<Kind> {
    if PRIVATE_KEY.is_match(text) {
        return Some(Kind::PrivateKey);
    }
    connection_string(text).map(|_| Kind::ConnectionString)
}

/// The first connection string in the text whose password is no placeholder.
pub(super) fn connection_string(text: &str) -> Option<&str> {
    CONNECTION.captures_iter(text).find_map(|found| {
        let part = |name| found.name(name).map_or("", |part| part.as_str());
        let (user, password) = (part("user"), format!("{}{}", part("password"), part("word")));
        (!is_placeholder(user, &password)).then(|| found.get(0).map_or("", |whole| whole.as_str()))
    })
}

/// Whether a password stands there as an example only.
fn is_placeholder(user: &str, password: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let example = ["password", "pass", "passwd", "pwd", "pw", "secret", "changeme", "your_password", "yourpassword"];
    let is_template = password.contains(['{', '$', '%', '[']) && !password.contains("%4");
    is_masked(password) || is_template || (example.contains(&lower.as_str()) && matches!(user, "user" | "username"))
}

/// Whether the value is a mask or says nothing.
pub(super) fn is_masked(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "",
        "null",
        "none",
        "nil",
        "n/a",
        "na",
        "true",
        "false",
        "yes",
        "no",
        "redacted",
        "masked",
        "hidden",
        "filtered",
        "removed",
        "secret",
        "undefined",
        "unset",
        "not set",
        "set",
        "empty",
        "default",
        "string",
    ];
    let bare = value.trim().trim_matches(['<', '>', '[', ']', '(', ')', '{', '}', '*', '•', '#', '.', '-', '_']);
    let bare = bare.to_ascii_lowercase();
    WORDS.contains(&bare.as_str()) || bare.chars().all(|c| c == 'x') || value.contains("****") || value.contains("••••")
}

/// Whether the value is the number of a payment card: digits in the groups or lengths that issuers use, with a
/// right check digit (ISO/IEC 7812-1 annex B).
pub(super) fn is_card_number(value: &str) -> bool {
    let value = value.trim();
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    let others = value.chars().filter(|c| !c.is_ascii_digit());
    if !others.clone().all(|c| matches!(c, ' ' | '-')) || others.count() > 4 {
        return false;
    }
    has_issuer(&digits) && luhn(&digits)
}

fn has_issuer(digits: &[u32]) -> bool {
    let prefix = |length: usize| digits.iter().take(length).fold(0, |number, digit| number * 10 + digit);
    match digits.len() {
        13 => prefix(1) == 4,
        14 => matches!(prefix(3), 300..=305) || matches!(prefix(2), 36 | 38 | 39),
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            matches!(prefix(1), 4)
                || matches!(prefix(2), 51..=55 | 65)
                || matches!(prefix(4), 2221..=2720 | 6011 | 3528..=3589)
        }
        _ => false,
    }
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, &digit)| match (index % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<Kind>) {
        assert_eq!(kind_of(value), expected, "{value}");
    }

    #[test]
    fn secrets_are_known_by_their_form() {
        check("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n", Some(Kind::PrivateKey));
        check("dsn=postgres://app:s3cr3t@db:5432/shop", Some(Kind::ConnectionString));
        check("mongodb+srv://root:hunter2@cluster.example/x", Some(Kind::ConnectionString));
        check("Server=db;Database=x;User Id=sa;Password=P4ss;", Some(Kind::ConnectionString));
        check("$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW", Some(Kind::PasswordHash));
        check("pbkdf2_sha256$260000$abcdefgh$0123456789abcdef=", Some(Kind::PasswordHash));
        check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl", Some(Kind::Credential));
        check("AKIAIOSFODNN7EXAMPLE", Some(Kind::Credential));
        check("4111 1111 1111 1111", Some(Kind::CardNumber));
        check("5555555555554444", Some(Kind::CardNumber));
    }

    #[test]
    fn what_only_looks_like_a_secret_is_none() {
        check("-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEA7\n", None);
        check("postgres://db:5432/shop", None);
        check("postgres://user:password@localhost/db", None);
        check("postgres://app:****@db/shop", None);
        check("postgres://app:${DB_PASSWORD}@db/shop", None);
        check("https://me:you@example.com/", None);
        check("$2b is the price", None);
        check("1700000000000000", None);
        check("4111111111111112", None);
        check("411111111111111", None);
        check("eyJhbGciOiJIUzI1NiJ9", None);
    }

    #[test]
    fn masks_are_no_values() {
        for mask in ["", "***", "********", "xxxx", "[redacted]", "<hidden>", "null", "ab****yz", "••••"] {
            assert!(is_masked(mask), "{mask:?}");
        }
        for value in ["hunter2", "a", "s3cr3t", "xyz"] {
            assert!(!is_masked(value), "{value:?}");
        }
    }
}
