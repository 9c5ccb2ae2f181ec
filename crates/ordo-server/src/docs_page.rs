//! The contract as one page of HTML: no script, nothing loaded from elsewhere.

use std::fmt::Write;

use serde_json::Value;

use crate::error_pages::{escape, inline};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}\
h2{margin-top:2.5rem;border-bottom:1px solid #8885}\
details{border:1px solid #8885;border-radius:.4rem;margin:.4rem 0;padding:.4rem .8rem}\
summary{cursor:pointer}\
code{font:13px ui-monospace,monospace;background:#8882;padding:.1em .3em;border-radius:.2em}\
.verb{display:inline-block;min-width:3.5rem;font-weight:600}\
.role{float:right;opacity:.7}\
table{border-collapse:collapse;width:100%;margin:.5rem 0}\
td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #8883}";

/// Renders a contract.
pub fn render(contract: &Value) -> String {
    let mut page = Page::default();
    let info = &contract["info"];
    let (title, version) = (text(&info["title"]), text(&info["version"]));
    page.put(format_args!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{} API</title>\
         <style>{STYLE}</style></head><body><h1>{} API {}</h1><p>{}</p>\
         <p><a href=\"/api/openapi.json\">OpenAPI document</a></p>",
        escape(title),
        escape(title),
        escape(version),
        inline(text(&info["description"])),
    ));
    let operations = operations(contract);
    let mut tags: Vec<&str> = operations.iter().map(|operation| operation.tag()).collect();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags {
        page.put(format_args!("<h2>{}</h2>", escape(tag)));
        for operation in operations.iter().filter(|operation| operation.tag() == tag) {
            page.operation(operation);
        }
    }
    page.put(format_args!("<h2>Forms</h2>"));
    for (name, schema) in entries(&contract["components"]["schemas"]) {
        page.form(name, schema);
    }
    page.put(format_args!("</body></html>"));
    page.html
}

/// An operation of the contract.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    value: &'a Value,
}

impl<'a> Operation<'a> {
    fn tag(&self) -> &'a str {
        text(&self.value["tags"][0])
    }
}

fn operations(contract: &Value) -> Vec<Operation<'_>> {
    (entries(&contract["paths"]))
        .flat_map(|(path, item)| {
            entries(item).map(move |(method, value)| Operation {
                method,
                path,
                value,
            })
        })
        .collect()
}

#[derive(Default)]
struct Page {
    html: String,
}

impl Page {
    fn put(&mut self, words: std::fmt::Arguments<'_>) {
        self.html
            .write_fmt(words)
            .expect("a string takes every text");
    }

    fn operation(&mut self, operation: &Operation<'_>) {
        let value = operation.value;
        let role = match text(&value["x-ordo-role"]) {
            "" => "no key needed",
            role => role,
        };
        self.put(format_args!(
            "<details id=\"{}\"><summary><span class=\"verb\">{}</span> <code>{}</code> {}\
             <span class=\"role\">{role}</span></summary><p>{}</p>",
            escape(text(&value["operationId"])),
            operation.method.to_ascii_uppercase(),
            escape(operation.path),
            inline(text(&value["summary"])),
            inline(text(&value["description"])),
        ));
        let parameters = value["parameters"].as_array();
        if let Some(parameters) = parameters.filter(|parameters| !parameters.is_empty()) {
            self.put(format_args!(
                "<table><tr><th>Parameter</th><th>In</th><th>Form</th><th></th></tr>"
            ));
            for parameter in parameters {
                self.put(format_args!(
                    "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    escape(text(&parameter["name"])),
                    escape(text(&parameter["in"])),
                    form_of(&parameter["schema"]),
                    inline(text(&parameter["description"])),
                ));
            }
            self.put(format_args!("</table>"));
        }
        self.put(format_args!(
            "<table><tr><th>Body</th><th>Form</th><th></th></tr>"
        ));
        for (kind, content) in entries(&value["requestBody"]["content"]) {
            let words = text(&value["requestBody"]["description"]);
            self.body("request", kind, content, words);
        }
        for (status, response) in entries(&value["responses"]) {
            let words = text(&response["description"]);
            let mut contents = entries(&response["content"]).peekable();
            if contents.peek().is_none() {
                self.body(status, "", &Value::Null, words);
            }
            for (kind, content) in contents {
                self.body(status, kind, content, words);
            }
        }
        self.put(format_args!("</table></details>"));
    }

    fn body(&mut self, name: &str, kind: &str, content: &Value, words: &str) {
        self.put(format_args!(
            "<tr><td>{}</td><td>{} <code>{}</code></td><td>{}</td></tr>",
            escape(name),
            form_of(&content["schema"]),
            escape(kind),
            inline(words),
        ));
    }

    fn form(&mut self, name: &str, schema: &Value) {
        self.put(format_args!(
            "<details id=\"form-{0}\"><summary><code>{0}</code></summary><p>{1}</p>",
            escape(name),
            inline(text(&schema["description"])),
        ));
        // Parts that are put together stand one after another.
        let parts = schema["allOf"].as_array();
        let parts = parts.map_or_else(|| vec![schema], |parts| parts.iter().collect());
        for part in parts {
            let mut fields = entries(&part["properties"]).peekable();
            if fields.peek().is_none() {
                self.put(format_args!("<p>{}</p>", form_of(part)));
                continue;
            }
            self.put(format_args!("<table>"));
            for (field, schema) in fields {
                let required = part["required"].as_array();
                let is_required =
                    required.is_some_and(|names| names.iter().any(|name| name == field));
                self.put(format_args!(
                    "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
                    escape(field),
                    if is_required { " *" } else { "" },
                    form_of(schema),
                    inline(text(&schema["description"])),
                ));
            }
            self.put(format_args!("</table>"));
        }
        self.put(format_args!("</details>"));
    }
}

/// A schema in a few words, with links to forms that have names.
fn form_of(schema: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        let name = escape(target.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#form-{name}\">{name}</a>");
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let forms: Vec<String> = choices.iter().map(form_of).collect();
            return forms.join(if choice == "allOf" { " and " } else { " or " });
        }
    }
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<String> = (names.iter())
            .map(|name| format!("<code>{}</code>", escape(text(name))))
            .collect();
        return names.join(" ");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        kind => vec![text(kind)],
    };
    if kinds.contains(&"array") {
        return format!("list of {}", form_of(&schema["items"]));
    }
    if let Some((name, inner)) = entries(&schema["properties"])
        .next()
        .filter(|_| kinds == ["object"])
    {
        return format!(
            "object with <code>{}</code>: {}",
            escape(name),
            form_of(inner)
        );
    }
    escape(&kinds.join(" or "))
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    (value.as_object().into_iter().flatten()).map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::OPERATIONS;

    #[test]
    fn the_page_shows_every_operation_and_every_link_leads_somewhere() {
        let page = render(&crate::openapi::to_value());
        for operation in OPERATIONS {
            assert!(page.contains(&escape(operation.path)), "{}", operation.path);
        }
        assert!(!page.contains("<script"));
        assert!(!page.contains("http://") && !page.contains("https://"));
        for link in page.split("href=\"#").skip(1) {
            let target = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
    }
}
