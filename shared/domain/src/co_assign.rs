//! Who goes along with an agent: a lender, an inside sales agent.

use std::collections::BTreeSet;

use crate::plan::Along;
use crate::{EntityView, Invalid, Lender, LenderId, Route};

impl Route {
    /// Its own lender, and those of whom one each goes along in turn.
    pub(crate) fn along(&self, view: &EntityView) -> Vec<Along> {
        let own = self.lender.iter().map(|lender| vec![lender.clone()]);
        let groups = own.chain(self.co_assign.iter().cloned());
        groups.filter_map(|among| Some(Along { role: role_of(&among, view)?, among })).collect()
    }

    /// Whether `lender` goes along with leads of this route.
    pub fn sends_along(&self, lender: &LenderId) -> bool {
        self.lender.iter().chain(self.co_assign.iter().flatten()).any(|one| one == lender)
    }

    /// Refuses whom the entity does not know, and groups of which it is not clear
    /// who does what.
    pub(crate) fn check_co_assign(&self, view: &EntityView) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        let mut roles: BTreeSet<&str> = self.lender.iter().map(|_| Lender::ROLE).collect();
        for (number, group) in self.co_assign.iter().enumerate() {
            let mut seen = BTreeSet::new();
            let mut role = None;
            for (place, id) in group.iter().enumerate() {
                let at = format!("/{number}/{place}");
                let Some(lender) = view.lenders.get(id) else {
                    invalid.add(at, format!("`{id}` is not a lender of this entity"));
                    continue;
                };
                let first = *role.get_or_insert(lender.role.as_str());
                if !seen.insert(id) {
                    invalid.add(at, format!("`{id}` stands there twice"));
                } else if lender.role != first {
                    let problem = format!("`{id}` is of the role `{}`, not `{first}`", lender.role);
                    invalid.add(at, problem);
                }
            }
            match role {
                None if group.is_empty() => {
                    invalid.add(format!("/{number}"), "name at least one");
                }
                Some(role) if !roles.insert(role) => {
                    let problem = format!("somebody of the role `{role}` goes along already");
                    invalid.add(format!("/{number}"), problem);
                }
                Some(_) | None => {}
            }
        }
        invalid.into_result()
    }
}

/// Of whoever is known of them.
fn role_of(among: &[LenderId], view: &EntityView) -> Option<String> {
    let known = among.iter().find_map(|id| view.lenders.get(id));
    known.map(|lender| lender.role.clone())
}
