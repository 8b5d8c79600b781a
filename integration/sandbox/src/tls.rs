//! Certificates, good and bad, made for one test: an authority, server certificates with each fault that a client
//! must notice, client certificates. They are files in a directory that vanishes with the [`Certificates`].
//! How a listener of ours shows them is in `listener`.

mod listener;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) use listener::server_config;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::{
    Result,
    account::Account,
    error::Doing,
    scratch::{Medium, Scratch},
    server::Layout,
};

/// Where a certificate, its key and the authority to trust lie, as PEM files readable by this process's user.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key, mode 0600.
    pub key: PathBuf,
    /// The authority that signed it.
    pub authority: PathBuf,
}

/// What is right or wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerCertificate {
    /// For localhost and 127.0.0.1, signed by our authority, valid.
    Good,
    /// Valid, but for another host.
    WrongHost,
    /// For the right host, but its time is over.
    Expired,
    /// Right in all, but signed by an authority of the same name that nobody trusts.
    OtherAuthority,
    /// As Cloud SQL makes them: an authority per instance, the common name `project:instance`, no alternative name.
    CloudSql,
}

/// An authority and the certificates it has signed, in a throw-away directory.
#[derive(Debug)]
pub struct Certificates {
    scratch: Scratch,
    authority: Authority,
    other: Authority,
}

#[derive(Debug)]
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

impl Certificates {
    /// Makes the directory and two authorities of the same name, one to trust and one not to.
    pub fn new() -> Result<Self> {
        let scratch = Scratch::new(Medium::Disk)?;
        let authority = Authority::new(&scratch.path().join("authority.pem"))?;
        let other = Authority::new(&scratch.path().join("other-authority.pem"))?;
        Ok(Self { scratch, authority, other })
    }

    /// Returns the file of the authority to trust.
    pub fn authority(&self) -> &Path {
        &self.authority.file
    }

    /// Returns the file of an authority that has signed only [`ServerCertificate::OtherAuthority`].
    pub fn other_authority(&self) -> &Path {
        &self.other.file
    }

    /// Makes a server's certificate.
    pub fn server(&self, kind: ServerCertificate) -> Result<TlsFiles> {
        use ServerCertificate as Kind;
        let hosts: &[&str] = match kind {
            Kind::Good | Kind::Expired | Kind::OtherAuthority => &["localhost", "127.0.0.1"],
            Kind::WrongHost => &["elsewhere.example"],
            Kind::CloudSql => &[],
        };
        let mut parameters = for_servers(hosts, hosts.first().copied().unwrap_or("project:instance"))?;
        if kind == Kind::Expired {
            (parameters.not_before, parameters.not_after) =
                (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        }
        let authority = if kind == Kind::OtherAuthority { &self.other } else { &self.authority };
        self.sign(&parameters, authority, &format!("server-{kind:?}").to_lowercase())
    }

    /// Makes a server's certificate for this host name, good in all.
    pub fn server_for(&self, host: &str) -> Result<TlsFiles> {
        self.sign(&for_servers(&[host], host)?, &self.authority, &format!("server-for-{host}"))
    }

    /// Makes the certificate that lets a client log in as this role.
    pub fn client(&self, role: &str) -> Result<TlsFiles> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.distinguished_name.push(DnType::CommonName, role);
        parameters.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        self.sign(&parameters, &self.authority, &format!("client-{role}"))
    }

    fn sign(&self, parameters: &CertificateParams, authority: &Authority, name: &str) -> Result<TlsFiles> {
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &authority.issuer)?;
        let at = |ending: &str| self.scratch.path().join(format!("{name}.{ending}"));
        let files = TlsFiles { certificate: at("pem"), key: at("key"), authority: authority.file.clone() };
        write(&files.certificate, &certificate.pem())?;
        Account::ourselves().write_file(&files.key, &key.serialize_pem())?;
        Ok(files)
    }
}

impl TlsFiles {
    /// The settings that go with [`Self::install`].
    pub(crate) const SETTINGS: [(&str, &str); 4] = [
        ("ssl", "on"),
        ("ssl_cert_file", "server.crt"),
        ("ssl_key_file", "server.key"),
        ("ssl_ca_file", "authority.crt"),
    ];

    /// Copies the files into a data directory, owned as PostgreSQL demands.
    pub(crate) fn install(&self, layout: &Layout) -> Result<()> {
        let pairs = [
            (&self.certificate, "server.crt"),
            (&self.key, "server.key"),
            (&self.authority, "authority.crt"),
        ];
        for (file, name) in pairs {
            let text = fs::read_to_string(file).doing_at("read", file)?;
            layout.scratch.account().write_file(&layout.data.join(name), &text)?;
        }
        Ok(())
    }
}

impl Authority {
    fn new(file: &Path) -> Result<Self> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, "sandbox authority");
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        write(file, &parameters.self_signed(&key)?.pem())?;
        Ok(Self { issuer: Issuer::new(parameters, key), file: file.to_owned() })
    }
}

fn for_servers(hosts: &[&str], common_name: &str) -> Result<CertificateParams> {
    let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    Ok(parameters)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).doing_at("write", path)
}

#[cfg(test)]
pub(crate) mod tests;
