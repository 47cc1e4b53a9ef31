//! Where the dice come from: the deployment's secret, the entity, the lead and
//! the round. The same lead replayed draws the same, and no agent can foresee it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use tipoff_domain::plan::{Dice, dice};
use tipoff_domain::{EntityId, LeadId};

/// Seeds dice.
#[derive(Clone)]
pub(crate) struct Seeds(hmac::Key);

impl Seeds {
    /// `None` when the secret is not Base64.
    pub(crate) fn new(draw_secret: &str) -> Option<Self> {
        let secret = URL_SAFE_NO_PAD.decode(draw_secret).ok()?;
        Some(Self(hmac::Key::new(hmac::HMAC_SHA256, &secret)))
    }

    /// The dice of one round of one lead.
    pub(crate) fn dice(&self, entity: &EntityId, lead: &LeadId, round: u32) -> Dice {
        let tag = hmac::sign(&self.0, format!("{entity}|{lead}|{round}").as_bytes());
        let mut seed = [0; 32];
        seed.copy_from_slice(tag.as_ref());
        dice(seed)
    }
}
