//! The credentials for Zoom: all three or none, the secret also from a file, none left as the example has it.
//!
//! Deliberately absent: whether Zoom takes them.

use super::error::ConfigError;
use super::read;
use super::variables::Variables;
use crate::secret::Secret;

/// A Server-to-Server OAuth app's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `ZOOM_CLIENT_ID`; no colon is in it, which would end it in an `Authorization` header.
    pub client_id: String,
    /// `ZOOM_CLIENT_SECRET` or what `ZOOM_CLIENT_SECRET_FILE` holds.
    pub client_secret: Secret,
    /// `ZOOM_ACCOUNT_ID`.
    pub account_id: String,
}

impl Credentials {
    /// All three, or none.
    pub(super) fn from_variables(variables: &Variables) -> Result<Option<Self>, ConfigError> {
        let id = one("ZOOM_CLIENT_ID", variables.text("ZOOM_CLIENT_ID")?)?;
        let secret = client_secret(variables)?;
        let account = one("ZOOM_ACCOUNT_ID", variables.text("ZOOM_ACCOUNT_ID")?)?;
        match (id, secret, account) {
            (None, None, None) => Ok(None),
            (Some(id), Some(client_secret), Some(account)) => {
                Ok(Some(Self { client_id: id.to_owned(), client_secret, account_id: account.to_owned() }))
            }
            (id, secret, account) => {
                let set = [
                    ("ZOOM_CLIENT_ID", id.is_some()),
                    ("ZOOM_CLIENT_SECRET", secret.is_some()),
                    ("ZOOM_ACCOUNT_ID", account.is_some()),
                ];
                let missing = set.into_iter().filter_map(|(name, set)| (!set).then_some(name)).collect();
                Err(ConfigError::CredentialsIncomplete { missing })
            }
        }
    }
}

fn client_secret(variables: &Variables) -> Result<Option<Secret>, ConfigError> {
    let (name, file) = ("ZOOM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET_FILE");
    let given = one(name, variables.text(name)?)?;
    let held = variables.file(file)?.map(|text| text.reveal().trim_end_matches(['\r', '\n']));
    if given.is_some() && held.is_some() {
        return Err(ConfigError::Twice { name, other: file });
    }
    if held == Some("") {
        return Err(ConfigError::FileEmpty { name: file });
    }
    let secret = one(file, held)?.or(given);
    Ok(secret.map(|text| Secret::new(text.to_owned())))
}

/// One credential as it stands, which `name` gives or holds the file of.
fn one<'a>(name: &'static str, text: Option<&'a str>) -> Result<Option<&'a str>, ConfigError> {
    let Some(text) = text.map(|text| read::own(name, text)).transpose()? else {
        return Ok(None);
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || (c == ':' && name == "ZOOM_CLIENT_ID");
    if text.contains(odd) {
        return Err(ConfigError::OddCredential { name });
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 3] =
        [("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET", "hush"), ("ZOOM_ACCOUNT_ID", "account")];

    fn read(groups: &[&[(&str, &str)]]) -> Result<Option<Credentials>, ConfigError> {
        Credentials::from_variables(&Variables::from_pairs(groups.concat()))
    }

    fn error(groups: &[&[(&str, &str)]]) -> String {
        read(groups).unwrap_err().to_string()
    }

    #[test]
    fn each_credential_is_taken_as_it_stands() {
        let credentials = read(&[&ALL]).unwrap().unwrap();
        assert_eq!(credentials.client_id, "id");
        assert_eq!(credentials.client_secret.reveal(), "hush");
        assert_eq!(credentials.account_id, "account");
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn credentials_are_all_three_or_none() {
        let all = "set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID, or none of them";
        assert_eq!(error(&[&ALL[..2]]), format!("ZOOM_ACCOUNT_ID is missing: {all}"));
        let error = error(&[&ALL[2..]]);
        assert_eq!(error, format!("ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET are missing: {all}"));
    }

    #[test]
    fn a_placeholder_of_the_example_is_refused_by_name() {
        for name in ["ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "ZOOM_ACCOUNT_ID"] {
            let pairs = [(name, "Your_own_thing_here")];
            assert_eq!(read(&[&ALL, &pairs]), Err(ConfigError::Placeholder { name }));
        }
    }

    #[test]
    fn a_credential_with_a_space_or_a_line_break_is_refused_without_showing_it() {
        for (name, value) in [
            ("ZOOM_CLIENT_SECRET", "hush hush"),
            ("ZOOM_CLIENT_SECRET", "hush\n"),
            ("ZOOM_CLIENT_ID", "id:hush"),
        ] {
            let error = error(&[&ALL, &[(name, value)]]);
            assert!(error.starts_with(&format!("{name}: use ")) && !error.contains("hush"), "{error}");
        }
    }

    fn with_secret_file(text: &str) -> Result<Option<Credentials>, ConfigError> {
        let pairs =
            [("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET_FILE", "/f"), ("ZOOM_ACCOUNT_ID", "account")];
        Credentials::from_variables(&Variables::from_pairs(pairs).with_file("/f", text))
    }

    #[test]
    fn the_secret_may_stand_in_a_file_that_ends_in_a_line_break() {
        for text in ["hush", "hush\n", "hush\r\n"] {
            let credentials = with_secret_file(text).unwrap().unwrap();
            assert_eq!(credentials.client_secret.reveal(), "hush", "{text:?}");
        }
    }

    #[test]
    fn a_secret_file_that_holds_none_is_refused() {
        let name = "ZOOM_CLIENT_SECRET_FILE";
        assert_eq!(with_secret_file("\n"), Err(ConfigError::FileEmpty { name }));
        assert_eq!(with_secret_file("your_client_secret_here\n"), Err(ConfigError::Placeholder { name }));
        assert_eq!(with_secret_file("hush\nhush"), Err(ConfigError::OddCredential { name }));
        let error = error(&[&[(name, "/absent")]]);
        assert!(error.starts_with(&format!("{name}=\"/absent\": the file can't be read (")), "{error}");
    }

    #[test]
    fn the_secret_and_a_file_of_it_are_one_too_many() {
        let pairs = [&ALL[..], &[("ZOOM_CLIENT_SECRET_FILE", "/f")]].concat();
        let error =
            Credentials::from_variables(&Variables::from_pairs(pairs).with_file("/f", "hush")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ZOOM_CLIENT_SECRET and ZOOM_CLIENT_SECRET_FILE are both set; keep one of them"
        );
    }
}
