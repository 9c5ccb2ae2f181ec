//! `ordo geo load` and `ordo geo reset`: puts GeoNames' postal file before the compiled-in points of an
//! organization, and takes it away again.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::PathBuf;
use std::process::ExitCode;

use flate2::read::MultiGzDecoder;
use ordo_geo::geonames::postal_line;
use ordo_geo::writer::Writer;
use ordo_store::points;

use super::zip;
use crate::cmd::import;
use crate::compose::{Failure, StoreArgs};

#[derive(clap::Args)]
pub struct Load {
    /// A postal file of GeoNames (`allCountries.zip`, or a country's), as it is published, unpacked,
    /// or as gzip.
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
}

/// Whose points.
#[derive(clap::Args)]
pub struct Whose {
    /// The organization's code.
    #[arg(long, value_name = "CODE", default_value = "main")]
    organization: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    lines: u64,
    taken: u64,
}

pub async fn load(args: &Load) -> Result<ExitCode, Failure> {
    let named = |error: std::io::Error| Failure::Input(format!("{}: {error}", args.file.display()));
    let mut writer = Writer::default();
    let counts = File::open(&args.file)
        .and_then(|file| read(file, &mut writer))
        .map_err(named)?;
    if counts.taken == 0 {
        return Err(Failure::Input(format!(
            "{} holds no line of GeoNames' postal file: country, code, place, three pairs of name \
             and code, latitude, longitude, parted by tabs",
            args.file.display()
        )));
    }
    let table = writer.finish();
    save(&args.whose, &points::to_parts(&table)).await?;
    println!(
        "{} of {} lines taken, {} bytes kept",
        counts.taken,
        counts.lines,
        table.len()
    );
    Ok(ExitCode::SUCCESS)
}

pub async fn reset(args: &Whose) -> Result<ExitCode, Failure> {
    save(args, &[]).await?;
    Ok(ExitCode::SUCCESS)
}

async fn save(whose: &Whose, parts: &[String]) -> Result<(), Failure> {
    let backend = whose.store.open().await?;
    let organization = import::organization(&*backend, &whose.organization).await?;
    Ok(backend.save_points(organization, parts).await?)
}

/// Reads a file by what its first bytes say that it is.
fn read(mut file: impl Read + Seek, writer: &mut Writer) -> std::io::Result<Counts> {
    let mut first = Vec::new();
    file.by_ref().take(4).read_to_end(&mut first)?;
    file.rewind()?;
    let mut counts = Counts::default();
    if first == zip::MAGIC {
        let mut archive = Vec::new();
        file.read_to_end(&mut archive)?;
        for member in zip::members(&archive)? {
            counts.read(member.reader(), writer)?;
        }
    } else if first.starts_with(&[0x1f, 0x8b]) {
        counts.read(MultiGzDecoder::new(file), writer)?;
    } else {
        counts.read(file, writer)?;
    }
    Ok(counts)
}

impl Counts {
    fn read(&mut self, from: impl Read, writer: &mut Writer) -> std::io::Result<()> {
        let mut from = BufReader::with_capacity(256 << 10, from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line)? > 0 {
            self.lines += 1;
            // A place's name that is not UTF-8 takes nothing from its code and point.
            if let Some(row) = postal_line(&String::from_utf8_lossy(&line)) {
                writer.postal(row.country, row.key.as_bytes(), row.point);
                self.taken += 1;
            }
            line.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};
    use std::sync::Arc;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ordo_geo::{Address, Gazetteer, Precision};

    use super::*;

    const LINES: &str = "JP\t100-0001\tChiyoda\tTokyo To\t13\t\t\t\t\t35.685\t139.7514\t4\n\
                         not a line\n\
                         DE\t10115\tBerlin\tBerlin\tBE\t\t\t\t\t52.5323\t13.3846\t4\n";

    #[test]
    fn a_file_is_read_plain_gzipped_and_zipped_alike() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(LINES.as_bytes()).unwrap();
        let zip = zip::tests::archive(&[("allCountries.txt", LINES), ("readme.txt", "")]);
        let forms = [LINES.as_bytes().to_vec(), gzip.finish().unwrap(), zip];
        let tables = forms.map(|bytes| {
            let mut writer = Writer::default();
            let counts = read(Cursor::new(bytes), &mut writer).unwrap();
            assert_eq!(counts, Counts { lines: 3, taken: 2 });
            writer.finish()
        });
        assert!(tables.windows(2).all(|pair| pair[0] == pair[1]));
        let gazetteer = Gazetteer::with_own(Arc::from(&tables[0][..])).unwrap();
        let tokyo = gazetteer.locate(&Address {
            country: "JP",
            postal: Some("1000001"),
            ..Address::default()
        });
        let tokyo = tokyo.unwrap();
        assert_eq!(tokyo.point, (35_690_000, 139_750_000));
        assert_eq!(tokyo.precision, Precision::PostalCode);
    }
}
