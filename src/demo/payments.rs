//! Paying for an order.
//!
//! One handler. No money moves: the order remembers that it is paid, and may be paid again.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::Call;
use super::fields::Fields;
use super::orders::{order_number, visible};
use super::reply::{self, Answer, Problem};
use super::state::{Shared, stamp};
use super::validate::{self, Checked};

const METHODS: &[&str] = &["card", "invoice", "voucher"];

pub(crate) async fn pay(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let number = order_number(&call)?;
    let body = call.json()?;
    let fields = Fields::closed(&body, &["method", "amountCents", "cardToken"])?;
    if store.planted(Bug::HugeAmount) && fields.get("amountCents").is_some_and(is_beyond_64_bits) {
        return Err(Problem::crash("out of range integral type conversion attempted"));
    }
    let method = fields.required("method", |value| validate::string(value, |text| validate::one_of(text, METHODS)))?;
    let amount = fields.required("amountCents", |value| validate::integer(value, 1, 10_000_000))?;
    fields.optional("cardToken", |value| validate::nullable(value, card_token))?;
    if store.planted(Bug::VoucherPayment) && method == "voucher" {
        return Err(Problem::new(StatusCode::PAYMENT_REQUIRED, "conflict", "vouchers are not accepted yet"));
    }
    let id = store.with(|data| {
        visible(data, &caller, number)?.paid = true;
        Ok::<_, Problem>(data.receipt())
    })?;
    reply::created(&json!({
        "id": id, "orderId": number, "method": method, "amountCents": amount,
        "status": if method == "invoice" { "pending" } else { "captured" }, "createdAt": stamp(id),
    }))
}

fn is_beyond_64_bits(value: &Value) -> bool {
    // The reader keeps such integers as floating point numbers.
    value.as_i64().is_none() && value.as_f64().is_some_and(|number| number.fract() == 0.0 && number.abs() > 9.2e18)
}

/// `^tok_[a-z0-9]{8}$`
fn card_token(value: &Value) -> Checked<String> {
    let class = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    validate::string(value, |text| validate::pattern(text.strip_prefix("tok_").unwrap_or_default(), 8, 8, class))
}
