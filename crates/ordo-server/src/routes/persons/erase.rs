//! `POST /persons/erase`: forgets a person, or says what would be forgotten.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::{Code, Command, Rejection};
use ordo_engine::{FindError, Person};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ErasedAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::problem::Problem;
use crate::render::render;

/// Who is to be erased: exactly one of the four names.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct EraseInput {
    /// An e-mail address: every order with it.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// A phone number: every order with it.
    #[schema(max_length = 64)]
    phone: Option<String>,
    /// The id of one contact: only that one.
    contact: Option<String>,
    /// The id of an order: every contact that it ever had.
    order: Option<String>,
    /// Whether only to say what would go.
    #[serde(default)]
    dry_run: bool,
}

impl EraseInput {
    fn parse(&self) -> Result<Person, Rejection> {
        let mut check = Check::default();
        let mut named: Vec<Person> = Vec::new();
        for (field, text, max, of) in [
            (
                "/email",
                &self.email,
                254,
                Person::Email as fn(String) -> Person,
            ),
            ("/phone", &self.phone, 64, Person::Phone),
        ] {
            if let Some(text) = text {
                let text = check.text(field, text, max);
                if !text.chars().any(char::is_alphanumeric) {
                    check.refuse(field, "names nobody");
                }
                named.push(of(text));
            }
        }
        if let Some(text) = &self.contact {
            match text.parse() {
                Ok(id) => named.push(Person::Contact(id)),
                Err(_) => check.refuse("/contact", "is not the id of a contact"),
            }
        }
        if let Some(text) = &self.order {
            match text.parse() {
                Ok(id) => named.push(Person::Order(id)),
                Err(_) => check.refuse("/order", "is not the id of an order"),
            }
        }
        let names = [&self.email, &self.phone, &self.contact, &self.order];
        if names.iter().filter(|name| name.is_some()).count() != 1 {
            check.refuse("", "give exactly one of email, phone, contact and order");
        }
        let person = named
            .into_iter()
            .next()
            .unwrap_or(Person::Email(String::new()));
        check.finish(person)
    }
}

/// Erases a person.
///
/// Names, addresses, numbers, notes and gift texts go from the database, the search and what is
/// exported from then on; the orders stay. Backups and exports that were made before keep them.
#[utoipa::path(
    post,
    path = "/api/v1/persons/erase",
    tag = "Persons",
    request_body = EraseInput,
    responses((status = 200, description = "What went, or would go.", body = ErasedAnswer)),
)]
pub async fn erase_person(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: EraseInput = body::parse(&body)?;
    let person = input.parse()?;
    let found = ask
        .app
        .engine
        .find_person(ask.organization(), &person)
        .await;
    let erase = found.map_err(problem)?;
    if input.dry_run {
        return Ok(answer::to_read(&ErasedAnswer::of(erase.counts, true)));
    }
    let command = Command::ErasePerson(Box::new(erase));
    let reply = ask.submit(command, &body, render).await?;
    if reply.status < 300 {
        ask.backend().scrub().await?;
    }
    Ok(answer::to_write(&reply))
}

fn problem(error: FindError) -> Problem {
    match error {
        FindError::ViewBehind => Problem::new(
            Code::ViewBehind,
            "the search index is still behind; ask again in a moment",
        ),
        FindError::Store(error) => error.into(),
    }
}
