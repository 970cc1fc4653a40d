//! What a fresh demo contains: callers, accounts, products, orders and files, the same at every start.
//!
//! Main item: [`TOKENS`]. Constants and constructors only; `state` owns the living data. The document's examples name
//! these ids, so that a valid request succeeds without asking for an id first.

use super::state::{Account, Address, File, Line, Order, OrderStatus, Role, account_id, address_id, file_id, stamp};

/// A named caller and the bearer token that its login answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// `alice` and `bob` are customers, `admin` administers.
    pub identity: &'static str,
    /// Value for `Authorization: Bearer`. Plainly not a secret.
    pub token: &'static str,
    /// Login name.
    pub email: &'static str,
    /// Login password. Plainly not a secret.
    pub password: &'static str,
}

/// The demo's callers.
pub const TOKENS: &[Token] = &[
    Token { identity: "alice", token: "demo-alice-token", email: "alice@example.com", password: "demo-alice-password" },
    Token { identity: "bob", token: "demo-bob-token", email: "bob@example.com", password: "demo-bob-password" },
    Token { identity: "admin", token: "demo-admin-token", email: "admin@example.com", password: "demo-admin-password" },
];

/// Key of the first account, order and file that a client creates. Seeded ones have smaller keys.
pub(crate) const FIRST_CREATED: u64 = 10_000;

pub(crate) struct Product {
    pub(crate) sku: &'static str,
    pub(crate) name: &'static str,
    pub(crate) category: &'static str,
    pub(crate) price_cents: i64,
    pub(crate) stock: i64,
}

pub(crate) const CATEGORIES: &[&str] = &["kitchen", "office", "garden", "travel"];

pub(crate) const PRODUCTS: &[Product] = &[
    Product { sku: "MUG-0001", name: "Stoneware mug", category: "kitchen", price_cents: 1490, stock: 41 },
    Product { sku: "PAN-0002", name: "Iron pan", category: "kitchen", price_cents: 5900, stock: 7 },
    Product { sku: "PEN-0003", name: "Fountain pen", category: "office", price_cents: 3450, stock: 18 },
    Product { sku: "LMP-0004", name: "Desk lamp", category: "office", price_cents: 7900, stock: 0 },
    Product { sku: "CAN-0005", name: "Watering can", category: "garden", price_cents: 2450, stock: 12 },
    Product { sku: "BAG-0006", name: "Weekend bag", category: "travel", price_cents: 11900, stock: 3 },
];

/// Number, owner's key, status.
const ORDERS: &[(u64, u64, OrderStatus)] = &[
    (1001, 1, OrderStatus::Held),
    (1002, 1, OrderStatus::Delivered),
    (1003, 1, OrderStatus::Placed),
    (2001, 2, OrderStatus::Held),
    (2002, 2, OrderStatus::Shipped),
    (3001, 3, OrderStatus::Held),
];

pub(crate) fn accounts() -> impl Iterator<Item = (u64, Account)> {
    (1..).zip(TOKENS).map(|(key, token)| (key, account(key, token)))
}

fn account(key: u64, token: &Token) -> Account {
    Account {
        id: account_id(key),
        name: token.identity.to_owned(),
        email: token.email.to_owned(),
        password: token.password.to_owned(),
        phone: None,
        birth_date: None,
        role: if token.identity == "admin" { Role::Admin } else { Role::Customer },
        token: token.token.to_owned(),
        created_at: stamp(key),
    }
}

pub(crate) fn orders() -> impl Iterator<Item = (u64, Order)> {
    ORDERS.iter().map(|(key, owner, status)| (*key, order(*key, *owner, *status)))
}

fn order(key: u64, owner: u64, status: OrderStatus) -> Order {
    Order {
        number: key,
        owner: account_id(owner),
        status,
        lines: vec![Line { sku: "MUG-0001".to_owned(), quantity: 2 }],
        deliver_on: None,
        remind_at: None,
        note: String::new(),
        paid: false,
        idempotency_key: None,
        version: 1,
        created_at: stamp(key),
    }
}

pub(crate) fn addresses() -> impl Iterator<Item = (u64, Address)> {
    (1..=3).map(|key| (key, address(key)))
}

fn address(key: u64) -> Address {
    Address {
        id: address_id(key),
        owner: account_id(key),
        name: "Home".to_owned(),
        recipient: "A. Archer".to_owned(),
        street: "1 Example Street".to_owned(),
        city: "London".to_owned(),
        country: "GB".to_owned(),
        phone: None,
        hints: Vec::new(),
        created_at: stamp(key),
    }
}

pub(crate) fn files() -> impl Iterator<Item = (u64, File)> {
    (1..=3).map(|key| (key, file(key)))
}

fn file(key: u64) -> File {
    File {
        id: file_id(key),
        owner: account_id(key),
        name: "invoice.txt".to_owned(),
        folder: "invoices".to_owned(),
        description: None,
        content: b"One mug, with thanks.\n".to_vec(),
        created_at: stamp(key),
    }
}
