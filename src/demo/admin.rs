//! What runs the shop: account administration, the order report, the health check.
//!
//! Handlers only.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderName;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::Call;
use super::orders::may_see;
use super::reply::{self, Answer, Problem};
use super::state::{Account, Shared};
use super::validate::{self, Checked, Invalid};

const AUDIT_REASON: HeaderName = HeaderName::from_static("x-audit-reason");
const ROLES: &[&str] = &["customer", "admin"];

pub(crate) async fn accounts(State(store): State<Shared>, call: Call) -> Answer {
    store.admin(&call)?;
    let reason = call.header(&AUDIT_REASON)?.ok_or_else(|| Problem::bad_request("X-Audit-Reason: is required"))?;
    audit_reason(reason).map_err(|invalid| Problem::parameter("X-Audit-Reason", invalid))?;
    let query = call.query()?;
    let role = query.optional("role", |text| validate::one_of(text, ROLES))?;
    let limit = query.optional("limit", |text| validate::digits(text, 1, 100))?.unwrap_or(20);
    let limit = usize::try_from(limit).unwrap_or_default();
    let items: Vec<Value> = store.with(|data| {
        let wanted = data.accounts.iter().filter(|account| role.is_none_or(|role| role == account.role.name()));
        wanted.take(limit).map(Account::to_json).collect()
    });
    reply::ok(&json!({ "items": items }))
}

pub(crate) async fn report(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let query = call.query()?;
    let from = query.required("from", validate::date)?;
    let to = query.required("to", validate::date)?;
    let group = query.optional("group", |text| validate::one_of(text, &["day", "month"]))?.unwrap_or("day");
    if store.planted(Bug::ReversedRange) && from > to {
        return reply::hang().await;
    }
    // A range whose end lies before its start is legal and empty.
    let label = if group == "month" { 7 } else { 10 };
    let mut rows = BTreeMap::<String, (u64, i64)>::new();
    store.with(|data| {
        for order in data.orders.iter().filter(|order| may_see(&caller, order)) {
            let day = &order.created_at[..10];
            if from.as_str() <= day && day <= to.as_str() {
                let row = rows.entry(day[..label].to_owned()).or_default();
                *row = (row.0 + 1, row.1.saturating_add(order.total_cents()));
            }
        }
    });
    let rows = rows
        .into_iter()
        .map(|(label, (orders, cents))| json!({ "label": label, "orders": orders, "revenueCents": cents }));
    reply::ok(&json!({ "from": from, "to": to, "group": group, "rows": rows.collect::<Vec<_>>() }))
}

pub(crate) async fn health(State(store): State<Shared>, _call: Call) -> Answer {
    let mut answer = json!({ "status": "ok", "version": "1.4.2" });
    if store.planted(Bug::ConnectionString) {
        answer["database"] = "postgres://shop:demo-database-password@10.20.0.5:5432/shop".into();
    }
    reply::ok(&answer)
}

/// `^[A-Za-z0-9][A-Za-z0-9 ._-]{3,78}[A-Za-z0-9]$`
fn audit_reason(text: &str) -> Checked<String> {
    let reason = validate::pattern(text, 5, 80, |c| c.is_ascii_alphanumeric() || " ._-".contains(c))?;
    if reason.starts_with(|c: char| !c.is_ascii_alphanumeric())
        || reason.ends_with(|c: char| !c.is_ascii_alphanumeric())
    {
        return Err(Invalid::rule("must begin and end with a letter or a digit"));
    }
    Ok(reason)
}
