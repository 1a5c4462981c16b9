//! The page, the client library and Socket.IO's client for browsers: the files of `static/`, inside the binary. A debug
//! build reads them from disk, so that a change shows at the next reload.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, Accept, ETag, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, http};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error;

/// What the page may do: nothing from elsewhere, no script but its own files, nobody's frame.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                           connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Socket.IO's client is there as npm published it, but for its source maps, which are three times as large.
#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// The page, for a caller that would rather have HTML than JSON: a browser.
pub(super) fn page(request: &HttpRequest) -> Option<HttpResponse> {
    let accept = Accept::parse(request).ok()?;
    let wanted = accept.ranked();
    let html = wanted.iter().position(|mime| *mime == mime::TEXT_HTML)?;
    let json = wanted.iter().position(|mime| *mime == mime::APPLICATION_JSON);
    if json.is_some_and(|json| json < html) {
        return None;
    }
    Files::get("index.html").map(|file| serve(request, "index.html", file))
}

/// Any other file of the page's, or an endpoint that isn't there.
pub(super) fn file(request: &HttpRequest) -> HttpResponse {
    let name = request.path().trim_start_matches('/').to_owned();
    match Files::get(&name) {
        Some(file) if matches!(*request.method(), http::Method::GET | http::Method::HEAD) => {
            serve(request, &name, file)
        }
        Some(_) => error::method_not_allowed("GET, HEAD"),
        None => error::not_found(request),
    }
}

fn serve(request: &HttpRequest, name: &str, file: EmbeddedFile) -> HttpResponse {
    let tag = EntityTag::new_strong(URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash()));
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header(ETag(tag.clone()))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY));
    if name == "client.js" || name.starts_with("socket.io/") {
        // For pages of other origins, which are let in or not by CORS.
        answer.insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"));
    }
    if is_known(request, &tag) {
        return answer.status(StatusCode::NOT_MODIFIED).finish();
    }
    let kind = file.metadata.mimetype();
    let charset = if kind.starts_with("text/") { "; charset=utf-8" } else { "" };
    answer.content_type(format!("{kind}{charset}")).body(file.data.into_owned())
}

/// Whether the caller has this very file already.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Ok(IfNoneMatch::Any) | Err(_) => false,
    }
}
