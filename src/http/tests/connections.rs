//! Keeping, checking and losing connections.

use super::*;

#[test]
fn a_connection_is_kept_for_the_next_exchange() {
    let server = Server::always(OK);
    block_on(async {
        let client = Client::new();
        for round in 0..3 {
            let exchange = ask(&client, get(server.url("/a?b=c#d"))).await;
            let hop = &exchange.hops[0];
            assert_eq!(hop.reused, round > 0);
            assert_eq!(hop.timing.connect.is_none(), round > 0);
            assert!(hop.timing.tls.is_none());
            assert!(
                hop.timing.first_byte > Duration::ZERO && hop.timing.first_byte <= hop.timing.total
            );
            assert_eq!(hop.remote, Some(server.address));
            let response = exchange.result.unwrap();
            assert_eq!((&response.body[..], response.wire_size), (&b"ok"[..], 2));
        }
    });
    assert_eq!(server.connections(), 1);
    assert!(server.requests()[0].starts_with("GET /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:"));
}

#[test]
fn connection_close_and_http_1_0_end_it() {
    for answer in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        // Bytes beyond the answer are nobody's answer.
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    ] {
        let server = Server::always(answer);
        block_on(async {
            let client = Client::new();
            for _ in 0..3 {
                assert_eq!(ask(&client, get(server.url("/"))).await.result.unwrap().body, "ok");
            }
        });
        assert_eq!(server.connections(), 3, "{answer}");
    }
}

#[test]
fn stray_bytes_on_an_idle_connection_are_not_an_answer() {
    let server = Server::start(|stream, _| {
        stream.write_all(OK.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(5));
        stream.write_all(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").is_ok()
    });
    block_on(async {
        let client = Client::new();
        for _ in 0..3 {
            assert_eq!(
                ask(&client, post(server.url("/"), "a")).await.result.unwrap().status(),
                200
            );
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    });
    assert_eq!(server.requests().len(), 3);
}

/// The race that pools lose: the server closes just after its answer, without saying so.
#[test]
fn two_thousand_posts_to_servers_that_close_silently() {
    const ROUNDS: usize = 500;
    for delay in [0, 50, 150, 400].map(Duration::from_micros) {
        let server = Server::start(move |stream, _| {
            stream.write_all(OK.as_bytes()).unwrap();
            let start = std::time::Instant::now();
            while start.elapsed() < delay {
                std::hint::spin_loop();
            }
            false
        });
        block_on(async {
            let client = Client::new();
            for round in 0..ROUNDS {
                let exchange = ask(&client, post(server.url("/"), "x=1")).await;
                if let Err(failure) = &exchange.result {
                    panic!("round {round}, closed after {delay:?}: {failure}: {}", failure.cause);
                }
                assert_eq!(exchange.retried, 0);
            }
        });
        assert_eq!(server.requests().len(), ROUNDS, "closed after {delay:?}");
    }
}

#[test]
fn posts_to_a_server_that_keeps_connections_share_one() {
    let server = Server::always(OK);
    block_on(async {
        let client = Client::new();
        for _ in 0..200 {
            ask(&client, post(server.url("/"), "x=1")).await.result.unwrap();
        }
    });
    assert_eq!((server.connections(), server.requests().len()), (1, 200));
}

/// Reads the second request of a connection and closes without a byte.
fn drops_the_second() -> Server {
    let seen = Mutex::new(std::collections::HashSet::new());
    Server::start(move |stream, _| {
        let first = seen.lock().unwrap().insert(stream.peer_addr().unwrap());
        first && stream.write_all(OK.as_bytes()).is_ok()
    })
}

#[test]
fn a_lost_get_is_sent_once_more_and_a_lost_post_is_not() {
    let server = drops_the_second();
    block_on(async {
        let client = Client::new();
        ask(&client, get(server.url("/1"))).await.result.unwrap();
        let second = ask(&client, get(server.url("/2"))).await;
        assert_eq!((second.result.unwrap().status().as_u16(), second.retried), (200, 1));
        assert_eq!(second.hops.len(), 1);
    });
    assert_eq!(server.requests().len(), 3);

    let server = drops_the_second();
    block_on(async {
        let client = Client::new();
        ask(&client, get(server.url("/1"))).await.result.unwrap();
        let second = ask(&client, post(server.url("/2"), "a")).await;
        let failure = second.result.unwrap_err();
        assert_eq!(failure.class(), "http.closed_before_response");
        assert_eq!(
            failure.message,
            "the server closed the kept-alive connection without a byte of an answer"
        );
        assert_eq!(second.retried, 0);
    });
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_dropped_exchange_leaves_nothing_half_read() {
    let server = Server::start(|stream, request| {
        if request.starts_with("GET /slow") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab").unwrap();
            thread::sleep(Duration::from_millis(100));
            return stream.write_all(b"cd").is_ok();
        }
        stream.write_all(OK.as_bytes()).is_ok()
    });
    block_on(async {
        let client = Client::new();
        ask(&client, get(server.url("/"))).await.result.unwrap();
        let slow =
            tokio::time::timeout(Duration::from_millis(20), ask(&client, get(server.url("/slow"))))
                .await;
        assert!(slow.is_err());
        let next = ask(&client, get(server.url("/"))).await;
        assert!(!next.hops[0].reused);
        assert_eq!(next.result.unwrap().body, "ok");
    });
}

#[test]
fn idle_connections_are_bounded() {
    let server = Server::start(|stream, _| {
        thread::sleep(Duration::from_millis(50));
        stream.write_all(OK.as_bytes()).is_ok()
    });
    block_on(async {
        let client = Client::new();
        for _ in 0..2 {
            let all = (0..80).map(|_| ask(&client, get(server.url("/"))));
            for exchange in futures_util::future::join_all(all).await {
                exchange.result.unwrap();
            }
        }
    });
    // 80 at first, of which 64 were kept.
    assert_eq!(server.connections(), 80 + 16);
}

#[test]
fn a_client_serves_many_tasks_and_may_move_between_threads() {
    fn check<T: Send + Sync>(_: &T) {}
    let server = Server::always(OK);
    block_on(async {
        let client = Client::new();
        check(&client);
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (client, url) = (client.clone(), server.url("/"));
                // `spawn` wants the future to be `Send`.
                tokio::spawn(async move {
                    for _ in 0..200 {
                        ask(&client, get(url.clone())).await.result.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!((server.requests().len(), server.connections()), (1_600, 8));
}
