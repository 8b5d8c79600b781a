//! Real servers with each certificate, asked by a client that verifies the chain and the name.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Certificates, ServerCertificate, TlsFiles};
use crate::{Server, majors, newest};

/// Returns a client that verifies the chain up to this authority, and the name.
pub(crate) fn verify_full(authority: &Path, client: Option<&TlsFiles>) -> MakeRustlsConnect {
    MakeRustlsConnect::new(verify_full_config(authority, client))
}

/// Returns the settings of such a client.
pub(crate) fn verify_full_config(authority: &Path, client: Option<&TlsFiles>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    match client {
        None => builder.with_no_client_auth(),
        Some(files) => {
            let certificate = CertificateDer::from_pem_file(&files.certificate).unwrap();
            let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    }
}

/// Logs in as postgres and returns whether the server says that the session is encrypted.
async fn log_in(server: &Server, tls: MakeRustlsConnect) -> Result<bool, tokio_postgres::Error> {
    let url = server.url_with("postgres", "postgres", "sslmode=require");
    let (client, connection) = tokio_postgres::connect(&url, tls).await?;
    tokio::spawn(connection);
    let encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    Ok(client.query_one(encrypted, &[]).await?.get(0))
}

#[tokio::test]
async fn only_the_good_certificate_passes_full_verification() {
    let certificates = Certificates::new().unwrap();
    use ServerCertificate::{CloudSql, Expired, Good, OtherAuthority, WrongHost};
    for kind in [Good, WrongHost, Expired, OtherAuthority, CloudSql] {
        let files = certificates.server(kind).unwrap();
        let server = Server::new(newest()).tls(&files).start().await.unwrap();
        let answer = log_in(&server, verify_full(certificates.authority(), None)).await;
        assert_eq!(answer.is_ok_and(|encrypted| encrypted), kind == Good, "{kind:?}");
    }
}

#[tokio::test]
async fn oldest_and_newest_take_a_client_certificate_for_a_password() {
    let certificates = Certificates::new().unwrap();
    let files = certificates.server(ServerCertificate::Good).unwrap();
    for major in [majors()[0], newest()] {
        let hba = "hostssl all all 127.0.0.1/32 cert";
        let server = Server::new(major).tls(&files).hba(hba).start().await.unwrap();
        for (role, admitted) in [("postgres", true), ("somebody", false)] {
            let client = certificates.client(role).unwrap();
            let answer = log_in(&server, verify_full(certificates.authority(), Some(&client))).await;
            assert_eq!(answer.is_ok(), admitted, "{major} {role}");
        }
    }
}
