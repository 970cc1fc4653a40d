//! The address book: listing, adding, reading, replacing, changing, deleting.
//!
//! Handlers only. A caller sees the addresses it owns; an administrator sees all.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::Call;
use super::fields::Fields;
use super::reply::{self, Answer, Problem};
use super::server::BASE_PATH;
use super::state::{Account, Address, Data, Role, Shared, address_id, stamp};
use super::validate::{self, Checked};

const MEMBERS: &[&str] = &["name", "recipient", "street", "city", "country", "phone", "hints"];

/// What a change names.
struct Change {
    name: Option<String>,
    recipient: Option<String>,
    street: Option<String>,
    city: Option<String>,
    country: Option<String>,
    phone: Phone,
    hints: Option<Vec<String>>,
}

/// What a change does to the phone number.
enum Phone {
    Kept,
    Set(Option<String>),
}

/// The newest first, so that one sees what was just added.
pub(crate) async fn list(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let limit = call.query()?.optional("limit", |text| validate::digits(text, 1, 50))?.unwrap_or(50);
    let items: Vec<Value> = store.with(|data| {
        let seen = data.addresses.iter().rev().filter(|address| may_see(&caller, address));
        seen.take(usize::try_from(limit).unwrap_or_default()).map(Address::to_json).collect()
    });
    reply::ok(&json!({ "items": items }))
}

pub(crate) async fn create(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let body = call.json()?;
    let address = new_address(&body);
    if store.planted(Bug::EarlyInsertion) && address.is_err() && body.is_object() {
        store.with(|data| insert(data, &caller, unchecked(&body)));
    }
    let address = address?;
    let address = store.with(|data| insert(data, &caller, address));
    let collection = if store.planted(Bug::LocationTypo) { "address" } else { "addresses" };
    let location = HeaderValue::from_str(&format!("{BASE_PATH}/{collection}/{}", address.id));
    let location = location.map_err(|_| Problem::crash("the location is not a header value"))?;
    let mut answer = reply::created(&address.to_json())?;
    answer.headers_mut().insert(header::LOCATION, location);
    Ok(answer)
}

pub(crate) async fn get(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let id = call.path("addressId", validate::uuid)?;
    reply::ok(&store.with(|data| visible(data, &caller, &id).map(|address| address.to_json()))?)
}

pub(crate) async fn replace(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let id = call.path("addressId", validate::uuid)?;
    let new = new_address(&call.json()?)?;
    store.with(|data| {
        let address = visible(data, &caller, &id)?;
        let old = address.clone();
        *address = Address { id: old.id, owner: old.owner, created_at: old.created_at, ..new };
        if store.planted(Bug::CityForgotten) {
            address.city = old.city;
        }
        if store.planted(Bug::HintsAppended) {
            // Ten are enough for a parcel, and for a demo.
            address.hints = old.hints.into_iter().chain(address.hints.drain(..)).take(10).collect();
        }
        reply::ok(&address.to_json())
    })
}

pub(crate) async fn change(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let id = call.path("addressId", validate::uuid)?;
    let body = call.json()?;
    let change = Change::read(&body);
    if store.planted(Bug::EarlyAssignment) && change.is_err() {
        store.with(|data| visible(data, &caller, &id).map(|address| assign_valid(address, &body)))?;
    }
    let change = change?;
    // Where the bug is, what others change in the meantime is written over.
    let copy = store.with(|data| visible(data, &caller, &id).cloned())?;
    let is_single = body.as_object().is_some_and(|members| members.len() == 1);
    let is_stale = is_single && store.races(Bug::StaleCopy, || id.clone()).await;
    store.with(|data| {
        let address = visible(data, &caller, &id)?;
        if is_stale {
            *address = copy;
        }
        if store.planted(Bug::PhoneDropped) {
            address.phone = None;
        }
        change.apply(address);
        reply::ok(&address.to_json())
    })
}

