//! `ordo explain CODE`: the page of an error code, as it is served under `/api/errors`.

use std::process::ExitCode;

use crate::compose::Failure;

#[derive(clap::Args)]
pub struct Args {
    /// The code, such as out_of_stock.
    code: String,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match ordo_server::error_page(&args.code) {
        Some(page) => {
            println!("{page}");
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Failure::Usage(format!(
            "there is no error code {}",
            args.code
        ))),
    }
}
