//! How far apart two points are, in whole meters, the same on every machine.
//!
//! Distances decide which location ships, and a decision is repeated bit for bit: so nothing here is
//! a float, whose sine and root differ between mathematical libraries.
//!
//! Angles are radians times 2^31, sines and cosines times 2^30. The result is within 1 m or 0.01% of
//! the formula in exact arithmetic, whichever is more.

use crate::Point;

/// The mean radius of the Earth (IUGG) in decimeters.
const RADIUS_DM: i64 = 63_710_088;

/// Radians times 2^31 in 45 and in 90 degrees.
const EIGHTH: i64 = 1_686_629_713;
const QUARTER: i64 = 2 * EIGHTH;

/// Half millionths of a degree in 90 degrees.
const QUARTER_HALVES: i64 = 180_000_000;

/// Great-circle distance in meters on a sphere of the Earth's mean radius, by the haversine formula.
///
/// Points off the globe count as the nearest pole or wrap around the date line.
#[must_use]
pub fn distance_m(from: Point, to: Point) -> i64 {
    let latitude = |point: Point| i64::from(point.0).clamp(-90_000_000, 90_000_000);
    let (south, north) = (latitude(from), latitude(to));
    let mut east = (i64::from(from.1) - i64::from(to.1)).rem_euclid(360_000_000);
    east = east.min(360_000_000 - east);

    // Halves of the differences are whole numbers of half millionths.
    let half_north = sine(radians((south - north).abs()));
    let half_east = sine(radians(east));
    let narrowing = wide(cosine_of_latitude(south)) * wide(cosine_of_latitude(north));
    let across = (narrowing * (wide(half_east) * wide(half_east))) >> 60;
    let hav = (wide(half_north) * wide(half_north) + across).min(1 << 60);

    let angle = arc_sine(hav as u64);
    // At most 1.6 * 2^31 * 1.3 * 10^8, well inside of 64 bits; rounded to the nearest meter.
    let decimeters = (2 * RADIUS_DM * angle + (1 << 30)) >> 31;
    (decimeters + 5) / 10
}

fn wide(number: i64) -> u128 {
    u128::from(number.unsigned_abs())
}

/// Radians of an angle in half millionths of a degree, at most 90 degrees.
fn radians(halves: i64) -> i64 {
    let scaled = i128::from(halves) * i128::from(QUARTER);
    ((scaled + i128::from(QUARTER_HALVES / 2)) / i128::from(QUARTER_HALVES)) as i64
}

fn cosine_of_latitude(micro: i64) -> i64 {
    cosine(radians(2 * micro.abs()))
}

/// For angles from 0 to 90 degrees.
fn sine(angle: i64) -> i64 {
    if angle <= EIGHTH {
        low_sine(angle)
    } else {
        low_cosine(QUARTER - angle)
    }
}

/// For angles from 0 to 90 degrees.
fn cosine(angle: i64) -> i64 {
    sine(QUARTER - angle)
}

/// The Taylor series up to the eleventh power, for angles up to 45 degrees: the twelfth is below the
/// last bit.
fn low_sine(angle: i64) -> i64 {
    let square = times(angle, angle);
    let mut sum = 1 << 31;
    for divisor in [110, 72, 42, 20, 6] {
        sum = (1 << 31) - times(square, sum) / divisor;
    }
    (times(angle, sum) + 1) >> 1
}

/// The same up to the twelfth power.
fn low_cosine(angle: i64) -> i64 {
    let square = times(angle, angle);
    let mut sum = 1 << 31;
    for divisor in [132, 90, 56, 30, 12, 2] {
        sum = (1 << 31) - times(square, sum) / divisor;
    }
    (sum + 1) >> 1
}

/// The product of two numbers times 2^31, rounded.
fn times(a: i64, b: i64) -> i64 {
    (a * b + (1 << 30)) >> 31
}

