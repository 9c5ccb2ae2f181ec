//! The contract: what stands beside the handlers, and what holds for all of them alike.

use serde_json::Value;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation as Described, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Info, License, OpenApi as Contract, Ref, RefOr, Required, ResponseBuilder,
};
use utoipa::{OpenApi, ToSchema};

use crate::operations::{Access, Described as Handlers, Method, OPERATIONS, Operation};
use crate::problem::ProblemSchema;

/// The name under which the contract knows the one way to show a key.
const SCHEME: &str = "api_key";

/// What stands beside every body that need not be sent.
const MAY_BE_EMPTY: &str = "May be empty.";

/// The contract as pretty JSON with a line break at its end, as it is committed.
///
/// # Panics
/// Never: contracts have string keys and no failing serializers.
#[must_use]
pub fn to_json() -> String {
    let json = serde_json::to_string_pretty(&contract());
    json.expect("contracts have string keys and no failing serializers") + "\n"
}

/// The contract, to be walked.
pub fn to_value() -> Value {
    serde_json::to_value(contract()).expect("contracts have string keys")
}

fn contract() -> Contract {
    let mut contract = Handlers::openapi();
    contract.info = info();
    contract.servers = None;
    let components = contract.components.get_or_insert_default();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key."))
        .build();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme));
    let mut schemas = vec![(
        ProblemSchema::name().into_owned(),
        <ProblemSchema as utoipa::PartialSchema>::schema(),
    )];
    ProblemSchema::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for operation in OPERATIONS {
        let item = contract.paths.paths.get_mut(operation.path);
        let described = item.and_then(|item| match operation.method {
            Method::Get => item.get.as_mut(),
            Method::Post => item.post.as_mut(),
            Method::Patch => item.patch.as_mut(),
            Method::Delete => item.delete.as_mut(),
        });
        if let Some(described) = described {
            complete(operation, described);
        }
    }
    contract
}

fn info() -> Info {
    let mut info = Info::new("Ordo", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "The order management system Ordo. JSON in snake case; instants as RFC 3339 in UTC; money \
         as whole minor units with a currency. Every refusal is a problem (RFC 9457) with a stable \
         `code`, explained under `/api/errors/{code}`. Lists come in pages: `next_cursor` of one is \
         the `cursor` of the next. An empty parameter counts as \
         absent. Writes answer with `Ordo-Position`, the position in the log that \
         a later read can wait for with `Ordo-Min-Position`."
            .to_owned(),
    );
    let mut license = License::new("MIT OR Apache-2.0");
    license.identifier = Some("MIT OR Apache-2.0".to_owned());
    info.license = Some(license);
    info
}

/// Adds what holds for every operation of its kind.
fn complete(operation: &Operation, described: &mut Described) {
    match &operation.access {
        Access::Open(_) => described.security = Some(Vec::new()),
        Access::Read(role, _) | Access::Write(role, _) => {
            let requirement = SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, []);
            described.security = Some(vec![requirement]);
            let extensions = Extensions::builder()
                .add("x-ordo-role", role.name())
                .build();
            described.extensions = Some(extensions);
        }
    }
    if let Some(RefOr::T(body)) = &mut described.request_body
        && body.description.as_deref() == Some(MAY_BE_EMPTY)
    {
        body.required = Some(Required::False);
    }
    let parameters = match operation.method {
        Method::Get | Method::Delete => Vec::new(),
        Method::Post => vec![idempotency_key()],
        Method::Patch => vec![if_match(), idempotency_key()],
    };
    let described_parameters = described.parameters.get_or_insert_default();
    described_parameters.extend(parameters.into_iter().map(RefOr::T));
    let problem = ResponseBuilder::new()
        .description("It was refused, or something failed.")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(ProblemSchema::name())))
                .build(),
        )
        .build();
    let responses = &mut described.responses.responses;
    responses.insert("default".to_owned(), RefOr::T(problem));
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .min_length(Some(1))
        .max_length(Some(255))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The same key with the same body is answered with the same answer for 7 days, with \
             `Idempotency-Replayed: true`; with another body it is refused.",
        ))
        .schema(Some(text))
        .build()
}

fn if_match() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .build();
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The `ETag` that the change was made for. Where the record has changed since, it is \
             refused with `version_conflict` and shown as it stands in `current`.",
        ))
        .schema(Some(text))
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn contract_and_table_name_the_same_operations() {
        let contract = to_value();
        let mut described = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for (path, item) in contract["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                described.insert((method.clone(), path.clone()));
                let id = operation["operationId"].as_str().unwrap().to_owned();
                assert!(ids.insert(id.clone()), "{id} stands twice");
                assert!(operation["responses"]["default"].is_object(), "{id}");
                assert!(operation["security"].is_array(), "{id}");
                assert!(operation["summary"].is_string(), "{id}");
                let names: BTreeSet<&str> = (operation["parameters"].as_array().into_iter())
                    .flatten()
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| parameter["name"].as_str().unwrap())
                    .collect();
                let places: BTreeSet<&str> = (path.split('/'))
                    .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                    .collect();
                assert_eq!(names, places, "{id}");
            }
        }
        let served: BTreeSet<(String, String)> = (OPERATIONS.iter())
            .map(|operation| {
                let method = match operation.method {
                    Method::Get => "get",
                    Method::Post => "post",
                    Method::Patch => "patch",
                    Method::Delete => "delete",
                };
                (method.to_owned(), operation.path.to_owned())
            })
            .collect();
        assert_eq!(served.len(), OPERATIONS.len());
        assert_eq!(described, served);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(target)) = fields.get("$ref") {
                        found.insert(target.clone());
                    }
                    fields.values().for_each(|value| walk(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let contract = to_value();
        let mut found = BTreeSet::new();
        walk(&contract, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for target in found {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(contract.pointer(pointer).is_some(), "{target}");
        }
    }
}
