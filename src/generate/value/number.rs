//! Numbers within their limits.

use serde_json::Number;

use super::Maker;
use crate::scenario::Datum;
use crate::schema::{Constraints, Limit, Literal};

/// The range of integers that are legal: by the limits, and by the format.
pub(crate) fn integer_range(constraints: &Constraints) -> (i128, i128) {
    let by_format = constraints.string.format.and_then(crate::schema::Format::range);
    let (least, most) = by_format.unwrap_or((i128::from(i64::MIN), i128::from(i64::MAX)));
    let rules = &constraints.number;
    let low = rules.minimum.as_ref().map(|limit| whole(limit, f64::ceil, 1));
    let high = rules.maximum.as_ref().map(|limit| whole(limit, f64::floor, -1));
    // A limit beyond the usual range widens it: the document knows its numbers.
    (low.unwrap_or(least.min(high.unwrap_or(least))), high.unwrap_or(most.max(low.unwrap_or(most))))
}

/// The integer at a limit, or next to it.
#[expect(clippy::cast_possible_truncation, reason = "a limit beyond 2^127 saturates, which no integer reaches")]
fn whole(limit: &Limit, round: fn(f64) -> f64, step: i128) -> i128 {
    let exact = limit.value.as_i128();
    let value = exact.unwrap_or_else(|| round(limit.value.as_f64().unwrap_or(0.0)) as i128);
    let stands_at_it = exact.is_some() || limit.value.as_f64().is_some_and(|number| number.fract() == 0.0);
    if limit.exclusive && stands_at_it { value.saturating_add(step) } else { value }
}

/// `multipleOf` as a whole number of `10^-scale`.
pub(super) fn step(number: &Literal) -> Option<(i128, u32)> {
    let text = number.to_string();
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        let places = exponent.strip_prefix('-')?.parse::<u32>().ok()?;
        let (digits, scale) = decimal(mantissa)?;
        return Some((digits, scale + places));
    }
    decimal(&text)
}

fn decimal(text: &str) -> Option<(i128, u32)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    let digits = format!("{whole}{part}").parse().ok()?;
    Some((digits, u32::try_from(part.len()).ok()?))
}

/// `units * 10^-scale` as decimal text.
pub(super) fn scaled(units: i128, scale: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale as usize + 1);
    let (whole, part) = digits.split_at(digits.len() - scale as usize);
    let part = part.trim_end_matches('0');
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// The least legal number as text, if there is a limit.
pub(crate) fn smallest(constraints: &Constraints) -> Option<String> {
    let limit = constraints.number.minimum.as_ref()?;
    edge(constraints, limit, 1).map(|text| told_apart(text, limit, f64::next_up))
}

/// The greatest legal number as text, if there is a limit.
pub(crate) fn largest(constraints: &Constraints) -> Option<String> {
    let limit = constraints.number.maximum.as_ref()?;
    edge(constraints, limit, -1).map(|text| told_apart(text, limit, f64::next_down))
}

fn edge(constraints: &Constraints, limit: &Limit, inward: i128) -> Option<String> {
    if let Some((digits, scale)) = constraints.number.multiple_of.as_ref().and_then(step) {
        if let Some(bound) = limit.value.as_i128() {
            return exact_multiple(bound, limit.exclusive, digits, scale, inward);
        }
        let power = 10_f64.powi(i32::try_from(scale).ok()?);
        let bound = limit.value.as_f64()? * power;
        #[expect(clippy::cast_possible_truncation, reason = "a limit beyond 2^127 saturates, and is then not met")]
        let steps = if inward > 0 { (bound / digits as f64).ceil() } else { (bound / digits as f64).floor() } as i128;
        let at_limit = limit.exclusive && (steps.checked_mul(digits)? as f64 - bound).abs() < f64::EPSILON;
        return Some(scaled((steps + if at_limit { inward } else { 0 }).checked_mul(digits)?, scale));
    }
    let is_beyond = limit.value.is_long() && limit.value.as_i128().is_none();
    if is_beyond {
        return if limit.exclusive { limit.value.next(inward > 0) } else { Some(limit.value.to_string()) };
    }
    if !constraints.types.overlaps(crate::schema::Types::FRACTION) {
        let (least, most) = integer_range(constraints);
        return Some(if inward > 0 { least } else { most }.to_string());
    }
    if !limit.exclusive {
        return Some(limit.value.to_string());
    }
    let value = limit.value.as_f64()?;
    let near = if inward > 0 { value.next_up() } else { value.next_down() };
    // So near to zero as to be lost in most readers is no use.
    let near = if value == 0.0 { 1e-9_f64.copysign(near) } else { near };
    Number::from_f64(near).map(|number| number.to_string())
}

