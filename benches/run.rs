//! What a run costs, beside a bare hyper client that sends the same requests and checks nothing.
//!
//! `cargo bench --bench run` prints wall time, CPU time and peak memory of whole processes, start and reading of the
//! files included. The server is a process of its own, so that its time is nobody's.

mod process;

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use process::{Result, measure, print_head};

const STEPS: usize = 1000;
const SCENARIOS: usize = 200;
const FETCHES: usize = 10;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve"] => runtime()?.block_on(serve()),
        ["sequence", address] => runtime()?.block_on(sequence(address)),
        ["logins", address] => runtime()?.block_on(logins(address)),
        _ => compare(),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Runs all pairs and prints the table.
fn compare() -> Result<()> {
    let mut server =
        Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut address = String::new();
    BufReader::new(server.stdout.take().ok_or("no stdout")?).read_line(&mut address)?;
    let address = address.trim();
    let folder = tempfile::tempdir()?;
    write_scenarios(folder.path(), address)?;
    let this = std::env::current_exe()?;
    let bare = |what: &str| {
        let mut command = Command::new(&this);
        command.args([what, address]);
        command
    };
    let callsheet = |path: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
        command.args(["run", path, "--progress", "never"]).current_dir(folder.path());
        command
    };
    print_head();
    let floor = measure("1,000 steps: bare hyper", || bare("sequence"))?;
    let ours = measure("1,000 steps: callsheet", || callsheet("steps.yaml"))?;
    ours.print_beside(&floor);
    let floor = measure("200 logins, 10 fetches each: bare", || bare("logins"))?;
    let ours = measure("200 logins, 10 fetches each: callsheet", || callsheet("logins"))?;
    ours.print_beside(&floor);
    measure("start-up: one step", || callsheet("one.yaml"))?;
    server.kill()?;
    server.wait()?;
    Ok(())
}

fn write_scenarios(folder: &Path, address: &str) -> Result<()> {
    let step = |number: usize| {
        format!(
            "  - name: Step {number}\n    request: GET /items/{number}\n    expect:\n      status: 200\n      json:\n        $.id: 7\n        $.items[19].name: item 19\n"
        )
    };
    let head = |name: &str| format!("name: {name}\nbase_url: http://{address}\nsteps:\n");
    let all: String = (0..STEPS).map(step).collect();
    fs::write(folder.join("steps.yaml"), head("A thousand steps") + &all)?;
    fs::write(folder.join("one.yaml"), head("One step") + &step(0))?;
    fs::create_dir(folder.join("logins"))?;
    for scenario in 0..SCENARIOS {
        let login = "  - request: POST /login\n    form: { username: alice, password: wonderland }\n    expect:\n      status: 200\n      cookies: { session: { exists: true } }\n";
        let fetches: String = (0..FETCHES).map(step).collect();
        let text = head(&format!("Login {scenario}")) + login + &fetches;
        fs::write(folder.join(format!("logins/{scenario:03}.yaml")), text)?;
    }
    Ok(())
}

/// 2 KB of JSON.
fn body() -> String {
    let items: Vec<String> = (0..20)
        .map(|n| format!("{{\"name\":\"item {n}\",\"price\":{n}.5,\"tags\":[\"a\",\"b\"],\"text\":\"some words about it, to fill it up\"}}"))
        .collect();
    format!("{{\"id\":7,\"items\":[{}]}}", items.join(","))
}

/// A server that reads no more than the end of a request's head and answers at once.
#[expect(clippy::print_stdout, reason = "the address is for the parent")]
async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let body = body();
    let page = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let login = format!(
        "HTTP/1.1 200 OK\r\nset-cookie: session=4711; Path=/; HttpOnly\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answers: &'static [String; 2] = Box::leak(Box::new([page, login]));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(answer(stream, answers));
    }
}

async fn answer(mut stream: TcpStream, [page, login]: &'static [String; 2]) -> Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        buffer.clear();
        while !complete(&buffer) {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let text = if buffer.starts_with(b"POST") { login } else { page };
        stream.write_all(text.as_bytes()).await?;
    }
}

/// Whether the head is there, and behind that of the POST its form.
fn complete(buffer: &[u8]) -> bool {
    let end = buffer.windows(4).position(|four| four == b"\r\n\r\n");
    let form = if buffer.starts_with(b"POST") { FORM.len() } else { 0 };
    end.is_some_and(|end| buffer.len() >= end + 4 + form)
}

const FORM: &str = "username=alice&password=wonderland";

/// The floor: the same thousand requests on one connection.
async fn sequence(address: &str) -> Result<()> {
    let mut sender = connect::<Empty<Bytes>>(address).await?;
    for number in 0..STEPS {
        let uri = format!("/items/{number}");
        let request = http::Request::get(uri).header("host", address).body(Empty::new())?;
        sender.ready().await?;
        sender.send_request(request).await?.into_body().collect().await?.to_bytes();
    }
    Ok(())
}

/// The floor: sixteen connections that share the logins, each with its fetches behind it.
async fn logins(address: &str) -> Result<()> {
    let one = |share: usize| async move {
        let mut sender = connect::<Full<Bytes>>(address).await?;
        for _ in (share..SCENARIOS).step_by(16) {
            for number in 0..=FETCHES {
                let request = http::Request::builder().header("host", address);
                let request = match number {
                    0 => request.method("POST").uri("/login").body(Full::from(FORM))?,
                    _ => request
                        .uri(format!("/items/{number}"))
                        .header("cookie", "session=4711")
                        .body(Full::default())?,
                };
                sender.ready().await?;
                sender.send_request(request).await?.into_body().collect().await?.to_bytes();
            }
        }
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    };
    futures_util::future::try_join_all((0..16).map(one)).await?;
    Ok(())
}

async fn connect<B>(address: &str) -> Result<SendRequest<B>>
where
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
