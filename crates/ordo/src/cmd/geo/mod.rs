//! `ordo geo`: where the coordinates come from, what is found for an address, and an organization's own
//! points.

mod load;
mod zip;

use std::process::ExitCode;

use ordo_geo::{ATTRIBUTION, Address, Gazetteer, Point};
use serde_json::json;

use crate::cmd::import;
use crate::compose::{Failure, StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Say where an address is, and by which part of it that was found.
    Lookup(Lookup),
    /// Take GeoNames' postal file in: its codes go before the compiled-in ones.
    Load(load::Load),
    /// Go back to the compiled-in points.
    Reset(load::Whose),
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
    /// The organization whose own points go first, where a store is named.
    #[arg(long, value_name = "CODE", default_value = "main")]
    organization: String,
    #[command(flatten)]
    store: StoreArgs,
}

pub async fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.what {
        None => {
            print!("{ATTRIBUTION}");
            Ok(ExitCode::SUCCESS)
        }
        Some(What::Lookup(lookup)) => look_up(lookup).await,
        Some(What::Load(args)) => load::load(args).await,
        Some(What::Reset(args)) => load::reset(args).await,
    }
}

async fn look_up(lookup: &Lookup) -> Result<ExitCode, Failure> {
    let country = lookup.country.trim().to_ascii_uppercase();
    let found = gazetteer(lookup).await?.locate(&Address {
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

/// That of the store, where one is named.
async fn gazetteer(lookup: &Lookup) -> Result<Gazetteer, Failure> {
    if lookup.store.data.is_none() && lookup.store.database_url.is_none() {
        return Ok(Gazetteer::embedded());
    }
    let backend = lookup.store.open_reader().await?;
    let organization = import::organization(&*backend, &lookup.organization).await?;
    let reference = backend.load_reference(organization).await?;
    Ok(reference.gazetteer().clone())
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
