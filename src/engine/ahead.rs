//! Cases made before their turn, by a thread beside the run. Main types: [`Ahead`], [`Stock`].
//!
//! A case is a pure function of its operation, generator, index and seed: who makes it, and when, changes nothing but how
//! long the run waits for it. Whoever comes first to an index makes its case, so nothing is made twice.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use super::arm::{Drawn, Making};
use crate::api::Operation;
use crate::generate::Generator;

/// The most cases that are made and not taken yet.
const MOST: usize = 512;

/// The thread beside the run; none where there is one core only.
pub(super) struct Ahead {
    orders: Option<mpsc::Sender<Order>>,
    /// How many cases are made and not taken yet.
    stocked: Arc<AtomicUsize>,
}

/// The cases of one generator and operation that are being made.
#[derive(Default)]
pub(super) struct Stock {
    order: Option<Ordered>,
}

struct Ordered {
    made: mpsc::Receiver<Option<Box<Drawn>>>,
    indices: Range<u64>,
    /// The next index that nobody makes yet.
    next: Arc<AtomicU64>,
    stocked: Arc<AtomicUsize>,
}

struct Order {
    operation: Arc<Operation>,
    generator: Arc<dyn Generator>,
    making: Making,
    end: u64,
    next: Arc<AtomicU64>,
    made: mpsc::SyncSender<Option<Box<Drawn>>>,
}

impl Ahead {
    pub(super) fn new() -> Self {
        let stocked = Arc::new(AtomicUsize::new(0));
        let (orders, received) = mpsc::channel();
        let worker = {
            let stocked = Arc::clone(&stocked);
            move || received.into_iter().for_each(|order| carry_out(&order, &stocked))
        };
        let is_alone = thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
        let is_started = !is_alone && thread::Builder::new().name("ahead".to_owned()).spawn(worker).is_ok();
        Self { orders: is_started.then_some(orders), stocked }
    }

    /// Has the cases of these indices made, if the stock is used up.
    pub(super) fn order(
        &self,
        stock: &mut Stock,
        operation: &Arc<Operation>,
        generator: &Arc<dyn Generator>,
        making: &Making,
        indices: Range<u64>,
    ) {
        let Some(orders) = self.orders.as_ref().filter(|_| stock.is_used_up() && !indices.is_empty()) else { return };
        let (made, receiver) = mpsc::sync_channel(MOST);
        let next = Arc::new(AtomicU64::new(indices.start));
        let order = Order {
            operation: Arc::clone(operation),
            generator: Arc::clone(generator),
            making: making.clone(),
            end: indices.end,
            next: Arc::clone(&next),
            made,
        };
        if orders.send(order).is_ok() {
            stock.order = Some(Ordered { made: receiver, indices, next, stocked: Arc::clone(&self.stocked) });
        }
    }
}

fn carry_out(order: &Order, stocked: &AtomicUsize) {
    while stocked.load(Ordering::Relaxed) < MOST {
        let claim = |next: u64| (next < order.end).then_some(next + 1);
        let Ok(index) = order.next.fetch_update(Ordering::AcqRel, Ordering::Acquire, claim) else { return };
        let drawn = order.making.make(&*order.generator, &order.operation, index).map(Box::new);
        stocked.fetch_add(1, Ordering::Relaxed);
        if order.made.send(drawn).is_err() {
            stocked.fetch_sub(1, Ordering::Relaxed);
            return;
        }
    }
}

impl Stock {
    /// The case of this index, if there is one; `make` makes it if nobody else does. The indices are asked for one after
    /// the other.
    pub(super) fn take(&mut self, index: u64, make: impl FnOnce() -> Option<Drawn>) -> Option<Drawn> {
        let Some(order) = self.order.as_mut().filter(|order| order.indices.contains(&index)) else { return make() };
        let is_free = order.next.compare_exchange(index, index + 1, Ordering::AcqRel, Ordering::Acquire).is_ok();
        order.indices.start = index + 1;
        if is_free {
            return make();
        }
        // It is made, or being made; only a worker that died gives nothing.
        let Ok(drawn) = order.made.recv() else { return make() };
        order.stocked.fetch_sub(1, Ordering::Relaxed);
        drawn.map(|drawn| *drawn)
    }

    fn is_used_up(&self) -> bool {
        self.order.as_ref().is_none_or(|order| order.indices.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::generate::standard;
    use crate::scenario::encode::samples::operation;
    use crate::seed::Seed;

    fn sample() -> (Arc<Operation>, Arc<dyn Generator>, Making) {
        let schema = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "minLength": 2}, "size": {"type": "integer", "minimum": 1}
        }});
        let operation = operation("POST", "/a", json!({"body": {"application/json": {"schema": schema}}}));
        let generators = standard(&Arc::default());
        let generator = Arc::clone(generators.named("malformed").unwrap());
        (operation, generator, Making { seed: Seed::new(1), base_path: "/v1".into() })
    }

    #[test]
    fn cases_are_the_same_whoever_makes_them() {
        let (operation, generator, making) = sample();
        let shown = |drawn: Option<Drawn>| format!("{drawn:?}");
        let ahead = Ahead::new();
        let mut stock = Stock::default();
        let mut made_here = 0;
        for index in 0..300 {
            ahead.order(&mut stock, &operation, &generator, &making, index..index + 7);
            let here = || making.make(&*generator, &operation, index);
            let taken = stock.take(index, || {
                made_here += 1;
                here()
            });
            assert_eq!(shown(taken), shown(here()), "case {index}");
        }
        assert!(ahead.orders.is_some() || made_here == 300);
        assert!(ahead.stocked.load(Ordering::Relaxed) <= 7);
    }

    #[test]
    fn what_nobody_makes_is_left_to_the_caller() {
        let mut stock = Stock::default();
        let (operation, generator, making) = sample();
        let nobody = Ahead { orders: None, stocked: Arc::default() };
        nobody.order(&mut stock, &operation, &generator, &making, 0..9);
        let mut asked = false;
        let taken = stock.take(0, || {
            asked = true;
            None
        });
        assert!(stock.is_used_up() && asked && taken.is_none());
    }

    #[test]
    fn what_is_made_and_not_taken_is_bounded() {
        let (operation, generator, making) = sample();
        let stocked = AtomicUsize::new(MOST - 3);
        let (made, receiver) = mpsc::sync_channel(MOST);
        let next = Arc::new(AtomicU64::new(5));
        carry_out(&Order { operation, generator, making, end: 50, next: Arc::clone(&next), made }, &stocked);
        assert_eq!((receiver.into_iter().count(), next.load(Ordering::Relaxed)), (3, 8));
    }
}
