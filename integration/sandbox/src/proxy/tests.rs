//! The proxy before a small server that answers each line with itself.

use std::{io::ErrorKind, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use super::{Direction, Proxy};
use crate::{Server, connect, newest};

/// Long enough to say that nothing comes.
const SOON: Duration = Duration::from_millis(100);
/// What comes at once has come by then, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(10);

async fn echo_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = socket.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    port
}

async fn proxied() -> (Proxy, TcpStream) {
    let proxy = Proxy::start(echo_port().await).await.unwrap();
    let client = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    (proxy, client)
}

async fn echo(client: &mut TcpStream, text: &[u8]) -> std::io::Result<Vec<u8>> {
    client.write_all(text).await?;
    let mut answer = vec![0; text.len()];
    client.read_exact(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn round_trips_are_turns_and_not_packets() {
    let (proxy, mut client) = proxied().await;
    for _ in 0..3 {
        client.write_all(b"first").await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let mut answers = [0; 11];
        // The answer to `first` lies unread, but it has arrived: what follows is a turn of its own.
        client.read_exact(&mut answers[..5]).await.unwrap();
        client.write_all(b"second").await.unwrap();
        client.read_exact(&mut answers[5..]).await.unwrap();
    }
    let counts = proxy.counts();
    assert_eq!((counts.connections, counts.round_trips), (1, 6));
    assert_eq!((counts.bytes_to_server, counts.bytes_to_client), (33, 33));
    proxy.reset_counts();
    assert_eq!(proxy.counts().round_trips, 0);
}

#[tokio::test]
async fn delay_is_paid_once_by_what_is_pipelined() {
    let server = Server::new(newest()).start().await.unwrap();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let client = connect(&proxy.url("postgres", "postgres")).await.unwrap();
    proxy.delay(SOON / 2, SOON / 2);
    proxy.reset_counts();
    let start = Instant::now();
    let queries = (0..10).map(|_| client.simple_query("select 1"));
    for answer in futures_util::future::join_all(queries).await {
        answer.unwrap();
    }
    assert!(start.elapsed() >= SOON && start.elapsed() < 8 * SOON, "{:?}", start.elapsed());
    assert_eq!(proxy.counts().round_trips, 1);
    client.simple_query("select 1").await.unwrap();
    assert_eq!(proxy.counts().round_trips, 2);
}

#[tokio::test]
async fn blackhole_swallows_until_healed() {
    let (mut proxy, mut client) = proxied().await;
    proxy.blackhole();
    assert!(timeout(SOON, echo(&mut client, b"lost")).await.is_err());
    let mut late = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    assert!(timeout(SOON, echo(&mut late, b"lost")).await.is_err());
    proxy.heal().await.unwrap();
    assert_eq!(echo(&mut client, b"found").await.unwrap(), b"found");
}

#[tokio::test]
async fn half_open_keeps_the_other_direction() {
    let (mut proxy, mut client) = proxied().await;
    proxy.half_open(Direction::ToClient);
    assert!(timeout(SOON, echo(&mut client, b"held")).await.is_err());
    assert_eq!(proxy.counts().bytes_to_server, 4);
    proxy.heal().await.unwrap();
    let mut answer = [0; 4];
    timeout(LIMIT, client.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"held");
}

#[tokio::test]
async fn reset_ends_what_is_open_and_nothing_else() {
    let (proxy, mut client) = proxied().await;
    echo(&mut client, b"here").await.unwrap();
    proxy.reset();
    let error = timeout(LIMIT, client.read_u8()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let mut next = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    assert_eq!(echo(&mut next, b"there").await.unwrap(), b"there");
}

#[tokio::test]
async fn cut_lets_the_named_bytes_pass() {
    let (mut proxy, mut client) = proxied().await;
    echo(&mut client, b"before").await.unwrap();
    proxy.cut_after_bytes(7);
    assert_eq!(echo(&mut client, b"1234").await.unwrap(), b"1234");
    client.write_all(b"56789").await.unwrap();
    let mut rest = Vec::new();
    let error = timeout(LIMIT, client.read_to_end(&mut rest)).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), rest.as_slice()), (ErrorKind::ConnectionReset, b"567".as_slice()));
    proxy.heal().await.unwrap();
    let mut next = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    assert_eq!(echo(&mut next, b"a longer text").await.unwrap(), b"a longer text");
}

#[tokio::test]
async fn refusal_closes_the_port_until_healed() {
    let (mut proxy, mut client) = proxied().await;
    echo(&mut client, b"open").await.unwrap();
    proxy.refuse().await;
    let error = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(echo(&mut client, b"still open").await.unwrap(), b"still open");
    proxy.heal().await.unwrap();
    TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
}

#[tokio::test]
async fn closing_is_carried_to_the_other_side() {
    let (_proxy, mut client) = proxied().await;
    client.write_all(b"bye").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    timeout(LIMIT, client.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, b"bye");
}
