//! The data behind the demo, in memory and bounded: hours of fuzzing neither use it up nor let it grow.
//!
//! Main types: [`Store`], shared by all handlers, and [`Shelf`], a bounded collection that keeps its seeded objects. It
//! validates nothing. Its clock is a counter: the same requests get the same answers on every machine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::Call;
use super::meeting::Meeting;
use super::reply::Problem;
use super::seed::{self, FIRST_CREATED};

/// How many objects of a kind clients may have. Beyond it the oldest gives way.
const CREATED_LIMIT: usize = 256;

pub(crate) type Shared = Arc<Store>;

/// Everything that handlers share.
#[derive(Debug)]
pub(crate) struct Store {
    clean: bool,
    data: Mutex<Data>,
    /// For planted races.
    meeting: Meeting,
}

#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) accounts: Shelf<Account>,
    pub(crate) orders: Shelf<Order>,
    pub(crate) files: Shelf<File>,
    /// The content of deleted files, which only the planted bug keeps.
    pub(crate) deleted: VecDeque<File>,
    pub(crate) addresses: Shelf<Address>,
    /// Numbers what is not kept: reviews and payments.
    pub(crate) receipts: u64,
}

/// A collection whose seeded objects always come back.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    seeded: BTreeMap<u64, T>,
    items: BTreeMap<u64, T>,
    next: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Customer,
    Admin,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) phone: Option<String>,
    pub(crate) birth_date: Option<String>,
    pub(crate) role: Role,
    pub(crate) token: String,
    pub(crate) created_at: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderStatus {
    Placed,
    Held,
    Shipped,
    Delivered,
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) owner: String,
    pub(crate) status: OrderStatus,
    pub(crate) lines: Vec<Line>,
    pub(crate) deliver_on: Option<String>,
    pub(crate) remind_at: Option<String>,
    pub(crate) note: String,
    pub(crate) paid: bool,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) version: u64,
    pub(crate) created_at: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) quantity: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) description: Option<String>,
    pub(crate) content: Vec<u8>,
    pub(crate) created_at: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) recipient: String,
    pub(crate) street: String,
    pub(crate) city: String,
    pub(crate) country: String,
    pub(crate) phone: Option<String>,
    pub(crate) hints: Vec<String>,
    pub(crate) created_at: String,
}

impl Store {
    pub(crate) fn new(clean: bool) -> Self {
        let data = Data {
            accounts: Shelf::new(seed::accounts()),
            orders: Shelf::new(seed::orders()),
            files: Shelf::new(seed::files()),
            deleted: VecDeque::new(),
            addresses: Shelf::new(seed::addresses()),
            receipts: 0,
        };
        Self { clean, data: Mutex::new(data), meeting: Meeting::default() }
    }

    /// Whether a bug is present. Handlers name the bug where it stands, so that one sees it beside its fix.
    pub(crate) fn planted(&self, _bug: Bug) -> bool {
        !self.clean
    }

    /// Where the bug is planted, waits for another request about the same thing, and answers true.
    pub(crate) async fn races(&self, bug: Bug, about: impl FnOnce() -> String) -> bool {
        let is_planted = self.planted(bug);
        if is_planted {
            self.meeting.wait(format!("{bug:?} {}", about())).await;
        }
        is_planted
    }

    /// Runs `work` on the data. Not asynchronous, so that no lock is held while anything waits.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Data) -> T) -> T {
        // A planted panic never happens in here; if another one does, the data is still whole enough for a demo.
        work(&mut self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The account whose token the request carries.
    pub(crate) fn caller(&self, call: &Call) -> Result<Account, Problem> {
        let refused = || Problem::unauthorized("a valid bearer token is required");
        let value = call.header(&axum::http::header::AUTHORIZATION).ok().flatten().ok_or_else(refused)?;
        let (scheme, token) = value.split_once(' ').ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refused());
        }
        self.with(|data| data.accounts.iter().find(|account| account.token == token.trim_start()).cloned())
            .ok_or_else(refused)
    }

    pub(crate) fn admin(&self, call: &Call) -> Result<Account, Problem> {
        let caller = self.caller(call)?;
        if caller.role == Role::Admin {
            Ok(caller)
        } else {
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "only administrators may do this"))
        }
    }
}

impl Data {
    /// Keeps deleted files from growing without bound.
    pub(crate) fn forget_oldest(&mut self) {
        if self.deleted.len() > CREATED_LIMIT {
            self.deleted.pop_front();
        }
    }

    pub(crate) fn receipt(&mut self) -> u64 {
        self.receipts += 1;
        self.receipts
    }
}

impl<T: Clone> Shelf<T> {
    fn new(seeded: impl Iterator<Item = (u64, T)>) -> Self {
        let seeded: BTreeMap<_, _> = seeded.collect();
        Self { items: seeded.clone(), seeded, next: FIRST_CREATED }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.values()
    }

    pub(crate) fn find_mut(&mut self, test: impl Fn(&T) -> bool) -> Option<&mut T> {
        self.items.values_mut().find(|item| test(item))
    }

    pub(crate) fn is_seeded(&self, test: impl Fn(&T) -> bool) -> bool {
        self.seeded.values().any(test)
    }

    /// Keeps what `make` makes of the next key, at the cost of the oldest created object if there are too many.
    pub(crate) fn insert(&mut self, make: impl FnOnce(u64) -> T) -> T {
        let key = self.next;
        self.next += 1;
        let item = make(key);
        self.items.insert(key, item.clone());
        if self.items.len() - self.seeded.len() > CREATED_LIMIT {
            let oldest = self.items.range(FIRST_CREATED..).next().map(|(key, _)| *key);
            oldest.and_then(|key| self.items.remove(&key));
        }
        item
    }

    /// Removes the object, if `test` finds it. A seeded one is back at once, as it was at the start: the demo must stay
    /// explorable after its first minute, and the examples of its document must keep working.
    pub(crate) fn remove(&mut self, test: impl Fn(&T) -> bool) -> bool {
        let Some(key) = self.items.iter().find(|(_, item)| test(item)).map(|(key, _)| *key) else { return false };
        self.items.remove(&key);
        if let Some(item) = self.seeded.get(&key) {
            self.items.insert(key, item.clone());
        }
        true
    }
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Admin => "admin",
        }
    }
}

impl Account {
    /// The document's `Account`, without its write-only password.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "email": self.email, "phone": self.phone,
            "birthDate": self.birth_date, "role": self.role.name(), "createdAt": self.created_at,
        })
    }
}

pub(crate) fn account_id(key: u64) -> String {
    format!("a0000000-0000-4000-8000-{key:012x}")
}

pub(crate) fn address_id(key: u64) -> String {
    format!("d0000000-0000-4000-8000-{key:012x}")
}

pub(crate) fn file_id(key: u64) -> String {
    format!("f0000000-0000-4000-8000-{key:012x}")
}

/// A point in time by count, each a second after the one before, within May 2024.
pub(crate) fn stamp(count: u64) -> String {
    let (day, hour, minute, second) = (1 + count / 86_400 % 28, count / 3600 % 24, count / 60 % 60, count % 60);
    format!("2024-05-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