/// The angle from 0 to 90 degrees whose sine squared is `square`, times 2^60.
fn arc_sine(square: u64) -> i64 {
    if square > 1 << 59 {
        return QUARTER - low_arc_sine(((1 << 60) - square).isqrt() as i64);
    }
    low_arc_sine(square.isqrt() as i64)
}

/// Newton's method for angles up to 45 degrees: starts with three terms of the series, of which the
/// error is below 0.005, and squares the error twice.
fn low_arc_sine(sine: i64) -> i64 {
    let start = 2 * sine;
    let square = times(start, start);
    let mut angle = start
        + times(
            times(start, square),
            (1 << 31) / 6 + times(square, 161_061_274),
        );
    for _ in 0..2 {
        angle -= (low_sine(angle.min(EIGHTH)) - sine) * (1 << 31) / low_cosine(angle.min(EIGHTH));
    }
    angle.clamp(0, EIGHTH)
}

#[cfg(test)]
#[allow(clippy::float_arithmetic)] // The formula that the integers are measured against.
mod tests {
    use super::*;

    fn exact_m(from: Point, to: Point) -> f64 {
        let radians = |micro: i32| (f64::from(micro) / 1e6).to_radians();
        let (south, north) = (radians(from.0), radians(to.0));
        let half_north = (north - south) / 2.0;
        let half_east = (radians(to.1) - radians(from.1)) / 2.0;
        let hav = half_north.sin().powi(2) + south.cos() * north.cos() * half_east.sin().powi(2);
        2.0 * 6_371_008.8 * hav.sqrt().min(1.0).asin()
    }

    fn check(from: Point, to: Point) {
        let (ours, exact) = (distance_m(from, to) as f64, exact_m(from, to));
        let allowed = (exact * 0.000_1).max(1.0);
        assert!(
            (ours - exact).abs() <= allowed,
            "{from:?} {to:?}: {ours} for {exact}"
        );
        assert_eq!(distance_m(to, from), distance_m(from, to));
    }

    /// Pseudo-random points, and for each a partner at every scale from the antipode down to a meter.
    #[test]
    fn within_a_meter_or_a_ten_thousandth_of_the_exact_formula() {
        let mut state = 1_u64;
        let mut dice = |most: i64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((state >> 33) as i64 % (2 * most + 1) - most) as i32
        };
        for _ in 0..20_000 {
            let from = (dice(90_000_000), dice(180_000_000));
            check(from, (dice(90_000_000), dice(180_000_000)));
            for scale in [10, 1_000, 100_000, 5_000_000] {
                let near = (
                    (from.0 + dice(scale)).clamp(-90_000_000, 90_000_000),
                    (from.1 + dice(scale)).clamp(-180_000_000, 180_000_000),
                );
                check(from, near);
            }
        }
    }

    #[test]
    fn poles_antipodes_and_the_date_line() {
        for (from, to) in [
            ((90_000_000, 0), (-90_000_000, 0)),
            ((0, 0), (0, 180_000_000)),
            ((0, -180_000_000), (0, 180_000_000)),
            ((90_000_000, 10), (90_000_000, 170_000_000)),
            ((45_000_000, 0), (-45_000_000, 180_000_000)),
            ((0, 179_999_999), (0, -179_999_999)),
            ((0, 90_000_000), (0, 0)),
            ((52_520_008, 13_404_954), (52_520_008, 13_404_954)),
        ] {
            check(from, to);
        }
        assert_eq!(distance_m((1, 1), (1, 1)), 0);
        // A quarter of the circumference, to the meter.
        assert_eq!(distance_m((0, 0), (90_000_000, 0)), 10_007_557);
    }

    #[test]
    fn points_off_the_globe_are_brought_back() {
        assert_eq!(
            distance_m((i32::MAX, i32::MIN), (i32::MIN, i32::MAX)),
            distance_m((90_000_000, 0), (-90_000_000, 0))
        );
    }
}
