//! What people say with what they ask for.

use serde::Deserialize;
use tipoff_domain::AgentId;
use utoipa::ToSchema;

use crate::problem::Problem;

const LONGEST_REASON: usize = 500;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agent": "ana"}))]
pub(crate) struct AssignWanted {
    #[schema(value_type = String)]
    pub(super) agent: AgentId,
}

/// Why, in people's words.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "moved to another city"}))]
pub(crate) struct Because {
    /// 500 characters at most.
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the number belongs to somebody else", "credit": true}))]
pub(crate) struct CloseWanted {
    /// 500 characters at most.
    #[serde(default)]
    reason: Option<String>,
    /// Whether the agent who has it gets the next lead of its route.
    #[serde(default)]
    pub(super) credit: bool,
}

impl Because {
    pub(super) fn reason(&self) -> Result<Option<&str>, Problem> {
        reason("/reason", self.reason.as_deref())
    }
}

impl CloseWanted {
    pub(super) fn reason(&self) -> Result<Option<&str>, Problem> {
        reason("/reason", self.reason.as_deref())
    }
}

/// What stands in `field`, if anything does.
pub(crate) fn reason<'a>(field: &str, given: Option<&'a str>) -> Result<Option<&'a str>, Problem> {
    let given = given.map(str::trim).filter(|reason| !reason.is_empty());
    if given.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(Problem::invalid_field(
            field,
            format!("may have {LONGEST_REASON} characters at most"),
        ));
    }
    Ok(given)
}