pub(crate) async fn delete(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let id = call.path("addressId", validate::uuid)?;
    store.with(|data| {
        visible(data, &caller, &id)?;
        if !store.planted(Bug::DeletionForgotten) {
            data.addresses.remove(|address| address.id == id);
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// The address, unless it is another customer's: that one does not exist, as far as the caller can tell.
fn visible<'a>(data: &'a mut Data, caller: &Account, id: &str) -> Result<&'a mut Address, Problem> {
    let address = data.addresses.find_mut(|address| address.id == id).filter(|address| may_see(caller, address));
    address.ok_or_else(|| Problem::not_found("no such address"))
}

fn may_see(caller: &Account, address: &Address) -> bool {
    caller.role == Role::Admin || address.owner == caller.id
}

fn insert(data: &mut Data, caller: &Account, address: Address) -> Address {
    let owner = caller.id.clone();
    data.addresses.insert(|key| Address { id: address_id(key), owner, created_at: stamp(key), ..address })
}

impl Address {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "recipient": self.recipient, "street": self.street, "city": self.city,
            "country": self.country, "phone": self.phone, "hints": self.hints, "createdAt": self.created_at,
        })
    }
}

impl Change {
    fn read(body: &Value) -> Checked<Self> {
        let fields = Fields::closed(body, MEMBERS)?;
        fields.at_least_one()?;
        Ok(Self {
            name: fields.optional("name", |value| text(value, 40))?,
            recipient: fields.optional("recipient", |value| text(value, 80))?,
            street: fields.optional("street", |value| text(value, 120))?,
            city: fields.optional("city", |value| text(value, 80))?,
            country: fields.optional("country", country)?,
            phone: fields.optional("phone", |value| validate::nullable(value, phone))?.map_or(Phone::Kept, Phone::Set),
            hints: fields.optional("hints", hints)?,
        })
    }

    fn apply(self, address: &mut Address) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut address.name, self.name);
        set(&mut address.recipient, self.recipient);
        set(&mut address.street, self.street);
        set(&mut address.city, self.city);
        set(&mut address.country, self.country);
        if let Phone::Set(phone) = self.phone {
            address.phone = phone;
        }
        set(&mut address.hints, self.hints);
    }
}

/// An address as a request describes it.
fn new_address(body: &Value) -> Checked<Address> {
    let fields = Fields::closed(body, MEMBERS)?;
    Ok(Address {
        name: fields.required("name", |value| text(value, 40))?,
        recipient: fields.required("recipient", |value| text(value, 80))?,
        street: fields.required("street", |value| text(value, 120))?,
        city: fields.required("city", |value| text(value, 80))?,
        country: fields.required("country", country)?,
        phone: fields.optional("phone", |value| validate::nullable(value, phone))?.flatten(),
        hints: fields.optional("hints", hints)?.unwrap_or_default(),
        ..Address::default()
    })
}

/// The address as far as it can be read.
fn unchecked(body: &Value) -> Address {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Address {
        name: text("name"),
        recipient: text("recipient"),
        street: text("street"),
        city: text("city"),
        country: text("country"),
        ..Address::default()
    }
}

/// Stores each member that is as it should be, whatever is wrong with the others.
fn assign_valid(address: &mut Address, body: &Value) {
    for (name, value) in body.as_object().into_iter().flatten() {
        if let Ok(change) = Change::read(&json!({ name: value })) {
            change.apply(address);
        }
    }
}

fn text(value: &Value, longest: usize) -> Checked<String> {
    validate::string(value, |text| validate::length(text, 1, longest))
}

fn country(value: &Value) -> Checked<String> {
    validate::string(value, |text| validate::pattern(text, 2, 2, |c| c.is_ascii_uppercase()))
}

/// `^[0-9]{6,15}$`
fn phone(value: &Value) -> Checked<String> {
    validate::string(value, |text| validate::pattern(text, 6, 15, |c| c.is_ascii_digit()))
}

fn hints(value: &Value) -> Checked<Vec<String>> {
    validate::array(value, 0, 5, |hint| text(hint, 80))
}
