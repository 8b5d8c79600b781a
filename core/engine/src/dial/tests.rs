//! Logins at a scripted server on a loopback port: what is sent, what each answer is taken for, and where a second try
//! goes. TLS itself and real servers are tested by the live tests.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::conninfo::{Environment, resolve};

const TIMEOUT: Duration = Duration::from_secs(5);
const NO_TLS: &[u8] = b"N";
const ASK_PASSWORD: &[u8] = &[b'R', 0, 0, 0, 8, 0, 0, 0, 3];

/// A message of the server: its type, its length, its body.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], length.to_be_bytes().as_slice(), body].concat()
}

fn error(sqlstate: &str, text: &str, routine: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{sqlstate}\0M{text}\0Dhushed detail\0R{routine}\0\0");
    message(b'E', fields.as_bytes())
}

fn welcome(parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = message(b'R', &[0; 4]);
    for (name, value) in parameters {
        bytes.extend(message(b'S', format!("{name}\0{value}\0").as_bytes()));
    }
    bytes.extend(message(b'K', &[0, 0, 0, 42, 0, 0, 0, 43]));
    bytes.extend(message(b'Z', b"I"));
    bytes
}

/// Serves connections: each reply of a connection follows one packet of the client. Returns the port and, at the end,
/// what the clients sent.
async fn serve(script: Vec<Vec<Vec<u8>>>) -> (u16, tokio::task::JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let mut packets = Vec::new();
        for replies in script {
            let (mut socket, _) = listener.accept().await.unwrap();
            for reply in replies {
                let mut buffer = [0; 1024];
                let count = socket.read(&mut buffer).await.unwrap();
                packets.push(buffer[..count].to_vec());
                socket.write_all(&reply).await.unwrap();
            }
        }
        packets
    });
    (port, served)
}

fn target(text: &str) -> Target {
    let environment = Environment { user: Some("ann".to_owned()), ..Environment::default() };
    resolve(Some(text), &environment).unwrap()
}

async fn try_at(text: &str, options: Option<&str>) -> Result<Dialled, ConnectError> {
    dial(&target(text), Startup { application_name: "pgquerylens", options }, TIMEOUT).await
}

/// Logs in at a server that gives one answer.
async fn answered(reply: Vec<u8>) -> ConnectError {
    let (port, _) = serve(vec![vec![reply]]).await;
    let text = format!("host=127.0.0.1 port={port} sslmode=disable password=hush");
    try_at(&text, None).await.err().unwrap()
}

