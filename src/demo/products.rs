//! The catalogue and its reviews.
//!
//! Handlers only; the catalogue itself never changes and lies in `seed`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::{Call, Pairs};
use super::fields::Fields;
use super::reply::{self, Answer, Problem};
use super::seed::{CATEGORIES, PRODUCTS, Product};
use super::state::{Shared, stamp};
use super::validate::{self, Invalid};

const CATALOGUE_TAG: &str = "catalogue-1";
const SORTS: &[&str] = &["name", "price", "newest"];
/// The document's currencies, with the price of a euro in hundredths.
const CURRENCIES: &[&str] = &["EUR", "USD", "GBP"];

pub(crate) async fn list(State(store): State<Shared>, call: Call) -> Answer {
    let query = call.query()?;
    if store.planted(Bug::ZeroPageSize) && query.get("pageSize") == Some("0") {
        return Err(Problem::crash("attempt to divide by zero"));
    }
    let page = query.optional("page", |text| validate::digits(text, 1, 1000))?.unwrap_or(1);
    let page_size = query.optional("pageSize", |text| validate::digits(text, 1, 100))?.unwrap_or(20);
    let sort = if store.planted(Bug::UncheckedSort) {
        query.get("sort").unwrap_or("name")
    } else {
        query.optional("sort", |text| validate::one_of(text, SORTS))?.unwrap_or("name")
    };
    let mut found = in_categories(&query)?;
    if not_modified(&call)? {
        let tag = HeaderValue::from_static("\"catalogue-1\"");
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    match sort {
        "price" => found.sort_by_key(|product| product.price_cents),
        "newest" => found.reverse(),
        _ => found.sort_by_key(|product| product.name),
    }
    let total = found.len();
    let skipped = usize::try_from((page - 1) * page_size).unwrap_or(usize::MAX);
    let shown = found.into_iter().skip(skipped).take(usize::try_from(page_size).unwrap_or(0));
    let items: Vec<Value> = shown.map(summary).collect();
    reply::tagged(CATALOGUE_TAG, &json!({ "items": items, "page": page, "pageSize": page_size, "total": total }))
}

pub(crate) async fn get(State(store): State<Shared>, call: Call) -> Answer {
    let sku = call.path("sku", validate::sku)?;
    let currency = call.cookie("currency", |text| validate::one_of(text, CURRENCIES))?.unwrap_or("EUR");
    let Some(product) = find(&sku) else {
        return Err(Problem::not_found(if store.planted(Bug::StackTrace) {
            "Error: no such product\n    at ProductStore.find (/srv/shop/src/products/store.js:88:13)\n    \
             at ProductController.get (/srv/shop/src/products/controller.js:31:27)\n    \
             at Layer.handle (/srv/shop/node_modules/router/lib/layer.js:152:17)"
        } else {
            "no such product"
        }));
    };
    let mut answer = summary(product);
    answer["currency"] = currency.into();
    answer["stock"] = product.stock.into();
    reply::ok(&answer)
}

pub(crate) async fn review(State(store): State<Shared>, call: Call) -> Answer {
    store.caller(&call)?;
    let sku = call.path("sku", validate::sku)?;
    let body = call.json()?;
    let fields = Fields::closed(&body, &["rating", "title", "text"])?;
    if store.planted(Bug::RatingBelowOne) && fields.get("rating").and_then(Value::as_i64).is_some_and(|n| n < 1) {
        reply::drop_connection();
    }
    let rating = match fields.optional("rating", |value| validate::integer(value, 1, 5))? {
        None if store.planted(Bug::RatingAssumed) => 5,
        rating => rating.ok_or_else(|| Invalid::rule("is required").within("rating"))?,
    };
    let shortest = if store.planted(Bug::ShortTitle) { 0 } else { 3 };
    let title =
        fields.required("title", |value| validate::string(value, |text| validate::length(text, shortest, 80)))?;
    let text = fields.optional("text", |value| {
        validate::nullable(value, |value| validate::string(value, |text| validate::length(text, 0, 2000)))
    })?;
    if find(&sku).is_none() {
        return Err(Problem::not_found("no such product"));
    }
    let id = store.with(super::state::Data::receipt);
    reply::created(&json!({
        "id": id, "sku": sku, "rating": rating, "title": title, "text": text.flatten(), "createdAt": stamp(id),
    }))
}

/// The fields that every list of products shows.
pub(crate) fn summary(product: &Product) -> Value {
    json!({
        "sku": product.sku, "name": product.name, "category": product.category,
        "priceCents": product.price_cents, "inStock": product.stock > 0,
    })
}

pub(crate) fn find(sku: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.sku == sku)
}

/// The products of the asked categories, or all. The parameter is repeated for each category, three at most.
fn in_categories(query: &Pairs) -> Result<Vec<&'static Product>, Problem> {
    let asked: Result<Vec<_>, Invalid> = query.all("category").map(|text| validate::one_of(text, CATEGORIES)).collect();
    let asked = asked.map_err(|invalid| Problem::parameter("category", invalid))?;
    if asked.len() > 3 {
        return Err(Problem::bad_request("category: at most three"));
    }
    Ok(PRODUCTS.iter().filter(|product| asked.is_empty() || asked.contains(&product.category)).collect())
}

fn not_modified(call: &Call) -> Result<bool, Problem> {
    let sent = call.header(&header::IF_NONE_MATCH)?.map(validate::entity_tag).transpose();
    let sent = sent.map_err(|invalid| Problem::parameter("If-None-Match", invalid))?;
    Ok(sent.is_some_and(|tag| tag == CATALOGUE_TAG))
}
