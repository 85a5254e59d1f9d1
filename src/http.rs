//! Posts JSON over TLS: one request to one address, within one time limit, and nowhere else.
//!
//! The address may be a secret, so nothing that is said here repeats it, not even its host.

use std::io::Read as _;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// How the system's words begin where it does not know the name of a host.
const NOT_RESOLVED: &str = "failed to lookup address information";
/// As much of an answer as is read.
const ANSWER_BYTES: u64 = 2 << 10;

/// One request.
pub struct Post<'a> {
    /// `https://…`, or `http://…` without encryption.
    pub url: &'a str,
    pub headers: &'a [(&'static str, String)],
    /// A JSON document.
    pub body: &'a str,
    /// PEM certificates to trust besides the common ones.
    pub ca_pem: Option<&'a [u8]>,
    /// For all of it: finding the host, connecting, sending, the answer.
    pub timeout: Duration,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The beginning of what it said where it did not take the request; it may repeat what it was sent.
    pub text: String,
}

/// There is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    #[error("the address is none that begins with https:// or http:// and names a host")]
    Address,
    #[error("a header can't hold what it was given")]
    Header,
    #[error("the file of certificates holds no certificate in PEM form")]
    Certificates,
    #[error("no answer within {} ms", .0.as_millis())]
    Time(Duration),
    #[error("the name of its host can't be resolved")]
    Host,
    #[error("no connection: {0}")]
    Connection(String),
    #[error("no secure connection: {0}")]
    Secure(&'static str),
    #[error("its answer is not HTTP")]
    Protocol,
}

/// Posts once. A redirect is an answer like any other: it is not followed.
///
/// # Errors
/// There was no answer, or none in time.
pub fn post(post: &Post<'_>) -> Result<Answer, PostError> {
    let scheme = post.url.split_once("://").map(|(scheme, _)| scheme);
    if !scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    }) {
        return Err(PostError::Address);
    }
    let roots = roots(post.ca_pem)?;
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(post.timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy of the environment would be told the address.
        .proxy(None)
        .user_agent(concat!("modelguard/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into();
    let mut request = agent
        .post(post.url)
        .header("Content-Type", "application/json; charset=utf-8");
    for (name, value) in post.headers {
        if value.chars().any(char::is_control) {
            return Err(PostError::Header);
        }
        request = request.header(*name, value);
    }
    let response = request
        .send(post.body)
        .map_err(|error| said(&error, post.timeout))?;
    let status = response.status().as_u16();
    let text = match status {
        200..300 => String::new(),
        _ => beginning(response.into_body()),
    };
    Ok(Answer { status, text })
}

fn roots(ca_pem: Option<&[u8]>) -> Result<RootCerts, PostError> {
    let Some(pem) = ca_pem else {
        return Ok(RootCerts::WebPki);
    };
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| PostError::Certificates)? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(PostError::Certificates);
    }
    let common = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| Certificate::from_der(der));
    certificates.extend(common);
    Ok(RootCerts::from(certificates))
}

/// What can be read of an answer in the time that is left. That it breaks off changes nothing about its status.
fn beginning(body: Body) -> String {
    let mut bytes = Vec::new();
    let mut reader = body.into_reader().take(ANSWER_BYTES);
    // What was read before an error is kept.
    let _ = reader.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The crate's own words may name the address or its host, so they are not passed on.
fn said(error: &ureq::Error, timeout: Duration) -> PostError {
    match error {
        ureq::Error::Timeout(_) => PostError::Time(timeout),
        ureq::Error::HostNotFound => PostError::Host,
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => PostError::Address,
        ureq::Error::Io(source) if source.kind() == std::io::ErrorKind::TimedOut => {
            PostError::Time(timeout)
        }
        ureq::Error::Io(source) if source.kind() == std::io::ErrorKind::InvalidData => {
            PostError::Secure(about_tls(&source.to_string()))
        }
        // The standard library has no kind for it.
        ureq::Error::Io(source) if source.to_string().contains(NOT_RESOLVED) => PostError::Host,
        ureq::Error::Io(source) => PostError::Connection(source.kind().to_string()),
        ureq::Error::Rustls(source) => PostError::Secure(about_tls(&source.to_string())),
        ureq::Error::Tls(_) | ureq::Error::TlsRequired => {
            PostError::Secure("the name of the host fits no certificate")
        }
        ureq::Error::ConnectionFailed => PostError::Connection("failed".to_owned()),
        _ => PostError::Protocol,
    }
}

/// What is wrong with a connection over TLS, in words that name no host.
fn about_tls(error: &str) -> &'static str {
    let has = |part: &str| error.contains(part);
    if has("UnknownIssuer") || has("BadSignature") || has("CaUsedAsEndEntity") {
        "the certificate is signed by nobody who is trusted; ca_file names whom to trust as well"
    } else if has("not valid for") || has("NotValidForName") {
        "the certificate is for another name"
    } else if has("xpired") {
        "the certificate has expired"
    } else if has("not valid yet") || has("NotValidYet") {
        "the certificate is not valid yet"
    } else if has("invalid peer certificate") {
        "the certificate is not valid"
    } else {
        "the server does not speak TLS 1.2 or 1.3 here"
    }
}
