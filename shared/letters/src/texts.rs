//! Templates, words and facts put together.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use fluent_templates::fluent_bundle::FluentValue;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use tipoff_domain::Locale;

use crate::plain::{one_line, shortened};
use crate::words::{Args, say};
use crate::{Facts, Piece};

/// A template may take so many steps. Ours take a few hundred; one that goes
/// round and round is stopped.
const MOST_STEPS: u64 = 50_000;

const TEMPLATES: [(&str, &str); 31] = [
    ("frame.html", include_str!("../templates/frame.html.j2")),
    ("offer/subject.txt", include_str!("../templates/offer/subject.txt.j2")),
    ("offer/body.txt", include_str!("../templates/offer/body.txt.j2")),
    ("offer/body.html", include_str!("../templates/offer/body.html.j2")),
    ("offer/push-title.txt", include_str!("../templates/offer/push-title.txt.j2")),
    ("offer/push-body.txt", include_str!("../templates/offer/push-body.txt.j2")),
    ("offer/sms.txt", include_str!("../templates/offer/sms.txt.j2")),
    ("offer/chat.txt", include_str!("../templates/offer/chat.txt.j2")),
    ("assigned/subject.txt", include_str!("../templates/assigned/subject.txt.j2")),
    ("assigned/body.txt", include_str!("../templates/assigned/body.txt.j2")),
    ("assigned/body.html", include_str!("../templates/assigned/body.html.j2")),
    ("assigned/push-title.txt", include_str!("../templates/assigned/push-title.txt.j2")),
    ("assigned/push-body.txt", include_str!("../templates/assigned/push-body.txt.j2")),
    ("assigned/sms.txt", include_str!("../templates/assigned/sms.txt.j2")),
    ("assigned/chat.txt", include_str!("../templates/assigned/chat.txt.j2")),
    ("over/push-title.txt", include_str!("../templates/over/push-title.txt.j2")),
    ("over/push-body.txt", include_str!("../templates/over/push-body.txt.j2")),
    ("missed/subject.txt", include_str!("../templates/missed/subject.txt.j2")),
    ("missed/body.txt", include_str!("../templates/missed/body.txt.j2")),
    ("missed/body.html", include_str!("../templates/missed/body.html.j2")),
    ("missed/push-title.txt", include_str!("../templates/missed/push-title.txt.j2")),
    ("missed/push-body.txt", include_str!("../templates/missed/push-body.txt.j2")),
    ("test/subject.txt", include_str!("../templates/test/subject.txt.j2")),
    ("test/body.txt", include_str!("../templates/test/body.txt.j2")),
    ("test/body.html", include_str!("../templates/test/body.html.j2")),
    ("test/push-title.txt", include_str!("../templates/test/push-title.txt.j2")),
    ("test/push-body.txt", include_str!("../templates/test/push-body.txt.j2")),
    ("test/sms.txt", include_str!("../templates/test/sms.txt.j2")),
    ("many/push-title.txt", include_str!("../templates/many/push-title.txt.j2")),
    ("many/push-body.txt", include_str!("../templates/many/push-body.txt.j2")),
    ("many/sms.txt", include_str!("../templates/many/sms.txt.j2")),
];

/// A template of this build is broken.
#[derive(Debug, thiserror::Error)]
#[error("a template of this build is broken")]
pub struct BadTexts(#[from] Error);

/// A text could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the text of `{piece}` cannot be written")]
pub struct TextError {
    piece: Piece,
    source: Error,
}

impl TextError {
    /// What is wrong, and where in the template.
    pub(crate) fn what(&self) -> (String, Option<usize>) {
        let detail = self.source.detail().map(str::to_owned);
        (detail.unwrap_or_else(|| self.source.kind().to_string()), self.source.line())
    }
}

/// The templates of this build, with the words of every language.
#[derive(Debug)]
pub struct Texts {
    english: Environment<'static>,
    spanish: Environment<'static>,
}

impl Texts {
    /// Fails where a template of this build is broken.
    pub fn new() -> Result<Self, BadTexts> {
        Ok(Self { english: environment(Locale::En)?, spanish: environment(Locale::Es)? })
    }

    /// The text of `piece` with these facts; `own` is the entity's own template.
    pub fn write(
        &self,
        piece: Piece,
        locale: Locale,
        own: Option<&str>,
        facts: &Facts,
    ) -> Result<String, TextError> {
        let environment = match locale {
            Locale::En => &self.english,
            Locale::Es => &self.spanish,
        };
        let (name, facts) = (piece.file(), Value::from(Serde(facts)));
        let written = match own {
            Some(own) => environment.render_named_str(&name, own, facts),
            None => environment.get_template(&name).and_then(|template| template.render(facts)),
        };
        written.map_err(|source| TextError { piece, source })
    }
}

/// The templates with the words of one language.
fn environment(locale: Locale) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(MOST_STEPS));
    environment.set_auto_escape_callback(|name| {
        if name.strip_suffix(".html").is_some() { AutoEscape::Html } else { AutoEscape::None }
    });
    environment.add_filter("short", |text: String, limit: usize| shortened(&text, limit));
    environment.add_filter("line", |text: String| one_line(&text));
    environment.add_filter("dial", |phone: String| {
        phone.replace(|c: char| !c.is_ascii_digit() && c != '+', "")
    });
    let always = Always::default();
    environment.add_function("say", move |key: &str, given: Kwargs| -> Result<Value, Error> {
        if given.args().next().is_none() {
            return Ok(always.say(locale, key));
        }
        Ok(say(locale, key, &as_args(&given)?).into())
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// What is said in the same words every time, put together once.
#[derive(Debug, Default)]
struct Always(RwLock<HashMap<String, Value>>);

impl Always {
    /// More than there are; what templates of others make up is not kept.
    const MOST: usize = 500;

    fn say(&self, locale: Locale, key: &str) -> Value {
        if let Some(said) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return said.clone();
        }
        let said = Value::from(say(locale, key, &Args::new()));
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() < Self::MOST {
            all.insert(key.to_owned(), said.clone());
        }
        said
    }
}

fn as_args(given: &Kwargs) -> Result<Args, Error> {
    let argument = |name: &str| {
        let text: String = given.get(name)?;
        Ok((name.to_owned().into(), FluentValue::from(text)))
    };
    let args = given.args().map(argument).collect::<Result<Args, Error>>()?;
    given.assert_all_used().map_err(|error| {
        Error::new(ErrorKind::InvalidOperation, "words take names").with_source(error)
    })?;
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_has_a_template_in_every_language() {
        let texts = Texts::new().unwrap();
        for piece in Piece::ALL {
            for locale in [Locale::En, Locale::Es] {
                let (who, missed) = ("Dana".to_owned(), vec!["Ana: 3".to_owned()]);
                let facts = Facts { who, missed, ..Facts::default() };
                let text = texts.write(piece, locale, None, &facts).unwrap();
                assert!(!text.is_empty() && !text.contains("Unknown"), "{piece}: {text}");
            }
        }
        assert_eq!(Piece::ALL.len() + 1, TEMPLATES.len());
    }
}
