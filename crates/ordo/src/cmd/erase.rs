//! `ordo erase`: forgets a person, in a store that nobody serves or over HTTP.

use std::process::ExitCode;
use std::sync::Arc;

use ordo_domain::erase::ErasedCounts;
use ordo_domain::id::OrganizationId;
use ordo_domain::reference::Reference;
use ordo_domain::{Actor, Applied, Command, Rejection};
use ordo_engine::{Engine, EngineConfig, Lane, Person, Request, SystemClock};
use serde_json::{Value, json};

use crate::compose::{Failure, StoreArgs};
use crate::remote::{self, RemoteArgs};

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("person").required(true)))]
pub struct Args {
    /// Everything with this e-mail address.
    #[arg(long, group = "person")]
    email: Option<String>,
    /// Everything with this phone number.
    #[arg(long, group = "person")]
    phone: Option<String>,
    /// One contact, by its id.
    #[arg(long, value_name = "ID", group = "person")]
    contact: Option<String>,
    /// Every contact of an order, by the order's id.
    #[arg(long, value_name = "ID", group = "person")]
    order: Option<String>,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    /// Answer as one line of JSON.
    #[arg(long)]
    json: bool,
    /// The organization's code, where no key says it.
    #[arg(long, default_value = "main")]
    organization: String,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut sum = ErasedCounts::default();
    loop {
        let counts = match (&args.remote.url, &args.remote.api_key) {
            (Some(url), Some(key)) => over_http(&args, url, key).await?,
            (None, _) | (_, None) => break in_store(&args, &mut sum).await?,
        };
        add(&mut sum, counts);
        if counts.complete || args.dry_run {
            break;
        }
    }
    say(&args, sum);
    Ok(ExitCode::SUCCESS)
}

async fn over_http(args: &Args, url: &str, key: &str) -> Result<ErasedCounts, Failure> {
    let mut body = json!({"dry_run": args.dry_run});
    for (name, value) in [
        ("email", &args.email),
        ("phone", &args.phone),
        ("contact", &args.contact),
        ("order", &args.order),
    ] {
        if let Some(value) = value {
            body[name] = Value::from(value.as_str());
        }
    }
    let answer = remote::post(url, key, "/api/v1/persons/erase", &body).await?;
    let count = |name: &str| answer[name].as_u64().unwrap_or_default();
    Ok(ErasedCounts {
        contacts: count("contacts"),
        orders: count("orders"),
        open_orders: count("open_orders"),
        complete: answer["complete"].as_bool().unwrap_or_default(),
    })
}

async fn in_store(args: &Args, sum: &mut ErasedCounts) -> Result<(), Failure> {
    let person = person(args)?;
    let backend = args.store.open().await?;
    let organizations = backend.organizations().await?;
    let found = (organizations.into_iter()).find(|(_, code)| *code == args.organization);
    let Some((organization, _)) = found else {
        let said = format!("there is no organization {}", args.organization);
        return Err(Failure::Usage(said));
    };
    let config = EngineConfig {
        runs_timers: false,
        ..EngineConfig::default()
    };
    let engine = Engine::start(backend, Arc::new(SystemClock), config);
    let erased = erase(&engine, organization, &person, args.dry_run, sum).await;
    engine.shutdown().await;
    erased
}

async fn erase(
    engine: &Engine,
    organization: OrganizationId,
    person: &Person,
    dry_run: bool,
    sum: &mut ErasedCounts,
) -> Result<(), Failure> {
    loop {
        let found = engine.find_person(organization, person).await;
        let erase = found.map_err(|error| Failure::Open(error.to_string()))?;
        let counts = erase.counts;
        if !dry_run {
            let reply = engine.submit(organization, request(erase)).await;
            let reply = reply.map_err(|error| Failure::Open(error.to_string()))?;
            if reply.status >= 300 {
                return Err(Failure::Open(reply.template));
            }
        }
        add(sum, counts);
        if counts.complete || dry_run {
            break;
        }
    }
    if !dry_run {
        engine.backend().scrub().await?;
    }
    Ok(())
}

fn request(erase: ordo_domain::erase::ErasePerson) -> Request {
    fn status(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
        match result {
            Ok(_) => (200, String::new()),
            Err(rejection) => (rejection.code.status(), rejection.detail.clone()),
        }
    }
    Request {
        command: Command::ErasePerson(Box::new(erase)),
        actor: Actor::System,
        lane: Lane::People,
        idempotency: None,
        expects: None,
        size: 0,
        render: status,
    }
}

fn person(args: &Args) -> Result<Person, Failure> {
    let wrong = |what: &str| Failure::Usage(format!("this is not the id of {what}"));
    match (&args.email, &args.phone, &args.contact, &args.order) {
        (Some(email), _, _, _) => Ok(Person::Email(email.clone())),
        (_, Some(phone), _, _) => Ok(Person::Phone(phone.clone())),
        (_, _, Some(id), _) => Ok(Person::Contact(id.parse().map_err(|_| wrong("a contact"))?)),
        (_, _, _, Some(id)) => Ok(Person::Order(id.parse().map_err(|_| wrong("an order"))?)),
        (None, None, None, None) => Err(Failure::Usage("name a person".to_owned())),
    }
}

fn add(sum: &mut ErasedCounts, counts: ErasedCounts) {
    sum.contacts += counts.contacts;
    sum.orders += counts.orders;
    sum.open_orders += counts.open_orders;
    sum.complete = counts.complete;
}

fn say(args: &Args, sum: ErasedCounts) {
    if args.json {
        let answer = json!({
            "dry_run": args.dry_run, "contacts": sum.contacts, "orders": sum.orders,
            "open_orders": sum.open_orders, "complete": sum.complete,
        });
        println!("{answer}");
        return;
    }
    let did = if args.dry_run {
        "would erase"
    } else {
        "erased"
    };
    println!("{did} {} contacts of {} orders", sum.contacts, sum.orders);
    if sum.open_orders > 0 {
        println!(
            "{} of the orders have not ended: nothing can be sent to their buyers any more",
            sum.open_orders
        );
    }
    if !args.dry_run {
        println!("Backups and exports from before still hold them: let them run out.");
    }
}