#[tokio::test]
async fn each_answer_has_its_error() {
    type Expected = fn(&ConnectError) -> bool;
    let cases: [(&str, &str, &str, Expected); 26] = [
        ("28P01", "password authentication failed", "", |e| matches!(e, ConnectError::WrongPassword(_))),
        ("28000", "no pg_hba.conf entry", "", |e| matches!(e, ConnectError::LoginRefused(_))),
        ("28000", "connection requires a valid client certificate", "", |e| {
            matches!(e, ConnectError::ClientCertificateRefused(_))
        }),
        ("3D000", "database does not exist", "", |e| matches!(e, ConnectError::NoSuchDatabase(_))),
        ("42501", "Recht fehlt", "CheckMyDatabase", |e| matches!(e, ConnectError::NoConnectPrivilege(_))),
        ("42501", "permission denied for database \"d\"", "", |e| {
            matches!(e, ConnectError::NoConnectPrivilege(_))
        }),
        ("42501", "permission denied to set parameter", "set_config", |e| {
            matches!(e, ConnectError::OptionsRefused(_))
        }),
        ("53300", "sorry, too many clients already", "", |e| {
            matches!(e, ConnectError::TooManyConnections(_))
        }),
        ("57P03", "the database system is starting up", "", |e| matches!(e, ConnectError::StartingUp(_))),
        ("57P03", "the database system is in recovery mode", "", |e| {
            matches!(e, ConnectError::StartingUp(_))
        }),
        ("57P03", "the database system is not yet accepting connections", "", |e| {
            matches!(e, ConnectError::StartingUp(_))
        }),
        ("57P03", "the database system is shutting down", "", |e| matches!(e, ConnectError::ShuttingDown(_))),
        ("57P03", "the database system is not accepting connections", "", |e| {
            matches!(e, ConnectError::NotAccepting(_))
        }),
        ("57P01", "terminating connection", "", |e| matches!(e, ConnectError::ShuttingDown(_))),
        ("55000", "database is not currently accepting", "", |e| matches!(e, ConnectError::NotAccepting(_))),
        ("08P01", "unsupported startup parameter: options", "", |e| {
            matches!(e, ConnectError::OptionsRefused(_))
        }),
        ("08P01", "unsupported startup parameter in options: a", "", |e| {
            matches!(e, ConnectError::OptionsRefused(_))
        }),
        ("0A000", "RDS Proxy doesn't support command-line options", "", |e| {
            matches!(e, ConnectError::OptionsRefused(_))
        }),
        ("42704", "unrecognized configuration parameter", "", |e| {
            matches!(e, ConnectError::OptionsRefused(_))
        }),
        ("08P01", "password authentication failed", "", |e| matches!(e, ConnectError::WrongPassword(_))),
        ("08P01", "no such database: d", "", |e| matches!(e, ConnectError::NoSuchDatabase(_))),
        ("08P01", "no more connections allowed (max_client_conn)", "", |e| {
            matches!(e, ConnectError::TooManyConnections(_))
        }),
        ("08P01", "no such user", "", |e| matches!(e, ConnectError::Refused(_))),
        ("08P01", "The IAM authentication failed for the role d.", "", |e| {
            matches!(e, ConnectError::LoginRefused(_) | ConnectError::WrongPassword(_))
        }),
        ("XX000", "This RDS proxy has no credentials for the role d.", "", |e| {
            matches!(e, ConnectError::LoginRefused(_))
        }),
        ("XX000", "odd\u{1b}[2J", "", |e| matches!(e, ConnectError::Refused(_))),
    ];
    for (sqlstate, text, routine, expected) in cases {
        let found = answered(error(sqlstate, text, routine)).await;
        assert!(expected(&found), "{sqlstate} {text}: {found:?}");
        let shown = format!("{found} {found:?} {}", found.advice());
        assert!(!shown.contains("hush") && !shown.contains('\u{1b}'), "{shown}");
    }
}

