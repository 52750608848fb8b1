//! The shop: who may do what, and what goes in and out.

use std::error::Error;

use serde_json::json;

use super::client::{Answer, Outcome, Server};

/// Signs in and gives the cookie.
async fn sign_in(server: &Server, user: &str, password: &str) -> Result<String, Box<dyn Error>> {
    let request = format!(
        "POST /login\nContent-Type: application/x-www-form-urlencoded\n\nusername={user}&password={password}"
    );
    Ok(server.send(&request).await?.cookie())
}

/// Sends a request, with a JSON body if there is one, in a session.
async fn send(
    server: &Server,
    cookie: &str,
    line: &str,
    body: &str,
) -> Result<Answer, Box<dyn Error>> {
    server
        .send(&format!("{line}\nCookie: {cookie}\nContent-Type: application/json\n\n{body}"))
        .await
}

#[tokio::test]
async fn login_sets_a_session_cookie_and_leads_to_the_account() -> Outcome {
    let server = Server::start().await?;
    for body in [
        "application/json\n\n{\"username\":\"alice\",\"password\":\"wonderland\"}",
        "application/x-www-form-urlencoded\n\nusername=alice&password=wonderland",
    ] {
        let answer = server.send(&format!("POST /login\nContent-Type: {body}")).await?;
        assert_eq!((answer.status, answer.header("location")), (303, "/account".to_owned()));
        let cookie = answer.header("set-cookie");
        assert!(cookie.ends_with("; HttpOnly; Path=/; SameSite=Lax"), "{cookie}");
        assert_eq!(answer.cookie().len(), "session=".len() + 32);
        let account = send(&server, &answer.cookie(), "GET /account", "").await?;
        let body = account.json()?;
        assert_eq!(body["user"], "alice");
        assert_eq!(body["role"], "customer");
        assert_eq!(body["orders"].as_array().map(Vec::len), Some(3));
        assert_eq!(body["orders"][0]["id"], "A-1001");
    }
    Ok(())
}

