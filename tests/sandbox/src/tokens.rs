//! OAuth tokens: client credentials, expiring access tokens, and refresh tokens that work once.

use crate::chance::Dice;
use crate::settings::Settings;
use std::collections::HashMap;

/// A pair of issued tokens.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// The form of a token request.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub(crate) struct Grant {
    #[serde(default)]
    pub(crate) grant_type: String,
    #[serde(default)]
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) client_secret: String,
    #[serde(default)]
    pub(crate) refresh_token: String,
}

/// Why no token was issued: HTTP status, OAuth error code, and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

/// The valid tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Access tokens and their expiry, in milliseconds since 1970.
    access: HashMap<String, i64>,
    refresh: Vec<String>,
    issued: u64,
}

impl Tokens {
    /// Issues a pair of tokens, or returns the OAuth error.
    pub(crate) fn issue(
        &mut self,
        grant: &Grant,
        settings: &Settings,
        now_millis: i64,
    ) -> Result<Pair, Refusal> {
        let invalid_client = Refusal {
            status: 401,
            error: "invalid_client",
            description: "The client id or the client secret is wrong.",
        };
        match grant.grant_type.as_str() {
            "client_credentials" => {
                if grant.client_id != settings.client_id || grant.client_secret != settings.client_secret {
                    return Err(invalid_client);
                }
            }
            "refresh_token" => {
                if grant.client_id != settings.client_id {
                    return Err(invalid_client);
                }
                let Some(place) = self.refresh.iter().position(|token| *token == grant.refresh_token) else {
                    return Err(Refusal {
                        status: 400,
                        error: "invalid_grant",
                        description: "The refresh token is unknown or was used before.",
                    });
                };
                self.refresh.swap_remove(place);
            }
            _ => {
                return Err(Refusal {
                    status: 400,
                    error: "unsupported_grant_type",
                    description: "Use client_credentials or refresh_token.",
                });
            }
        }
        self.issued += 1;
        let mut dice = Dice::new(settings.seed, &[0x3001, self.issued, now_millis.unsigned_abs()]);
        let pair = Pair { access: dice.uuid(), refresh: dice.uuid() };
        self.access.retain(|_, expires| *expires > now_millis);
        self.access.insert(pair.access.clone(), now_millis + settings.token_seconds * 1000);
        self.refresh.push(pair.refresh.clone());
        Ok(pair)
    }

    /// Whether a bearer token is valid.
    pub(crate) fn admits(&self, token: &str, now_millis: i64) -> bool {
        self.access.get(token).is_some_and(|expires| now_millis < *expires)
    }

    /// Revokes all access tokens.
    pub(crate) fn revoke(&mut self) {
        self.access.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(kind: &str, secret: &str, refresh: &str) -> Grant {
        Grant {
            grant_type: kind.to_owned(),
            client_id: "lectern".to_owned(),
            client_secret: secret.to_owned(),
            refresh_token: refresh.to_owned(),
        }
    }

    #[test]
    fn a_token_expires_and_a_refresh_token_works_once() {
        let (settings, mut tokens) = (Settings::default(), Tokens::default());
        let pair = tokens.issue(&grant("client_credentials", "sandbox secret", ""), &settings, 0).unwrap();
        assert!(tokens.admits(&pair.access, 3_599_999));
        assert!(!tokens.admits(&pair.access, 3_600_000));
        let again = tokens.issue(&grant("refresh_token", "", &pair.refresh), &settings, 5).unwrap();
        assert_ne!(again.access, pair.access);
        let used = tokens.issue(&grant("refresh_token", "", &pair.refresh), &settings, 6).unwrap_err();
        assert_eq!(used.error, "invalid_grant");
        tokens.revoke();
        assert!(!tokens.admits(&again.access, 7));
    }

    #[test]
    fn a_wrong_secret_or_grant_type_is_refused() {
        let (settings, mut tokens) = (Settings::default(), Tokens::default());
        let refusal = tokens.issue(&grant("client_credentials", "guess", ""), &settings, 0).unwrap_err();
        assert_eq!((refusal.status, refusal.error), (401, "invalid_client"));
        let refusal = tokens.issue(&grant("password", "", ""), &settings, 0).unwrap_err();
        assert_eq!(refusal.error, "unsupported_grant_type");
    }
}
