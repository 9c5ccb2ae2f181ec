//! Goal: the fuzzer of the API sees what it is there to see. Method: a small server with a contract of
//! its own answers rightly once, and then wrongly in each way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use ordo_proof::api_fuzz::session::{Fuzzer, Session, program};
use ordo_proof::figures::Figures;
use ordo_proof::served::skip;
use serde_json::{Value, json};

/// An id that another organization has.
const THEIRS: &str = "thg_01m85kejhped3v29j3jx6a5egp";

/// What the server answers to a request with this id and this body.
type Answers = fn(id: &str, body: &str) -> (u16, Value);

fn right(id: &str, body: &str) -> (u16, Value) {
    let problem = |status: u16| (status, json!({"code": "refused"}));
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(fields)) if id != THEIRS => {
            let is_valid = fields
                .iter()
                .all(|(name, held)| name == "size" && held.is_i64());
            let small = fields
                .get("size")
                .is_none_or(|size| size.as_i64() < Some(100));
            if is_valid && small {
                (200, json!({"id": id}))
            } else {
                problem(422)
            }
        }
        Ok(_) if id == THEIRS => problem(404),
        Ok(_) | Err(_) => problem(422),
    }
}

#[test]
fn what_is_wrong_with_an_api_is_seen() {
    let Some(program) = program() else {
        skip("ORDO_SCHEMATHESIS", "what_is_wrong_with_an_api_is_seen");
        return;
    };
    let broken: [(&str, Option<&str>, Answers); 6] = [
        ("nothing", None, right),
        ("a 5xx", Some("Server error"), |id, body| {
            match right(id, body) {
                (200, _) => (500, json!({"code": "internal"})),
                other => other,
            }
        }),
        (
            "another form",
            Some("Response violates schema"),
            |id, body| match right(id, body) {
                (200, _) => (200, json!({"id": 5})),
                other => other,
            },
        ),
        (
            "anything goes",
            Some("Schema-violating request accepted"),
            |id, _| match id {
                THEIRS => (404, json!({"code": "refused"})),
                _ => (200, json!({"id": id})),
            },
        ),
        (
            "a leak",
            Some("Custom check failed"),
            |id, body| match right(id, body) {
                (422, _) => (422, json!({"code": "their secret"})),
                other => other,
            },
        ),
        ("others' things", Some("Custom check failed"), |id, body| {
            let (status, told) = right("mine", body);
            if status == 200 {
                (200, json!({"id": id}))
            } else {
                (status, told)
            }
        }),
    ];
    for (name, expected, answers) in broken {
        let address = serve(answers);
        let folder = tempfile::tempdir().unwrap();
        let contract = folder.path().join("openapi.json");
        std::fs::write(&contract, contract_of_things().to_string()).unwrap();
        let fuzzer = Fuzzer {
            program: program.clone(),
            contract,
            address,
            folder: folder.path().to_owned(),
        };
        let session = Session {
            name: "canary".to_owned(),
            key: "key".to_owned(),
            facts: json!({"ids": {"things": [THEIRS, "mine", "own"]}, "codes": {}, "protected": [],
                          "secrets": ["their secret"], "foreign": true}),
            share_ppm: 1_000_000,
            random: 5,
            seed: 1,
        };
        let mut figures = Figures::of("canary");
        fuzzer.run(&session, &mut figures);
        assert!(figures.counted("requests") > 10, "{name}: {figures:?}");
        match expected {
            None => figures.assert_clean(),
            Some(title) => assert!(
                figures.told().iter().any(|told| told.contains(title)),
                "{name}: {figures:?}"
            ),
        }
    }
}

fn contract_of_things() -> Value {
    let json_of = |schema: Value| json!({"application/json": {"schema": schema}});
    let thing =
        json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}});
    let problem = json!({"type": "object", "required": ["code"],
                         "properties": {"code": {"type": "string"}}});
    let input = json!({"type": "object", "additionalProperties": false,
                       "properties": {"size": {"type": "integer", "maximum": 99}}});
    json!({
        "openapi": "3.1.0", "info": {"title": "Things", "version": "1"},
        "paths": {"/things/{id}": {"post": {
            "parameters": [{"name": "id", "in": "path", "required": true,
                            "schema": {"type": "string"}}],
            "requestBody": {"required": true, "content": json_of(input)},
            "responses": {"200": {"description": "It.", "content": json_of(thing)},
                          "default": {"description": "Not.", "content": json_of(problem)}}
        }}}
    })
}

/// Answers until the test ends; one request a connection.
fn serve(answers: Answers) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is no concern of the server's.
            let _ = answer(stream, answers);
        }
    });
    address
}

fn answer(mut stream: TcpStream, answers: Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(found) = line.strip_prefix("content-length:") {
            length = found.trim().parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = first.split_whitespace();
    let method = words.next().unwrap_or_default();
    let id = words
        .next()
        .and_then(|path| path.strip_prefix("/things/"))
        .unwrap_or_default();
    let (status, told) = match method {
        "POST" => answers(id, &String::from_utf8_lossy(&body)),
        _ => (405, json!({"code": "method"})),
    };
    let text = told.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} Told\r\nAllow: POST\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}
