//! Published vectors of both vendors, and vectors that were computed with other programs.

use super::*;

/// What is needed to seal and sign again exactly.
struct Vector {
    envelope: Envelope,
    time: &'static str,
    nonce: &'static str,
    head: &'static [u8; 16],
    plain: &'static str,
    sealed: &'static str,
    signature: &'static str,
}

fn published_dingtalk() -> Envelope {
    Envelope::new("123456", "1234567890123456789012345678901234567890123", "dingsnotzck6pm5veliw").expect("a key")
}

fn published_wecom() -> Envelope {
    let key = "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws";
    Envelope::new("kjr2TKI8umCBfVF3wAHk8JiPwma5VBme", key, "ww6a112864f8022910").expect("a key")
}

fn dingtalk() -> Envelope {
    Envelope::new("SyncTok2026", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingsimappkey001").expect("a key")
}

fn wecom() -> Envelope {
    Envelope::new("WxTok2026", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq", "wwsimcorp0001").expect("a key")
}

fn vectors() -> Vec<Vector> {
    vec![
        // DingTalk, "encryption and decryption of callbacks".
        Vector {
            envelope: published_dingtalk(),
            time: "1614767836",
            nonce: "A7Co0cJLMzIDtMMI",
            head: b"dICkEDLj0eb6yAbc",
            plain: "success",
            sealed: "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==",
            signature: "9a95a004dd16f5c307e849b994173f76aa26e5eb",
        },
        // WeCom, tests of the Go library xen0n/go-workwx.
        Vector {
            envelope: published_wecom(),
            time: "1583940690",
            nonce: "VHh7ymSeb0jc4lSb",
            head: b"5QMsYcwjR95t2vmC",
            plain: "94966531020182955848408",
            sealed: "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
            signature: "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
        },
        Vector {
            envelope: dingtalk(),
            time: "1767225600000",
            nonce: "nonceABC123",
            head: b"0123456789abcdef",
            plain: r#"{"EventType":"user_add_org","CorpId":"dingcorp0001","TimeStamp":"1767225600000","UserId":["u1001"]}"#,
            sealed: "Q3stYC6hdFzMh9T8HCvyDEzjKbLa757QnyJQpvq35LmBg0sgFwPbHgtHVpvZ/8JX8yTSVAhnoJhIyhFhGOvysOwJQzmQr3mjtWhs53go2f2s8cdfprYle/4pepwgyfXSAaEygk37ooSbIMaELGeuml9somBZgZMnASf8H2zOtAtOHn6Ir2lbYR0yl5Y31g6T0n3frAUTRxicuPIIs/1tfg==",
            signature: "5344dd1298907ee3cefdd269e6e96ec8fc811dee",
        },
        Vector {
            envelope: dingtalk(),
            time: "1767225600001",
            nonce: "nonceXYZ789",
            head: b"fedcba9876543210",
            plain: "success",
            sealed: "DpQeJfnf/MGZ/+GTIspwVJgTcRfMeR2hy6NX4JlfnmhoSBZXn0dZK/zV9or77NHvlnNWT6qeW9CBBGZIXhm+Mg==",
            signature: "9179acfa65f2b4cadaa423badea0e8c6fc57f33e",
        },
        Vector {
            envelope: dingtalk(),
            time: "1767225600000",
            nonce: "nonceABC123",
            head: b"0123456789abcdef",
            plain: r#"{"EventType":"check_url"}"#,
            sealed: "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5Ow173bazwY2oFty9ItlrHA==",
            signature: "f4dd0c5a97bd89f7d338e00d50d56825e2887e7c",
        },
        Vector {
            envelope: wecom(),
            time: "1767225600",
            nonce: "wxnonce01",
            head: b"0123456789abcdef",
            plain: "<xml><ToUserName><![CDATA[wwsimcorp0001]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_contact]]></Event><ChangeType>create_user</ChangeType><UserID><![CDATA[u1001]]></UserID><Department><![CDATA[1,2]]></Department></xml>",
            sealed: "ZJXHA5gAQfb1Q8BriIjaQ/5j7Im9yDMkkBtEYrU4Q3NOPVhLyYfmR5/EMZGLXChvDNh0GX+BGDBJSztECHX5hBgktujNVbx+HixrpA0xeOUcsfjNYkK9zJM19tzgSHNAch35ZLmRB4Df6fD5PDHlG62Ey7dVbRCvtkScd4I2gcki/gfjZ+AUGo4JNynRx/ZR2v+1Jd6lxUrT7XTAdYe5LU4AD0QxA0g8L+HCkxHAv5VafSmKNuYAhaUgcYsK8TmwwTYWpYMJtxPdlwj9NHJ+llSUvm92MXhNd2mH39WGABWz6EP76s9zJiXpVj1ggZsFYzp/XUjBmiplpHB0RdQT4rNo/KJCRh4ADdbmaJsDBuBuKHNPhNBvrEmFF3MQOqpCDzXB1pQxtI90gNEASVjwVLlDbu4BGVIdIDjtZ3k7E4INYmLabErzrBInoYMQn2Ek7BjVMgPKPcJXLC25pNfLUV3nLnxScZL6MzzzhujXkzxjujKtFRSpiAo6B7UqnQ0V",
            signature: "c47a8b2d848f3e2fb37af4a4eb2ced0c72a8d9cf",
        },
        Vector {
            envelope: wecom(),
            time: "1767225600",
            nonce: "wxnonce02",
            head: b"fedcba9876543210",
            plain: "1616140317555161061",
            sealed: "B03vQusvMHdocn080M5/B/JkUMp/MhAWF9EW1CL+jUySwKLmveV+PUgsnQgeXSiuTQN2s7R+fcYq1vO7l957Rw==",
            signature: "a620ef5b1f0f86c436dd9bc98816bba84718f280",
        },
    ]
}

#[test]
fn vectors_open_and_seal_to_the_byte() {
    for vector in vectors() {
        let opened = vector.envelope.open_signed(vector.sealed, vector.time, vector.nonce, vector.signature);
        assert_eq!(opened.as_deref().map(String::from_utf8_lossy).as_deref(), Ok(vector.plain));
        assert_eq!(vector.envelope.seal(vector.plain.as_bytes(), *vector.head), vector.sealed);
        assert_eq!(vector.envelope.sign(vector.time, vector.nonce, vector.sealed), vector.signature);
    }
}

#[test]
fn every_length_of_padding_goes_both_ways() {
    for length in 0..=70 {
        let message = vec![b'x'; length];
        assert_eq!(dingtalk().open(&dingtalk().seal(&message, [7; 16])), Ok(message));
    }
}

#[test]
fn what_is_not_for_us_is_refused() {
    let sealed = dingtalk().seal(b"success", [7; 16]);
    let other =
        Envelope::new("SyncTok2026", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingother").expect("a key");
    assert_eq!(other.open(&sealed), Err(Refused::Owner));
    assert_eq!(dingtalk().open_signed(&sealed, "1", "n", "00"), Err(Refused::Signature));
    assert_eq!(dingtalk().open("x"), Err(Refused::Shape));
    assert_eq!(dingtalk().open(""), Err(Refused::Shape));
    assert!(wecom().open(&sealed).is_err());
    assert!(Envelope::new("t", "too short", "o").is_none());
}