#[tokio::test]
async fn wrong_credentials_are_refused() -> Outcome {
    let server = Server::start().await?;
    for body in
        ["{\"username\":\"alice\",\"password\":\"x\"}", "{\"username\":1}", "[]", "nonsense", "{}"]
    {
        let answer = send(&server, "", "POST /login", body).await?;
        assert_eq!(answer.status, 401, "{body}");
        assert_eq!(answer.json()?, json!({"error": "wrong username or password"}), "{body}");
        assert_eq!(answer.header("set-cookie"), "-", "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn logout_ends_the_session_on_the_server() -> Outcome {
    let server = Server::start().await?;
    let cookie = sign_in(&server, "alice", "wonderland").await?;
    let answer = send(&server, &cookie, "POST /logout", "").await?;
    assert_eq!((answer.status, answer.header("location")), (303, "/login".to_owned()));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    let after = send(&server, &cookie, "GET /account", "").await?;
    assert_eq!((after.status, after.json()?), (401, json!({"error": "not signed in"})));
    Ok(())
}

#[tokio::test]
async fn a_new_login_ends_the_session_before_it() -> Outcome {
    let server = Server::start().await?;
    let first = sign_in(&server, "alice", "wonderland").await?;
    let credentials = "{\"username\":\"bob\",\"password\":\"builder\"}";
    let second = send(&server, &first, "POST /login", credentials).await?.cookie();
    assert_ne!(first, second);
    assert_eq!(send(&server, &first, "GET /account", "").await?.status, 401);
    assert_eq!(send(&server, &second, "GET /account", "").await?.json()?["orders"], json!([]));
    Ok(())
}

#[tokio::test]
async fn roles_decide_who_sees_what() -> Outcome {
    let server = Server::start().await?;
    let alice = sign_in(&server, "alice", "wonderland").await?;
    let bob = sign_in(&server, "bob", "builder").await?;
    let root = sign_in(&server, "root", "toor").await?;
    let table: &[(&str, [u16; 4])] = &[
        // anonymous, alice, bob, root
        ("GET /account", [401, 200, 200, 200]),
        ("GET /orders", [401, 200, 200, 200]),
        ("GET /orders/A-1001", [401, 200, 403, 200]),
        ("GET /orders/A-9", [401, 404, 404, 404]),
        ("GET /orders/A-1001/x", [404, 404, 404, 404]),
        ("DELETE /orders/A-1002", [401, 204, 404, 404]),
        ("GET /admin/users", [401, 403, 403, 200]),
        ("GET /products", [200, 200, 200, 200]),
        ("GET /health", [200, 200, 200, 200]),
        ("GET /logout", [405, 405, 405, 405]),
    ];
    for (line, expected) in table {
        for (cookie, status) in ["session=forged", &alice, &bob, &root].into_iter().zip(expected) {
            assert_eq!(
                send(&server, cookie, line, "").await?.status,
                *status,
                "{line} as {cookie}"
            );
        }
    }
    let all = send(&server, &root, "GET /orders", "").await?.json()?;
    assert_eq!(all["orders"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test]
async fn an_order_is_placed_found_and_deleted() -> Outcome {
    let server = Server::start().await?;
    let bob = sign_in(&server, "bob", "builder").await?;
    let body =
        "{\"items\":[{\"sku\":\"TEA-01\",\"quantity\":2},{\"sku\":\"HAT-01\",\"quantity\":1}]}";
    let placed = send(&server, &bob, "POST /orders", body).await?;
    assert_eq!((placed.status, placed.header("location")), (201, "/orders/A-1004".to_owned()));
    let order = placed.json()?;
    assert_eq!(order["total"], json!(68.9));
    assert_eq!(
        order["items"][0],
        json!({"sku": "TEA-01", "name": "Green tea", "quantity": 2, "price": 4.95})
    );
    assert_eq!(send(&server, &bob, "GET /orders/A-1004", "").await?.json()?, order);
    assert_eq!(send(&server, &bob, "DELETE /orders/A-1004", "").await?.status, 204);
    assert_eq!(send(&server, &bob, "GET /orders/A-1004", "").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn bad_orders_are_refused_field_by_field() -> Outcome {
    let server = Server::start().await?;
    let bob = sign_in(&server, "bob", "builder").await?;
    let table = [
        ("", "body"),
        ("[]", "body"),
        ("{}", "items"),
        ("{\"items\":[]}", "items"),
        ("{\"items\":[{\"sku\":\"NO\",\"quantity\":1}]}", "items[0].sku"),
        ("{\"items\":[{\"sku\":\"TEA-01\",\"quantity\":0}]}", "items[0].quantity"),
        ("{\"items\":[{\"sku\":\"TEA-01\",\"quantity\":1.5}]}", "items[0].quantity"),
        ("{\"items\":[{\"sku\":\"TEA-01\",\"quantity\":1e400}]}", "items[0].quantity"),
        ("{\"items\":[7]}", "items[0].sku"),
    ];
    for (body, field) in table {
        let answer = send(&server, &bob, "POST /orders", body).await?;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.json()?["fields"][field].is_string(), "{body}: {}", answer.text());
    }
    Ok(())
}

#[tokio::test]
async fn the_cart_is_kept_by_its_own_cookie() -> Outcome {
    let server = Server::start().await?;
    let empty = send(&server, "", "GET /cart", "").await?;
    assert_eq!(empty.json()?, json!({"total": 0.0, "items": []}));
    let first = send(&server, "", "POST /cart", "{\"sku\":\"CUP-01\",\"quantity\":1}").await?;
    assert!(first.header("set-cookie").ends_with("; HttpOnly; Path=/cart; SameSite=Lax"));
    let cookie = first.cookie();
    let form = "POST /cart\nContent-Type: application/x-www-form-urlencoded";
    let second = server.send(&format!("{form}\nCookie: {cookie}\n\nsku=CUP-01&quantity=2")).await?;
    assert_eq!(second.header("set-cookie"), "-");
    assert_eq!(send(&server, &cookie, "GET /cart", "").await?.json()?["items"][0]["quantity"], 3);
    assert_eq!(send(&server, &cookie, "POST /cart", "{\"sku\":\"x\"}").await?.status, 422);
    Ok(())
}

#[tokio::test]
async fn products_come_in_pages() -> Outcome {
    let server = Server::start().await?;
    for (query, status, count) in
        [("", 200, 5), ("?page=3", 200, 2), ("?page=9", 200, 0), ("?size=100", 200, 12)]
    {
        let answer = server.send(&format!("GET /products{query}")).await?;
        assert_eq!(answer.status, status, "{query}");
        assert_eq!(answer.json()?["items"].as_array().map(Vec::len), Some(count), "{query}");
    }
    for query in ["?page=0", "?page=x", "?size=101", "?page=99999999999999999999", "?size=-1"] {
        assert_eq!(server.send(&format!("GET /products{query}")).await?.status, 422, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn pages_are_html() -> Outcome {
    let server = Server::start().await?;
    for (path, heading) in [("/", "<h1>callsheet demo</h1>"), ("/login", "<h1>Sign in</h1>")] {
        let answer = server.send(&format!("GET {path}")).await?;
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.text().contains(heading), "{path}");
        // The shop is not to be read by other sites, unlike httpbin's endpoints.
        assert_eq!(answer.header("access-control-allow-origin"), "-");
    }
    Ok(())
}

#[tokio::test]
async fn servers_share_nothing() -> Outcome {
    let (one, other) = (Server::start().await?, Server::start().await?);
    let cookie = sign_in(&one, "alice", "wonderland").await?;
    assert_eq!(send(&other, &cookie, "GET /account", "").await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn the_staffs_door_opens_with_the_token_of_its_form_only() -> Outcome {
    let server = Server::start().await?;
    let form = server.send("GET /staff/login").await?;
    let cookie = form.cookie();
    let token = cookie.strip_prefix("csrf=").ok_or("a token")?;
    assert!(form.text().contains(&format!("name=\"csrf\" value=\"{token}\"")));
    for (cookie, token, status) in [
        (cookie.as_str(), token, 303),
        (&cookie, "x", 403),
        ("a=b", token, 403),
        ("csrf=", "", 403),
    ] {
        let body = format!("{{\"username\":\"root\",\"password\":\"toor\",\"csrf\":\"{token}\"}}");
        let answer = send(&server, cookie, "POST /staff/login", &body).await?;
        assert_eq!(answer.status, status, "{cookie} {token}");
    }
    Ok(())
}

#[tokio::test]
async fn an_export_wants_a_token_and_is_done_the_third_time() -> Outcome {
    let server = Server::start().await?;
    let form = "Content-Type: application/x-www-form-urlencoded\n\ngrant_type=client_credentials";
    let refused = server.send(&format!("POST /token\n{form}")).await?;
    assert_eq!((refused.status, refused.json()?), (401, json!({"error": "invalid_client"})));
    let known = "&client_id=reports&client_secret=tea-and-cake";
    let answer = server.send(&format!("POST /token\n{form}{known}")).await?.json()?;
    let token = answer["access_token"].as_str().ok_or("a token")?;
    assert_eq!(server.send("POST /exports").await?.status, 401);
    let bearer = format!("Authorization: Bearer {token}");
    let started = server.send(&format!("POST /exports\n{bearer}")).await?;
    assert_eq!((started.status, started.header("location")), (202, "/exports/E-1".to_owned()));
    for state in ["running", "running", "done"] {
        let answer = server.send(&format!("GET /exports/E-1\n{bearer}")).await?;
        assert_eq!(answer.json()?["state"], state);
    }
    assert_eq!(server.send(&format!("GET /exports/E-2\n{bearer}")).await?.status, 404);
    Ok(())
}
