//! Signatures of webhooks, as Standard Webhooks 1.0 has them: HMAC-SHA-256 over
//! `id.timestamp.body` with a secret that starts with `whsec_`.
//!
//! Secrets are not stored. A webhook's secret is derived from the master key, its id and the number
//! of its secret, so that a stolen database signs nothing; changing the number changes the secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use ordo_domain::id::WebhookId;
use sha2::Sha256;

/// The key from which the secrets of all webhooks derive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// The key made of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret of a webhook, as it is shown and as others verify with it.
    #[must_use]
    pub fn webhook_secret(&self, webhook: WebhookId, number: u32) -> String {
        format!("whsec_{}", BASE64.encode(self.derive(webhook, number)))
    }

    fn derive(&self, webhook: WebhookId, number: u32) -> [u8; 32] {
        mac(
            &self.0,
            &[
                b"webhook:",
                webhook.to_string().as_bytes(),
                b":",
                &number.to_be_bytes(),
            ],
        )
    }

    /// The value of the header `webhook-signature`.
    #[must_use]
    pub fn sign(
        &self,
        (webhook, number): (WebhookId, u32),
        message: &str,
        seconds: i64,
        body: &[u8],
    ) -> String {
        let secret = self.derive(webhook, number);
        let seconds = seconds.to_string();
        let parts = [message.as_bytes(), b".", seconds.as_bytes(), b".", body];
        format!("v1,{}", BASE64.encode(mac(&secret, &parts)))
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The test vector that the standard's own libraries use.
        let secret = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
        let signature = BASE64.encode(mac.finalize().into_bytes());
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn another_webhook_or_number_has_another_secret() {
        let key = MasterKey::new([7; 32]);
        let secret = |id, number| key.webhook_secret(WebhookId::from_u128(id), number);
        assert_eq!(secret(1, 1), secret(1, 1));
        assert_ne!(secret(1, 1), secret(1, 2));
        assert_ne!(secret(1, 1), secret(2, 1));
        assert!(secret(1, 1).starts_with("whsec_"));
        let raw = BASE64.decode(&secret(1, 1)["whsec_".len()..]).unwrap();
        assert_eq!(raw.len(), 32);
    }
}
