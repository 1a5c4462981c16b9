//! JSON text to [`Fields`]: any value is read, the check of it comes later; what is no object is refused.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{Fields, Given};

/// Why a text was not read, without quoting it: there may be a token in it.
pub(super) fn not_an_object(what: &str, error: &serde_json::Error) -> String {
    match (error.line(), error.column()) {
        (0, _) => format!("{what} is not a JSON object"),
        (line, column) => format!("{what} is not a valid JSON object (line {line}, column {column})"),
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    /// Of a name that comes twice the last one counts, as everywhere in the seed's world.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key::<String>()? {
            match fields.field(&name) {
                Some(field) => *field = map.next_value()?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Flag(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Given, E> {
        Ok(if text.is_empty() { Given::Absent } else { Given::Text(text.to_owned()) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        let mut list = Vec::new();
        while let Some(given) = seq.next_element()? {
            list.push(given);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_pass_and_the_last_of_a_name_counts() {
        let text = r#"{"x":{"y":[1]},"userId":"a","userId":"b"}"#;
        let fields: Fields = serde_json::from_str(text).unwrap();
        assert_eq!(fields.authenticate().unwrap().user.as_str(), "b");
    }

    #[test]
    fn an_array_is_no_object_and_deep_nesting_ends() {
        assert!(serde_json::from_str::<Fields>("[]").is_err());
        let deep = format!(r#"{{"wait":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(serde_json::from_str::<Fields>(&deep).is_err());
        // What no field takes is passed over, not built.
        assert!(serde_json::from_str::<Fields>(&deep.replace("wait", "other")).is_ok());
    }

    #[test]
    fn a_refusal_says_where_and_not_what() {
        let error = serde_json::from_str::<Fields>(r#"{"userId":"hush"#).unwrap_err();
        let message = not_an_object("The body", &error);
        assert!(message.starts_with("The body is not a valid JSON object (line 1"), "{message}");
        assert!(!message.contains("hush"));
    }
}
