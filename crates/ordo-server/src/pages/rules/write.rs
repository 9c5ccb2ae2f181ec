//! What the forms on rules send: sets, drafts, and when they count. What is refused is shown on the page
//! that it was sent from, with what was written.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::rejection::Rejection;
use ordo_domain::rules::{
    CreateRuleSet, DraftRules, PublishRules, RetireRules, RuleSet, RuleVersion, Rules, ScopeDraft,
    UpdateRuleSet,
};
use ordo_domain::time::Timestamp;

use super::editor::Editor;
use super::set::{Fields, new_page, offered, set_page};
use super::version::{Shown, version_page};
use super::{Here, Refused, address};
use crate::pages::form::Form;
use crate::pages::local_time::LocalTime;
use crate::pages::{Pages, redirect};
use crate::routes::rule_sets::{ScopeInput, priority};

/// `POST /rules/new`: makes a set.
pub async fn create(State(pages): State<Arc<Pages>>, headers: HeaderMap, body: Body) -> Response {
    let here = match Here::enter_to_write(&pages, &headers).await {
        Ok(here) => here,
        Err(elsewhere) => return elsewhere,
    };
    let form = Form::read(body).await;
    let fields = Fields::sent(&form);
    let again = |editor: Editor, status, refused: Vec<String>| {
        new_page(
            &here,
            &fields,
            form.one("preset"),
            &editor,
            status,
            &refused,
        )
    };
    let (rules, text) = match Editor::read(form.text("rules")) {
        Ok(read) => read,
        Err(editor) => return again(editor, StatusCode::UNPROCESSABLE_ENTITY, vec![]),
    };
    let command = new_set(&fields, rules);
    let made = match command {
        Ok(command) => here.submit(command, text.len()).await,
        Err(rejection) => Err(rejection.into()),
    };
    match made {
        Ok(made) => {
            let id = made["id"].as_str().unwrap_or_default();
            redirect(&format!("/rules/{id}/1"), None)
        }
        Err(refused) => {
            let status = refused.status;
            let (inside, outside) = refused.split("/rules");
            again(Editor::refused(text, inside), status, outside)
        }
    }
}

/// `POST /rules/{id}`: changes for which orders a set is.
pub async fn update(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Body,
) -> Response {
    let changed = async {
        let here = Here::enter_to_write(&pages, &headers).await?;
        let set = here.set(&id).await?;
        let form = Form::read(body).await;
        let fields = Fields::sent(&form);
        let done = match changed_set(&set, &fields, expected(&form)) {
            Ok(command) => here.submit(command, 0).await,
            Err(rejection) => Err(rejection.into()),
        };
        match done {
            Ok(_) => Ok(redirect(&address(&set, None), None)),
            Err(refused) => {
                let refused = told(refused);
                set_page(&here, &set, &fields, refused.0, &refused.1).await
            }
        }
    };
    either(changed.await)
}

/// `POST /rules/{id}/versions`: makes a draft of a version or a preset.
pub async fn draft(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Body,
) -> Response {
    let drafted = async {
        let here = Here::enter_to_write(&pages, &headers).await?;
        let set = here.set(&id).await?;
        let form = Form::read(body).await;
        let from = form.word("from");
        let numbered = from.parse().ok().and_then(|number| set.numbered(number));
        let presets = offered(&here.reference);
        let preset = presets.iter().find(|preset| preset.code == from);
        let (rules, note) = match (numbered, preset) {
            (Some(version), _) => (version.rules.clone(), version.note.clone()),
            (None, Some(preset)) => (preset.rules.clone(), Some(preset.about.to_owned())),
            (None, None) => return Err(super::missing()),
        };
        let command = Command::DraftRules(DraftRules {
            rule_set: set.id,
            expected: expected(&form),
            number: None,
            note,
            rules: Box::new(rules),
        });
        match here.submit(command, 0).await {
            Ok(done) => {
                let last = done["versions"].as_array().and_then(|all| all.last());
                let number = last.and_then(|version| version["number"].as_u64());
                let number = number.and_then(|number| u32::try_from(number).ok());
                Ok(redirect(&address(&set, number), None))
            }
            Err(refused) => {
                let (status, said) = told(refused);
                let fields = Fields::sent(&form);
                set_page(&here, &set, &fields, status, &said).await
            }
        }
    };
    either(drafted.await)
}

/// `POST /rules/{id}/{number}`: saves a draft.
pub async fn save(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, String)>,
    body: Body,
) -> Response {
    let saved = async {
        let here = Here::enter_to_write(&pages, &headers).await?;
        let (set, version) = here.version(&id, &number).await?;
        let form = Form::read(body).await;
        let note = form.word("note").to_owned();
        let again = |editor: Editor, status, refused| Shown {
            status,
            editor,
            note: note.clone(),
            refused,
            order: "",
        };
        let shown = match Editor::read(form.text("rules")) {
            Err(editor) => again(editor, StatusCode::UNPROCESSABLE_ENTITY, vec![]),
            Ok((rules, text)) => {
                let size = text.len();
                let done = match saved_draft(&set, &version, &note, rules, expected(&form)) {
                    Ok(command) => here.submit(command, size).await,
                    Err(rejection) => Err(rejection.into()),
                };
                match done {
                    Ok(_) => return Ok(redirect(&address(&set, Some(version.number)), None)),
                    Err(refused) => {
                        let status = refused.status;
                        let (inside, outside) = refused.split("/rules");
                        again(Editor::refused(text, inside), status, outside)
                    }
                }
            }
        };
        version_page(&here, &set, &version, shown).await
    };
    either(saved.await)
}

