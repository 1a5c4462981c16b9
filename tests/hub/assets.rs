//! The page, the client library and Socket.IO's client for browsers come out of the hub itself.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use url::Url;

use crate::harness::{Answer, Hub};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";

async fn get(hub: &Hub, path: &str, header: (&str, &str)) -> Answer {
    hub.http().with(header.0, header.1).get(path).await
}

#[actix_web::test]
async fn a_browser_gets_the_page_and_a_program_what_the_hub_is() {
    let hub = Hub::start().await;
    let page = get(&hub, "/", ("accept", BROWSER)).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text.starts_with("<!doctype html>"), "{}", page.text);
    assert!(page.header("vary").unwrap().contains("Accept"));
    for accept in ["*/*", "application/json", "application/json, text/html;q=0.5"] {
        let index = get(&hub, "/", ("accept", accept)).await;
        assert_eq!(index.expect(200)["status"], "running", "{accept}");
        assert!(index.header("vary").unwrap().contains("Accept"));
    }
    assert_eq!(hub.get("/").await.expect(200)["status"], "running");
}

#[actix_web::test]
async fn the_page_may_run_no_script_but_the_hubs_own_and_load_nothing_from_elsewhere() {
    let hub = Hub::start().await;
    let page = get(&hub, "/", ("accept", BROWSER)).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
}

#[actix_web::test]
async fn a_file_that_the_caller_has_already_is_not_sent_again() {
    let hub = Hub::start().await;
    let page = get(&hub, "/", ("accept", BROWSER)).await;
    let tag = page.header("etag").unwrap();
    let again = hub.http().with("accept", BROWSER).with("if-none-match", tag).get("/").await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let other = hub.http().with("accept", BROWSER).with("if-none-match", "\"other\"").get("/").await;
    assert_eq!(other.status, 200);
}

#[actix_web::test]
async fn no_file_but_those_of_the_page_can_be_got() {
    let hub = Hub::start().await;
    for path in
        ["/../Cargo.toml", "/..%2fCargo.toml", "/page/../../Cargo.toml", "//etc/passwd", "/page", "/page/"]
    {
        assert_eq!(hub.get(path).await.status, 404, "{path}");
    }
}

/// What stands between two quotes after each `marker`.
fn quoted<'a>(text: &'a str, marker: &str) -> Vec<&'a str> {
    text.split(marker).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// What a file's name ends with.
fn ending(path: &str) -> Option<&str> {
    path.rsplit('.').next()
}

#[actix_web::test]
async fn every_file_that_the_page_is_made_of_is_there_with_its_content_type() {
    let hub = Hub::start().await;
    let page = get(&hub, "/", ("accept", BROWSER)).await.text;
    let named = ["src=\"", "href=\""].iter().flat_map(|marker| quoted(&page, marker));
    let mut paths: Vec<String> = named.filter(|path| path.contains('.')).map(str::to_owned).collect();
    let mut next = 0;
    while let Some(path) = paths.get(next).cloned() {
        next += 1;
        let file = hub.get(&path).await;
        let kind = match ending(&path) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!((file.status, file.header("content-type")), (200, Some(kind)), "{path}");
        assert!(file.header("content-security-policy").unwrap().contains("default-src 'none'"), "{path}");
        // As a browser finds it: seen from the file that names it.
        let here = Url::parse("http://hub").unwrap().join(&path).unwrap();
        let modules = quoted(&file.text, " from \"");
        for module in modules.into_iter().filter(|module| module.starts_with(['.', '/'])) {
            let module = here.join(module).unwrap().path().to_owned();
            if !paths.contains(&module) {
                paths.push(module);
            }
        }
    }
    assert!(paths.iter().any(|path| path == "/client.js"), "{paths:?}");
    assert!(paths.iter().filter(|path| ending(path) == Some("js")).count() > 25, "{paths:?}");
}

#[actix_web::test]
async fn the_client_library_may_be_imported_by_pages_of_other_origins() {
    let hub = Hub::start().await;
    let client = hub.get("/client.js").await;
    assert_eq!(client.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert!(client.text.contains("export class Hub "), "{}", client.text);
    let page = hub.get("/page/app.js").await;
    assert_eq!(page.header("cross-origin-resource-policy"), Some("same-origin"));
}

/// What npm published: a line `HASH  FILE` for each file, as `sha256sum` writes them.
const PUBLISHED: &str = include_str!("../../static/socket.io/SHA256SUMS");

#[actix_web::test]
async fn socket_ios_client_is_served_as_npm_published_it_to_pages_of_any_origin() {
    let hub = Hub::start().await;
    let published = PUBLISHED.lines().filter(|line| !line.starts_with('#'));
    let (mut scripts, mut licences) = (Vec::new(), 0);
    for (hash, file) in published.filter_map(|line| line.split_once("  ")) {
        let path = format!("/socket.io/{file}");
        let answer = hub.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let mut served = String::new();
        Sha256::digest(&answer.text).iter().for_each(|byte| write!(served, "{byte:02x}").unwrap());
        assert_eq!(served, hash, "{path} is not what npm published");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"), "{path}");
        if ending(file) != Some("js") {
            licences += 1;
            continue;
        }
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"), "{path}");
        let known = hub.http().with("if-none-match", answer.header("etag").unwrap()).get(&path).await;
        assert_eq!((known.status, known.text.as_str()), (304, ""), "{path}");
        scripts.push(file);
    }
    assert_eq!(scripts, ["socket.io.esm.min.js", "socket.io.js", "socket.io.min.js"]);
    assert_eq!(licences, 1);
}

#[actix_web::test]
async fn the_page_has_nothing_inline_and_nothing_from_elsewhere() {
    let hub = Hub::start().await;
    let page = get(&hub, "/", ("accept", BROWSER)).await.text;
    for inline in ["<style", " style=", " onclick=", "<script>", "http://", "https://", "javascript:"] {
        assert!(!page.contains(inline), "{inline}");
    }
}
