//! Signed tokens (JWT, RFC 7519) of Cloudflare Access: parsing, the checks of their claims, and revocation. The signature itself
//! is checked by the runtime, with the key that the token names.
//!
//! **Invariant**: a token is accepted only if its algorithm is RS256, it was issued by this team for this application, and it is
//! valid at the time. The key id of a token is looked up among the team's keys; a key in the token itself is never used.

use crate::ids::Email;
use crate::time::{SECOND, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// How far the issuer's clock and ours may differ.
pub const LEEWAY: i64 = 60 * SECOND;

/// The longest token that is read, in bytes. Those of Access have about 1 KB.
const LONGEST: usize = 16 << 10;

/// The most keys of one list that are read.
const MOST_KEYS: usize = 32;

/// Why a token is refused. For the audit log: the response only says that sign-in is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenError {
    /// It cannot be parsed.
    NotAToken,
    /// It is not signed with RS256.
    WrongAlgorithm,
    /// Its key id is not among the team's keys.
    UnknownKey,
    /// Its signature does not match.
    WrongSignature,
    /// It was issued by somebody else.
    WrongIssuer,
    /// It is for another application.
    WrongAudience,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYet,
    /// It has no e-mail address.
    Nameless,
    /// It was revoked: its person has signed out since it was issued.
    SignedOut,
}

impl TokenError {
    /// The reason that the audit log records.
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
            Self::NotYet => "not-yet",
            Self::Nameless => "nameless",
            Self::SignedOut => "signed-out",
        }
    }
}

/// A parsed token. Nothing in it can be trusted before its signature is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct UnverifiedToken {
    /// The bytes that were signed.
    pub signed: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The id of the key.
    pub key: String,
    claims: Claims,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    /// Critical extensions. None is supported.
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

/// The claims of a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedClaims {
    /// The person's e-mail address, in lower case.
    pub email: Email,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it expires, without leeway.
    pub expires: Timestamp,
}

impl UnverifiedToken {
    /// Parses a token.
    ///
    /// # Errors
    /// [`TokenError::NotAToken`], [`TokenError::WrongAlgorithm`].
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > LONGEST {
            return Err(TokenError::NotAToken);
        }
        let mut parts = text.split('.');
        let (Some(head), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::NotAToken);
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::NotAToken);
        let read: Head = serde_json::from_slice(&decode(head)?).map_err(|_| TokenError::NotAToken)?;
        if read.alg != "RS256" || read.crit.is_some() {
            return Err(TokenError::WrongAlgorithm);
        }
        Ok(Self {
            signed: format!("{head}.{claims}").into_bytes(),
            signature: decode(signature)?,
            key: read.kid.ok_or(TokenError::UnknownKey)?,
            claims: serde_json::from_slice(&decode(claims)?).map_err(|_| TokenError::NotAToken)?,
        })
    }

    /// Checks the claims. They can be trusted once the signature is checked too.
    ///
    /// # Errors
    /// [`TokenError`].
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
        let expires = exp.and_then(instant).ok_or(TokenError::Expired)?;
        if expires.plus(LEEWAY) <= now {
            return Err(TokenError::Expired);
        }
        let begins = [nbf, iat].into_iter().flatten().map(|at| instant(*at));
        for begins in begins {
            if begins.ok_or(TokenError::NotYet)? > now.plus(LEEWAY) {
                return Err(TokenError::NotYet);
            }
        }
        let email = email.as_deref().and_then(Email::parse).ok_or(TokenError::Nameless)?;
        // A token without an issue time counts as the oldest possible: a sign-out revokes it for good.
        let issued = iat.and_then(instant).unwrap_or(Timestamp(0));
        Ok(VerifiedClaims { email, issued, expires })
    }
}

/// The time of a number of seconds since 1970; `None` after the year 9999.
fn instant(seconds: f64) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
    (0.0..253_402_300_800.0).contains(&seconds).then_some(Timestamp((seconds * 1000.0) as i64))
}

/// Whether a token that was issued at `issued` is revoked by a sign-out that revokes tokens up to `revoked_until`.
#[must_use]
pub fn is_revoked(issued: Timestamp, revoked_until: Option<Timestamp>) -> bool {
    revoked_until.is_some_and(|until| issued <= until)
}

