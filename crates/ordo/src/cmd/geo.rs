//! `ordo geo`: where the coordinates come from, and what is found for an address.

use std::process::ExitCode;

use ordo_geo::{ATTRIBUTION, Address, Gazetteer, Point};
use serde_json::json;

use crate::compose::Failure;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Say where an address is, and by which part of it that was found.
    Lookup(Lookup),
}

#[derive(clap::Args)]
struct Lookup {
    /// ISO 3166-1 alpha-2.
    #[arg(long)]
    country: String,
    /// The postal code, as anybody writes it.
    #[arg(long)]
    postal: Option<String>,
    /// The city.
    #[arg(long)]
    city: Option<String>,
    /// State or province, by name or code.
    #[arg(long)]
    region: Option<String>,
    /// Write one line of JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.what {
        None => {
            print!("{ATTRIBUTION}");
            Ok(ExitCode::SUCCESS)
        }
        Some(What::Lookup(lookup)) => look_up(lookup),
    }
}

fn look_up(lookup: &Lookup) -> Result<ExitCode, Failure> {
    let country = lookup.country.trim().to_ascii_uppercase();
    let found = Gazetteer::embedded().locate(&Address {
        country: &country,
        postal: lookup.postal.as_deref(),
        city: lookup.city.as_deref(),
        region: lookup.region.as_deref(),
    });
    let Some(found) = found else {
        return Err(Failure::Usage(format!("nothing is known of {country}")));
    };
    let precision = found.precision.name();
    if lookup.json {
        let (latitude_e6, longitude_e6) = found.point;
        println!(
            "{}",
            json!({"latitude_e6": latitude_e6, "longitude_e6": longitude_e6, "precision": precision})
        );
    } else {
        println!("{} by {precision}", degrees(found.point));
    }
    Ok(ExitCode::SUCCESS)
}

/// Latitude and longitude as maps take them.
fn degrees(point: Point) -> String {
    let decimal = |micro: i32| {
        let sign = if micro < 0 { "-" } else { "" };
        let micro = micro.unsigned_abs();
        format!("{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000)
    };
    format!("{}, {}", decimal(point.0), decimal(point.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_decimals_with_their_sign() {
        for (point, text) in [
            ((52_530_000, 13_380_000), "52.530000, 13.380000"),
            ((-500_000, -46_630_001), "-0.500000, -46.630001"),
        ] {
            assert_eq!(degrees(point), text);
        }
    }
}
