//! Go: packages are folders of modules.

use super::given::{symbols, uses};

#[test]
fn imports_lead_to_the_files_of_a_folder() {
    let found = uses(&[
        ("go.mod", "module example.org/shop // main\n\ngo 1.22\n"),
        (
            "main.go",
            "package main\nimport (\n\t\"fmt\"\n\tc \"example.org/shop/cart\"\n\t\"example.org/shop/plug\"\n)\n",
        ),
        (
            "cart/cart.go",
            "package cart\nimport \"example.org/shopping\"\n",
        ),
        ("cart/item.go", "package cart\n"),
        ("cart/cart_test.go", "package cart\n"),
        ("plug/go.mod", "module example.org/shop/plug\n"),
        ("plug/plug.go", "package plug\n"),
    ]);
    assert_eq!(
        found,
        [
            "cart/cart_test.go tests cart/cart.go",
            "main.go -> cart/cart.go",
            "main.go -> cart/item.go",
            "main.go -> plug/plug.go",
        ]
    );
}

#[test]
fn symbols_are_what_stands_at_the_top() {
    let text = "package a\nconst (\n\tB = 1\n)\nvar C int\ntype D struct{ x int }\ntype E = D\nfunc F() { var hidden = 1; _ = hidden }\nfunc (d D) G() {}\n";
    assert_eq!(symbols("a.go", text), "B C D E F G");
}
