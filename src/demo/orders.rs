//! Orders: placing, reading, changing, cancelling.
//!
//! Handlers only. A caller sees the orders it owns; an administrator sees all.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::{Call, Pairs};
use super::fields::Fields;
use super::products;
use super::reply::{self, Answer, Problem};
use super::state::{Account, Data, Line, Order, OrderStatus, Role, Shared, Store, stamp};
use super::validate::{self, Checked};

/// The largest integer that every JSON reader holds exactly.
const LARGEST_NUMBER: i64 = 9_007_199_254_740_991;
const STATUSES: &[&str] = &["placed", "held", "shipped", "delivered"];
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(crate) async fn list(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let query = call.query()?;
    let status = query.optional("status", |text| validate::one_of(text, STATUSES))?;
    let since = since(&store, &query)?;
    let largest = if store.planted(Bug::LimitOffByOne) { 101 } else { 100 };
    let limit = query.optional("limit", |text| validate::digits(text, 1, largest))?.unwrap_or(20);
    let offset = query.optional("offset", |text| validate::digits(text, 0, 10_000))?.unwrap_or(0);
    let wanted = |order: &&Order| {
        may_see(&caller, order)
            && status.is_none_or(|status| status == order.status.name())
            && since.as_deref().is_none_or(|day| &order.created_at[..10] >= day)
    };
    let page = |data: &mut Data| {
        let matching: Vec<&Order> = data.orders.iter().filter(wanted).collect();
        let items = matching.iter().skip(count(offset)).take(count(limit)).map(|order| summary(&store, order));
        (items.collect::<Vec<_>>(), matching.len())
    };
    let (items, total) = store.with(page);
    reply::ok(&json!({ "items": items, "total": total }))
}

pub(crate) async fn create(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let key = idempotency_key(&call)?;
    let body = call.json()?;
    if store.planted(Bug::NullItem) && body["items"].as_array().is_some_and(|items| items.contains(&Value::Null)) {
        return Err(Problem::crash("TypeError: cannot read properties of null (reading 'sku')"));
    }
    let least = if store.planted(Bug::NegativeQuantity) { -LARGEST_NUMBER } else { 1 };
    let order = new_order(&body, least)?;
    let repeated = |data: &mut Data| {
        data.orders.iter().find(|other| key.is_some() && other.is_repeat(&caller, key.as_ref())).cloned()
    };
    let early = store.with(repeated);
    let is_early = match &key {
        Some(key) if early.is_none() => store.races(Bug::KeyBetweenLooks, || format!("{} {key}", caller.id)).await,
        _ => false,
    };
    let order = store.with(|data| {
        let earlier = if is_early { early } else { repeated(data) };
        earlier.unwrap_or_else(|| {
            data.orders.insert(|number| Order {
                number,
                owner: caller.id.clone(),
                idempotency_key: key.clone(),
                created_at: stamp(number),
                ..order
            })
        })
    });
    reply::created(&order.to_json())
}

pub(crate) async fn get(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let text = call.path_text("orderId");
    let numeric = text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
    if store.planted(Bug::HugeOrderId) && numeric && text.len() > 18 && text.parse::<i64>().is_err() {
        return Err(Problem::crash("number too large to fit in target type"));
    }
    let number = order_number(&call)?;
    let order = store.with(|data| visible(data, &caller, number).cloned())?;
    let mut answer = order.to_json();
    if store.planted(Bug::CardInOrder) {
        answer["cardNumber"] = "4111111111111111".into();
    }
    reply::tagged(&order.tag(), &answer)
}

pub(crate) async fn update(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let number = order_number(&call)?;
    let condition = condition(&store, &call)?;
    let body = call.json()?;
    let fields = Fields::closed(&body, &["deliverOn", "remindAt", "note"])?;
    fields.at_least_one()?;
    let deliver_on = fields.optional("deliverOn", nullable_date)?;
    let remind_at = fields.optional("remindAt", |value| {
        validate::nullable(value, |value| validate::string(value, validate::date_time))
    })?;
    let note = fields.optional("note", note)?;
    let holds = |data: &mut Data| match &condition {
        Some(tag) if *tag != visible(data, &caller, number)?.tag() => {
            Err(Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", "the order has changed"))
        }
        _ => Ok(()),
    };
    store.with(holds)?;
    let is_checked = condition.is_some() && store.races(Bug::EarlyCondition, || number.to_string()).await;
    store.with(|data| {
        if !is_checked {
            holds(data)?;
        }
        let order = visible(data, &caller, number)?;
        order.deliver_on = deliver_on.unwrap_or_else(|| order.deliver_on.clone());
        order.remind_at = remind_at.unwrap_or_else(|| order.remind_at.clone());
        order.note = note.unwrap_or_else(|| order.note.clone());
        order.version += 1;
        reply::tagged(&order.tag(), &order.to_json())
    })
}

pub(crate) async fn cancel(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let number = order_number(&call)?;
    store.with(|data| {
        visible(data, &caller, number)?;
        data.orders.remove(|order| order.number == number);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

pub(crate) async fn set_note(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let number = order_number(&call)?;
    let body = call.body("text/plain")?;
    let text = std::str::from_utf8(body).map_err(|_| {
        if store.planted(Bug::NoteNotUtf8) {
            Problem::crash("invalid utf-8 sequence in note")
        } else {
            Problem::bad_request("the note is not UTF-8")
        }
    })?;
    let note = validate::length(text, 1, 500)?;
    store.with(|data| {
        let order = visible(data, &caller, number)?;
        order.note = note;
        order.version += 1;
        reply::ok(&order.to_json())
    })
}

pub(crate) fn order_number(call: &Call) -> Result<u64, Problem> {
    let number = call.path("orderId", |text| validate::digits(text, 1, LARGEST_NUMBER))?;
    Ok(number.unsigned_abs())
}

/// The order, unless it is another customer's: that one does not exist, as far as the caller can tell.
pub(crate) fn visible<'a>(data: &'a mut Data, caller: &Account, number: u64) -> Result<&'a mut Order, Problem> {
    let order = data.orders.find_mut(|order| order.number == number).filter(|order| may_see(caller, order));
    order.ok_or_else(|| Problem::not_found("no such order"))
}

pub(crate) fn may_see(caller: &Account, order: &Order) -> bool {
    caller.role == Role::Admin || order.owner == caller.id
}

impl Order {
    pub(crate) fn to_json(&self) -> Value {
        let lines = self.lines.iter().map(|line| json!({ "sku": line.sku, "quantity": line.quantity }));
        json!({
            "id": self.number, "status": self.status.name(), "items": lines.collect::<Vec<_>>(),
            "totalCents": self.total_cents(), "deliverOn": self.deliver_on, "remindAt": self.remind_at,
            "note": self.note, "paid": self.paid, "createdAt": self.created_at,
        })
    }

    pub(crate) fn total_cents(&self) -> i64 {
        self.lines.iter().fold(0, |sum, line| {
            // What is not in the catalogue is quoted later.
            let price = products::find(&line.sku).map_or(0, |product| product.price_cents);
            sum.saturating_add(price.saturating_mul(line.quantity))
        })
    }

    fn tag(&self) -> String {
        format!("v{}", self.version)
    }

    fn is_repeat(&self, caller: &Account, key: Option<&String>) -> bool {
        self.owner == caller.id && self.idempotency_key.as_ref() == key
    }
}

impl OrderStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Held => "held",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
        }
    }
}

