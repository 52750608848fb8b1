//! What the shop knows: fixed users and products, and what changes while it is open.

use indexmap::IndexMap;
use serde_json::{Value, json};

/// The most sessions, carts and orders that are kept.
const MOST: usize = 10_000;

/// Someone who can sign in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: &'static str,
    pub(super) password: &'static str,
    pub(super) role: &'static str,
}

impl User {
    /// Whether this user may see and change what is another's.
    pub(super) fn is_admin(&self) -> bool {
        self.role == "admin"
    }
}

/// All users; the passwords are on the login page.
pub(super) const USERS: &[User] = &[
    User { name: "alice", password: "wonderland", role: "customer" },
    User { name: "bob", password: "builder", role: "customer" },
    User { name: "root", password: "toor", role: "admin" },
];

/// Something to buy.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) sku: &'static str,
    pub(super) name: &'static str,
    /// In cents, because sums of fractions go wrong.
    pub(super) price: u32,
}

impl Product {
    pub(super) fn to_json(&self) -> Value {
        json!({ "sku": self.sku, "name": self.name, "price": money(self.price) })
    }
}

/// All products.
pub(super) const PRODUCTS: &[Product] = &[
    Product { sku: "TEA-01", name: "Green tea", price: 495 },
    Product { sku: "TEA-02", name: "Black tea", price: 450 },
    Product { sku: "POT-01", name: "Teapot", price: 2990 },
    Product { sku: "CUP-01", name: "Cup", price: 850 },
    Product { sku: "CUP-02", name: "Cup with a saucer", price: 1200 },
    Product { sku: "HAT-01", name: "Top hat", price: 5900 },
    Product { sku: "WAT-01", name: "Pocket watch", price: 12_900 },
    Product { sku: "CRD-01", name: "Pack of cards", price: 690 },
    Product { sku: "KEY-01", name: "Small golden key", price: 1999 },
    Product { sku: "JAM-01", name: "Orange marmalade", price: 375 },
    Product { sku: "ROS-01", name: "White roses", price: 1450 },
    Product { sku: "PNT-01", name: "Red paint", price: 1125 },
];

/// The product of this number.
pub(super) fn product(sku: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.sku == sku)
}

/// Cents as JSON shows money.
fn money(cents: u32) -> f64 {
    f64::from(cents) / 100.0
}

/// A product and how many of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) product: &'static Product,
    pub(super) quantity: u32,
}

/// The members `total` and `items` that orders and carts share.
pub(super) fn lines_to_json(lines: &[Line]) -> (Value, Value) {
    let total = lines
        .iter()
        .map(|line| line.product.price.saturating_mul(line.quantity))
        .fold(0, u32::saturating_add);
    let items = lines.iter().map(|Line { product, quantity }| {
        json!({ "sku": product.sku, "name": product.name, "quantity": quantity, "price": money(product.price) })
    });
    (json!(money(total)), items.collect())
}

/// An order.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) owner: &'static str,
    status: &'static str,
    lines: Vec<Line>,
}

impl Order {
    pub(super) fn to_json(&self) -> Value {
        let (total, items) = lines_to_json(&self.lines);
        json!({ "id": self.id, "user": self.owner, "status": self.status, "total": total, "items": items })
    }
}

/// What changes while the shop is open.
#[derive(Debug)]
pub(super) struct Store {
    sessions: IndexMap<String, &'static User>,
    carts: IndexMap<String, Vec<Line>>,
    orders: IndexMap<String, Order>,
    last_order: u32,
    tokens: IndexMap<String, ()>,
    /// How often each export was asked for.
    exports: IndexMap<String, u32>,
    last_export: u32,
}

impl Store {
    /// Alice has three orders, the others none.
    pub(super) fn new() -> Self {
        let mut store = Self {
            sessions: IndexMap::new(),
            carts: IndexMap::new(),
            orders: IndexMap::new(),
            last_order: 1000,
            tokens: IndexMap::new(),
            exports: IndexMap::new(),
            last_export: 0,
        };
        let first: [(&'static str, &[(usize, u32)]); 3] = [
            ("delivered", &[(2, 1), (0, 2)]),
            ("shipped", &[(5, 1)]),
            ("processing", &[(3, 4), (9, 2)]),
        ];
        for (status, lines) in first {
            let line =
                |&(index, quantity): &(usize, u32)| Line { product: &PRODUCTS[index], quantity };
            store.add_order("alice", status, lines.iter().map(line).collect());
        }
        store
    }

    /// Whose session this is.
    pub(super) fn session(&self, id: &str) -> Option<&'static User> {
        self.sessions.get(id).copied()
    }

