//! The keys of one call: a DTLS handshake (RFC 5763), and SRTP with what it gives (RFC 5764). No I/O.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::BytesMut;
use rtc::{
    crypto::{self, HashAlgorithm},
    dtls::{
        config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig},
        crypto::Certificate,
        endpoint::{Endpoint, EndpointEvent},
        extension::extension_use_srtp::SrtpProtectionProfile,
        state::State,
    },
    shared::{
        TransportProtocol,
        error::{Error, Result},
    },
    srtp::{
        config::{Config, LABEL_EXTRACTOR_DTLS_SRTP},
        context::Context,
        option::{srtcp_replay_protection, srtp_replay_protection},
        protection_profile::ProtectionProfile,
    },
};

/// Packets that may come late, of each kind.
const REPLAY_WINDOW: usize = 1_024;

/// DTLS keeps its connections by the other end's address, which changes with ICE: it is given this one always.
fn anywhere() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 9))
}

/// The keys of one call.
pub(crate) struct Keys {
    certificate: Certificate,
    fingerprint: String,
    endpoint: Option<Endpoint>,
    contexts: Option<(Context, Context)>,
}

impl Keys {
    /// With a new certificate.
    pub fn new() -> Result<Self> {
        let provider = crypto::default_provider().map_err(|error| Error::Other(error.to_string()))?;
        let certificate = Certificate::generate_self_signed(vec!["media".to_owned()], provider.crypto())?;
        let fingerprint = fingerprint(&certificate.certificate[0])?;
        Ok(Self { certificate, fingerprint, endpoint: None, contexts: None })
    }

    /// As it stands in a description: sha-256 in upper case with colons.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether the handshake has begun, or may come.
    pub fn is_started(&self) -> bool {
        self.endpoint.is_some()
    }

    /// Whether packets can be protected.
    pub fn are_ready(&self) -> bool {
        self.contexts.is_some()
    }

    /// Begins the handshake, or waits for the other end to. Its certificate must have the fingerprint.
    pub fn start(&mut self, as_client: bool, remote_fingerprint: &str, now: Instant) -> Result<()> {
        let config = self.config(as_client, remote_fingerprint)?;
        let server = (!as_client).then(|| Arc::clone(&config));
        let mut endpoint = Endpoint::new(anywhere(), TransportProtocol::UDP, server);
        if as_client {
            endpoint.connect(now, anywhere(), config, None)?;
        }
        self.endpoint = Some(endpoint);
        Ok(())
    }

    fn config(&self, as_client: bool, remote_fingerprint: &str) -> Result<Arc<HandshakeConfig>> {
        let provider = crypto::default_provider().map_err(|error| Error::Other(error.to_string()))?;
        let expected = remote_fingerprint.to_ascii_uppercase();
        Ok(Arc::new(
            ConfigBuilder::default()
                .with_crypto_provider(provider)
                .with_certificates(vec![self.certificate.clone()])
                .with_srtp_protection_profiles(vec![
                    SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
                    SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
                ])
                .with_client_auth(ClientAuthType::RequireAnyClientCert)
                // Certificates are self-signed: the fingerprint in the description is what counts.
                .with_insecure_skip_verify(true)
                .with_verify_peer_certificate(Some(Arc::new(move |certificates, _| {
                    let first = certificates.first().ok_or(Error::ErrNonCertificate)?;
                    if fingerprint(first)? == expected {
                        Ok(())
                    } else {
                        Err(Error::ErrNoMatchingCertificateFingerprint)
                    }
                })))
                .with_extended_master_secret(ExtendedMasterSecretType::Require)
                .build(as_client, None)?,
        ))
    }

    /// Takes a DTLS packet. `true` when the other end closed.
    pub fn handshake(&mut self, packet: &[u8], now: Instant) -> Result<bool> {
        let Some(endpoint) = &mut self.endpoint else { return Ok(false) };
        let mut closed = false;
        for event in endpoint.read(now, anywhere(), None, BytesMut::from(packet))? {
            match event {
                EndpointEvent::HandshakeComplete => {
                    let state = endpoint.get_connection_state(anywhere()).ok_or(Error::ErrNoSuchSrtpProfile)?;
                    self.contexts = Some(contexts(state)?);
                }
                EndpointEvent::PeerClosed => closed = true,
                _ => {}
            }
        }
        Ok(closed)
    }

    /// What is to be sent for the handshake.
    pub fn poll(&mut self) -> Option<BytesMut> {
        Some(self.endpoint.as_mut()?.poll_transmit()?.message)
    }

    /// Sends again what was not answered, when it is time.
    pub fn tick(&mut self, now: Instant) -> Result<()> {
        match &mut self.endpoint {
            Some(endpoint) if endpoint.poll_timeout(&anywhere()).is_some() => endpoint.handle_timeout(anywhere(), now),
            _ => Ok(()),
        }
    }

    /// Closes; the other end is told by what [`Keys::poll`] then gives.
    pub fn close(&mut self, now: Instant) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.close(now).ok();
        }
    }

    /// Protects a packet of sound.
    pub fn protect(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.contexts.as_mut()?.0.encrypt_rtp(packet).ok()
    }

    /// Protects a report.
    pub fn protect_report(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.contexts.as_mut()?.0.encrypt_rtcp(packet).ok()
    }

    /// Opens a packet of sound.
    pub fn open(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.contexts.as_mut()?.1.decrypt_rtp(packet).ok()
    }

    /// Opens a report.
    pub fn open_report(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.contexts.as_mut()?.1.decrypt_rtcp(packet).ok()
    }
}

fn contexts(state: &State) -> Result<(Context, Context)> {
    let profile = match state.srtp_protection_profile() {
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
        _ => return Err(Error::ErrNoSuchSrtpProfile),
    };
    let mut config = Config { profile, ..Config::default() };
    let material = state.export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())?;
    config.set_session_keys_from_keying_material(material.as_ref(), state.is_client())?;
    let keys = &config.keys;
    let provider = crypto::default_provider().map_err(|error| Error::Other(error.to_string()))?;
    let sent = Context::new(&keys.local_master_key, &keys.local_master_salt, profile, None, None, provider.crypto())?;
    let received = Context::new(
        &keys.remote_master_key,
        &keys.remote_master_salt,
        profile,
        Some(srtp_replay_protection(REPLAY_WINDOW)),
        Some(srtcp_replay_protection(REPLAY_WINDOW)),
        provider.crypto(),
    )?;
    Ok((sent, received))
}

fn fingerprint(certificate: &[u8]) -> Result<String> {
    let provider = crypto::default_provider().map_err(|error| Error::Other(error.to_string()))?;
    let hash =
        provider.crypto().hash(HashAlgorithm::Sha256, certificate).map_err(|error| Error::Other(error.to_string()))?;
    Ok(hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
}
