//! How much, how many and how long.

use super::*;

#[test]
fn name_and_value_have_4096_bytes_at_most() {
    let field = |length: usize| format!("abc={}", "v".repeat(length - 3));
    check_told(HTTP, &[&field(4096)], "abc was stored");
    let told =
        "abc was refused: its name and value have 4097 bytes and the limit is 4096 (5.7 step 4)";
    check_told(HTTP, &[&field(4097)], told);
}

#[test]
fn a_path_of_more_than_1024_bytes_is_no_path() {
    let path = |length: usize| format!("a=1; Path=/{}", "p".repeat(length - 1));
    assert_eq!(after(&[(HTTP, &path(1024))]).all()[0].path.len(), 1024);
    assert_eq!(after(&[(HTTP, &path(1025))]).all()[0].path, "/");
}

#[test]
fn a_cookie_is_kept_for_400_days_at_most() {
    let days = |field: &str| {
        let expires = after(&[(HTTP, field)]).all()[0].expires.expect("an expiry");
        let left = expires.duration_since(SystemTime::now()).expect("in the future");
        (left + Duration::from_secs(60)).as_secs() / 86_400
    };
    assert_eq!(days("a=1; Max-Age=34560000"), 400);
    assert_eq!(days("a=1; Max-Age=34473600"), 399);
    assert_eq!(days("a=1; Max-Age=34646400"), 400);
    assert_eq!(days("a=1; Max-Age=99999999999999999999"), 400);
    assert_eq!(days("a=1; Expires=Fri, 07 Aug 9999 08:04:19 GMT"), 400);
}

#[test]
fn a_response_sets_50_cookies_at_most() {
    let fields: Vec<String> = (0..51).map(|number| format!("n{number}=1")).collect();
    let mut fields: Vec<&[u8]> = fields.iter().map(String::as_bytes).collect();
    // One that is refused does not count.
    fields.insert(0, b"x=1; Domain=other.test");
    let mut session = Session::new();
    session.receive(&url(HTTP), &fields);
    assert_eq!(session.all().len(), 50);
    let last = told(&mut session).pop().expect("a note");
    assert_eq!(
        last,
        "n50 was refused: the response set 50 cookies before it, which is the limit (5.3)"
    );
    session.receive(&url(HTTP), &[b"n50=1"]);
    assert_eq!(session.all().len(), 51);
}

#[test]
fn a_site_has_180_cookies_at_most_and_the_least_used_insecure_one_goes_first() {
    let mut session = Session::new();
    let add = |session: &mut Session, name: &str, rest: &str| {
        session.receive(&url("https://www.shop.test/"), &[format!("{name}=1{rest}").as_bytes()]);
    };
    add(&mut session, "secure", "; Secure; Path=/");
    add(&mut session, "used", "; Domain=shop.test; Path=/used");
    for number in 0..177 {
        add(&mut session, &format!("n{number}"), "; Path=/x");
    }
    session.receive(&url("https://other.test/"), &[b"elsewhere=1"]);
    assert!(header(&mut session, "http://a.shop.test/used").is_some());
    add(&mut session, "n177", "; Path=/x");
    session.take_notes();
    assert_eq!(session.all().len(), 181);
    add(&mut session, "one-more", "; Path=/x");
    let notes = told(&mut session);
    assert_eq!(
        notes,
        [
            "one-more was stored",
            "n0 was evicted: shop.test has 181 cookies, the limit is 180, and it was not used for longest of those that \
         are not Secure (5.7)",
        ]
    );
    let names: Vec<_> = session.all().into_iter().map(|c| c.name().into_owned()).collect();
    assert_eq!(names.len(), 181);
    assert!(names.contains(&"secure".to_owned()) && names.contains(&"used".to_owned()));
}

#[test]
fn what_is_expired_makes_room_before_anything_else() {
    let mut session = Session::new();
    session.put(&short(500)).expect("kept");
    for number in 0..179 {
        session.receive(&url(HTTP), &[format!("n{number}=1").as_bytes()]);
    }
    assert_eq!(session.all().len(), 180);
    session.take_notes();
    std::thread::sleep(Duration::from_millis(510));
    session.receive(&url(HTTP), &[b"last=1"]);
    assert_eq!(session.all().len(), 180);
    assert!(told(&mut session).iter().any(|told| told.starts_with("short has expired")));
}

#[test]
fn a_cookie_header_has_8190_bytes_at_most() {
    let with_last = |length: usize| {
        let mut session = Session::new();
        // 4000 + 2 + 4000 + 2 and the last one.
        for (name, length) in [("a", 4000), ("b", 4000), ("c", length - 8004)] {
            let field = format!("{name}={}", "v".repeat(length - 2));
            session.receive(&url(HTTP), &[field.as_bytes()]);
        }
        session.take_notes();
        let length = session.cookie_header(&url(HTTP)).map(|header| header.len());
        (length, told(&mut session))
    };
    let all = ["a was sent", "b was sent", "c was sent"];
    assert_eq!(with_last(8190), (Some(8190), all.map(str::to_owned).into()));
    let (length, notes) = with_last(8191);
    assert_eq!(length, Some(8002));
    let held =
        "c was not sent: with it the Cookie header has 8191 bytes and the limit is 8190 (6.1)";
    assert!(notes.contains(&held.to_owned()), "{notes:?}");
}
