//! What became of notices, in words.

use serde::{Deserialize, Serialize};

use super::{Words, say};
use crate::lint::Message;
use crate::notified::{About, Became, Notified};
use crate::{AgentId, Channel};

/// A notice with what became of it in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSaid {
    #[serde(flatten)]
    pub notice: Notified,
    /// `null`: an agent who is not there any more.
    pub name: Option<String>,
    pub message: Message,
}

impl Words {
    /// What became of every notice, in order. `reader`: an agent, who is told of
    /// their own only.
    pub fn notices(&self, notices: &[Notified], reader: Option<&AgentId>) -> Vec<NoticeSaid> {
        let is_shown = |one: &&Notified| reader.is_none_or(|reader| *reader == one.agent);
        let said = |one: &Notified| {
            let name = self.name(&one.agent);
            NoticeSaid {
                message: notice(name.unwrap_or(one.agent.as_str()), one),
                name: name.map(str::to_owned),
                notice: one.clone(),
            }
        };
        notices.iter().filter(is_shown).map(said).collect()
    }
}

fn notice(name: &str, one: &Notified) -> Message {
    let (about, sobre) = about(one.about);
    let (by, por) = way(one.channel);
    let (became, paso) = match one.became {
        Became::Sent => ("sent", "enviado"),
        Became::Obsolete => {
            ("not sent, as it had moved on by then", "no enviado, ya había cambiado")
        }
        Became::Retried => {
            ("did not get through, and is tried again", "no llegó, y se intenta otra vez")
        }
        Became::Failed => ("could not be delivered", "no se pudo entregar"),
    };
    let why = one.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    if one.channel.is_a_room() {
        return say(format!("{about} {by}: {became}{why}"), format!("{sobre} {por}: {paso}{why}"));
    }
    say(
        format!("{about} to {name} {by}: {became}{why}"),
        format!("{sobre} a {name} {por}: {paso}{why}"),
    )
}

fn about(about: About) -> (&'static str, &'static str) {
    match about {
        About::Offer => ("offer", "oferta"),
        About::Assigned => ("assignment", "asignación"),
        About::Over => ("end of the offer", "fin de la oferta"),
        About::Missed => ("note of missed offers", "aviso de ofertas perdidas"),
    }
}

fn way(channel: Channel) -> (&'static str, &'static str) {
    match channel {
        Channel::Email => ("by e-mail", "por correo"),
        Channel::Push => ("by push", "por push"),
        Channel::Sms => ("by text", "por SMS"),
        Channel::Voice => ("by call", "por llamada"),
        Channel::InApp => ("at the bell", "en la campana"),
        Channel::Slack => ("to Slack", "a Slack"),
        Channel::Teams => ("to Teams", "a Teams"),
    }
}
