//! Amounts: Kubernetes quantities (`100Mi`, `1930m`) and the sizes people write in queries (`10GiB`).
use std::str::FromStr;

/// A text that is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount: expected a number with a unit, e.g. `500m`, `16Gi` or `10GiB`")]
pub struct AmountError(String);

/// A size in bytes, as written in a query: `10GiB`, `500MB`, `1.5TiB`.
///
/// Units are required, so that a plain number stays a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u128);

impl FromStr for Size {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError(text.to_owned());
        let split = text
            .find(|c: char| c.is_ascii_alphabetic())
            .ok_or_else(wrong)?;
        let exponent = |letters: &[&str]| letters.iter().position(|unit| *unit == &text[split..]);
        let factor = if let Some(at) = exponent(&["KiB", "MiB", "GiB", "TiB", "PiB"]) {
            1024_u128.pow(u32::try_from(at + 1).expect("five units"))
        } else if let Some(at) = exponent(&["KB", "MB", "GB", "TB", "PB"]) {
            1000_u128.pow(u32::try_from(at + 1).expect("five units"))
        } else {
            return Err(wrong());
        };
        let number = decimal(&text[..split]).ok_or_else(wrong)?;
        number
            .times(factor)
            .map(|nano| Self(nano / NANO))
            .ok_or_else(wrong)
    }
}

/// A decimal number times 10^9: exact for every fraction a quantity may have.
struct Nano(u128);

const NANO: u128 = 1_000_000_000;

impl Nano {
    fn times(&self, factor: u128) -> Option<u128> {
        self.0.checked_mul(factor)
    }
}

/// Digits with an optional fraction of at most nine places that count.
fn decimal(text: &str) -> Option<Nano> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let padded = format!("{:0<9}", &fraction[..fraction.len().min(9)]);
    let fraction: u128 = padded.parse().ok()?;
    whole.checked_mul(NANO)?.checked_add(fraction).map(Nano)
}

/// Suffixes of a quantity: factor, and divisor for the small ones.
const SUFFIXES: [(&str, u128, u128); 17] = [
    ("n", 1, 1_000_000_000),
    ("u", 1, 1_000_000),
    ("m", 1, 1_000),
    ("", 1, 1),
    ("KB", 1_000, 1),
    ("Ki", 1 << 10, 1),
    ("Mi", 1 << 20, 1),
    ("Gi", 1 << 30, 1),
    ("Ti", 1 << 40, 1),
    ("Pi", 1 << 50, 1),
    ("Ei", 1 << 60, 1),
    ("k", 1_000, 1),
    ("M", 1_000_000, 1),
    ("G", 1_000_000_000, 1),
    ("T", 1_000_000_000_000, 1),
    ("P", 1_000_000_000_000_000, 1),
    ("E", 1_000_000_000_000_000_000, 1),
];

/// The value of a Kubernetes quantity in its base unit (cores, bytes, pieces).
///
/// `quantity = sign? digits ("." digits)? (suffix | ("e" | "E") sign? digits)?`. Decimal arithmetic is exact
/// as far as nine places; only the last step is a `f64`.
pub fn quantity(text: &str) -> Result<f64, AmountError> {
    let wrong = || AmountError(text.to_owned());
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let split = body
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(body.len());
    let (number, suffix) = body.split_at(split);
    let number = decimal(number).ok_or_else(wrong)?;
    let (factor, divisor) = SUFFIXES
        .iter()
        .find(|(name, ..)| *name == suffix)
        .map(|(_, factor, divisor)| (*factor, *divisor))
        .or_else(|| exponent(suffix))
        .ok_or_else(wrong)?;
    let scaled = number.times(factor).ok_or_else(wrong)?;
    Ok(sign * ratio(scaled, divisor.checked_mul(NANO).ok_or_else(wrong)?))
}

/// `e3`, `E-3`: a power of ten between -18 and 18.
fn exponent(suffix: &str) -> Option<(u128, u128)> {
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let ten = 10_u128.checked_pow(power.unsigned_abs().min(40))?;
    (power.abs() <= 18).then_some(if power < 0 { (1, ten) } else { (ten, 1) })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a quantity ends as a double; that is its kind"
)]
fn ratio(value: u128, divisor: u128) -> f64 {
    let whole = value / divisor;
    let rest = value % divisor;
    if whole == 0 || rest == 0 {
        return if rest == 0 {
            whole as f64
        } else {
            value as f64 / divisor as f64
        };
    }
    value as f64 / divisor as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_the_value_the_server_means() {
        for (text, value) in [
            ("2", 2.0),
            ("1930m", 1.93),
            ("500m", 0.5),
            ("100u", 0.0001),
            ("16Gi", 17_179_869_184.0),
            ("4041564Ki", 4_138_561_536.0),
            ("1G", 1e9),
            ("1k", 1e3),
            ("1E", 1e18),
            ("1e3", 1e3),
            ("12E2", 1200.0),
            ("0.1", 0.1),
            (".5", 0.5),
            ("-1.5Gi", -1_610_612_736.0),
            ("1T", 1e12),
            ("3KB", 3000.0),
        ] {
            assert_eq!(quantity(text), Ok(value), "{text}");
        }
        for text in [
            "",
            "Gi",
            "1X",
            "1.2.3",
            "1 Gi",
            "e3",
            "1e99",
            "0x10",
            "99999999999999999999999999Ei",
        ] {
            assert!(quantity(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_need_a_unit() {
        assert_eq!("10GiB".parse(), Ok(Size(10 << 30)));
        assert_eq!("500MB".parse(), Ok(Size(500_000_000)));
        assert_eq!("1.5KiB".parse(), Ok(Size(1536)));
        for text in ["10", "10Gi", "GiB", "10gib", "-1KB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
