use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::json;
use url::Url;

use super::*;

const URI: &str = "file:///api/openapi.json";

struct Shelf(HashMap<&'static str, Value>);

impl Documents for Shelf {
    fn get(&self, uri: &str) -> Result<Arc<Value>, String> {
        let found = self.0.get(uri).map(|value| Arc::new(value.clone()));
        found.ok_or_else(|| format!("there is no `{uri}`"))
    }
}

fn read(document: &Value) -> Result<Document, Vec<Wrong>> {
    let shelf = [
        (
            "file:///api/order.json",
            json!({ "type": "object", "required": ["id"], "properties": { "note": { "type": "string", "nullable": true } } }),
        ),
        (
            "file:///api/common.json",
            json!({ "parameters": { "page": { "name": "page", "in": "query", "schema": { "type": "integer", "minimum": 1 } } } }),
        ),
    ];
    let documents: Arc<dyn Documents> = Arc::new(Shelf(HashMap::from(shelf)));
    Document::read(schema::Document { uri: URI, value: document }, &documents)
}

/// A document of this version with these paths.
fn document(version: &str, paths: Value) -> Value {
    json!({ "openapi": version, "info": { "title": "t", "version": "1" }, "paths": paths })
}

struct Text(Option<Value>, String);

impl Body for Text {
    fn is_empty(&self) -> bool {
        self.1.is_empty()
    }
    fn json(&self) -> Result<&Value, String> {
        self.0.as_ref().ok_or_else(|| "expected value".to_owned())
    }
    fn text(&self) -> Option<&str> {
        Some(&self.1)
    }
}

fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
    let one = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    all.iter().map(one).collect()
}

struct Sent {
    request: &'static str,
    status: u16,
    headers: HeaderMap,
    body: &'static str,
    sent: &'static str,
}

