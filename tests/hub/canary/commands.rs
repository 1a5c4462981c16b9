//! What the program's other commands say, with the same environment: `--help`, `check`, `token`, and a start that is
//! refused.

use super::cast::HOST;
use super::record::Record;
use crate::harness::MEETING;
use crate::harness::credentials::SECRET;
use crate::harness::program::{Ended, Start};

/// One byte too few.
const SHORT: &str = "canary-short.one-byte-too-few-x";

/// Everything that was said, with a credential that `token` signed on the way; that is its standard output alone.
pub async fn all(record: &Record, hub: impl Fn() -> Start) -> String {
    let mut said = String::new();
    let mut hear = |name: &str, ended: Ended, code: i32| {
        assert_eq!(ended.code, Some(code), "{name}: {}", ended.err);
        said.push_str(&ended.out);
        said.push_str(&ended.err);
    };
    hear("help", hub().arguments(&["--help"]).run().await, 0);
    let test =
        [("TEST_HOST_USER_ID", HOST), ("TEST_PARTICIPANT_USER_ID", HOST), ("TEST_MEETING_ID", MEETING)];
    hear("check", hub().and(&test).arguments(&["check"]).run().await, 0);
    let echoed = [test[1], test[2], ("TEST_HOST_USER_ID", "echo")];
    hear("check", hub().and(&echoed).arguments(&["check"]).run().await, 1);

    let mut signed = hub().arguments(&["token", "--user", HOST]).run().await;
    record.plant("a credential that the program signed", std::mem::take(&mut signed.out).trim());
    hear("token", signed, 0);
    let refused = hub().and(&[("AUTH_JWT_MAX_TTL_SECONDS", "60")]);
    hear("token", refused.arguments(&["token", "--user", HOST, "--ttl", "61"]).run().await, 2);

    record.plant("a secret that is too short", SHORT);
    let start = hub();
    let path = start.folder().put("secret", SECRET);
    for (start, variable) in [
        (hub(), ("AUTH_JWT_SECRET", SHORT)),
        (hub(), ("AUTH_JWT_SECRET_PREVIOUS", SHORT)),
        (start, ("AUTH_JWT_SECRET_FILE", path.as_str())),
        (hub(), ("AUTH_MODE", "open")),
        (hub(), ("AUTH_JWT_SECRET", "your_canary_secret_of_the_example_here")),
    ] {
        hear(variable.0, start.and(&[variable]).run().await, 2);
    }
    hear(".env", Start::with(&[]).dotenv(&format!("AUTH_JWT_SECRET={SECRET} {SHORT}\n")).run().await, 2);
    said
}
