//! Makes a component heavier without changing what it does: a custom section at its end.

/// The component with a custom section that brings it to `size` bytes; as it is if it is that large already.
pub(crate) fn padded(component: &[u8], size: usize) -> Vec<u8> {
    const NAME: &[u8] = b"padding";
    let mut bytes = component.to_vec();
    let content = size.saturating_sub(bytes.len());
    if content == 0 {
        return bytes;
    }
    bytes.push(0);
    push_leb128(&mut bytes, content + NAME.len() + 1);
    bytes.push(NAME.len() as u8);
    bytes.extend_from_slice(NAME);
    // Not zeros: a file system that leaves holes would read them for free.
    bytes.extend((0..content).map(|index| (index * 131 % 251) as u8));
    bytes
}

fn push_leb128(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_says_how_long_it_is() {
        let bytes = padded(b"\0asm", 304);
        // 300 bytes of content, 7 of the name, 1 of its length: 308 = 0xb4 0x02.
        assert_eq!(&bytes[4..8], &[0, 0xb4, 0x02, 7]);
        assert_eq!(bytes.len(), 4 + 3 + 308);
        assert_eq!(padded(b"\0asm", 3), b"\0asm");
    }
}
