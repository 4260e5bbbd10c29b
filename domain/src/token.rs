//! Signed tokens (JWT, RFC 7519) of Cloudflare Access: parsing, checking of claims, and revocation. The
//! caller verifies the signature, with the key of the team that has the token's key id.
//!
//! **Invariant**: a token is accepted only if its algorithm is RS256, it was issued by this team for this
//! application, it is valid at the time, and it was issued less than [`MAX_AGE`] ago. A key inside a token is never used.

use crate::auth_method::AuthMethod;
use crate::encoding::decode_base64url;
use crate::ids::Email;
use crate::session;
use crate::time::{SECOND, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// How far the issuer's clock and ours may differ.
pub const LEEWAY: i64 = 60 * SECOND;

/// A token is refused this long after it was issued, whatever its expiry time.
pub const MAX_AGE: i64 = session::max_age(AuthMethod::Access);

/// The longest token that is parsed, in bytes. Those of Access have about 1 KB.
const MAX_TOKEN_LENGTH: usize = 16 << 10;

/// How many keys of a key set are read at most.
const MAX_KEYS: usize = 32;

/// Why a token is refused. Only for the audit log: the response only says that sign-in is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenError {
    /// It cannot be parsed.
    NotAToken,
    /// It is not signed with RS256.
    WrongAlgorithm,
    /// It has no key id, or one that the team does not have.
    UnknownKey,
    /// Its signature does not match.
    WrongSignature,
    /// It was issued by somebody else.
    WrongIssuer,
    /// It is for another application.
    WrongAudience,
    /// It has expired, or has no expiry time.
    Expired,
    /// It was issued longer ago than a session may last, or does not say when.
    TooOld,
    /// It is not valid yet.
    NotYet,
    /// It has no valid e-mail address.
    Nameless,
    /// It was revoked: the person has signed out since it was issued.
    SignedOut,
}

impl TokenError {
    /// The reason as the audit log records it.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::NotAToken => "not-a-token",
            Self::WrongAlgorithm => "wrong-algorithm",
            Self::UnknownKey => "unknown-key",
            Self::WrongSignature => "wrong-signature",
            Self::WrongIssuer => "wrong-issuer",
            Self::WrongAudience => "wrong-audience",
            Self::Expired => "expired",
            Self::TooOld => "too-old",
            Self::NotYet => "not-yet",
            Self::Nameless => "nameless",
            Self::SignedOut => "signed-out",
        }
    }
}

/// A parsed token. Nothing in it can be trusted before its signature is verified.
#[derive(Debug, Clone, PartialEq)]
pub struct UnverifiedToken {
    /// The signed bytes: head and claims as they were sent.
    pub signed: Vec<u8>,
    /// The signature, decoded.
    pub signature: Vec<u8>,
    /// The key id.
    pub key: String,
    claims: Claims,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    /// Critical extensions. Tokens that have any are refused.
    crit: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Value>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    email: Option<String>,
}

/// The claims of a token, checked by [`UnverifiedToken::verify_claims`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedClaims {
    /// The person's e-mail address, in lower case.
    pub email: Email,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it expires, without leeway: by its own claim or at [`MAX_AGE`].
    pub expires: Timestamp,
}

