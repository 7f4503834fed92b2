//! The round keys of AES-256. Whoever has two neighbours of them has the key, so that a key is wiped only
//! when they are.

const BYTES: usize = 32;
const ROUNDS: usize = 15;

/// What FIPS 197 makes of a key: the first two are the key itself.
pub(crate) fn round_keys(key: &[u8; BYTES]) -> Vec<[u8; 16]> {
    let substitute = substitutions();
    let mut words: Vec<[u8; 4]> = key.chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]]).collect();
    let mut constant = 1_u8;
    for at in words.len()..4 * ROUNDS {
        let mut word = words[at - 1];
        if at % 8 == 0 {
            word.rotate_left(1);
        }
        if at % 4 == 0 {
            word = word.map(|byte| substitute[usize::from(byte)]);
        }
        if at % 8 == 0 {
            word[0] ^= constant;
            constant <<= 1;
        }
        words.push(std::array::from_fn(|n| word[n] ^ words[at - 8][n]));
    }
    words.chunks_exact(4).map(|four| std::array::from_fn(|n| four[n / 4][n % 4])).collect()
}

/// The S-box: inverses in GF(2⁸), found by going through the powers of 3 and of its inverse at once.
fn substitutions() -> [u8; 256] {
    let (mut table, mut power, mut inverse) = ([0x63; 256], 1_u8, 1_u8);
    loop {
        power ^= (power << 1) ^ if power & 0x80 == 0 { 0 } else { 0x1b };
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        inverse ^= if inverse & 0x80 == 0 { 0 } else { 0x09 };
        table[usize::from(power)] = (0..5).fold(0x63, |sum, by| sum ^ inverse.rotate_left(by));
        if power == 1 {
            return table;
        }
    }
}

/// FIPS 197, appendix A.3.
#[test]
fn the_round_keys_are_those_of_the_standard() {
    let number = |hex: &str| u128::from_str_radix(hex, 16).expect("digits").to_be_bytes();
    let (first, second) = (number("603deb1015ca71be2b73aef0857d7781"), number("1f352c073b6108d72d9810a30914dff4"));
    let key: [u8; BYTES] = std::array::from_fn(|n| if n < 16 { first[n] } else { second[n - 16] });
    let made = round_keys(&key);
    assert_eq!((made.len(), made[0], made[1]), (ROUNDS, first, second));
    assert_eq!(made[2], number("9ba354118e6925afa51a8b5f2067fcde"));
    assert_eq!(made[14], number("fe4890d1e6188d0b046df344706c631e"));
}
