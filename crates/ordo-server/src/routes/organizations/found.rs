//! `POST /organizations`: founds an organization and answers its owner key, this once.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::id::{CommandId, OrganizationId, derive};
use ordo_domain::organization::{FoundOrganization, Organization};
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::{Applied, Code, Command, Rejection};
use ordo_engine::{MAIN, hash_secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OrganizationAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::problem::Problem;
use crate::read;
use crate::render::render_as;
use crate::secret;
use crate::wire::Show;

/// An organization to be founded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganizationInput {
    /// Its short name, unique over all organizations.
    #[schema(min_length = 1, max_length = 64)]
    code: String,
    /// The name shown to people; the code where absent.
    #[schema(max_length = 255)]
    name: Option<String>,
}

/// An organization that was just founded.
#[derive(Serialize, ToSchema)]
struct NewOrganization<'a> {
    /// The secret of its owner key. It is shown this once: a repeated request with the same
    /// `Idempotency-Key` is answered with `null`.
    owner_key: Option<&'a str>,
    #[serde(flatten)]
    organization: OrganizationAnswer<'a>,
}

/// Founds an organization.
///
/// Its data is apart from everybody else's; only its own keys reach it. Only owner keys of the
/// organization `main`, the first of an installation, may do this.
#[utoipa::path(
    post,
    path = "/api/v1/organizations",
    tag = "Organization",
    request_body = OrganizationInput,
    responses((status = 201, description = "It was founded.", body = NewOrganization)),
)]
pub async fn found_organization(ask: Ask, body: Body) -> Answer {
    must_be_main(&ask).await?;
    let body = body::read(body).await?;
    let input: OrganizationInput = body::parse(&body)?;
    let engine = &ask.app.engine;
    let secret = engine.new_secret();
    let mut check = Check::default();
    let code = check.text("/code", &input.code, 64);
    let name = check.optional_text("/name", input.name.as_ref(), 255);
    let found = check.finish(FoundOrganization {
        name: name.unwrap_or_else(|| code.clone()),
        code,
        owner_secret_hash: Some(hash_secret(&secret)),
    })?;
    let idempotency = ask.idempotency(&body)?;
    // Answers are kept with the organization that they are about. The same key must lead to the
    // same one, or the second request would look for its answer where there is none.
    let organization = match idempotency {
        Some(asked) => {
            let seed = CommandId::from_u128(u128::from_be_bytes(asked.key.0));
            OrganizationId::from_u128(derive(seed, 0, Timestamp::default()))
        }
        None => engine.new_organization_id(),
    };
    let command = Command::FoundOrganization(found);
    let reply = ask
        .submit_to(organization, command, body.len(), idempotency, render_new)
        .await?;
    Ok(secret::reveal(&reply, "owner_key", &secret))
}

/// Founding is for whoever runs this installation: the owners of its first organization. Others'
/// owners rule their own data only.
async fn must_be_main(ask: &Ask) -> Result<(), Problem> {
    let own: Organization = read::find(ask, ask.organization()).await?;
    if own.code == MAIN {
        return Ok(());
    }
    let detail = "only owner keys of the organization `main` may found organizations";
    Err(Problem::new(Code::Forbidden, detail))
}

/// The secret is put in after the commit, so that it is never stored.
fn render_new(reference: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    render_as::<Organization>(reference, result, |organization, reference| {
        crate::wire::to_json(&NewOrganization {
            owner_key: None,
            organization: organization.show(reference),
        })
    })
}
