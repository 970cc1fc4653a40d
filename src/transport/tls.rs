//! Who is trusted over TLS: what the operating system trusts, checked by rustls with ring. It opens no connection.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

/// Trusts the operating system's authorities and offers these protocols (ALPN, RFC 7301), most wanted first.
/// Reading the authorities takes milliseconds, and fails on a machine that has none.
pub(super) fn config(protocols: &[&str]) -> Result<ClientConfig, rustls::Error> {
    let mut config = builder()?.with_platform_verifier()?.with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}

/// Trusts nobody: for clients that want a configuration but will never use TLS.
pub(super) fn unused() -> Result<ClientConfig, rustls::Error> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()
}
