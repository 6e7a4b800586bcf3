//! TLS in front of a broker that has none.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use tempfile::TempDir;

/// Takes connections with TLS, as `localhost`, and asks for the client's certificate.
pub struct TlsProxy {
    pub address: SocketAddr,
    folder: TempDir,
}

impl TlsProxy {
    pub fn start(broker: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let client = generate_simple_self_signed(["client".to_owned()]).unwrap();
        let write =
            |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write("server.pem", server.cert.pem());
        write("client.pem", client.cert.pem());
        write("client.key", client.signing_key.serialize_pem());
        let config = config(&server, client.cert.der().clone());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for sealed in listener.incoming() {
                let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                serve(sealed.unwrap(), TcpStream::connect(broker).unwrap(), tls);
            }
        });
        Self { address, folder }
    }

    /// A file that the options may name.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn config(server: &CertifiedKey<KeyPair>, client: CertificateDer<'static>) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let mut clients = RootCertStore::empty();
    clients.add(client).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(clients), Arc::clone(&provider));
    let key = PrivateKeyDer::try_from(server.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
        .with_single_cert(vec![server.cert.der().clone()], key)
        .unwrap();
    Arc::new(config)
}

/// Carries octets both ways until one side ends.
fn serve(mut sealed: TcpStream, mut bare: TcpStream, tls: ServerConnection) {
    let tls = Arc::new(Mutex::new(tls));
    let (mut back, mut output) = (bare.try_clone().unwrap(), sealed.try_clone().unwrap());
    let shared = Arc::clone(&tls);
    thread::spawn(move || {
        let mut input = vec![0; 16 << 10];
        let mut opened = Vec::new();
        while let Ok(count @ 1..) = sealed.read(&mut input) {
            let mut tls = shared.lock().unwrap();
            let mut rest = &input[..count];
            let mut is_well = true;
            while !rest.is_empty() && is_well {
                tls.read_tls(&mut rest).unwrap();
                is_well = tls.process_new_packets().is_ok();
                let _ = tls.reader().read_to_end(&mut opened);
            }
            while tls.wants_write() && tls.write_tls(&mut sealed).is_ok() {}
            drop(tls);
            if !is_well || bare.write_all(&opened).is_err() {
                break;
            }
            opened.clear();
        }
        let _ = (sealed.shutdown(Shutdown::Both), bare.shutdown(Shutdown::Both));
    });
    thread::spawn(move || {
        let mut input = vec![0; 16 << 10];
        while let Ok(count @ 1..) = back.read(&mut input) {
            let mut tls = tls.lock().unwrap();
            tls.writer().write_all(&input[..count]).unwrap();
            while tls.wants_write() && tls.write_tls(&mut output).is_ok() {}
        }
        let _ = output.shutdown(Shutdown::Both);
    });
}
