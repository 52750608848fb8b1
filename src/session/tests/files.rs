//! What a file of cookies may hold.

use super::*;

#[test]
fn cookies_of_a_file_hold_to_the_rules_that_need_no_origin() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Cookie), expected: Result<usize, &str>) {
        let mut cookie = cookie("a", "/");
        change(&mut cookie);
        let mut session = Session::new();
        let result = session.put(&cookie).map(|_| session.all().len());
        assert_eq!(result, expected.map_err(str::to_owned), "{cookie:?}");
    }
    let past = SystemTime::now() - Duration::from_secs(5);
    let far = SystemTime::now() + Duration::from_secs(4000 * 86_400);
    check(|_| {}, Ok(1));
    check(|c| c.secure = true, Ok(1));
    check(|c| c.host_only = false, Ok(1));
    check(|c| c.name = "a=b".into(), Err("its name holds a `=`"));
    check(|c| c.value = "a;b".into(), Err("it holds a `;`"));
    check(|c| c.value = " a".into(), Err("it begins or ends with a blank"));
    check(|c| c.value = "a\nb".into(), Err("it holds a control character (0x0a)"));
    check(|c| c.value = vec![b'v'; 4095], Ok(1));
    check(
        |c| c.value = vec![b'v'; 4096],
        Err("its name and value have 4097 bytes and the limit is 4096"),
    );
    check(|c| (c.domain, c.host_only) = ("co.uk".into(), true), Ok(1));
    check(
        |c| (c.domain, c.host_only) = ("co.uk".into(), false),
        Err("its Domain `co.uk` is a public suffix, shared by many sites"),
    );
    check(|c| (c.domain, c.host_only) = ("127.0.0.1".into(), false), Ok(1));
    for (written, kept) in [
        ("SHOP.Test", "shop.test"),
        (".shop.test", "shop.test"),
        ("bücher.test", "xn--bcher-kva.test"),
    ] {
        let mut session = Session::new();
        session.put(&Cookie { domain: written.into(), ..cookie("a", "/") }).expect("kept");
        assert_eq!(session.all()[0].domain, kept);
    }
    check(|c| c.domain = "no host".into(), Err("its domain `no host` is no host"));
    check(|c| c.domain = String::new(), Err("its domain `` is no host"));
    check(|c| c.path = "x".into(), Err("its path `x` does not begin with `/`"));
    check(
        |c| c.name = "__Host-a".into(),
        Err("its name begins with `__Host-` and it is not Secure"),
    );
    check(|c| c.expires = Some(past), Ok(0));
    check(|c| c.expires = Some(far), Ok(1));
    let mut session = Session::new();
    session.put(&Cookie { expires: Some(far), ..cookie("a", "/") }).expect("kept");
    assert_eq!(session.all()[0].expires, Some(far), "a file's expiry is its own");
    session.put(&cookie("b", "/")).expect("kept");
    session.put(&Cookie { value: "w".into(), ..cookie("a", "/") }).expect("kept");
    assert_eq!(session.all().iter().map(|c| &c.value[..]).collect::<Vec<_>>(), [b"w", b"v"]);
    session.put(&Cookie { expires: Some(past), ..cookie("a", "/") }).expect("dropped");
    assert_eq!(session.all().len(), 1);
}
