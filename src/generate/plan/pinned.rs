//! What the user has fixed, within a part: put into every value that is made of it, except where that place is aimed at.

use super::{Change, Part, Plan, Spot};
use crate::generate::plan::base::stands;
use crate::generate::user::Pin;
use crate::scenario::Datum;
use crate::schema::{View, escape_token};

impl Plan {
    /// Why what the user has fixed is not valid, one sentence for each part.
    pub(crate) fn pin_problems(&self) -> impl Iterator<Item = String> {
        let parts = self.parameters.iter().zip(&self.operation.parameters);
        let of_parameters = parts.filter_map(|(part, described)| {
            let problem = part.pin_problem.as_ref()?;
            Some(format!("{} parameter {:?}: {problem}", described.location.word(), described.name))
        });
        let of_bodies = self.bodies.iter().filter_map(|body| {
            let problem = body.part.pin_problem.as_ref()?;
            Some(format!("{} body: {problem}", body.media_type))
        });
        of_parameters.chain(of_bodies)
    }
}

impl Part {
    /// Puts a value that the user has fixed into the values that are known to be good. Of its readings the first one
    /// that conforms is meant.
    pub(super) fn fix(&mut self, mut pin: Pin) {
        // Whoever fixes a value wants it sent.
        self.required = true;
        if pin.is_whole() {
            self.fix_whole(&mut pin);
        } else {
            self.fix_within(&mut pin);
        }
        self.pins.push(pin);
    }

    fn fix_whole(&mut self, pin: &mut Pin) {
        let reading = pin.readings().iter().position(|reading| stands(reading, self.wire) && self.conforms(reading));
        pin.settle(reading.unwrap_or(0));
        self.goods = pin.readings().to_vec();
        self.documented = self.goods.len();
        self.proved = reading.is_some();
        self.pin_problem =
            reading.is_none().then(|| "the value that is fixed does not conform to the schema".to_owned());
    }

    fn fix_within(&mut self, pin: &mut Pin) {
        let with = |good: &Datum, reading: usize| {
            let mut changed = good.clone();
            pin.put(&mut changed, reading, true).then_some(changed)
        };
        let fitting = |reading: usize| {
            self.goods.iter().filter_map(|good| with(good, reading)).any(|changed| self.conforms(&changed))
        };
        let reading = (0..pin.readings().len()).find(|reading| fitting(*reading));
        let mut goods: Vec<Datum> = Vec::new();
        let mut documented = 0;
        for (index, good) in self.goods.iter().enumerate() {
            let changed =
                with(good, reading.unwrap_or(0)).filter(|changed| reading.is_none() || self.conforms(changed));
            let kept = changed.unwrap_or_else(|| good.clone());
            // What was only likely counts no more once something is proved.
            let counts = self.proved || reading.is_none() || self.conforms(&kept);
            if counts && !goods.contains(&kept) {
                goods.push(kept);
                documented += usize::from(index < self.documented);
            }
        }
        let has_place = self.goods.iter().any(|good| with(good, 0).is_some());
        if reading.is_none() && has_place {
            let pointer = pin.pointer();
            self.pin_problem = Some(format!("the value that is fixed at {pointer} does not conform to the schema"));
        }
        self.proved = reading.is_some() || self.proved && !has_place;
        (self.goods, self.documented) = (goods, documented);
        pin.settle(reading.unwrap_or(0));
    }

    pub(super) fn conforms(&self, datum: &Datum) -> bool {
        datum.to_value().is_some_and(|value| self.schema.conforms(View::Request, &value))
    }

    /// Whether the user has fixed the whole of it.
    pub(crate) fn is_fixed(&self) -> bool {
        self.pins.iter().any(Pin::is_whole)
    }

    /// Whether the user has fixed what stands here.
    pub(crate) fn has_pin(&self, pointer: &str) -> bool {
        self.pins.iter().any(|pin| pin.is_at(pointer))
    }

    /// A value that was drawn with what the user has fixed, as far as it stays valid.
    pub(crate) fn pinned(&self, drawn: Datum) -> Datum {
        if let Some(good) = self.goods.first().filter(|_| self.is_fixed()) {
            return good.clone();
        }
        let mut value = drawn;
        for pin in &self.pins {
            let mut changed = value.clone();
            if pin.put(&mut changed, 0, true) && self.conforms(&changed) {
                value = changed;
            }
        }
        value
    }

    /// The place that a change at a spot is about.
    pub(crate) fn aimed(&self, spot: &Spot, change: &Change) -> String {
        match change {
            _ if self.pins.is_empty() => String::new(),
            Change::Set(_) => spot.pointer.to_string(),
            Change::Remove(name) | Change::Insert(name, _) => format!("{}/{}", spot.pointer, escape_token(name)),
        }
    }

    /// Puts what the user has fixed back where a change around it has made something else.
    pub(crate) fn pin_again(&self, value: &mut Datum, aimed: &str) {
        for pin in self.pins.iter().filter(|pin| !pin.is_whole() && !pin.is_at(aimed)) {
            pin.put(value, 0, false);
        }
    }
}
