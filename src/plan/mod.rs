//! Which scenarios run: discovered, selected, in their order.
