//! What a bench found, for people and as one line of JSON.

use serde_json::{Map, Value, json};

/// Named figures of one bench.
pub struct Figures {
    values: Map<String, Value>,
    faults: Vec<String>,
}

impl Figures {
    /// Starts with the headline: `figure` in `unit`, and the floor it is compared with.
    pub fn new(bench: &str, store: &str, figure: f64, unit: &str, floor: f64) -> Self {
        let mut values = Map::new();
        values.insert("bench".into(), json!(bench));
        values.insert("store".into(), json!(store));
        values.insert("figure".into(), json!(round(figure)));
        values.insert("unit".into(), json!(unit));
        values.insert("floor".into(), json!(round(floor)));
        let ratio = if floor > 0.0 { figure / floor } else { 0.0 };
        values.insert("ratio".into(), json!(round(ratio)));
        Self {
            values,
            faults: Vec::new(),
        }
    }

    /// Adds a figure.
    pub fn add(&mut self, name: &str, value: f64) {
        self.values.insert(name.into(), json!(round(value)));
    }

    /// Adds the 50th and 99th percentile, in milliseconds, of latencies in microseconds.
    pub fn add_latencies(&mut self, prefix: &str, latencies_us: &mut [u32]) {
        latencies_us.sort_unstable();
        for (name, share) in [("p50_ms", 50), ("p99_ms", 99)] {
            let value = percentile(latencies_us, share);
            self.add(&format!("{prefix}{name}"), f64::from(value) / 1_000.0);
        }
    }

    /// Says that the run cannot be counted, and why.
    pub fn fault(&mut self, reason: String) {
        self.faults.push(reason);
    }

    /// Whether the run can be counted.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Prints one figure a line, or one line of JSON.
    pub fn print(&self, as_json: bool) {
        for fault in &self.faults {
            eprintln!("not sound: {fault}");
        }
        if as_json {
            println!("{}", Value::Object(self.values.clone()));
            return;
        }
        for (name, value) in &self.values {
            println!("{name:>16} {value}");
        }
    }
}

/// The value below which `share` percent of the sorted values lie.
fn percentile(sorted: &[u32], share: usize) -> u32 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0;
    };
    sorted[(sorted.len() * share / 100).min(last)]
}

/// Three decimals are plenty.
fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
