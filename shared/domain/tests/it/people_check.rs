use serde_json::{Value, json};
use tipoff_domain::{Agent, Entity, Invalid, Lead, Source};

fn field(checked: Result<(), Invalid>) -> String {
    checked.err().map(|invalid| invalid.0[0].field.clone()).unwrap_or_default()
}

fn agent(part: &str, value: &str) -> String {
    let mut agent = json!({"name": "Ana"});
    agent[part] = Value::from(value);
    field(serde_json::from_value::<Agent>(agent).unwrap().check())
}

#[test]
fn a_name_stands_on_one_line() {
    for name in ["", "  ", "Acme\r\nBcc: x", "a\u{0}b", &"x".repeat(121)] {
        let entity = json!({"name": name, "kind": "team", "zone": "UTC"});
        assert_eq!(field(serde_json::from_value::<Entity>(entity).unwrap().check()), "/name");
        let source = json!({"name": name});
        assert_eq!(field(serde_json::from_value::<Source>(source).unwrap().check()), "/name");
        assert_eq!(agent("name", name), "/name", "{name:?}");
    }
    assert_eq!(agent("name", "María-José O’Neill 李"), "");
}

#[test]
fn an_agent_is_reached_at_what_can_be_an_address() {
    for email in ["", "ana", "@example.com", "a b@example.com", "a@b\r\nBcc: x@y.z", &address(300)]
    {
        assert_eq!(agent("email", email), "/email", "{email:?}");
    }
    for phone in ["", "not a phone", "12", "+1 512 555 0101 please"] {
        assert_eq!(agent("phone", phone), "/phone", "{phone:?}");
    }
    assert_eq!(agent("email", "ana@example.com"), "");
    for phone in ["+15125550101", "(512) 555-0101", "512.555.0101 x12"] {
        assert_eq!(agent("phone", phone), "", "{phone:?}");
    }
}

#[test]
fn a_lead_is_not_reached_at_a_number_without_a_digit() {
    let lead =
        |phone: &str| -> Lead { serde_json::from_value(json!({"phones": [phone]})).unwrap() };
    assert_eq!(field(lead("ask for Dana").check()), "/phones/0");
    assert_eq!(field(lead("office, ext. 12").check()), "");
}

fn address(length: usize) -> String {
    format!("{}@example.com", "x".repeat(length))
}
