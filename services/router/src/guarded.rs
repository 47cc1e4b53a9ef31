//! Planning that breaks hurts one lead and no worker.
//!
//! The same lead would break whoever is given it next, and for ever: a router that
//! found it overlooked, a sweep whose deadline it is. So it goes to the pool, where
//! people see it and can take it, and that is counted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::global;
use tipoff_domain::plan::Plan;
use tipoff_domain::{EntityId, LeadId};
use tracing::error;

/// What `plan` says; if it panics, that the lead needs attention.
pub(crate) fn guarded(entity: &EntityId, lead: &LeadId, plan: impl FnOnce() -> Plan) -> Plan {
    // What it has looked at so far is dropped with it.
    catch_unwind(AssertUnwindSafe(plan)).unwrap_or_else(|_| {
        error!(entity.id = %entity, lead.id = %lead,
            "planning a lead panicked; it rests in the pool and needs attention");
        let meter = global::meter("tipoff-router");
        let broken = meter.u64_counter("tipoff_plans_broken");
        broken.with_description("Leads over which planning panicked").build().add(1, &[]);
        Plan::needs_attention()
    })
}

#[cfg(test)]
mod tests {
    use tipoff_domain::plan::{Otherwise, Rest, Then};

    use super::*;

    #[test]
    fn a_lead_over_which_planning_breaks_goes_to_the_pool_and_needs_attention() {
        let (entity, lead) = ("acme".parse().unwrap(), format!("lead_{:032x}", 1).parse().unwrap());
        let plan = guarded(&entity, &lead, || panic!("on purpose"));
        assert_eq!(plan.then, Then::Pool(Rest::in_pool(Otherwise::NeedsAttention)));
        assert_eq!(guarded(&entity, &lead, Plan::nowhere_to_go), Plan::nowhere_to_go());
    }
}
