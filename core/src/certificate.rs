//! Certificates that sign themselves: made on request, kept nowhere.
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType, date_time_ymd};
use stocktake_command::{CertificateRequest, CommandError, MadeCertificate};

use crate::core::now;

/// A new key, and a certificate for it that is valid from now on.
pub(crate) fn create(request: &CertificateRequest) -> Result<MadeCertificate, CommandError> {
    let mut names = vec![request.common_name.clone()];
    names.extend(request.dns_names.iter().cloned());
    names.sort();
    names.dedup();
    let mut params = CertificateParams::new(names).map_err(|error| trouble(&error))?;
    let addresses = request.ip_addresses.iter().copied();
    params
        .subject_alt_names
        .extend(addresses.map(SanType::IpAddress));
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, request.common_name.as_str());
    let today = now().to_zoned(TimeZone::UTC).date();
    let last = today
        .checked_add(i64::from(request.days_valid).days())
        .map_err(|error| CommandError::usage(error.to_string()))?;
    // The type of these times is not named here: it belongs to another clock crate.
    let midnight = |day: Date| {
        let part = |value: i8| value.unsigned_abs();
        date_time_ymd(i32::from(day.year()), part(day.month()), part(day.day()))
    };
    params.not_before = midnight(today);
    params.not_after = midnight(last);
    let key = KeyPair::generate().map_err(|error| trouble(&error))?;
    let certificate = params.self_signed(&key).map_err(|error| trouble(&error))?;
    Ok(MadeCertificate {
        key: key.serialize_pem(),
        certificate: certificate.pem(),
    })
}

fn trouble(error: &rcgen::Error) -> CommandError {
    CommandError::usage(format!("the certificate cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_for_its_names() {
        let request = CertificateRequest {
            common_name: "web".into(),
            dns_names: vec!["web.lan".into(), "web".into()],
            ip_addresses: vec!["10.0.0.7".parse().unwrap()],
            days_valid: 30,
        };
        let (first, second) = (create(&request).unwrap(), create(&request).unwrap());
        assert!(first.key.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(first.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        assert_ne!(first.key, second.key);
        let wrong = CertificateRequest {
            common_name: "wëb".into(),
            ..request
        };
        assert!(
            create(&wrong)
                .unwrap_err()
                .message
                .starts_with("the certificate cannot be made")
        );
    }
}
