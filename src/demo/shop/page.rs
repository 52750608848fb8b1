//! The shop's HTML.

use super::super::reply;

/// The login form.
pub(super) const LOGIN: &str = r#"<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Sign in</title>
  </head>
  <body>
    <h1>Sign in</h1>
    <form id="login" method="post" action="/login">
      <label>Username <input name="username" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button type="submit">Sign in</button>
    </form>
    <p>Try alice with wonderland, bob with builder, or root with toor.</p>
  </body>
</html>
"#;

/// The form of the second door.
pub(super) const STAFF: &str = r#"<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Staff</title>
  </head>
  <body>
    <h1>Staff</h1>
    <form id="login" method="post" action="/staff/login">
      <input type="hidden" name="csrf" value="{token}">
      <label>Username <input name="username" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button type="submit">Sign in</button>
    </form>
  </body>
</html>
"#;

/// What there is: a heading, then requests with what they give.
const SECTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "The shop",
        &[
            ("GET /login", "a login form"),
            ("POST /login", "signs in, with a form or JSON: username, password"),
            ("POST /logout", "signs out"),
            ("GET /account", "who is signed in, with the orders"),
            ("GET /orders", "one's own orders; an admin sees all"),
            (
                "POST /orders",
                "places an order: {\"items\": [{\"sku\": \"TEA-01\", \"quantity\": 2}]}",
            ),
            ("GET /orders/{id}", "an order"),
            ("DELETE /orders/{id}", "deletes an order"),
            ("GET /cart", "the cart, for which nobody needs to sign in"),
            ("POST /cart", "puts a product in the cart: sku, quantity"),
            ("GET /products?page=1&size=5", "the products"),
            ("GET /admin/users", "the users, for an admin"),
            (
                "GET /staff/login",
                "a login form with a token against forged requests, in a hidden field and a cookie",
            ),
            (
                "POST /staff/login",
                "signs in as /login does, where the form's csrf is that of the cookie",
            ),
            ("POST /token", "an OAuth 2 token for the client reports with the secret tea-and-cake"),
            ("POST /exports", "starts an export, with such a token"),
            ("GET /exports/{id}", "how far an export is: running, and done the third time"),
            ("GET /health", "whether the server is up"),
        ],
    ),
    (
        "As httpbin",
        &[
            ("GET /get", "the request"),
            ("POST /post, PUT /put, PATCH /patch, DELETE /delete", "the request with its body"),
            ("ANY /anything, ANY /anything/{path}", "the request, whatever its method"),
            ("GET /headers", "the request's headers"),
            ("GET, POST /response-headers?name=value", "an answer with these headers"),
            ("GET /cookies", "the cookies that were sent"),
            ("GET /cookies/set?name=value", "sets cookies"),
            ("GET /cookies/set/{name}/{value}", "sets a cookie"),
            ("GET /cookies/delete?name", "deletes cookies"),
            ("ANY /status/{codes}", "this status, or one of several by chance: 200:3,500:1"),
            ("GET /redirect/{n}", "n redirects; absolute ones with ?absolute=true"),
            ("GET /relative-redirect/{n}, GET /absolute-redirect/{n}", "n redirects"),
            ("ANY /redirect-to?url={url}&status_code={code}", "a redirect to this URL"),
            ("ANY /delay/{seconds}", "the request, after up to ten seconds"),
            ("GET /basic-auth/{user}/{password}", "wants these credentials"),
            (
                "GET /digest-auth/{qop}/{user}/{password}/{algorithm}",
                "wants a digest of these credentials; the algorithm may be left out, it is MD5 then",
            ),
            ("GET /bearer", "wants a bearer token"),
            ("GET /gzip, GET /deflate, GET /brotli", "a compressed answer"),
            ("GET /bytes/{n}", "random bytes; the same ones for one ?seed"),
            ("GET /json, GET /html, GET /xml", "samples"),
            ("GET /base64/{value}", "the text that base64url stands for"),
        ],
    ),
];

/// The page that says what there is.
pub(super) fn index() -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n    <meta charset=\"utf-8\">\n    \
         <title>callsheet demo</title>\n  </head>\n  <body>\n    <h1>callsheet demo</h1>\n    \
         <p>A server to practise on. All it knows is in memory, and gone when it stops.</p>\n",
    );
    for (heading, requests) in SECTIONS {
        page.push_str(&format!("    <h2>{heading}</h2>\n    <dl>\n"));
        for (request, gives) in *requests {
            let (request, gives) = (reply::escape(request), reply::escape(gives));
            page.push_str(&format!(
                "      <dt><code>{request}</code></dt>\n      <dd>{gives}</dd>\n"
            ));
        }
        page.push_str("    </dl>\n");
    }
    page + "  </body>\n</html>\n"
}