impl UnverifiedToken {
    /// Parses a token.
    ///
    /// # Errors
    /// [`TokenError::NotAToken`], [`TokenError::WrongAlgorithm`], [`TokenError::UnknownKey`] (no key id).
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN_LENGTH {
            return Err(TokenError::NotAToken);
        }
        let mut parts = text.split('.');
        let (Some(head), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::NotAToken);
        };
        let decode = |part: &str| decode_base64url(part).ok_or(TokenError::NotAToken);
        let parsed: Head = serde_json::from_slice(&decode(head)?).map_err(|_| TokenError::NotAToken)?;
        if parsed.alg != "RS256" || parsed.crit.is_some() {
            return Err(TokenError::WrongAlgorithm);
        }
        Ok(Self {
            signed: format!("{head}.{claims}").into_bytes(),
            signature: decode(signature)?,
            key: parsed.kid.ok_or(TokenError::UnknownKey)?,
            claims: serde_json::from_slice(&decode(claims)?).map_err(|_| TokenError::NotAToken)?,
        })
    }

    /// Checks the claims. They can be trusted only if the signature was verified too.
    ///
    /// # Errors
    /// [`TokenError::WrongIssuer`], [`TokenError::WrongAudience`], [`TokenError::Expired`],
    /// [`TokenError::NotYet`], [`TokenError::TooOld`], [`TokenError::Nameless`].
    pub fn verify_claims(
        &self,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<VerifiedClaims, TokenError> {
        let Claims { iss, aud, exp, nbf, iat, email } = &self.claims;
        if iss.as_deref().map(|iss| iss.trim_end_matches('/')) != Some(issuer) {
            return Err(TokenError::WrongIssuer);
        }
        let is_for_us = match aud {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
            _ => false,
        };
        if !is_for_us || audience.is_empty() {
            return Err(TokenError::WrongAudience);
        }
        let expires = exp.and_then(parse_time).ok_or(TokenError::Expired)?;
        if expires.plus(LEEWAY) <= now {
            return Err(TokenError::Expired);
        }
        let start_times = [nbf, iat].into_iter().flatten().map(|seconds| parse_time(*seconds));
        for start in start_times {
            if start.ok_or(TokenError::NotYet)? > now.plus(LEEWAY) {
                return Err(TokenError::NotYet);
            }
        }
        let issued = iat.and_then(parse_time).ok_or(TokenError::TooOld)?;
        if issued.plus(MAX_AGE + LEEWAY) <= now {
            return Err(TokenError::TooOld);
        }
        let email = email.as_deref().and_then(Email::parse).ok_or(TokenError::Nameless)?;
        Ok(VerifiedClaims { email, issued, expires: expires.min(issued.plus(MAX_AGE)) })
    }
}

/// Converts seconds since 1970; `None` before that and after the year 9999.
fn parse_time(seconds: f64) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
    (0.0..253_402_300_800.0).contains(&seconds).then_some(Timestamp((seconds * 1000.0) as i64))
}

/// Whether a token issued at `issued` is revoked by the person's last sign-out. `revoked_until`: the
/// [`revocation_cutoff`] of that sign-out, if there was one.
#[must_use]
pub fn is_revoked(issued: Timestamp, revoked_until: Option<Timestamp>) -> bool {
    revoked_until.is_some_and(|until| issued <= until)
}

/// The latest issue time that a sign-out at `now` revokes, where `issued` is the issue time of the token that
/// signs out.
///
/// The issuer's clock may be ahead of ours by up to [`LEEWAY`]. Without allowing for that, the token that
/// signs out would stay valid for as long as the clocks differ. A token issued after the sign-out has a later
/// time of the same clock, so signing in again works at once.
#[must_use]
pub fn revocation_cutoff(issued: Timestamp, now: Timestamp) -> Timestamp {
    now.max(issued.min(now.plus(LEEWAY)))
}

/// An RSA public key for RS256, encoded as Web Crypto imports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key id.
    pub id: String,
    /// The modulus, in base64url.
    pub modulus: String,
    /// The exponent, in base64url.
    pub exponent: String,
}

