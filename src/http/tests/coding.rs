//! Content codings, whole, broken and too large.

use std::io::Write as _;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn br(bytes: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    brotli::CompressorReader::new(bytes, 4096, 5, 20).read_to_end(&mut coded).unwrap();
    coded
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn answer(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn exchange(coding: &str, body: &[u8], settings: &Settings) -> Exchange {
    let server = Server::once(answer(coding, body));
    block_on(Client::new().exchange(get(server.url("/")), settings, &mut NoCookies))
}

fn text() -> Vec<u8> {
    (0..20_000).flat_map(|number: u32| format!("line {number}\n").into_bytes()).collect()
}

/// Large enough to leave the reactor's thread.
fn large() -> Vec<u8> {
    text().repeat(3)
}

#[test]
fn each_coding_is_undone() {
    let text = large();
    for (name, coded) in [
        ("gzip", gzip(&text)),
        ("X-Gzip", gzip(&text)),
        ("gzip", [gzip(&text[..9]), gzip(&text[9..])].concat()),
        ("deflate", zlib(&text)),
        ("deflate", deflate(&text)),
        ("br", br(&text)),
        ("zstd", zstd(&text)),
        (
            "zstd",
            [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7][..], &zstd(&text[..9]), &zstd(&text[9..])]
                .concat(),
        ),
        ("gzip, identity, br", br(&gzip(&text))),
        ("identity", text.clone()),
    ] {
        let response = exchange(name, &coded, &Settings::default()).result.unwrap();
        assert!(response.body == text, "{name}");
        assert_eq!(response.wire_size, coded.len() as u64);
    }
}

#[test]
fn an_empty_body_and_an_unwanted_decoding_are_left() {
    assert_eq!(exchange("gzip", b"", &Settings::default()).result.unwrap().body, "");
    assert_eq!(exchange("klingon", b"", &Settings::default()).result.unwrap().body, "");
    let settings = Settings { compressed: false, ..Settings::default() };
    let exchange = exchange("klingon", b"nuqneH", &settings);
    assert_eq!(exchange.result.unwrap().body, "nuqneH");
    assert!(!exchange.hops[0].headers.contains_key("accept-encoding"));
}

#[test]
fn broken_codings_fail() {
    let text = text();
    let cut = |coded: Vec<u8>| coded[..coded.len() / 2].to_vec();
    let padded = |coded: Vec<u8>| [&coded[..], b"garbage"].concat();
    for (name, coded) in [
        ("gzip", cut(gzip(&text))),
        ("deflate", cut(zlib(&text))),
        ("deflate", cut(deflate(&text))),
        ("br", cut(br(&text))),
        ("zstd", cut(zstd(&text))),
        ("gzip", padded(gzip(&text))),
        ("deflate", padded(zlib(&text))),
        ("deflate", padded(deflate(&text))),
        ("br", padded(br(&text))),
        ("zstd", padded(zstd(&text))),
        ("gzip", b"plain".to_vec()),
        ("br", b"\x11 a window of a gibibyte".to_vec()),
        ("klingon", b"nuqneH".to_vec()),
        // Windows of 16 MiB and of 2 GiB.
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x70, 0x01, 0, 0]),
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0, 0]),
    ] {
        let failure = exchange(name, &coded, &Settings::default()).result.unwrap_err();
        assert_eq!(
            (failure.kind(), failure.class()),
            ("decode", "decode.content_coding"),
            "{name}: {failure}"
        );
    }
    let failure = exchange("gzip", &cut(gzip(&text)), &Settings::default()).result.unwrap_err();
    assert_eq!(failure.message, "the body is not valid gzip: it ends early");
    let failure = exchange("gzip, gzip, gzip", b"x", &Settings::default()).result.unwrap_err();
    assert_eq!(failure.class(), "limit.codings");
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let zeros = vec![0; 4 << 20];
    let settings = Settings { max_body: 1 << 20, ..Settings::default() };
    for (name, coded) in [
        ("gzip", gzip(&zeros)),
        ("deflate", deflate(&zeros)),
        ("br", br(&zeros)),
        ("zstd", zstd(&zeros)),
        ("gzip, gzip", gzip(&gzip(&zeros))),
    ] {
        let failure = exchange(name, &coded, &settings).result.unwrap_err();
        assert_eq!(
            (failure.kind(), failure.class()),
            ("too_large", "limit.decoded_size"),
            "{name}: {failure}"
        );
        assert_eq!(failure.message, "the decoded body is larger than 1048576 bytes (`max_body`)");
    }
}