/// `POST /rules/{id}/{number}/publish`: lets a version count.
pub async fn publish(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, String)>,
    body: Body,
) -> Response {
    let published = async {
        let here = Here::enter_to_write(&pages, &headers).await?;
        let (set, version) = here.version(&id, &number).await?;
        let form = Form::read(body).await;
        let done = match from(&form) {
            Ok(from) => {
                let command = Command::PublishRules(PublishRules {
                    rule_set: set.id,
                    expected: expected(&form),
                    number: version.number,
                    from,
                });
                here.submit(command, 0).await
            }
            Err(rejection) => Err(rejection.into()),
        };
        back(&here, &set, &version, done).await
    };
    either(published.await)
}

/// `POST /rules/{id}/{number}/retire`: takes a version back.
pub async fn retire(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, String)>,
    body: Body,
) -> Response {
    let retired = async {
        let here = Here::enter_to_write(&pages, &headers).await?;
        let (set, version) = here.version(&id, &number).await?;
        let form = Form::read(body).await;
        let command = Command::RetireRules(RetireRules {
            rule_set: set.id,
            expected: expected(&form),
            number: version.number,
        });
        let done = here.submit(command, 0).await;
        back(&here, &set, &version, done).await
    };
    either(retired.await)
}

/// The version's page again: as it stands, or with what was refused.
async fn back(
    here: &Here,
    set: &RuleSet,
    version: &RuleVersion,
    done: Result<serde_json::Value, Refused>,
) -> Result<Response, Response> {
    match done {
        Ok(_) => Ok(redirect(&address(set, Some(version.number)), None)),
        Err(refused) => {
            let (status, said) = told(refused);
            let shown = Shown {
                status,
                refused: said,
                ..Shown::of(version)
            };
            version_page(here, set, version, shown).await
        }
    }
}

fn either(response: Result<Response, Response>) -> Response {
    match response {
        Ok(response) | Err(response) => response,
    }
}

fn told(refused: Refused) -> (StatusCode, Vec<String>) {
    let status = refused.status;
    let (_, said) = refused.split("\0");
    (status, said)
}

/// The version of the set that the form was made of; a form without one is of none that there is.
fn expected(form: &Form) -> Option<u64> {
    Some(form.word("version").parse().unwrap_or(u64::MAX))
}

fn scope(check: &mut Check, fields: &Fields) -> ScopeDraft {
    let list = |text: &str| -> Vec<String> {
        let words = text.split(',').map(str::trim);
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let input = ScopeInput {
        channels: list(&fields.channels),
        pools: list(&fields.pools),
        tiers: list(&fields.tiers),
    };
    input.read(check)
}

fn number(check: &mut Check, text: &str) -> i64 {
    let value = match text {
        "" => 0,
        text => text.parse().unwrap_or_else(|_| {
            check.refuse("/priority", "must be a whole number");
            0
        }),
    };
    priority(check, value)
}

fn new_set(fields: &Fields, rules: Rules) -> Result<Command, Rejection> {
    let mut check = Check::default();
    let set = CreateRuleSet {
        code: check.code("/code", &fields.code),
        name: check.optional_text("/name", Some(&fields.name), 255),
        scope: scope(&mut check, fields),
        priority: number(&mut check, &fields.priority),
        note: check.optional_text("/note", Some(&fields.note), 500),
        rules: Box::new(rules),
    };
    Ok(Command::CreateRuleSet(check.finish(set)?))
}

fn changed_set(
    set: &RuleSet,
    fields: &Fields,
    expected: Option<u64>,
) -> Result<Command, Rejection> {
    let mut check = Check::default();
    let name = check.optional_text("/name", Some(&fields.name), 255);
    let command = UpdateRuleSet {
        rule_set: set.id,
        expected,
        name: name.map_or(Edit::Clear, Edit::Set),
        scope: Some(scope(&mut check, fields)),
        priority: Some(number(&mut check, &fields.priority)),
    };
    Ok(Command::UpdateRuleSet(check.finish(command)?))
}

fn saved_draft(
    set: &RuleSet,
    version: &RuleVersion,
    note: &String,
    rules: Rules,
    expected: Option<u64>,
) -> Result<Command, Rejection> {
    let mut check = Check::default();
    let command = DraftRules {
        rule_set: set.id,
        expected,
        number: Some(version.number),
        note: check.optional_text("/note", Some(note), 500),
        rules: Box::new(rules),
    };
    Ok(Command::DraftRules(check.finish(command)?))
}

/// From when a version is to count: the local time of the form in its time zone, or at once.
fn from(form: &Form) -> Result<Option<Timestamp>, Rejection> {
    let (text, zone) = (form.word("from"), form.word("zone"));
    if text.is_empty() {
        return Ok(None);
    }
    let at = LocalTime::named(zone).and_then(|local| local.read(text));
    match at {
        Some(at) => Ok(Some(at)),
        None => {
            let message = "must be a date and a time, such as 2026-11-27 00:00";
            Err(Rejection::field("/from", message))
        }
    }
}
