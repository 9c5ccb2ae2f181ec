//! `ordo-proof`: the long run of the proof, and single parts of it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use ordo_proof::part::{Asked, PARTS, part};
use ordo_proof::prove::LongRun;
use serde_json::Value;

#[derive(Parser)]
#[command(
    name = "ordo-proof",
    about = "What Ordo survives, proved piece by piece"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Goes on with the long run, which adds to docs/proof.jsonl and makes docs/proof.md anew.
    Prove {
        /// The release build of `ordo`.
        #[arg(long)]
        program: PathBuf,
        /// The root of the tree.
        #[arg(long, default_value = ".")]
        root: PathBuf,
        /// How long; the piece at hand is finished.
        #[arg(long, default_value_t = 40)]
        minutes: u64,
        /// Only these parts.
        parts: Vec<String>,
    },
    /// Runs one part and prints its figures.
    Run {
        /// Which.
        part: String,
        /// The release build of `ordo`.
        #[arg(long)]
        program: PathBuf,
        /// How often, in the part's unit.
        #[arg(long)]
        count: u64,
        /// Chooses moments and requests.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Says which parts there are.
    List,
}

fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::List => {
            for part in PARTS {
                let (name, long, unit, what) = (part.name, part.long, part.unit, part.what);
                println!("{name}: {long} {unit}: {what}");
            }
            Ok(0)
        }
        Command::Run {
            part: name,
            program,
            count,
            seed,
        } => match part(&name) {
            Some(part) => {
                let figures = (part.run)(&Asked {
                    count,
                    seed,
                    program,
                });
                for told in figures.told() {
                    eprintln!("{told}");
                }
                println!("{}", Value::Object(figures.json()));
                Ok(figures.violations())
            }
            None => Err(format!("no part is called {name}")),
        },
        Command::Prove {
            program,
            root,
            minutes,
            parts,
        } => LongRun {
            root,
            program,
            most: Duration::from_secs(60 * minutes),
            parts,
        }
        .go_on(),
    };
    match ended {
        Ok(0) => ExitCode::SUCCESS,
        Ok(violations) => {
            eprintln!("{violations} violations");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("ordo-proof: {error}");
            ExitCode::FAILURE
        }
    }
}
