//! Answers of a given kind: JSON, HTML, XML, compressed, random bytes.

use std::io::{self, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE as URL_SAFE;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use hyper::{StatusCode, header};
use serde_json::json;

use super::random::{self, Twister};
use super::reply::{self, Reply};
use super::request::Request;
use super::{echo, python};

/// The most bytes that `/bytes` gives.
const MOST_BYTES: usize = 100 * 1024;

const XML: &str = r#"<?xml version='1.0' encoding='us-ascii'?>

<!-- two slides to try XPath on -->
<slideshow title="Sample Slide Show" date="Date of publication" author="Yours Truly">

    <slide type="all">
        <title>Call sheets before breakfast</title>
    </slide>

    <slide type="all">
        <title>Overview</title>
        <item>Why <em>call sheets</em> help</item>
        <item/>
        <item>Who <em>reads</em> them</item>
    </slide>

</slideshow>
"#;

/// From the first chapter of Moby-Dick (1851).
const PAGE: &str = "<!DOCTYPE html>
<html>
  <head>
  </head>
  <body>
      <h1>Herman Melville - Moby-Dick</h1>

      <div>
        <p>
          Call me Ishmael. Some years ago\u{2014}never mind how long precisely\u{2014}having little or no money in my \
purse, and nothing particular to interest me on shore, I thought I would sail about a little and see the watery \
part of the world. It is a way I have of driving off the spleen and regulating the circulation. Whenever I find \
myself growing grim about the mouth; whenever it is a damp, drizzly November in my soul; then, I account it high \
time to get to sea as soon as I can.
        </p>
      </div>
  </body>
</html>
";

/// How a body is compressed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
}

/// A sample of JSON.
pub(super) fn json() -> Reply {
    let slideshow = json!({
        "author": "Yours Truly",
        "date": "date of publication",
        "slides": [
            { "title": "Call sheets before breakfast", "type": "all" },
            {
                "items": ["Why <em>call sheets</em> help", "Who <em>reads</em> them"],
                "title": "Overview",
                "type": "all",
            },
        ],
        "title": "Sample Slide Show",
    });
    reply::json(StatusCode::OK, &json!({ "slideshow": slideshow }))
}

/// A sample of HTML.
pub(super) fn html() -> Reply {
    reply::html(StatusCode::OK, PAGE)
}

/// The text that base64url, padded, stands for; as HTML, whatever it is.
pub(super) fn base64(value: &str) -> Reply {
    let text = URL_SAFE.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    reply::html(StatusCode::OK, text.unwrap_or_else(|| "Incorrect Base64 data".to_owned()))
}

/// A sample of XML.
pub(super) fn xml() -> Reply {
    reply::typed(StatusCode::OK, "application/xml", XML)
}

/// The request's headers, compressed whether or not the client can read that.
pub(super) fn encoded(request: &Request, coding: Coding) -> Reply {
    let (flag, token) = match coding {
        Coding::Gzip => ("gzipped", "gzip"),
        Coding::Deflate => ("deflated", "deflate"),
        Coding::Brotli => ("brotli", "br"),
    };
    let body = python::pretty(&json!({
        flag: true,
        "headers": echo::headers(request),
        "method": request.method.as_str(),
        "origin": request.origin(),
    }));
    match compress(coding, body.as_bytes()) {
        Ok(bytes) => reply::with(
            reply::typed(StatusCode::OK, "application/json", bytes),
            header::CONTENT_ENCODING,
            token,
        ),
        Err(_) => reply::internal_error(),
    }
}

fn compress(coding: Coding, body: &[u8]) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        // HTTP's `deflate` is zlib's format: RFC 9110, section 8.4.1.2.
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        Coding::Brotli => {
            let mut out = Vec::new();
            brotli::BrotliCompress(
                &mut &*body,
                &mut out,
                &brotli::enc::BrotliEncoderParams::default(),
            )?;
            Ok(out)
        }
    }
}

/// This many bytes: always the same for one `seed`, else random.
pub(super) fn random_bytes(request: &Request, length: &str) -> Reply {
    let length = length.parse().map_or(MOST_BYTES, |length: usize| length.min(MOST_BYTES));
    let bytes = match request.arg("seed", true).as_deref().map(python::parse_int) {
        None => {
            let mut bytes = vec![0; length];
            random::fill(&mut bytes).map(|()| bytes)
        }
        Some(None) => None,
        Some(Some(seed)) => {
            let mut twister = Twister::seeded(seed);
            Some((0..length).map(|_| twister.byte()).collect())
        }
    };
    match bytes {
        Some(bytes) => reply::typed(StatusCode::OK, "application/octet-stream", bytes),
        None => reply::internal_error(),
    }
}