fn summary(store: &Store, order: &Order) -> Value {
    let status = match order.status {
        OrderStatus::Held if store.planted(Bug::UndeclaredStatus) => "on_hold",
        status => status.name(),
    };
    json!({ "id": order.number, "status": status, "totalCents": order.total_cents(), "createdAt": order.created_at })
}

fn since(store: &Store, query: &Pairs) -> Result<Option<String>, Problem> {
    let since = query.optional("since", validate::date);
    let shaped = query.get("since").is_some_and(validate::shaped_like_date);
    if store.planted(Bug::ImpossibleDate) && shaped && since.is_err() {
        return Err(Problem::crash("ValueError: day is out of range for month"));
    }
    since
}

/// The entity tag that the order must have. A weak one never matches.
fn condition(store: &Store, call: &Call) -> Result<Option<String>, Problem> {
    let Some(sent) = call.header(&header::IF_MATCH)? else { return Ok(None) };
    if store.planted(Bug::OddIfMatch) && !sent.contains('"') {
        return Err(Problem::crash("no opening quote in entity tag"));
    }
    let tag = validate::entity_tag(sent).map_err(|invalid| Problem::parameter("If-Match", invalid))?;
    Ok(Some(if sent.starts_with("W/") { String::new() } else { tag }))
}

fn idempotency_key(call: &Call) -> Result<Option<String>, Problem> {
    let key = call.header(&IDEMPOTENCY_KEY)?;
    let check = |text| validate::pattern(text, 8, 64, |c| c.is_ascii_alphanumeric() || c == '-');
    key.map(check).transpose().map_err(|invalid| Problem::parameter("Idempotency-Key", invalid))
}

/// An order as its request describes it.
fn new_order(body: &Value, least: i64) -> Checked<Order> {
    let fields = Fields::closed(body, &["items", "shipTo", "coupon", "deliverOn", "gift", "note"])?;
    let lines = fields.required("items", |value| validate::array(value, 1, 20, |item| line(item, least)))?;
    fields.required("shipTo", address)?;
    fields.optional("coupon", |value| validate::nullable(value, coupon))?;
    fields.optional("gift", validate::boolean)?;
    Ok(Order {
        number: 0,
        owner: String::new(),
        status: OrderStatus::Placed,
        lines,
        deliver_on: fields.optional("deliverOn", nullable_date)?.flatten(),
        remind_at: None,
        note: fields.optional("note", note)?.unwrap_or_default(),
        paid: false,
        idempotency_key: None,
        version: 1,
        created_at: String::new(),
    })
}

fn line(value: &Value, least: i64) -> Checked<Line> {
    let fields = Fields::closed(value, &["sku", "quantity"])?;
    let sku = fields.required("sku", |value| validate::string(value, validate::sku))?;
    let quantity = fields.required("quantity", |value| validate::integer(value, least, 1000))?;
    Ok(Line { sku, quantity })
}

fn address(value: &Value) -> Checked<()> {
    let fields = Fields::closed(value, &["name", "street", "city", "postcode", "country"])?;
    for (name, longest) in [("name", 80), ("street", 120), ("city", 80)] {
        fields.required(name, |value| validate::string(value, |text| validate::length(text, 1, longest)))?;
    }
    let postcode = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ' || c == '-';
    fields.required("postcode", |value| validate::string(value, |text| validate::pattern(text, 3, 10, postcode)))?;
    let country = |c: char| c.is_ascii_uppercase();
    fields.required("country", |value| validate::string(value, |text| validate::pattern(text, 2, 2, country)))?;
    Ok(())
}

fn coupon(value: &Value) -> Checked<String> {
    let class = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    validate::string(value, |text| validate::pattern(text, 6, 12, class))
}

fn note(value: &Value) -> Checked<String> {
    validate::string(value, |text| validate::length(text, 0, 500))
}

fn nullable_date(value: &Value) -> Checked<Option<String>> {
    validate::nullable(value, |value| validate::string(value, validate::date))
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}
