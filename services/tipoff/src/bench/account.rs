//! The line that every result ends with: leads in, leads accounted for, and
//! what must never be.

use serde_json::{Value, json};

/// `accounted` of the leads that went in are known to have come out.
pub(super) fn account(leads_in: usize, accounted: usize, double_claims: usize) -> Value {
    json!({
        "leads_in": leads_in, "accounted": accounted, "lost": leads_in.saturating_sub(accounted),
        "double_claims": double_claims, "ok": leads_in == accounted && double_claims == 0,
    })
}

/// With more counts, which are right if `ok`.
pub(super) fn with(mut account: Value, more: Value, ok: bool) -> Value {
    if let (Some(account), Value::Object(more)) = (account.as_object_mut(), more) {
        account.extend(more);
    }
    account["ok"] = json!(account["ok"] == true && ok);
    account
}

/// Of several runs together.
pub(super) fn together<'a>(results: impl IntoIterator<Item = &'a Value>) -> Value {
    let (mut sum, mut ok) = (account(0, 0, 0), true);
    for correct in results.into_iter().map(|result| &result["correct"]) {
        for field in ["leads_in", "accounted", "lost", "double_claims"] {
            let count = |value: &Value| value[field].as_u64().unwrap_or(0);
            sum[field] = json!(count(&sum) + count(correct));
        }
        ok &= correct["ok"] == true;
    }
    with(sum, json!({}), ok)
}

/// For people.
pub(super) fn line(correct: &Value) -> String {
    let [leads, accounted, lost, twice] =
        ["leads_in", "accounted", "lost", "double_claims"].map(|field| correct[field].to_string());
    let verdict = if correct["ok"] == true { "correct" } else { "NOT CORRECT" };
    format!(
        "{verdict}: {leads} leads in, {accounted} accounted for, {lost} lost, {twice} claimed twice"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_that_lost_a_lead_spoils_all() {
        let (good, bad) = (account(10, 10, 0), account(5, 4, 0));
        let both = together([&json!({"correct": good}), &json!({"correct": bad})]);
        assert_eq!(
            (&both["leads_in"], &both["lost"], &both["ok"]),
            (&json!(15), &json!(1), &json!(false))
        );
        assert!(line(&both).starts_with("NOT CORRECT: 15 leads in, 14 accounted for, 1 lost"));
        assert_eq!(with(account(1, 1, 0), json!({"early": 1}), false)["ok"], false);
    }
}
