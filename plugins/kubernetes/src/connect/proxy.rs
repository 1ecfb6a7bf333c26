//! Which servers are reached without the proxy of the environment.
//!
//! The loader of the client library compares `NO_PROXY` with the proxy instead of the server; this puts it right.
use std::net::IpAddr;

/// Whether `NO_PROXY` (or being this machine) exempts `host`, by the rules `kubectl` follows: names match with
/// their subdomains, networks by prefix, `*` matches all.
pub(super) fn exempt(host: &str, no_proxy: &str) -> bool {
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_ascii_lowercase();
    let address = host.parse::<IpAddr>().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    no_proxy
        .split(',')
        .map(|rule| rule.trim().to_ascii_lowercase())
        .filter(|rule| !rule.is_empty())
        .any(|rule| matches(&host, address, &rule))
}

fn matches(host: &str, address: Option<IpAddr>, rule: &str) -> bool {
    if rule == "*" || rule == host {
        return true;
    }
    if let (Some(address), Some((network, bits))) = (address, rule.split_once('/')) {
        return within(address, network, bits).unwrap_or(false);
    }
    let name = rule.trim_start_matches("*.").trim_start_matches('.');
    host.strip_suffix(name)
        .is_some_and(|rest| rest.ends_with('.') || (rest.is_empty() && !rule.starts_with('.')))
}

fn within(address: IpAddr, network: &str, bits: &str) -> Option<bool> {
    let bits: u32 = bits.parse().ok()?;
    let same = |a: u128, b: u128, width: u32| {
        let shift = width.checked_sub(bits)?;
        Some(a.checked_shr(shift) == b.checked_shr(shift))
    };
    match (address, network.parse().ok()?) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_exempt_by_name_network_or_star() {
        for (host, no_proxy, expected) in [
            ("127.0.0.1", "", true),
            ("[::1]", "", true),
            ("localhost", "", true),
            ("api.example.com", "", false),
            ("api.example.com", "example.com", true),
            ("api.example.com", ".example.com", true),
            ("api.example.com", "*.example.com", true),
            ("example.com", ".example.com", false),
            ("badexample.com", "example.com", false),
            ("api.example.com", "*", true),
            ("10.1.2.3", "10.0.0.0/8, other", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "10.0.0.0/99", false),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("fd00::1", "fd00::/8", true),
        ] {
            assert_eq!(exempt(host, no_proxy), expected, "{host} {no_proxy}");
        }
    }
}
