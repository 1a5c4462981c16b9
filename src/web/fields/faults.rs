//! What is wrong with the fields of a request, gathered so that one answer names them all.

use std::fmt;

use crate::hub::refusal::{Code, Detail, Refusal};

/// What is wrong with a field.
pub(super) struct Fault {
    code: Code,
    detail: Detail,
    missing: bool,
}

impl Fault {
    pub(super) fn new(code: Code, field: &'static str, message: impl fmt::Display) -> Self {
        Self { code, detail: Detail { field, message: message.to_string() }, missing: false }
    }

    pub(super) fn missing(field: &'static str) -> Self {
        Self { missing: true, ..Self::new(Code::InvalidRequest, field, "required") }
    }
}

/// The faults of one request, gathered so that the answer names every field.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn note<T>(&mut self, field: Result<T, Fault>) -> Option<T> {
        field.map_err(|fault| self.0.push(fault)).ok()
    }

    /// The answer; `required` are the fields that the call needs, in the seed's words.
    pub(super) fn refusal(self, required: &str) -> Refusal {
        let (code, message) = match self.0.first() {
            _ if self.0.iter().any(|fault| fault.missing) => {
                (Code::InvalidRequest, format!("Missing required fields: {required}"))
            }
            Some(Fault { code, detail, .. }) => {
                (*code, format!("Invalid {}: {}", detail.field, detail.message))
            }
            None => (Code::InvalidRequest, "The request is not valid".to_owned()),
        };
        let details = self.0.into_iter().map(|fault| fault.detail).collect();
        Refusal { details, ..Refusal::new(code, message) }
    }
}
