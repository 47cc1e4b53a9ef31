//! Notices as texts: templates and words put together.

use chrono::{DateTime, Utc};
use fluent_templates::fluent_bundle::FluentValue;
use minijinja::value::{Kwargs, Serde};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, context};
use reqwest::Url;
use tipoff_domain::Locale;
use tipoff_wire::link::ClaimLink;
use tipoff_wire::notice::What;

use crate::plain::{one_line, shortened};
use crate::seen::{self, Seen, Told};
use crate::times;
use crate::words::{Args, args, say};

/// Longest body of a push notification, in characters.
const PUSH_BODY: usize = 240;

const TEMPLATES: [(&str, &str); 7] = [
    ("frame.html", include_str!("../templates/frame.html.j2")),
    ("offer/subject.txt", include_str!("../templates/offer/subject.txt.j2")),
    ("offer/body.txt", include_str!("../templates/offer/body.txt.j2")),
    ("offer/body.html", include_str!("../templates/offer/body.html.j2")),
    ("assigned/subject.txt", include_str!("../templates/assigned/subject.txt.j2")),
    ("assigned/body.txt", include_str!("../templates/assigned/body.txt.j2")),
    ("assigned/body.html", include_str!("../templates/assigned/body.html.j2")),
];

/// An e-mail's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// A push notification's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) url: String,
}

/// Writes notices.
#[derive(Debug)]
pub(crate) struct Writer {
    english: Environment<'static>,
    spanish: Environment<'static>,
    public_url: String,
    link_secret: Vec<u8>,
}

impl Writer {
    /// Links begin with `public_url`, which stands in mails as it is.
    pub(crate) fn new(public_url: &Url, link_secret: Vec<u8>) -> Result<Self, Error> {
        Ok(Self {
            english: environment(Locale::En)?,
            spanish: environment(Locale::Es)?,
            public_url: public_url.as_str().trim_end_matches('/').to_owned(),
            link_secret,
        })
    }

    /// The e-mail for a notice, as of `now` on the board's clock.
    pub(crate) fn letter(&self, told: &Told, now: DateTime<Utc>) -> Result<Letter, Error> {
        let templates = match told.locale() {
            Locale::En => &self.english,
            Locale::Es => &self.spanish,
        };
        let (folder, facts) = match told.notice.what {
            What::Offer { round, until, .. } => ("offer", self.offer(told, round, until, now)),
            What::Assigned { .. } => ("assigned", assigned(told)),
        };
        let render =
            |name: &str| templates.get_template(&format!("{folder}/{name}"))?.render(&facts);
        Ok(Letter {
            subject: render("subject.txt")?,
            text: render("body.txt")?,
            html: render("body.html")?,
        })
    }

    /// The push notification for a notice. A lock screen is read by anybody, so
    /// it never shows contact details.
    pub(crate) fn card(&self, told: &Told, now: DateTime<Utc>) -> Card {
        let (locale, seen) = (told.locale(), seen::before_claiming(told));
        let (title, sentence, url) = match told.notice.what {
            What::Offer { round, until, .. } => {
                let sentence = Deadline::of(told, until, now).sentence(locale);
                ("offer-push-title", sentence, self.claim_url(told, round, until))
            }
            What::Assigned { .. } => {
                let sentence = say(locale, "assigned-next", &Args::new());
                ("assigned-push-title", sentence, format!("{}/", self.public_url))
            }
        };
        let facts: Vec<String> =
            [seen.property, seen.source].into_iter().filter(|fact| !fact.is_empty()).collect();
        let body =
            if facts.is_empty() { sentence } else { format!("{}. {sentence}", facts.join(" · ")) };
        let title = say(locale, title, &args([("who", seen.who.into())]));
        Card { title: one_line(&title), body: shortened(&body, PUSH_BODY), url }
    }

    fn offer(&self, told: &Told, round: u32, until: DateTime<Utc>, now: DateTime<Utc>) -> Value {
        let Deadline { left, until: said } = Deadline::of(told, until, now);
        let url = self.claim_url(told, round, until);
        context! { left, until => said, url, ..common(told, &seen::before_claiming(told)) }
    }

    fn claim_url(&self, told: &Told, round: u32, until: DateTime<Utc>) -> String {
        let notice = &told.notice;
        let (entity, lead, agent) =
            (notice.entity.clone(), notice.lead.clone(), notice.agent.clone());
        let link = ClaimLink { entity, lead, agent, round, until };
        format!("{}/c/{}", self.public_url, link.seal(&self.link_secret))
    }
}

fn assigned(told: &Told) -> Value {
    let how = told.lead.now_is.how.and_then(|how| serde_json::to_value(how).ok());
    let how = how.as_ref().and_then(|how| how.as_str()).unwrap_or_default();
    context! { how, ..common(told, &seen::everything(told)) }
}

fn common(told: &Told, seen: &Seen) -> Value {
    let entity = one_line(&told.view.entity.name);
    context! { lang => told.locale().as_str(), entity, ..Value::from(Serde(seen)) }
}

/// How long an agent has, in words.
struct Deadline {
    left: String,
    until: String,
}

impl Deadline {
    fn of(told: &Told, until: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let locale = told.locale();
        Self {
            left: times::span(locale, until - now),
            until: times::moment(locale, told.view.entity.zone, until, now),
        }
    }

    fn sentence(self, locale: Locale) -> String {
        say(
            locale,
            "offer-deadline",
            &args([("left", self.left.into()), ("until", self.until.into())]),
        )
    }
}

/// The templates with the words of one language.
fn environment(locale: Locale) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.strip_suffix(".html").is_some() { AutoEscape::Html } else { AutoEscape::None }
    });
    environment.add_filter("short", |text: String, limit: usize| shortened(&text, limit));
    environment.add_filter("dial", |phone: String| {
        phone.replace(|c: char| !c.is_ascii_digit() && c != '+', "")
    });
    environment.add_function("say", move |key: String, given: Kwargs| -> Result<String, Error> {
        Ok(say(locale, &key, &as_args(&given)?))
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
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
mod tests;
