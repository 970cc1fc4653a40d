//! Search in the catalogue: by text, and by a structured query.
//!
//! Handlers only.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::Call;
use super::fields::Fields;
use super::products::summary;
use super::reply::{self, Answer, Problem};
use super::seed::{CATEGORIES, PRODUCTS, Product};
use super::state::Shared;
use super::validate::{self, Checked};

const ORDERS: &[&str] = &["relevance", "price"];

/// A structured query, after validation.
struct Wanted {
    terms: Vec<String>,
    category: Option<&'static str>,
    price: (f64, f64),
    by_price: bool,
    limit: i64,
}

pub(crate) async fn simple(State(store): State<Shared>, call: Call) -> Answer {
    let query = call.query()?;
    let text = query.required("q", |text| validate::length(text, 1, 80))?;
    let limit = query.optional("limit", |text| validate::digits(text, 1, 50))?.unwrap_or(10);
    let in_stock = query.optional("inStock", validate::flag)?;
    if store.planted(Bug::QuoteInSearch) && text.contains('\'') {
        return Err(Problem::crash("search expression failed: unbalanced quote"));
    }
    let found = PRODUCTS
        .iter()
        .filter(|product| mentions(product, &text) && in_stock.is_none_or(|in_stock| in_stock == (product.stock > 0)));
    results(found.collect(), limit)
}

pub(crate) async fn advanced(State(store): State<Shared>, call: Call) -> Answer {
    // A wrong content type is told first: only what is called JSON can be malformed JSON.
    call.body("application/json")?;
    let body = match call.json() {
        Err(_) if store.planted(Bug::HtmlError) => {
            let page = "<!DOCTYPE html><html><body><h1>Bad Request</h1></body></html>";
            return Ok(reply::text(StatusCode::BAD_REQUEST, "text/html", page));
        }
        body => body?,
    };
    if store.planted(Bug::ListForFilters) && body["filters"].is_array() {
        return Err(Problem::crash("invalid type: sequence, expected struct Filters"));
    }
    let wanted = wanted(&body)?;
    let mut found: Vec<&Product> = PRODUCTS.iter().filter(|product| wanted.fits(product)).collect();
    if wanted.by_price {
        found.sort_by_key(|product| product.price_cents);
    }
    results(found, wanted.limit)
}

impl Wanted {
    fn fits(&self, product: &Product) -> bool {
        let price = f64::from(i32::try_from(product.price_cents).unwrap_or(i32::MAX)) / 100.0;
        self.terms.iter().any(|term| mentions(product, term))
            && self.category.is_none_or(|category| category == product.category)
            && (self.price.0..=self.price.1).contains(&price)
    }
}

fn wanted(body: &Value) -> Checked<Wanted> {
    let fields = Fields::closed(body, &["terms", "filters", "sort", "limit"])?;
    let term = |value: &Value| validate::string(value, |text| validate::length(text, 1, 40));
    let terms = fields.required("terms", |value| validate::array(value, 1, 5, term))?;
    let (category, price) = fields.optional("filters", filters)?.unwrap_or((None, (0.0, f64::MAX)));
    let sort = fields.optional("sort", |value| validate::string(value, |text| validate::one_of(text, ORDERS)))?;
    let limit = fields.optional("limit", |value| validate::integer(value, 1, 50))?.unwrap_or(10);
    Ok(Wanted { terms, category, price, by_price: sort == Some("price"), limit })
}

fn filters(value: &Value) -> Checked<(Option<&'static str>, (f64, f64))> {
    let fields = Fields::closed(value, &["category", "price"])?;
    let category = |value: &Value| validate::string(value, |text| validate::one_of(text, CATEGORIES));
    let category = fields.optional("category", category)?;
    Ok((category, fields.optional("price", range)?.unwrap_or((0.0, f64::MAX))))
}

/// A range whose end lies before its start is legal and empty.
fn range(value: &Value) -> Checked<(f64, f64)> {
    let fields = Fields::closed(value, &["min", "max"])?;
    let amount = |value: &Value| validate::number(value, 0.0, 100_000.0);
    let min = fields.optional("min", amount)?.unwrap_or(0.0);
    Ok((min, fields.optional("max", amount)?.unwrap_or(f64::MAX)))
}

fn mentions(product: &Product, text: &str) -> bool {
    product.name.to_lowercase().contains(&text.to_lowercase())
}

fn results(found: Vec<&Product>, limit: i64) -> Answer {
    let total = found.len();
    let shown = found.into_iter().take(usize::try_from(limit).unwrap_or_default());
    reply::ok(&json!({ "items": shown.map(summary).collect::<Vec<_>>(), "total": total }))
}