fn judge(document: &Document, sent: Sent) -> String {
    let (method, path) = sent.request.split_once(' ').expect("a request");
    let (method, url) =
        (method.parse::<Method>().expect("a method"), format!("http://x.test{path}"));
    let url = Url::parse(&url).expect("a URL");
    let body = Text(serde_json::from_str(sent.body).ok(), sent.body.to_owned());
    let sent_body = Text(serde_json::from_str(sent.sent).ok(), sent.sent.to_owned());
    let exchange = Exchange {
        method: &method,
        url: &url,
        sent: &sent.headers,
        sent_body: &sent_body,
        status: StatusCode::from_u16(sent.status).expect("a status"),
        headers: &sent.headers,
        body: &body,
    };
    match document.judge(exchange) {
        Judged::Holds => String::new(),
        Judged::Breaks(_, all, _) => {
            let one = |(it, _): Broken| match it.found {
                Some(found) => format!("{}: {}, found {found}", it.path, it.wanted),
                None => format!("{}: {}", it.path, it.wanted),
            };
            all.into_iter().map(one).collect::<Vec<_>>().join("; ")
        }
        Judged::NoOperation(methods, closest) => format!("none {methods:?} {closest:?}"),
        Judged::Unjudged(why) => format!("unjudged {why}"),
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

#[track_caller]
fn check(
    document: &Document,
    request: &'static str,
    status: u16,
    body: &'static str,
    expected: &str,
) {
    let sent = Sent { request, status, headers: headers(JSON), body, sent: "" };
    assert_eq!(judge(document, sent), expected, "{request} {status} {body}");
}

#[test]
fn the_operation_is_found_by_method_and_path() {
    let any = json!({ "responses": { "default": {} } });
    let mut api = document(
        "3.1.0",
        json!({
            "/orders/{id}": { "get": any, "delete": any },
            "/orders/mine": { "get": any },
            "/files/{name}.{kind}": { "get": any, "servers": [{ "url": "/" }] },
        }),
    );
    api["servers"] = json!([{ "url": "https://{host}/v1", "variables": { "host": { "default": "x" } } }, { "url": "/{stage}/v2/" }]);
    let api = read(&api).expect("a document");
    let name = |method: &str, path: &str| {
        api.find(method, path).map(|(at, values)| (api.operations[at].name.clone(), values))
    };
    let values = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(
        name("GET", "/v1/orders/7"),
        Some(("GET /orders/{id}".to_owned(), values(&[("id", "7")])))
    );
    assert_eq!(name("GET", "/v1/orders/mine"), Some(("GET /orders/mine".to_owned(), values(&[]))));
    assert_eq!(
        name("GET", "/test/v2/orders/mine"),
        Some(("GET /orders/mine".to_owned(), values(&[("stage", "test")])))
    );
    assert_eq!(
        name("GET", "/files/a.txt"),
        Some(("GET /files/{name}.{kind}".to_owned(), values(&[("name", "a"), ("kind", "txt")])))
    );
    assert_eq!(name("GET", "/orders/7"), None);
    assert_eq!(name("PATCH", "/v1/orders/7"), None);
    check(&api, "PATCH /v1/orders/7", 200, "", "none [\"GET\", \"DELETE\"] Some(\"/orders/{id}\")");
    check(&api, "GET /v1/order/mine", 200, "", "none [] Some(\"/orders/mine\")");
}

#[test]
fn what_is_not_as_the_operation_says_is_told() {
    let mut api = document(
        "3.1.0",
        json!({ "/orders/{id}": {
        "parameters": [
            { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } },
            { "name": "x-trace", "in": "header", "schema": { "format": "uuid" } },
        ],
        "get": {
            "parameters": [
                { "name": "fields", "in": "query", "required": true, "explode": false, "schema": { "type": "array", "items": { "enum": ["id", "total"] } } },
                { "$ref": "common.json#/parameters/page" },
            ],
            "responses": {
                "200": {
                    "headers": { "x-count": { "required": true, "schema": { "type": "integer" } } },
                    "content": {
                        "application/json": { "schema": { "$ref": "#/components/schemas/Order" } },
                        "text/plain": { "schema": { "type": "string", "maxLength": 3 } },
                    },
                },
                "4XX": { "content": { "application/problem+json": {} } },
            },
        },
    } }),
    );
    api["components"] = json!({ "schemas": { "Order": { "$ref": "order.json" } } });
    let api = read(&api).expect("a document");
    let all = |all: &[(&'static str, &'static str)]| headers(all);
    let told = |request, status, headers, body| {
        judge(&api, Sent { request, status, headers, body, sent: "" })
    };
    let good = "GET /orders/7?fields=id,total&page=2";
    let fine = || all(&[("content-type", "application/json"), ("x-count", "3")]);
    assert_eq!(told(good, 200, fine(), "{\"id\":1}"), "");
    assert_eq!(told(good, 200, fine(), "{}"), "$.id: it to be there");
    assert_eq!(
        told(good, 200, fine(), ""),
        "the body: a body of type application/json or text/plain"
    );
    assert_eq!(told(good, 200, fine(), "nope"), "the body: JSON (expected value)");
    assert_eq!(told(good, 201, fine(), "{}"), "status: one of 200, 4xx, found 201");
    assert_eq!(told(good, 404, all(&[("content-type", "application/problem+json")]), "{}"), "");
    assert_eq!(
        told(good, 404, fine(), "{}"),
        "the content type: application/problem+json, found \"application/json\""
    );
    assert_eq!(
        told(
            good,
            200,
            all(&[("content-type", "text/plain; charset=utf-8"), ("x-count", "many")]),
            "long text"
        ),
        "response header `x-count`: an integer, found \"many\"; the body: at most 3 characters, found \"long text\""
    );
    let bad = "GET /orders/seven?page=0";
    let sent = all(&[("content-type", "application/json"), ("x-trace", "7")]);
    assert_eq!(
        told(bad, 200, sent, "{\"id\":1}"),
        "path parameter `id`: an integer, found \"seven\"; header parameter `x-trace`: the format `uuid`, found \"7\"; \
         query parameter `fields`: it to be there; query parameter `page`: at least 1, found 0; \
         response header `x-count`: it to be there"
    );
    let fields = "GET /orders/7?fields=id,name";
    assert_eq!(
        told(fields, 200, fine(), "{\"id\":1}"),
        "`$[1]` of query parameter `fields`: one of \"id\", \"total\", found \"name\""
    );
}

/// An exchange that the document has with this request.
#[track_caller]
fn check_request(
    document: &Document,
    status: u16,
    (kind, sent): (&'static str, &'static str),
    expected: &str,
) {
    let headers = headers(&[("content-type", kind)]);
    let told = judge(document, Sent { request: "POST /a", status, headers, body: "", sent });
    assert_eq!(told, expected, "{status} {kind} {sent}");
}

#[test]
fn the_request_body_is_held_against_what_the_operation_takes() {
    let schema = json!({
        "type": "object",
        "required": ["id", "name"],
        "properties": { "id": { "type": "integer", "readOnly": true }, "name": { "type": "string" }, "age": { "type": "integer" } },
    });
    let paths = json!({ "/a": { "post": {
        "requestBody": { "required": true, "content": {
            "application/json": { "schema": schema },
            "application/x-www-form-urlencoded": { "schema": schema },
            "text/plain": { "schema": { "type": "string", "maxLength": 3 } },
            "image/*": {},
        } },
        "responses": { "200": {}, "422": {} },
    } } });
    let api = read(&document("3.0.3", paths.clone())).expect("a document");
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    check_request(&api, 200, (json, "{\"name\":\"a\"}"), "");
    check_request(
        &api,
        200,
        (json, "{\"age\":\"old\"}"),
        "`$.name` of the request body: it to be there; `$.age` of the request body: an integer, found \"old\"",
    );
    check_request(&api, 200, (json, "{"), "the request body: JSON (expected value)");
    check_request(&api, 200, (form, "name=a&age=5"), "");
    check_request(&api, 200, (form, "age=5"), "`$.name` of the request body: it to be there");
    check_request(
        &api,
        200,
        ("text/plain", "long"),
        "the request body: at most 3 characters, found \"long\"",
    );
    check_request(&api, 200, ("image/png", "anything"), "");
    let all = "application/json or application/x-www-form-urlencoded or text/plain or image/*";
    check_request(
        &api,
        200,
        ("text/html", "x"),
        &format!("the content type of the request: {all}, found \"text/html\""),
    );
    let none = format!("the request body: a body of type {all}");
    check_request(&api, 200, (json, ""), &none);
    // What the server refuses may be wrong on purpose.
    check_request(&api, 422, (json, "{"), "");
    // In 3.1 `readOnly` is a remark.
    let api = read(&document("3.1.0", paths)).expect("a document");
    let id = "`$.id` of the request body: it to be there";
    check_request(&api, 200, (json, "{\"name\":\"a\"}"), id);
}

#[test]
fn a_body_that_need_not_be_sent_is_held_against_its_schema_if_it_is() {
    let body = json!({ "content": { "application/json": { "schema": { "type": "object" } } } });
    let paths =
        json!({ "/a": { "post": { "requestBody": body, "responses": { "default": {} } } } });
    let api = read(&document("3.1.0", paths)).expect("a document");
    check_request(&api, 200, ("application/json", ""), "");
    let told = "the request body: an object, found 5";
    check_request(&api, 200, ("application/json", "5"), told);
}

#[test]
fn schemas_of_3_0_are_read_as_3_0_has_them_also_in_other_files() {
    let paths = json!({ "/a": { "get": { "responses": { "200": { "content": { "application/json": { "schema": {
        "type": "object",
        "properties": {
            "a": { "type": "string", "nullable": true },
            "b": { "type": "integer", "minimum": 0, "exclusiveMinimum": true },
            "c": { "$ref": "order.json", "description": "does not count" },
        },
    } } } } } } } });
    let api = read(&document("3.0.3", paths.clone())).expect("a document");
    check(&api, "GET /a", 200, "{\"a\":null,\"b\":1,\"c\":{\"id\":1,\"note\":null}}", "");
    check(
        &api,
        "GET /a",
        200,
        "{\"a\":1,\"b\":0,\"c\":{}}",
        "$.a: null or a string, found 1; $.b: more than 0, found 0; $.c.id: it to be there",
    );
    let wrong = read(&document("3.1.0", paths)).expect_err("a boolean where 3.1 has a number");
    assert_eq!(wrong[0].message, "`exclusiveMinimum` of a schema is true: expected a number");
    assert!(wrong[0].pointer.ends_with("/schema/properties/b/exclusiveMinimum"), "{wrong:?}");
}

#[test]
fn what_is_wrong_with_a_document_is_told_with_its_place() {
    let check = |document: Value, expected: &[&str]| {
        let wrong = read(&document).expect_err("what is wrong");
        let told: Vec<String> =
            wrong.iter().map(|it| format!("{} {}", it.pointer, it.message)).collect();
        assert_eq!(told, expected);
    };
    check(
        json!({ "swagger": "2.0" }),
        &["/swagger this is an OpenAPI 2.0 document: 3.0 and 3.1 are read"],
    );
    check(json!({}), &[" this is no OpenAPI document: it says no version with `openapi: 3.1.0`"]);
    check(json!({ "openapi": "4.0.0" }), &["/openapi OpenAPI 4.0.0 is not read: 3.0 and 3.1 are"]);
    let responses = json!({ "responses": { "2000": {}, "200": { "$ref": "#/gone" } } });
    check(
        document(
            "3.1.0",
            json!({
                "a": {}, "/b/{x": {}, "/c/{x}": { "get": { "parameters": [{ "name": "y", "in": "path" }], "responses": {} } },
                "/c/{y}": {}, "/d": { "get": responses },
            }),
        ),
        &[
            "/paths/a the path `a` does not begin with `/`",
            "/paths/~1b~1{x the braces of the path `/b/{x` do not match",
            "/paths/~1c~1{x}/get/parameters/0 the path has no `{y}`",
            "/paths/~1c~1{y} `/c/{y}` and `/c/{x}` are one and the same path",
            "/paths/~1d/get/responses/2000 `2000` is no status: a status is three digits, a class such as `2XX`, or `default`",
            "/paths/~1d/get/responses/200/$ref `$ref` leads to nothing: there is no `/gone`",
        ],
    );
    check(
        document(
            "3.0.0",
            json!({ "/a": { "$ref": "http://x.test/a.json" }, "/b": { "$ref": "#/paths/~1b" } }),
        ),
        &[
            "/paths/~1a/$ref there is no `http://x.test/a.json`",
            "/paths/~1b/$ref this `$ref` leads back to itself",
        ],
    );
}

#[test]
fn coverage_counts_operations_and_statuses() {
    let api = read(&document(
        "3.1.0",
        json!({
            "/a": { "get": { "responses": { "200": {}, "404": {}, "5XX": {} } }, "post": { "responses": { "201": {} } } },
        }),
    ));
    let api = api.expect("a document");
    let mut coverage = api.coverage("openapi.json");
    let url = |path: &str| Url::parse(&format!("http://x.test{path}")).expect("a URL");
    for (path, status) in [("/a", 200), ("/a", 200), ("/a", 503), ("/a", 302), ("/b", 200)] {
        let status = StatusCode::from_u16(status).expect("a status");
        if let Some(asked) = api.asked(&Method::GET, &url(path), status) {
            coverage.add(asked);
        }
    }
    assert_eq!((coverage.operations(), coverage.statuses()), ((1, 2), (2, 4)));
    assert_eq!(coverage.operations[0].asked, 4);
    let missing: Vec<_> = coverage.missing().collect();
    assert_eq!(missing, [("GET /a", vec!["404"]), ("POST /a", vec![])]);
}