#[tokio::test]
async fn a_conversation_that_breaks_off_is_told_apart() {
    assert!(matches!(answered(Vec::new()).await, ConnectError::Protocol { .. }));
    assert!(matches!(
        answered(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await,
        ConnectError::Protocol { .. }
    ));
    let (port, _) = serve(vec![vec![ASK_PASSWORD.to_vec()]]).await;
    let found = try_at(&format!("host=127.0.0.1 port={port} sslmode=disable"), None).await.err().unwrap();
    assert!(matches!(found, ConnectError::PasswordMissing { .. }), "{found:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_or_taken_as_the_mode_says() {
    for (mode, expected) in [("require", false), ("verify-full", false), ("prefer", true)] {
        let (port, _) = serve(vec![vec![NO_TLS.to_vec(), welcome(&[])]]).await;
        let text = format!("host=127.0.0.1 port={port} sslrootcert=/nowhere sslmode={mode}");
        let found = try_at(&text, None).await;
        match found {
            Ok(dialled) => assert!(expected && dialled.tls.is_none()),
            Err(ConnectError::TlsRefusedByServer { .. }) => assert!(!expected),
            // verify-full reads its file first.
            Err(ConnectError::TlsSettings { source }) => {
                assert_eq!((mode, source.to_string().as_str()), ("verify-full", "read sslrootcert /nowhere"));
            }
            Err(other) => panic!("{mode}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_about_tls() {
    for (negotiation, replies) in
        [("postgres", vec![b"S".to_vec(), Vec::new()]), ("direct", vec![Vec::new()])]
    {
        let (port, _) = serve(vec![replies]).await;
        let text = format!("host=127.0.0.1 port={port} sslmode=require sslnegotiation={negotiation}");
        let found = try_at(&text, None).await.err().unwrap();
        assert!(matches!(found, ConnectError::TlsFailed { .. }), "{negotiation}: {found:?}");
    }
}

#[tokio::test]
async fn our_options_follow_the_users_and_the_server_is_heard() {
    let parameters = [("server_version", "18.1"), ("in_hot_standby", "off"), ("is_superuser", "on")];
    let (port, served) = serve(vec![vec![welcome(&parameters)], vec![Vec::new()]]).await;
    let text = format!("host=127.0.0.1 port={port} sslmode=disable options='-c geqo=off' dbname=d");
    let dialled = try_at(&text, Some("-c work_mem=16MB")).await.unwrap();
    assert_eq!(dialled.parameters.server_version.as_deref(), Some("18.1"));
    assert_eq!(
        (dialled.parameters.in_hot_standby, dialled.parameters.is_superuser),
        (Some(false), Some(true))
    );
    assert_eq!(dialled.address, format!("127.0.0.1:{port}/d"));
    assert!(dialled.tls.is_none());
    assert_eq!(dialled.traffic.read_bursts(), 1);
    dialled.canceller.unwrap().cancel(TIMEOUT).await.unwrap();
    let packets = served.await.unwrap();
    let startup = String::from_utf8_lossy(&packets[0]);
    assert!(
        startup.contains("options\0-c geqo=off -c work_mem=16MB\0application_name\0pgquerylens\0"),
        "{startup}"
    );
    assert_eq!(packets[0].len() as u64, dialled.traffic.sent_bytes());
    assert_eq!(packets[1], [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 42, 0, 0, 0, 43]);
}

#[tokio::test]
async fn the_next_host_is_tried_unless_the_login_was_refused() {
    let starting = error("57P03", "the database system is starting up", "");
    for (first, passes) in [(starting, true), (error("28P01", "wrong", ""), false), (Vec::new(), true)] {
        let (one, _) = serve(vec![vec![first]]).await;
        let (other, _) = serve(vec![vec![welcome(&[])]]).await;
        let found =
            try_at(&format!("host=127.0.0.1,127.0.0.1 port={one},{other} sslmode=disable"), None).await;
        assert_eq!(found.is_ok(), passes);
    }
}

#[tokio::test]
async fn the_kind_of_server_decides_if_asked_for() {
    let standby = || vec![vec![welcome(&[("in_hot_standby", "on")])]];
    for (wanted, expected) in [("standby", true), ("read-write", false), ("any", true)] {
        let (port, _) = serve(standby()).await;
        let text = format!("host=127.0.0.1 port={port} sslmode=disable target_session_attrs={wanted}");
        match try_at(&text, None).await {
            Ok(_) => assert!(expected, "{wanted}"),
            Err(ConnectError::OtherKindOfServer { .. }) => assert!(!expected, "{wanted}"),
            Err(other) => panic!("{wanted}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn silence_and_absence_are_reported_with_the_address() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let target = target(&format!("host=127.0.0.1 port={port} sslmode=disable dbname=d"));
    let startup = Startup { application_name: "pgquerylens", options: None };
    let found = dial(&target, startup, Duration::from_millis(50)).await.err().unwrap();
    assert_eq!(found.to_string(), format!("connect to 127.0.0.1:{port}/d: no login within 0.1 s"));
    drop(silent);
    let found = dial(&target, startup, TIMEOUT).await.err().unwrap();
    assert_eq!(found.to_string(), format!("connect to 127.0.0.1:{port}/d: connection refused"));
    let found = try_at("host=/nowhere dbname=d", None).await.err().unwrap();
    assert_eq!(found.to_string(), "connect to /nowhere:5432/d: there is no such socket");
}
