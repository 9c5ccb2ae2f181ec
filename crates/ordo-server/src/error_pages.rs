//! The pages about error codes, compiled in from `docs/errors`.

use std::fmt::Write;

macro_rules! pages {
    ($($code:literal)*) => {
        const PAGES: &[(&str, &str)] = &[$(
            ($code, include_str!(concat!("../../../docs/errors/", $code, ".md"))),
        )*];
    };
}

pages! {
    "body_too_large"
    "busy"
    "code_taken"
    "delivery_state"
    "forbidden"
    "fulfillment_state"
    "held_at_stage"
    "hold_not_found"
    "idempotency_key_reused"
    "insufficient_stock"
    "internal"
    "invalid_input"
    "malformed_body"
    "method_not_allowed"
    "not_found"
    "order_state"
    "out_of_stock"
    "overloaded"
    "quantity_exceeded"
    "rate_limited"
    "refund_exceeds_captured"
    "reservation_ended"
    "return_state"
    "rule_version_state"
    "unauthorized"
    "unavailable"
    "version_conflict"
    "view_behind"
}

/// The page about `code`, in Markdown.
#[must_use]
pub fn error_page(code: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, page)| *page)
}

/// A page as HTML: headings, paragraphs, lists and code within lines, which is all they use.
pub fn to_html(code: &str, page: &str) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{code}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;\
         padding:0 1rem}}code{{background:#8882;padding:.1em .3em;border-radius:.2em}}\
         :root{{color-scheme:light dark}}</style></head><body>"
    );
    for block in page.split("\n\n").map(str::trim) {
        let mut put = |tag: &str, text: &str| {
            let text = inline(text);
            write!(html, "<{tag}>{text}</{tag}>").expect("a string takes every text");
        };
        if let Some(title) = block.strip_prefix("## ") {
            put("h2", title);
        } else if let Some(title) = block.strip_prefix("# ") {
            put("h1", title);
        } else if block.starts_with("- ") {
            let items: Vec<&str> = block.split("\n- ").collect();
            html.push_str("<ul>");
            for item in items {
                let text = inline(item.strip_prefix("- ").unwrap_or(item));
                write!(html, "<li>{text}</li>").expect("a string takes every text");
            }
            html.push_str("</ul>");
        } else if !block.is_empty() {
            put("p", block);
        }
    }
    html.push_str("</body></html>");
    html
}

/// Text for HTML, with code between backticks.
pub fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            0 => escape(part),
            _ => format!("<code>{}</code>", escape(part)),
        })
        .collect()
}

/// Text that is no markup in HTML, also within quotes.
pub fn escape(text: &str) -> String {
    (text.replace('&', "&amp;").replace('<', "&lt;"))
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use ordo_domain::Code;

    use super::*;

    #[test]
    fn every_code_has_a_page_that_says_what_it_means_why_and_what_to_do() {
        let codes = Code::ALL.iter().map(|code| code.slug());
        for code in codes.chain(["method_not_allowed"]) {
            let page = error_page(code).unwrap_or_else(|| panic!("{code} has no page"));
            assert!(page.starts_with(&format!("# `{code}`\n")), "{code}");
            for part in ["\n## Meaning\n", "\n## Cause\n", "\n## Remedy\n"] {
                assert!(page.contains(part), "{code} lacks {part:?}");
            }
        }
        assert_eq!(PAGES.len(), Code::ALL.len() + 1, "a page is of no code");
        assert_eq!(error_page("nonsense"), None);
    }

    #[test]
    fn pages_become_html_and_their_text_no_markup() {
        let html = to_html("a", "# `a`\n\nOne <b>\nand `x<y`.\n\n- first\n- second\n");
        assert!(html.contains("<h1><code>a</code></h1>"));
        assert!(html.contains("<p>One &lt;b&gt;\nand <code>x&lt;y</code>.</p>"));
        assert!(html.contains("<ul><li>first</li><li>second</li></ul>"));
    }
}