    /// Begins a session; the oldest ends where there are too many.
    pub(super) fn begin_session(&mut self, id: String, user: &'static User) {
        make_room(&mut self.sessions);
        self.sessions.insert(id, user);
    }

    /// Ends a session, if it is one.
    pub(super) fn end_session(&mut self, id: &str) {
        self.sessions.shift_remove(id);
    }

    /// What is in a cart; nothing where there is none.
    pub(super) fn cart(&self, id: &str) -> Option<&Vec<Line>> {
        self.carts.get(id)
    }

    /// An empty cart; the oldest one goes where there are too many.
    pub(super) fn begin_cart(&mut self, id: String) {
        make_room(&mut self.carts);
        self.carts.insert(id, Vec::new());
    }

    /// Puts something in a cart, with what there is of the same already.
    pub(super) fn add_to_cart(&mut self, id: &str, line: Line) {
        let Some(lines) = self.carts.get_mut(id) else { return };
        match lines.iter_mut().find(|there| there.product.sku == line.product.sku) {
            Some(there) => there.quantity = there.quantity.saturating_add(line.quantity),
            None => lines.push(line),
        }
    }

    /// All orders, the first placed first.
    pub(super) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// The order of this id.
    pub(super) fn order(&self, id: &str) -> Option<&Order> {
        self.orders.get(id)
    }

    /// Whether one more order is one too many.
    pub(super) fn is_full(&self) -> bool {
        self.orders.len() >= MOST
    }

    /// Adds an order under the next number.
    pub(super) fn add_order(
        &mut self,
        owner: &'static str,
        status: &'static str,
        lines: Vec<Line>,
    ) -> &Order {
        self.last_order += 1;
        let id = format!("A-{}", self.last_order);
        let order = Order { id: id.clone(), owner, status, lines };
        self.orders.entry(id).or_insert(order)
    }

    /// Remembers a token.
    pub(super) fn begin_token(&mut self, token: String) {
        make_room(&mut self.tokens);
        self.tokens.insert(token, ());
    }

    /// Whether the shop gave this token.
    pub(super) fn is_token(&self, token: &str) -> bool {
        self.tokens.contains_key(token)
    }

    /// A new export, by its id.
    pub(super) fn begin_export(&mut self) -> String {
        make_room(&mut self.exports);
        self.last_export += 1;
        let id = format!("E-{}", self.last_export);
        self.exports.insert(id.clone(), 0);
        id
    }

    /// How often an export was asked for, this time included.
    pub(super) fn ask_export(&mut self, id: &str) -> Option<u32> {
        let asked = self.exports.get_mut(id)?;
        *asked = asked.saturating_add(1);
        Some(*asked)
    }

    /// Forgets an order.
    pub(super) fn remove_order(&mut self, id: &str) {
        self.orders.shift_remove(id);
    }
}

fn make_room<T>(kept: &mut IndexMap<String, T>) {
    while kept.len() >= MOST {
        kept.shift_remove_index(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_warned_of_a_password_that_the_first_page_tells() {
        let told = USERS.iter().map(|user| user.password).chain([super::super::exports::CLIENT.1]);
        assert_eq!(told.collect::<Vec<_>>(), crate::scenario::lint::PRACTICE_SECRETS);
    }

    #[test]
    fn the_oldest_session_ends_where_there_are_too_many() {
        let mut store = Store::new();
        for number in 0..=MOST {
            store.begin_session(number.to_string(), &USERS[0]);
        }
        assert_eq!(store.sessions.len(), MOST);
        assert_eq!(store.session("0"), None);
        assert_eq!(store.session("1"), Some(&USERS[0]));
    }

    #[test]
    fn the_oldest_cart_goes_where_there_are_too_many() {
        let mut store = Store::new();
        for number in 0..=MOST {
            store.begin_cart(number.to_string());
        }
        assert_eq!(store.carts.len(), MOST);
        assert!(store.cart("0").is_none());
    }
}