/// The latest issue time of the tokens that a sign-out at `now`, with a token issued at `issued`, revokes.
///
/// The issuer's clock may be ahead of ours by up to [`LEEWAY`]: without allowing for that, the very token that signed out
/// would stay valid for as long as the clocks differ. A token issued after the sign-out carries a later time of the same
/// clock, so signing in again works at once.
#[must_use]
pub fn revocation_cutoff(issued: Timestamp, now: Timestamp) -> Timestamp {
    now.max(issued.min(now.plus(LEEWAY)))
}

/// An RSA public key for RS256, in the encoding that Web Crypto imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id.
    pub id: String,
    /// The modulus, in base64url.
    pub modulus: String,
    /// The exponent, in base64url.
    pub exponent: String,
}

/// Parses a JSON Web Key Set (RFC 7517); `None` if the text is none. Keys for other algorithms or uses are skipped.
#[must_use]
pub fn parse_public_keys(text: &str) -> Option<Vec<PublicKey>> {
    let answer: Value = serde_json::from_str(text).ok()?;
    let keys = answer.get("keys")?.as_array()?;
    let read = |key: &Value| {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let fits = text("kty") == Some("RSA")
            && text("alg").is_none_or(|alg| alg == "RS256")
            && text("use").is_none_or(|used| used == "sig");
        let (id, modulus, exponent) = (text("kid")?, text("n")?, text("e")?);
        // 2048 bits are 342 characters: a shorter key can be broken.
        let is_long = modulus.len() >= 342;
        (fits && is_long).then(|| PublicKey {
            id: id.to_owned(),
            modulus: modulus.to_owned(),
            exponent: exponent.to_owned(),
        })
    };
    Some(keys.iter().filter_map(read).take(MOST_KEYS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const TEAM: &str = "https://team.cloudflareaccess.com";
    const NOW: i64 = 1_764_000_000;

    fn token(head: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(head), part(claims), URL_SAFE_NO_PAD.encode("signature"))
    }

    fn claims() -> Value {
        json!({"iss": TEAM, "aud": ["app"], "exp": NOW + 100, "nbf": NOW - 10, "iat": NOW - 10,
            "email": " Ana@Example.ORG "})
    }

    fn judged(claims: &Value) -> Result<VerifiedClaims, TokenError> {
        let text = token(&json!({"alg": "RS256", "kid": "k"}), claims);
        UnverifiedToken::parse(&text)?.verify_claims(TEAM, "app", Timestamp(NOW * SECOND))
    }

    fn with(name: &str, value: &Value) -> Result<VerifiedClaims, TokenError> {
        let mut claims = claims();
        claims[name] = value.clone();
        judged(&claims)
    }

    #[test]
    fn a_good_token_names_its_bearer() {
        let bearer = judged(&claims()).unwrap();
        assert_eq!(bearer.email, Email::from("ana@example.org"));
        assert_eq!(bearer.expires, Timestamp((NOW + 100) * SECOND));
        assert!(with("aud", &json!("app")).is_ok());
        assert!(with("iss", &json!(format!("{TEAM}/"))).is_ok());
        let text = token(&json!({"alg": "RS256", "kid": "k"}), &claims());
        let read = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(read.signed, text.rsplit_once('.').unwrap().0.as_bytes());
        assert_eq!((read.key.as_str(), read.signature.as_slice()), ("k", &b"signature"[..]));
    }

    #[test]
    fn whatever_is_wrong_with_a_token_is_called_by_its_name() {
        for (name, value, refusal) in [
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
            ("email", json!(null), TokenError::Nameless),
            ("email", json!("nobody"), TokenError::Nameless),
            ("exp", json!("soon"), TokenError::NotAToken),
        ] {
            assert_eq!(with(name, &value), Err(refusal), "{name}: {value}");
        }
        assert!(with("exp", &json!(NOW - 59)).is_ok(), "clocks may differ by a minute");
        assert!(with("nbf", &json!(NOW + 60)).is_ok());
        let read = |head: Value| UnverifiedToken::parse(&token(&head, &claims())).map(|_| ());
        for alg in ["none", "None", "HS256", "RS512", "ES256", "rs256", ""] {
            assert_eq!(read(json!({"alg": alg, "kid": "k"})), Err(TokenError::WrongAlgorithm), "{alg}");
        }
        assert_eq!(
            read(json!({"alg": "RS256", "kid": "k", "crit": ["b64"]})),
            Err(TokenError::WrongAlgorithm)
        );
        assert_eq!(read(json!({"alg": "RS256"})), Err(TokenError::UnknownKey));
        assert_eq!(UnverifiedToken::parse("a.b").map(|_| ()), Err(TokenError::NotAToken));
        assert_eq!(UnverifiedToken::parse(&"x".repeat(100_000)).map(|_| ()), Err(TokenError::NotAToken));
    }

    #[test]
    fn only_keys_for_rs256_are_keys() {
        let long = "n".repeat(342);
        let key = |more: Value| {
            let mut key = json!({"kty": "RSA", "kid": "k", "n": long, "e": "AQAB"});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let read = |keys: Value| parse_public_keys(&json!({"keys": keys}).to_string()).unwrap().len();
        assert_eq!(read(json!([key(json!({})), key(json!({"alg": "RS256", "use": "sig"}))])), 2);
        for more in
            [json!({"kty": "oct"}), json!({"alg": "HS256"}), json!({"use": "enc"}), json!({"n": "short"})]
        {
            assert_eq!(read(json!([key(more.clone())])), 0, "{more}");
        }
        assert_eq!(parse_public_keys("<!doctype html>"), None);
        assert_eq!(parse_public_keys("{}"), None);
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "\\PC{0,200}", parts in prop::collection::vec("[-_A-Za-z0-9=]{0,60}", 0..5)) {
            let _ = parse_public_keys(&text);
            let _ = Email::parse(&text);
            for text in [text, parts.join(".")] {
                if let Ok(read) = UnverifiedToken::parse(&text) {
                    let _ = read.verify_claims(TEAM, "app", Timestamp(NOW * SECOND));
                }
            }
        }

        #[test]
        fn nothing_but_rs256_for_this_application_in_its_time_is_taken(
            alg in prop::sample::select(vec!["RS256", "none", "HS256", "PS256", "ES256"]),
            iss in prop::sample::select(vec![TEAM, "https://evil.example"]),
            aud in prop::sample::select(vec!["app", "other", ""]),
            exp in NOW - 200..NOW + 200, nbf in NOW - 200..NOW + 200,
        ) {
            let claims = json!({"iss": iss, "aud": aud, "exp": exp, "nbf": nbf, "iat": NOW - 300, "email": "a@b.cd"});
            let text = token(&json!({"alg": alg, "kid": "k"}), &claims);
            let taken = UnverifiedToken::parse(&text).and_then(|read| read.verify_claims(TEAM, "app", Timestamp(NOW * SECOND)));
            let may = alg == "RS256" && iss == TEAM && aud == "app" && exp > NOW - 60 && nbf <= NOW + 60;
            prop_assert_eq!(taken.is_ok(), may, "{:?}", taken);
        }

        #[test]
        fn signing_out_ends_the_token_that_did_and_not_the_next(
            ahead in -120i64..=60, age in 0i64..100_000, later in 1i64..100, at in 0i64..1_000,
        ) {
            // Made by a clock that is ahead, or behind, and told in whole seconds.
            let made = |at: i64| Timestamp((at + ahead) * SECOND);
            let (now, issued) = (Timestamp((NOW + age) * SECOND + at), made(NOW));
            let ended = revocation_cutoff(issued, now);
            prop_assert!(is_revoked(issued, Some(ended)) && !is_revoked(issued, None));
            let skew = ahead.max(0);
            prop_assert!(ended <= now.plus(skew * SECOND), "nobody waits longer than the clock is ahead");
            if ahead >= 0 {
                prop_assert!(!is_revoked(made(NOW + age + later), Some(ended)), "who signs in again is in");
            }
        }
    }
}
