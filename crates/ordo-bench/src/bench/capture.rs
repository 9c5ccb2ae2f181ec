//! Orders captured over HTTP, one per request: three lines, validated, allocated, sourced over eight
//! locations, durable before the answer, with the view consumer running.

use std::sync::Arc;
use std::time::Duration;

use super::lists::{fill_past, view_sees_all};
use crate::StoreKind;
use crate::company;
use crate::figures::Figures;
use crate::floor;
use crate::load;
use crate::target::{KEY, Place, Target};

const WARM_UP: Duration = Duration::from_secs(3);
const ALONE: Duration = Duration::from_secs(3);
/// The view may be this far behind at the end for the figure to count.
const VIEW_LAG_MS_MAX: f64 = 1_000.0;

/// Measures, beside `past` orders that were there before. With any, the floor is left out: it would
/// write them all again. With `rates`, money decides where orders ship from, else nearness.
pub fn run(
    kind: StoreKind,
    connections: usize,
    seconds: u64,
    past: usize,
    rates: bool,
) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let place = Place::make(kind, "capture")?;
    let target = runtime.block_on(async {
        let target = Target::start(&place).await?;
        company::set_up(&target.engine, target.organization, 1_000_000).await?;
        if rates {
            company::give_rates(&target.engine, target.organization).await?;
        }
        fill_past(&target, past).await?;
        view_sees_all(&target).await?;
        Ok::<_, String>(target)
    })?;
    let generate =
        |connections: usize, warm_up: Duration, measured: Duration, run: &'static str| {
            load::post(
                target.address,
                "/api/v1/orders",
                KEY,
                connections,
                warm_up,
                measured,
                Arc::new(move |n| company::order_body(n, run)),
            )
        };
    let batches_before = target.engine.metrics().batch_size.cumulative();
    let mut crowd = generate(connections, WARM_UP, Duration::from_secs(seconds), "crowd")?;
    let lag = runtime.block_on(target.view_lag_ms())?;
    let batch = median_batch(
        &batches_before,
        &target.engine.metrics().batch_size.cumulative(),
    );
    let mut alone = generate(1, Duration::from_millis(500), ALONE, "alone")?;
    let metrics = target.engine.metrics();
    for (name, summary) in [
        ("load", &metrics.load),
        ("decide", &metrics.decide),
        ("commit", &metrics.commit),
    ] {
        let (count, sum) = (summary.count().max(1), summary.sum_us());
        eprintln!("{name}: {count} times, {} us on average", sum / count);
    }
    runtime.block_on(target.stop())?;
    let floor = match past {
        0 => Some(floor::measure(kind, &runtime, &place, batch)?),
        _ => None,
    };

    let rate = crowd.rate();
    let of_floor = floor.as_ref().map_or(0.0, |floor| floor.orders_per_s);
    let mut figures = Figures::new("capture", kind.name(), rate, "orders/s", of_floor);
    figures.add_latencies("", &mut crowd.latencies_us);
    figures.add_latencies("alone_", &mut alone.latencies_us);
    figures.add("alone_orders_s", alone.rate());
    if let Some(floor) = floor {
        figures.add("rows_per_order", floor.rows_per_order);
        figures.add("bytes_per_order", floor.bytes_per_order);
    }
    figures.add("past_orders", past as f64);
    figures.add("rates", f64::from(u8::from(rates)));
    figures.add("batch_median", batch as f64);
    figures.add("view_lag_ms", lag);
    for (seen, what) in [(&crowd, "crowd"), (&alone, "single client")] {
        if let Some(answer) = &seen.failure {
            figures.fault(format!(
                "{} answers to the {what} failed: {answer}",
                seen.failures
            ));
        }
    }
    if lag > VIEW_LAG_MS_MAX {
        figures.fault(format!("the view is {lag} ms behind"));
    }
    Ok(figures)
}

/// The median size of batches between two readings, from a histogram over powers of two: as far into
/// the bucket that holds it as if sizes were spread evenly over it.
pub(super) fn median_batch(before: &[u64], after: &[u64]) -> usize {
    let counts: Vec<u64> = before
        .iter()
        .zip(after)
        .map(|(before, after)| after - before)
        .collect();
    let half = counts.last().copied().unwrap_or(0) / 2;
    let bucket = counts.iter().position(|count| *count > half).unwrap_or(0);
    // Bucket n holds 2^(n-1) up to 2^n.
    let (from, to) = (1_u64 << bucket >> 1, 1_u64 << bucket);
    let below = bucket.checked_sub(1).map_or(0, |below| counts[below]);
    let within = counts.get(bucket).map_or(1, |upto| upto - below).max(1);
    let median = from + (to - from) * (half - below.min(half)) / within;
    (median as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_found_within_its_bucket() {
        // Up to 1, 2, 4, 8: ten batches of 3 or 4, then thirty of 5 to 8.
        let counts = [0, 0, 10, 40];
        assert_eq!(median_batch(&[0; 4], &counts), 5);
        assert_eq!(median_batch(&counts, &[0, 0, 30, 60]), 3);
        assert_eq!(median_batch(&counts, &counts), 1);
    }
}
