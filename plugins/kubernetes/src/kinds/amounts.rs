//! Quantities of objects in the units of the base kinds: cores, GiB of memory, GB of storage.
//!
//! A quantity that does not parse loses that one property, with a line in the log.
use serde_json::Value;
use stocktake_model::quantity;

/// The value of a quantity in its base unit, of JSON text or number.
pub(crate) fn amount(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => quantity(text)
            .inspect_err(|error| tracing::debug!(%error, "quantity left out"))
            .ok(),
        Value::Number(number) => number.as_f64(),
        _ => None,
    }
}

/// Cores.
pub(crate) fn cores(value: &Value) -> Option<f64> {
    amount(value)
}

/// GiB (2^30 byte).
pub(crate) fn gib(value: &Value) -> Option<f64> {
    amount(value).map(to_gib)
}

/// GB (10^9 byte).
pub(crate) fn gb(value: &Value) -> Option<f64> {
    amount(value).map(|bytes| bytes / 1e9)
}

/// Bytes, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float is cut to the range of i64, which is what the property can hold"
)]
pub(crate) fn whole_bytes(value: &Value) -> Option<i64> {
    amount(value).map(|bytes| bytes.ceil() as i64)
}

/// Bytes as GiB.
pub(crate) fn to_gib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 30)
}

/// A sum of cores without the dust of adding binary fractions: quantities have at most nine places.
pub(crate) fn tidy(cores: f64) -> f64 {
    (cores * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_have_the_unit_of_their_property() {
        assert_eq!(cores(&json!("1930m")), Some(1.93));
        assert_eq!(cores(&json!(2)), Some(2.0));
        assert_eq!(gib(&json!("4041564Ki")), Some(3.854_335_784_912_109_4));
        assert_eq!(gib(&json!("100Mi")), Some(0.097_656_25));
        assert_eq!(gib(&json!("1G")), Some(0.931_322_574_615_478_5));
        assert_eq!(gb(&json!("8Gi")), Some(8.589_934_592));
        assert_eq!(whole_bytes(&json!("100Mi")), Some(104_857_600));
        assert_eq!(whole_bytes(&json!("1500m")), Some(2));
        assert_eq!(gb(&json!("lots")), None);
        assert_eq!(gb(&json!(null)), None);
        assert_eq!(tidy(0.1 + 0.2).to_string(), "0.3");
    }
}
