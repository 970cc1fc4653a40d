//! Login, registration, the caller's own account, public profiles.
//!
//! Handlers only; `state` keeps the accounts.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::Call;
use super::fields::Fields;
use super::reply::{self, Answer, Problem};
use super::state::{Account, Role, Shared, account_id, stamp};
use super::validate::{self, Checked, Invalid};

const LANGUAGES: &[&str] = &["en", "de", "fr", "ja"];
const THEMES: &[&str] = &["light", "dark"];
const PREFERENCES: &[&str] = &["language", "pageSize", "newsletter", "theme"];

pub(crate) async fn login(State(store): State<Shared>, call: Call) -> Answer {
    let body = call.json()?;
    let fields = Fields::closed(&body, &["email", "password"])?;
    let email = fields.required("email", |value| text(value, 1, 120))?;
    let password = fields.required("password", |value| text(value, 1, 64))?;
    let matches = |account: &&Account| account.email == email && account.password == password;
    let account = store.with(|data| data.accounts.iter().find(matches).cloned());
    let account = account.ok_or_else(|| Problem::unauthorized("unknown address or wrong password"))?;
    reply::ok(&json!({ "token": account.token, "tokenType": "Bearer", "accountId": account.id, "expiresIn": 3600 }))
}

pub(crate) async fn register(State(store): State<Shared>, call: Call) -> Answer {
    let body = call.json()?;
    let mut account = new_account(&body)?;
    if store.planted(Bug::NonAsciiName) && !account.name.is_char_boundary(1) {
        return Err(Problem::crash("end byte index 1 is not a char boundary"));
    }
    // Only seeded addresses are taken. An address registered twice makes two accounts, so that any request to this
    // operation can be sent again.
    if store.with(|data| data.accounts.is_seeded(|other| other.email == account.email)) {
        return Err(Problem::new(StatusCode::CONFLICT, "conflict", "the address is taken"));
    }
    let account = store.with(|data| {
        let account = data.accounts.insert(|key| {
            account.id = account_id(key);
            // Guessable, like everything in a demo.
            account.token = format!("demo-created-{key}-token");
            account.created_at = stamp(key);
            account
        });
        if store.planted(Bug::AccountWithoutPhone) && account.phone.is_none() {
            data.accounts.remove(|other| other.id == account.id);
        }
        account
    });
    let mut answer = account.to_json();
    if store.planted(Bug::PasswordReturned) {
        answer["password"] = account.password.into();
    }
    reply::created(&answer)
}

pub(crate) async fn get_me(State(store): State<Shared>, call: Call) -> Answer {
    reply::ok(&store.caller(&call)?.to_json())
}

pub(crate) async fn update_me(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let body = call.json()?;
    let documented: &[&str] = &["name", "phone", "birthDate"];
    let fields =
        if store.planted(Bug::ExtraProfileField) { Fields::open(&body)? } else { Fields::closed(&body, documented)? };
    fields.at_least_one()?;
    if store.planted(Bug::NullName) && fields.get("name").is_some_and(Value::is_null) {
        return Err(Problem::crash("called `Option::unwrap()` on a `None` value"));
    }
    let name = fields.optional("name", |value| text(value, 1, 60))?;
    let phone = fields.optional("phone", |value| validate::nullable(value, phone))?;
    let birth_date = fields.optional("birthDate", |value| validate::nullable(value, date))?;
    let updated = store.with(|data| {
        let account = data.accounts.find_mut(|account| account.id == caller.id)?;
        account.name = name.unwrap_or_else(|| account.name.clone());
        account.phone = phone.unwrap_or_else(|| account.phone.clone());
        account.birth_date = birth_date.unwrap_or_else(|| account.birth_date.clone());
        Some(account.to_json())
    });
    // A created account may have given way to newer ones since the token was checked.
    reply::ok(&updated.ok_or_else(|| Problem::unauthorized("the account is gone"))?)
}

/// Preferences are answered but not kept: nothing reads them.
pub(crate) async fn set_preferences(State(store): State<Shared>, call: Call) -> Answer {
    store.caller(&call)?;
    let form = match call.form() {
        Err(problem) if problem.is_unsupported() && store.planted(Bug::UnknownMediaType) => {
            return Err(Problem::crash("entered unreachable code: no decoder for this media type"));
        }
        form => form?,
    };
    if form.names().any(|name| !PREFERENCES.contains(&name)) {
        return Err(Invalid::rule("has a property that is not documented").into());
    }
    let language = form.required("language", |value| validate::one_of(value, LANGUAGES))?;
    let page_size = form.required("pageSize", |value| validate::digits(value, 5, 50))?;
    let newsletter = form.required("newsletter", validate::flag)?;
    let theme = form.optional("theme", |value| validate::one_of(value, THEMES))?;
    let mut answer = json!({ "language": language, "pageSize": page_size, "newsletter": newsletter, "theme": theme });
    if !store.planted(Bug::MissingUpdatedAt) {
        answer["updatedAt"] = stamp(0).into();
    }
    reply::ok(&answer)
}

pub(crate) async fn get_account(State(store): State<Shared>, call: Call) -> Answer {
    store.caller(&call)?;
    let id = call.path("accountId", validate::uuid)?;
    let account = store.with(|data| data.accounts.iter().find(|account| account.id == id).cloned());
    let account = account.ok_or_else(|| Problem::not_found("no such account"))?;
    let mut answer = json!({ "id": account.id, "name": account.name, "memberSince": account.created_at });
    if store.planted(Bug::PasswordHashInProfile) {
        answer["passwordHash"] = "$2b$12$KIXQ9mWb5rN1yTzLq8uVxOZc3dEfGhIjKlMnOpQrStUvWxYz01234".into();
    }
    reply::ok(&answer)
}

/// An account as a registration describes it: what the server sets is refused, not ignored.
fn new_account(body: &Value) -> Checked<Account> {
    let fields = Fields::closed(body, &["name", "email", "password", "phone", "birthDate"])?;
    Ok(Account {
        id: String::new(),
        name: fields.required("name", |value| text(value, 1, 60))?,
        email: fields.required("email", |value| validate::string(value, validate::email))?,
        password: fields.required("password", |value| text(value, 8, 64))?,
        phone: fields.optional("phone", |value| validate::nullable(value, phone))?.flatten(),
        birth_date: fields.optional("birthDate", |value| validate::nullable(value, date))?.flatten(),
        role: Role::Customer,
        token: String::new(),
        created_at: String::new(),
    })
}

fn text(value: &Value, minimum: usize, maximum: usize) -> Checked<String> {
    validate::string(value, |text| validate::length(text, minimum, maximum))
}

fn date(value: &Value) -> Checked<String> {
    validate::string(value, validate::date)
}

/// `^\+[0-9]{6,15}$`
fn phone(value: &Value) -> Checked<String> {
    validate::string(value, |text| {
        let digits = text.strip_prefix('+').unwrap_or_default();
        validate::pattern(digits, 6, 15, |c| c.is_ascii_digit())?;
        Ok(text.to_owned())
    })
}
