//! `POST /legal-entities`: makes a legal entity.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::network::{CreateLegalEntity, TaxRegistration};
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RegistrationBody;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// More registrations than there are countries with several schemes.
const REGISTRATIONS_MAX: usize = 500;

/// A legal entity to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegalEntityInput {
    /// The merchant's short name for it, unique.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// The registered name.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// ISO 3166-1 alpha-2 of its seat.
    #[schema(example = "DE")]
    country: String,
    /// The currency of its books, ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// Where it is registered for tax.
    #[serde(default)]
    tax_registrations: Vec<RegistrationBody>,
}

impl LegalEntityInput {
    fn parse(&self) -> Result<CreateLegalEntity, Rejection> {
        let mut check = Check::default();
        let code = check.code("/code", &self.code);
        let name = check.text("/name", &self.name, 255);
        let country = check.country("/country", &self.country);
        let currency = check.currency("/currency", &self.currency);
        let tax_registrations = registrations(&mut check, &self.tax_registrations);
        let Some(currency) = currency else {
            return Err(check
                .finish(())
                .err()
                .unwrap_or_else(|| Rejection::field("/currency", "is not a currency")));
        };
        check.finish(CreateLegalEntity {
            code,
            name,
            country,
            currency,
            tax_registrations,
        })
    }
}

/// Registrations for tax as they are kept.
pub fn registrations(check: &mut Check, bodies: &[RegistrationBody]) -> Vec<TaxRegistration> {
    if bodies.len() > REGISTRATIONS_MAX {
        let message = format!("holds more than {REGISTRATIONS_MAX}");
        check.refuse("/tax_registrations", message);
    }
    (bodies.iter().take(REGISTRATIONS_MAX).enumerate())
        .map(|(index, body)| {
            let field = |name| format!("/tax_registrations/{index}/{name}");
            let jurisdiction = check.text(&field("jurisdiction"), &body.jurisdiction, 16);
            let (country, region) = match jurisdiction.split_once('-') {
                Some((country, region)) => (country, Some(region)),
                None => (jurisdiction.as_str(), None),
            };
            let country = check.country(&field("jurisdiction"), country);
            let region = region.map(|region| format!("-{region}"));
            TaxRegistration {
                jurisdiction: country + region.as_deref().unwrap_or_default(),
                number: check.text(&field("number"), &body.number, 64),
                scheme: body.scheme.name().to_owned(),
            }
        })
        .collect()
}

/// Makes a legal entity.
#[utoipa::path(
    post,
    path = "/api/v1/legal-entities",
    tag = "Network",
    request_body = LegalEntityInput,
    responses((status = 201, description = "It was made.", body = super::LegalEntityAnswer)),
)]
pub async fn create_legal_entity(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: LegalEntityInput = body::parse(&body)?;
    let command = Command::CreateLegalEntity(input.parse()?);
    ask.write(command, &body, render).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_field_is_named() {
        let parse = |body: &str| -> Vec<String> {
            let input: LegalEntityInput = body::parse(body.as_bytes()).unwrap();
            let refused = input.parse().err().map(|rejection| rejection.fields);
            let refused = refused.into_iter().flatten();
            refused.map(|field| field.field).collect()
        };
        let head = r#""code":"de","name":"Muster GmbH""#;
        for (rest, fields) in [
            (r#""country":"de","currency":"EUR""#, vec![]),
            (
                r#""country":"Germany","currency":"euro""#,
                vec!["/country", "/currency"],
            ),
            (
                r#""country":"DE","currency":"EUR","tax_registrations":[{"jurisdiction":"CA-QC","number":"","scheme":"standard"}]"#,
                vec!["/tax_registrations/0/number"],
            ),
        ] {
            assert_eq!(parse(&format!("{{{head},{rest}}}")), fields, "{rest}");
        }
    }
}
