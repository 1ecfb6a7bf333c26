//! `in_subnet`: networks of both families. A text that is no address is in no network.
use std::net::IpAddr;

/// A network: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    /// IPv4 in the upper 32 bits.
    bits: u128,
    length: u32,
    v6: bool,
}

impl Network {
    /// `10.0.0.0/8`, `fd00::/8`; host bits are ignored, an address alone is a network of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (bits, v6) = bits(address)?;
        let longest = if v6 { 128 } else { 32 };
        let length = length.unwrap_or(longest);
        (length <= longest).then_some(Self { bits, length, v6 })
    }

    /// Whether an address is in the network.
    pub(crate) fn contains(self, address: &str) -> bool {
        let Some((bits, v6)) = bits(address) else {
            return false;
        };
        let differing = (bits ^ self.bits).leading_zeros();
        v6 == self.v6 && differing >= self.length
    }
}

fn bits(address: &str) -> Option<(u128, bool)> {
    match address.parse().ok()? {
        IpAddr::V4(v4) => Some((u128::from(v4.to_bits()) << 96, false)),
        IpAddr::V6(v6) => Some((v6.to_bits(), true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_in_networks_of_their_family() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("10.0.0.0/8", "web", false),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address), inside, "{network:?} {address}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/x"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