/// The number, or the next double if it is the same double as a limit that is out itself: validators could not tell it.
fn told_apart(text: String, limit: &Limit, next: fn(f64) -> f64) -> String {
    let double = limit.value.as_f64().filter(|_| limit.exclusive && limit.value.is_long());
    match double.filter(|double| text.parse::<f64>().is_ok_and(|number| number.to_bits() == double.to_bits())) {
        Some(double) => format!("{:.0}", next(double)),
        None => text,
    }
}

/// The multiple of a step, in units of `10^-scale`, that is at an integer or next to it.
fn exact_multiple(bound: i128, exclusive: bool, step: i128, scale: u32, inward: i128) -> Option<String> {
    let bound = bound.checked_mul(10_i128.checked_pow(scale)?)?;
    let (down, rest) = (bound.div_euclid(step), bound.rem_euclid(step));
    let steps = if inward > 0 && rest != 0 { down.checked_add(1)? } else { down };
    let steps = if exclusive && rest == 0 { steps.checked_add(inward)? } else { steps };
    Some(scaled(steps.checked_mul(step)?, scale))
}

impl Maker<'_, '_> {
    pub(super) fn integer(&mut self, constraints: &Constraints) -> Option<Datum> {
        let (least, most) = integer_range(constraints);
        if least > most {
            return None;
        }
        let drawn = self.drawn_integer(least, most);
        let Some((digits, scale)) = constraints.number.multiple_of.as_ref().and_then(step) else {
            return Some(Datum::Number(drawn.to_string().into()));
        };
        // Within integers a step of 0.5 is a step of 1, and one of 2.5 a step of 5.
        let unit = 10_i128.checked_pow(scale)?;
        let step = (1..=unit).map(|factor| digits * factor).find(|product| product % unit == 0)? / unit;
        let down = drawn.div_euclid(step) * step;
        let multiple = if down >= least { down } else { down + step };
        (multiple <= most).then(|| Datum::Number(multiple.to_string().into()))
    }

    fn drawn_integer(&mut self, least: i128, most: i128) -> i128 {
        let within = |number: i128| number.clamp(least, most);
        // One is a more usual id than zero; otherwise the legal number that is nearest.
        let plain = within(1);
        let width = most.saturating_sub(least);
        match self.tape.below(8) {
            0..=3 => within(plain.saturating_add(self.tape.between(0, 100))),
            4 => self
                .tape
                .between(least.max(-1_000_000), most.min(1_000_000).max(least.max(-1_000_000)))
                .clamp(least, most),
            5 => within(1 << self.tape.below(63)),
            6 => within(-self.tape.between(0, 100)),
            _ if width < i128::MAX / 2 => self.tape.between(least, most),
            _ => plain,
        }
    }

