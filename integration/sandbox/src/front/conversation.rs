//! One connection to a front, from its first byte until both sides have closed it.

use std::io::{ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::check::{Greeting, Login};
use super::message::{self, ASK_CLEARTEXT_PASSWORD, Message};
use super::startup::{self, Opening};
use super::{ALPN, Refusal, Shared};

/// How often a client may ask for a kind of encryption that there is not.
const REQUESTS_MAX: usize = 2;
/// What a handshake begins with; servers from 17 on take one without a request (`sslnegotiation=direct`).
const HANDSHAKE: [u8; 1] = [0x16];

/// A connection, as it is or within TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// A first packet: the whole of it, and what it asks for.
struct Packet {
    bytes: Vec<u8>,
    opening: Opening,
}

/// Holds a conversation to its end; an error is one that the client has or makes.
pub(super) async fn hold(mut socket: TcpStream, client: IpAddr, shared: &Shared) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut first = [0];
    socket.peek(&mut first).await?;
    if first == HANDSHAKE {
        return shake_hands(socket, client, true, shared).await;
    }
    let packet = first_packet(&mut socket).await?;
    if packet.opening != Opening::Tls {
        return serve(&mut socket, packet, client, false, shared).await;
    }
    socket.write_all(b"S").await?;
    shake_hands(socket, client, false, shared).await
}

async fn shake_hands(socket: TcpStream, client: IpAddr, is_direct: bool, shared: &Shared) -> Result<()> {
    let Ok(mut socket) = shared.tls.accept(socket).await else {
        shared.note(Refusal::HandshakeBroken);
        return Ok(());
    };
    // Who comes without a request has to name the protocol instead.
    if is_direct && socket.get_ref().1.alpn_protocol() != Some(ALPN) {
        return Err(ErrorKind::InvalidData.into());
    }
    let packet = read_packet(&mut socket).await?;
    serve(&mut socket, packet, client, true, shared).await
}

/// Returns the first packet that is not about GSSAPI, which we decline as a server does that was built without it.
async fn first_packet(socket: &mut TcpStream) -> Result<Packet> {
    for _ in 0..REQUESTS_MAX {
        let packet = read_packet(socket).await?;
        if packet.opening != Opening::GssEncryption {
            return Ok(packet);
        }
        socket.write_all(b"N").await?;
    }
    Err(ErrorKind::InvalidData.into())
}

async fn read_packet(from: &mut impl Stream) -> Result<Packet> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut body = vec![0; startup::bytes_after_length(length).ok_or(ErrorKind::InvalidData)?];
    from.read_exact(&mut body).await?;
    let opening = startup::opening(&body).ok_or(ErrorKind::InvalidData)?;
    Ok(Packet { bytes: [length.as_slice(), &body].concat(), opening })
}

async fn serve(
    socket: &mut impl Stream,
    packet: Packet,
    client: IpAddr,
    is_encrypted: bool,
    shared: &Shared,
) -> Result<()> {
    match packet.opening {
        Opening::Startup { user, database, parameters } => {
            let login = Login { user, database, parameters, client, port: shared.port, is_encrypted };
            log_in(socket, &packet.bytes, &login, shared).await
        }
        Opening::Cancel if !shared.check.lets_cancel() => {
            shared.note_vain_cancel();
            Ok(())
        }
        Opening::Cancel => forward(socket, knock(shared, &packet.bytes).await?).await,
        Opening::Tls | Opening::GssEncryption => Err(ErrorKind::InvalidData.into()),
    }
}

async fn log_in(socket: &mut impl Stream, packet: &[u8], login: &Login, shared: &Shared) -> Result<()> {
    match shared.check.greet(login) {
        Greeting::Refuse(refusal) => refuse(socket, refusal, login, shared).await,
        Greeting::LeaveToServer(refusal) => {
            let server = knock(shared, packet).await?;
            introduce(socket, server, refusal, login, shared).await
        }
        Greeting::AskCleartextPassword => {
            send(socket, &ASK_CLEARTEXT_PASSWORD).await?;
            let answer = Message::read(socket).await?;
            match shared.check.judge(login, answer.password()?) {
                Err(refusal) => refuse(socket, refusal, login, shared).await,
                Ok(()) => {
                    shared.note_admission();
                    let mut server = knock(shared, packet).await?;
                    if !shared.check.lets_cancel() {
                        carry_login(socket, &mut server).await?;
                    }
                    forward(socket, server).await
                }
            }
        }
    }
}

/// Carries questions of the server and answers of the client until the server has decided.
async fn introduce(
    socket: &mut impl Stream,
    mut server: TcpStream,
    refusal: Refusal,
    login: &Login,
    shared: &Shared,
) -> Result<()> {
    let mut has_asked = false;
    loop {
        let said = Message::read(&mut server).await?;
        // Only who was checked here may be let in without a question: its pg_hba.conf trusts too many.
        if said.is_welcome() && !has_asked {
            return refuse(socket, refusal, login, shared).await;
        }
        send(socket, &said.bytes).await?;
        if said.kind() == message::ERROR {
            shared.note(refusal);
            return Ok(());
        }
        if said.is_welcome() {
            shared.note_admission();
            return forward(socket, server).await;
        }
        if said.is_question() {
            has_asked = true;
            let answer = Message::read(socket).await?;
            server.write_all(&answer.bytes).await?;
        }
    }
}

/// Carries what the server says at the end of a login, but the key that a cancel request would need.
async fn carry_login(socket: &mut impl Stream, server: &mut TcpStream) -> Result<()> {
    loop {
        let said = Message::read(server).await?;
        if said.kind() != message::BACKEND_KEY {
            send(socket, &said.bytes).await?;
        }
        if [message::READY, message::ERROR].contains(&said.kind()) {
            return Ok(());
        }
    }
}

async fn refuse(socket: &mut impl Stream, refusal: Refusal, login: &Login, shared: &Shared) -> Result<()> {
    // First, so that who was refused finds the reason there.
    shared.note(refusal);
    send(socket, &message::fatal(&shared.check.complain(refusal, login))).await?;
    socket.shutdown().await
}

/// Connects to the server behind and tells it what the client has said first.
async fn knock(shared: &Shared, packet: &[u8]) -> Result<TcpStream> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.upstream_port)).await?;
    server.set_nodelay(true)?;
    server.write_all(packet).await?;
    Ok(server)
}

async fn forward(socket: &mut impl Stream, mut server: TcpStream) -> Result<()> {
    copy_bidirectional(socket, &mut server).await.map(|_| ())
}

/// Sends at once: TLS may keep what is only written.
async fn send(socket: &mut impl Stream, bytes: &[u8]) -> Result<()> {
    socket.write_all(bytes).await?;
    socket.flush().await
}
