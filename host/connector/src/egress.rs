//! Where a connector may connect to: first by name, then by the address that the name resolves to.
//!
//! A granted name must not become a way into the host's own network: an attacker who controls a name can let it point to
//! 127.0.0.1 or to a cloud's metadata address, and change that between two look-ups. So every address of the answer is
//! compared with the table below, one bad address refuses them all, and the connection goes to the very addresses that
//! were compared. The standard library's notion of a global address is not stable yet, hence a table of our own.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address range: an address and how many of its leading bits count. IPv4 ranges also match mapped IPv6 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// True if the address lies in this range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                prefix_equal(net.to_bits().into(), ip.to_bits().into(), 32, self.prefix)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => prefix_equal(net.to_bits(), ip.to_bits(), 128, self.prefix),
            _ => false,
        }
    }
}

fn prefix_equal(net: u128, ip: u128, bits: u8, prefix: u8) -> bool {
    prefix == 0 || (net ^ ip) >> (bits - prefix) == 0
}

impl FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is no network; write an address and a prefix length, like \"10.2.0.0/16\" or \"127.0.0.1/32\""
            )
        };
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if prefix > bits {
            return Err(wrong());
        }
        Ok(Self { address, prefix })
    }
}
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, what: &'static str) -> (Network, &'static str) {
    (Network { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }, what)
}
const fn v6(a: u16, b: u16, prefix: u8, what: &'static str) -> (Network, &'static str) {
    (Network { address: IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)), prefix }, what)
}

/// What nobody reaches without a grant for the range.
const DENIED: [(Network, &str); 26] = [
    v4(0, 0, 0, 0, 8, "unspecified"),
    v4(10, 0, 0, 0, 8, "private"),
    v4(100, 64, 0, 0, 10, "shared by a carrier, also a cloud's metadata"),
    v4(127, 0, 0, 0, 8, "loopback"),
    v4(169, 254, 0, 0, 16, "link-local, also a cloud's metadata"),
    v4(172, 16, 0, 0, 12, "private"),
    v4(192, 0, 0, 0, 24, "reserved for protocols"),
    v4(192, 0, 2, 0, 24, "for documentation"),
    v4(192, 88, 99, 0, 24, "a 6to4 relay"),
    v4(192, 168, 0, 0, 16, "private"),
    v4(198, 18, 0, 0, 15, "for benchmarks"),
    v4(198, 51, 100, 0, 24, "for documentation"),
    v4(203, 0, 113, 0, 24, "for documentation"),
    v4(224, 0, 0, 0, 4, "multicast"),
    v4(240, 0, 0, 0, 4, "reserved"),
    v6(0, 0, 96, "unspecified, loopback or IPv4-compatible"),
    v6(0x100, 0, 64, "discarded"),
    v6(0x2001, 0, 32, "a Teredo tunnel"),
    v6(0x2001, 2, 48, "for benchmarks"),
    v6(0x2001, 0xdb8, 32, "for documentation"),
    v6(0x3fff, 0, 20, "for documentation"),
    v6(0x5f00, 0, 16, "for segment routing"),
    v6(0xfc00, 0, 7, "private"),
    v6(0xfe80, 0, 10, "link-local"),
    v6(0xfec0, 0, 10, "site-local"),
    v6(0xff00, 0, 8, "multicast"),
];

/// The IPv4 address inside an IPv6 one that only wraps it: mapped, NAT64 (both prefixes), 6to4, ISATAP-free forms.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let pair = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => pair(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => pair(high, low),
        [0x2002, high, low, ..] => pair(high, low),
        _ => None,
    }
}

/// Why an address is denied by default; none: it is an ordinary public address.
#[must_use]
pub fn denied_because(address: IpAddr) -> Option<&'static str> {
    let inner = match address {
        IpAddr::V6(v6) => embedded(v6).map(IpAddr::V4),
        IpAddr::V4(_) => None,
    };
    let of = |ip: IpAddr| DENIED.iter().find(|(network, _)| network.contains(ip)).map(|(_, what)| *what);
    inner.and_then(of).or_else(|| of(address))
}

/// Compares all addresses of a name with the table. An address in a granted network passes; one that is denied refuses
/// them all, with the address and the reason.
pub fn vet(addresses: &[IpAddr], granted: &[Network]) -> Result<(), (IpAddr, &'static str)> {
    for &address in addresses {
        // A mapped address is granted by its IPv4 network too: it is the same host.
        let plain = match address {
            IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        let allowed = granted.iter().any(|network| network.contains(address) || network.contains(plain));
        if let (false, Some(reason)) = (allowed, denied_because(address)) {
            return Err((address, reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn everything_that_is_not_public_is_denied() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.9",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2002:6464:64c8::",
            "2001:db8::1",
            "2001:0:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(denied_because(ip(text)).is_some(), "{text}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "::ffff:1.1.1.1",
        ] {
            assert_eq!(denied_because(ip(text)), None, "{text}");
        }
    }

    #[test]
    fn one_bad_address_refuses_all_unless_its_network_is_granted() {
        let both = [ip("1.1.1.1"), ip("127.0.0.1")];
        assert_eq!(vet(&both, &[]), Err((ip("127.0.0.1"), "loopback")));
        let local: Network = "127.0.0.0/8".parse().unwrap();
        assert_eq!(vet(&both, &[local]), Ok(()));
        assert_eq!(vet(&[ip("::ffff:127.0.0.1")], &[local]), Ok(()));
        assert!(vet(&[ip("10.0.0.1")], &[local]).is_err());
    }

    #[test]
    fn networks_are_read_strictly() {
        assert_eq!("10.0.0.0/8".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
        assert!("::/0".parse::<Network>().unwrap().contains(ip("fe80::1")));
        for bad in ["10.0.0.0", "10.0.0.0/33", "::1/129", "x/8", "10.0.0.0/-1", ""] {
            assert!(bad.parse::<Network>().unwrap_err().contains("write an address"), "{bad}");
        }
    }
}