    pub(super) fn fraction(&mut self, constraints: &Constraints) -> Option<Datum> {
        if constraints.number.multiple_of.is_some() {
            return self.stepped(constraints);
        }
        let bound = |limit: &Option<Limit>| limit.as_ref().and_then(|limit| limit.value.as_f64());
        let least = bound(&constraints.number.minimum);
        let most = bound(&constraints.number.maximum);
        let (low, high) = match (least, most) {
            (Some(low), Some(high)) => (low, high),
            (Some(low), None) => (low, low + 1_000.0),
            (None, Some(high)) => (high - 1_000.0, high),
            (None, None) => (-1_000.0, 1_000.0),
        };
        let is_inside = |number: f64| {
            let above = constraints
                .number
                .minimum
                .as_ref()
                .is_none_or(|limit| number > low || !limit.exclusive && number >= low);
            let below = constraints
                .number
                .maximum
                .as_ref()
                .is_none_or(|limit| number < high || !limit.exclusive && number <= high);
            above && below
        };
        let hundredths = self.tape.between(0, 10_000) as f64 / 10_000.0;
        let drawn = [1.5, low + (high - low) * hundredths, f64::midpoint(low, high)];
        // A round number where one fits, the plain one on an empty tape.
        let skip = usize::from(hundredths > 0.0);
        let rounded = drawn.into_iter().skip(skip).flat_map(|number| [(number * 100.0).round() / 100.0, number]);
        let number = rounded.into_iter().find(|number| is_inside(*number))?;
        Some(Datum::Number(Number::from_f64(number)?.to_string().into()))
    }

    /// A multiple of the step.
    fn stepped(&mut self, constraints: &Constraints) -> Option<Datum> {
        let (digits, scale) = step(constraints.number.multiple_of.as_ref()?)?;
        let start = smallest(constraints).or_else(|| largest(constraints)).unwrap_or_else(|| "0".to_owned());
        let (units, own_scale) = decimal(&start)?;
        let first = units.checked_mul(10_i128.checked_pow(scale.checked_sub(own_scale)?)?)?;
        let direction =
            if constraints.number.minimum.is_some() || constraints.number.maximum.is_none() { 1 } else { -1 };
        let many = self.tape.between(0, 1_000);
        let text = [many, many % 10, 0].into_iter().map(|many| scaled(first + direction * many * digits, scale)).find(
            |text| {
                let number = text.parse::<f64>().unwrap_or(f64::NAN);
                let limit = |limit: &Option<Limit>| limit.as_ref().and_then(|limit| limit.value.as_f64());
                limit(&constraints.number.maximum).is_none_or(|most| number <= most)
                    && limit(&constraints.number.minimum).is_none_or(|least| number >= least)
            },
        )?;
        Some(Datum::Number(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Digits, Schema};

    #[track_caller]
    fn check(schema: serde_json::Value, least: Option<&str>, most: Option<&str>) {
        let schema = Schema::standalone(schema);
        let constraints = schema.constraints();
        assert_eq!((smallest(constraints).as_deref(), largest(constraints).as_deref()), (least, most));
    }

    #[test]
    fn edges_are_the_last_legal_numbers() {
        check(json!({"type": "integer", "minimum": 1, "maximum": 10}), Some("1"), Some("10"));
        check(json!({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 10}), Some("2"), Some("9"));
        check(json!({"type": "integer", "minimum": 0.5, "maximum": 9.5}), Some("1"), Some("9"));
        check(json!({"type": "integer", "minimum": 1, "maximum": 10, "multipleOf": 4}), Some("4"), Some("8"));
        check(
            json!({"type": "integer", "minimum": -9_223_372_036_854_775_807_i64, "exclusiveMaximum": u64::MAX, "multipleOf": 5}),
            Some("-9223372036854775805"),
            Some("18446744073709551610"),
        );
        check(json!({"type": "number", "minimum": 0.5}), Some("0.5"), None);
        check(json!({"type": "number", "exclusiveMaximum": 1}), None, Some("0.9999999999999999"));
        check(json!({"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.01}), Some("0"), Some("1"));
    }

    #[test]
    fn steps_are_exact() {
        let literal = |number: f64| Literal::new(&Number::from_f64(number).unwrap(), &Digits::default());
        assert_eq!(step(&literal(0.01)), Some((1, 2)));
        assert_eq!(step(&literal(1e-8)), Some((1, 8)));
        assert_eq!([scaled(1234, 2), scaled(-5, 2), scaled(100, 2), scaled(7, 0)], ["12.34", "-0.05", "1", "7"]);
    }
}