/// Parses a JSON Web Key Set (RFC 7517); `None` if the text is not one. Keys for other algorithms or uses,
/// and keys under 2048 bits, are skipped.
#[must_use]
pub fn parse_public_keys(text: &str) -> Option<Vec<PublicKey>> {
    let key_set: Value = serde_json::from_str(text).ok()?;
    let keys = key_set.get("keys")?.as_array()?;
    let parse_key = |key: &Value| {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let is_for_rs256 = text("kty") == Some("RSA")
            && text("alg").is_none_or(|alg| alg == "RS256")
            && text("use").is_none_or(|purpose| purpose == "sig");
        let (id, modulus, exponent) = (text("kid")?, text("n")?, text("e")?);
        // 2048 bits are 342 characters of base64url. Shorter keys can be broken.
        let is_strong = modulus.len() >= 342;
        (is_for_rs256 && is_strong).then(|| PublicKey {
            id: id.to_owned(),
            modulus: modulus.to_owned(),
            exponent: exponent.to_owned(),
        })
    };
    Some(keys.iter().filter_map(parse_key).take(MAX_KEYS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::encode_base64url;
    use proptest::prelude::*;
    use serde_json::json;

    const TEAM: &str = "https://team.cloudflareaccess.com";
    const NOW: i64 = 1_764_000_000;

    fn token(head: &Value, claims: &Value) -> String {
        let part = |value: &Value| encode_base64url(value.to_string().as_bytes());
        format!("{}.{}.{}", part(head), part(claims), encode_base64url(b"signature"))
    }

    fn claims() -> Value {
        json!({"iss": TEAM, "aud": ["app"], "exp": NOW + 100, "nbf": NOW - 10, "iat": NOW - 10,
            "email": " Ana@Example.ORG "})
    }

    fn verify(claims: &Value) -> Result<VerifiedClaims, TokenError> {
        let text = token(&json!({"alg": "RS256", "kid": "k"}), claims);
        UnverifiedToken::parse(&text)?.verify_claims(TEAM, "app", Timestamp(NOW * SECOND))
    }

    /// Verifies good claims with one of them changed.
    fn verify_with(name: &str, value: &Value) -> Result<VerifiedClaims, TokenError> {
        let mut claims = claims();
        claims[name] = value.clone();
        verify(&claims)
    }

    #[test]
    fn a_valid_token_gives_the_address_and_expiry() {
        let verified = verify(&claims()).unwrap();
        assert_eq!(verified.email, Email::from("ana@example.org"));
        assert_eq!(verified.expires, Timestamp((NOW + 100) * SECOND));
        assert!(verify_with("aud", &json!("app")).is_ok());
        assert!(verify_with("iss", &json!(format!("{TEAM}/"))).is_ok());
        let text = token(&json!({"alg": "RS256", "kid": "k"}), &claims());
        let parsed = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(parsed.signed, text.rsplit_once('.').unwrap().0.as_bytes());
        assert_eq!((parsed.key.as_str(), parsed.signature.as_slice()), ("k", &b"signature"[..]));
    }

    #[test]
    fn each_fault_of_a_token_has_its_own_error() {
        for (name, value, error) in [
            ("iss", json!("https://evil.cloudflareaccess.com"), TokenError::WrongIssuer),
            ("iss", json!(null), TokenError::WrongIssuer),
            ("aud", json!(["other"]), TokenError::WrongAudience),
            ("aud", json!({"app": "app"}), TokenError::WrongAudience),
            ("aud", json!(null), TokenError::WrongAudience),
            ("exp", json!(NOW - 60), TokenError::Expired),
            ("exp", json!(null), TokenError::Expired),
            ("exp", json!(1e300), TokenError::Expired),
            ("nbf", json!(NOW + 61), TokenError::NotYet),
            ("iat", json!(NOW + 61), TokenError::NotYet),
            ("iat", json!(NOW - 24 * 3600 - 60), TokenError::TooOld),
            ("iat", json!(null), TokenError::TooOld),
            ("email", json!(null), TokenError::Nameless),
            ("email", json!("nobody"), TokenError::Nameless),
            ("exp", json!("soon"), TokenError::NotAToken),
        ] {
            assert_eq!(verify_with(name, &value), Err(error), "{name}: {value}");
        }
        assert!(verify_with("exp", &json!(NOW - 59)).is_ok(), "clocks may differ by a minute");
        assert!(verify_with("nbf", &json!(NOW + 60)).is_ok());
        assert!(verify_with("iat", &json!(NOW - 24 * 3600 - 59)).is_ok());
        let parse = |head: Value| UnverifiedToken::parse(&token(&head, &claims())).map(|_| ());
        for alg in ["none", "None", "HS256", "RS512", "ES256", "rs256", ""] {
            assert_eq!(parse(json!({"alg": alg, "kid": "k"})), Err(TokenError::WrongAlgorithm), "{alg}");
        }
        assert_eq!(
            parse(json!({"alg": "RS256", "kid": "k", "crit": ["b64"]})),
            Err(TokenError::WrongAlgorithm)
        );
        assert_eq!(parse(json!({"alg": "RS256"})), Err(TokenError::UnknownKey));
        assert_eq!(UnverifiedToken::parse("a.b").map(|_| ()), Err(TokenError::NotAToken));
        assert_eq!(UnverifiedToken::parse(&"x".repeat(100_000)).map(|_| ()), Err(TokenError::NotAToken));
    }

    #[test]
    fn only_strong_keys_for_rs256_are_read() {
        let modulus = "n".repeat(342);
        let key = |more: Value| {
            let mut key = json!({"kty": "RSA", "kid": "k", "n": modulus, "e": "AQAB"});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let count = |keys: Value| parse_public_keys(&json!({"keys": keys}).to_string()).unwrap().len();
        assert_eq!(count(json!([key(json!({})), key(json!({"alg": "RS256", "use": "sig"}))])), 2);
        for more in
            [json!({"kty": "oct"}), json!({"alg": "HS256"}), json!({"use": "enc"}), json!({"n": "short"})]
        {
            assert_eq!(count(json!([key(more.clone())])), 0, "{more}");
        }
        assert_eq!(parse_public_keys("<!doctype html>"), None);
        assert_eq!(parse_public_keys("{}"), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,200}", parts in prop::collection::vec("[-_A-Za-z0-9=]{0,60}", 0..5)) {
            let _ = parse_public_keys(&text);
            let _ = Email::parse(&text);
            for text in [text, parts.join(".")] {
                if let Ok(parsed) = UnverifiedToken::parse(&text) {
                    let _ = parsed.verify_claims(TEAM, "app", Timestamp(NOW * SECOND));
                }
            }
        }

        #[test]
        fn only_a_current_rs256_token_of_the_team_for_this_application_is_accepted(
            alg in prop::sample::select(vec!["RS256", "none", "HS256", "PS256", "ES256"]),
            iss in prop::sample::select(vec![TEAM, "https://evil.example"]),
            aud in prop::sample::select(vec!["app", "other", ""]),
            exp in NOW - 200..NOW + 200, nbf in NOW - 200..NOW + 200, age in 0i64..2 * 24 * 3600,
        ) {
            let claims =
                json!({"iss": iss, "aud": aud, "exp": exp, "nbf": nbf, "iat": NOW - age, "email": "a@b.cd"});
            let text = token(&json!({"alg": alg, "kid": "k"}), &claims);
            let result = UnverifiedToken::parse(&text)
                .and_then(|parsed| parsed.verify_claims(TEAM, "app", Timestamp(NOW * SECOND)));
            let is_current = exp > NOW - 60 && nbf <= NOW + 60 && age < 24 * 3600 + 60;
            let is_valid = alg == "RS256" && iss == TEAM && aud == "app" && is_current;
            prop_assert_eq!(result.is_ok(), is_valid, "{:?}", result);
        }

        #[test]
        fn signing_out_revokes_the_current_token_but_not_a_later_one(
            ahead in -120i64..=60, age in 0i64..100_000, later in 1i64..100, at in 0i64..1_000,
        ) {
            // The issuer's clock is `ahead` seconds ahead, or behind, and has whole seconds only.
            let issued_at = |at: i64| Timestamp((at + ahead) * SECOND);
            let (now, issued) = (Timestamp((NOW + age) * SECOND + at), issued_at(NOW));
            let cutoff = revocation_cutoff(issued, now);
            prop_assert!(is_revoked(issued, Some(cutoff)) && !is_revoked(issued, None));
            let skew = ahead.max(0);
            prop_assert!(cutoff <= now.plus(skew * SECOND), "nobody waits longer than the clock is ahead");
            if ahead >= 0 {
                let later_token = issued_at(NOW + age + later);
                prop_assert!(!is_revoked(later_token, Some(cutoff)), "a later token is valid");
            }
        }
    }
}
