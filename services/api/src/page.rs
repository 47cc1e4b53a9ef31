//! The pages that people see: the claim page and the page of a test message, to
//! which links in messages lead, and the bell.
//!
//! Looking never changes anything, because mail scanners look too. An answer
//! is a form that a person sends, and it must come from a page that we showed
//! to the same browser. The page works without scripts.

pub(crate) mod bell;
mod browser;
pub(crate) mod confirm;
mod facts;
pub(crate) mod handlers;
mod seal;
mod standing;
mod texts;
mod view;
mod way;

pub(crate) use self::facts::first_name;
pub(crate) use self::standing::Standing;
pub(crate) use self::texts::say;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;
use tipoff_wire::link::{ClaimLink, read_secret};
use tracing::error;

use self::seal::Seal;

/// Everything that pages are made of.
#[derive(Debug)]
pub(crate) struct Pages {
    templates: Environment<'static>,
    secret: Vec<u8>,
    seal: Seal,
}

const TEMPLATE: &str = "claim.html";
const CONFIRM: &str = "confirm.html";
const BELL: &str = "bell.html";
const WORKER: &str = "worker.js";

impl Pages {
    /// `link_secret`: as the deployment keeps it.
    pub(crate) fn new(link_secret: &str) -> Self {
        let secret = read_secret(link_secret).unwrap_or_else(|bad| {
            error!(error = &bad as &dyn std::error::Error, "claim links cannot be opened");
            Vec::new()
        });
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_syntax(without_blank_lines());
        templates.add_function("t", texts::in_template);
        for (name, template) in [
            ("frame.html", include_str!("../templates/frame.html")),
            ("style.css", include_str!("../templates/style.css")),
            ("clock.js", include_str!("../templates/clock.js")),
            ("bell.js", include_str!("../templates/bell.js")),
            (BELL, include_str!("../templates/bell.html")),
            (WORKER, include_str!("../templates/worker.js")),
            (TEMPLATE, include_str!("../templates/claim.html")),
            (CONFIRM, include_str!("../templates/confirm.html")),
        ] {
            let added = templates.add_template(name, template);
            added.expect("the template is part of the program, and a test renders it");
        }
        Self { templates, seal: Seal::new(&secret), secret }
    }

    /// Nothing opens where the deployment's secret cannot be read. `series` is asked
    /// which of the agent's links are good.
    fn open(&self, token: &str, series: impl FnOnce(&ClaimLink) -> u32) -> Option<ClaimLink> {
        ClaimLink::open(token, self.secret()?, series).ok()
    }

    /// The deployment's secret of links; `None` where it cannot be read.
    pub(crate) fn secret(&self) -> Option<&[u8]> {
        (!self.secret.is_empty()).then_some(&self.secret)
    }

    fn render(&self, page: &str, view: &impl Serialize) -> Result<String, minijinja::Error> {
        self.templates.get_template(page)?.render(Value::from(Serde(view)))
    }
}

fn without_blank_lines() -> SyntaxConfig {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    syntax.expect("the delimiters are the usual ones")
}
