//! The effective configuration as `check` prints it: each variable, its value and where that came from.

use std::fmt::Write;

use super::access;
use crate::config::{Auth, Config, Environment, GROUPS, Listen, Origin, Setting, Source};

/// Every setting on a line, in its group.
pub(super) fn page(config: &Config, settings: &[Setting]) -> String {
    let shown: Vec<_> = settings.iter().map(|setting| shown(config, settings, setting)).collect();
    let width =
        |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let names = width(&mut settings.iter().map(|setting| setting.variable.name));
    let values = width(&mut shown.iter().map(|(value, _)| value.as_str())).min(40);
    let mut page = "Configuration\n".to_owned();
    for (setting, (value, origin)) in settings.iter().zip(&shown) {
        let name = setting.variable.name;
        if let Some((heading, _)) = GROUPS.iter().find(|(_, first)| *first == name) {
            // Writing to a text can't fail.
            writeln!(page, "\n  {heading}").ok();
        }
        let line = format!("    {name:names$}  {value:values$}  {origin}");
        writeln!(page, "{}", line.trim_end()).ok();
    }
    page
}

/// A setting's value and its origin, in words. Where a default depends on something, what came of it.
fn shown(config: &Config, settings: &[Setting], setting: &Setting) -> (String, String) {
    if setting.origin != Origin::Default {
        let value = match &config.auth {
            Auth::Jwt(jwt) if setting.variable.name == "AUTH_MODE" => access::checked(&jwt.keys),
            Auth::Jwt(_) | Auth::Open => setting.value.clone().unwrap_or_default(),
        };
        return (value, setting.origin.to_string());
    }
    let Some(default) = setting.value.as_deref() else {
        return ("not set".to_owned(), String::new());
    };
    let is_set =
        |name| settings.iter().any(|other| other.variable.name == name && other.origin != Origin::Default);
    let effective = match setting.variable.name {
        "APP_ENV" => match config.environment {
            Environment::Development => "development",
            Environment::Production => "production",
        },
        "SIMULATOR" => match config.zoom.source {
            Source::Simulator => "true",
            Source::Zoom(_) => "false",
        },
        "HOST" => match config.listen {
            Listen::Loopback { .. } => "localhost",
            Listen::Everywhere { .. } => "every address",
            Listen::Address { .. } => default,
        },
        "AUTH_MODE" => "open",
        "CORS_ORIGIN" => match config.auth {
            Auth::Open => "origins on this machine",
            Auth::Jwt(_) => "none but the hub's own page",
        },
        _ => default,
    };
    let by_node_env = setting.variable.name == "APP_ENV" && is_set("NODE_ENV");
    let origin = if by_node_env { "NODE_ENV".to_owned() } else { setting.origin.to_string() };
    (effective.to_owned(), origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Variables;

    fn line(variables: &[(&str, &str)], name: &str) -> String {
        let variables = Variables::from_pairs(variables.iter().copied()).with_file("/f", "hush");
        let page = page(&Config::from_variables(&variables).unwrap(), &variables.settings());
        assert!(!page.contains("hush"), "{page}");
        let named = |line: &&str| line.split_ascii_whitespace().next() == Some(name);
        page.lines().find(named).unwrap().split_ascii_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    }

    const CREDENTIALS: [(&str, &str); 3] =
        [("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET", "hush"), ("ZOOM_ACCOUNT_ID", "account")];

    const JWT: [(&str, &str); 2] =
        [("AUTH_MODE", "jwt"), ("AUTH_JWT_SECRET", "hush-hush-hush-hush-hush-hush-32")];

    #[test]
    fn the_mode_says_what_credentials_are_checked_with_and_no_key_is_shown() {
        assert_eq!(line(&JWT, "AUTH_MODE"), "jwt, HS256, HS384 or HS512 by AUTH_JWT_SECRET environment");
        assert_eq!(line(&JWT, "AUTH_JWT_SECRET"), "set environment");
        assert_eq!(line(&JWT, "AUTH_JWT_SECRET_PREVIOUS"), "not set");
        assert_eq!(line(&[("AUTH_MODE", "open")], "AUTH_MODE"), "open environment");
    }

    #[test]
    fn each_variable_has_its_value_and_its_origin_and_no_secret_is_shown() {
        assert_eq!(line(&CREDENTIALS, "ZOOM_CLIENT_ID"), "id environment");
        assert_eq!(line(&CREDENTIALS, "ZOOM_CLIENT_SECRET"), "set environment");
        assert_eq!(line(&CREDENTIALS, "PORT"), "3000 default");
        assert_eq!(line(&CREDENTIALS, "TEST_HOST_USER_ID"), "not set");
        let of_a_file = [CREDENTIALS[0], ("ZOOM_CLIENT_SECRET_FILE", "/f"), CREDENTIALS[2]];
        assert_eq!(line(&of_a_file, "ZOOM_CLIENT_SECRET"), "set file of ZOOM_CLIENT_SECRET_FILE");
    }

    #[test]
    fn a_default_that_depends_on_something_is_shown_as_it_came_out() {
        assert_eq!(line(&[], "SIMULATOR"), "true default");
        assert_eq!(line(&CREDENTIALS, "SIMULATOR"), "false default");
        assert_eq!(line(&[], "HOST"), "localhost default");
        assert_eq!(line(&[], "AUTH_MODE"), "open default");
        assert_eq!(line(&[], "CORS_ORIGIN"), "origins on this machine default");
        let production = [&CREDENTIALS[..], &JWT, &[("NODE_ENV", "production")]].concat();
        assert_eq!(line(&production, "CORS_ORIGIN"), "none but the hub's own page default");
        assert_eq!(line(&production, "APP_ENV"), "production NODE_ENV");
        assert_eq!(line(&production, "HOST"), "every address default");
    }
}
