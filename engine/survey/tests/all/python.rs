//! Python: packages, relative imports, names passed on, tests.

use super::given::{symbols, uses};

#[test]
fn imports_lead_to_modules_of_packages_wherever_they_are_rooted() {
    let found = uses(&[
        ("pyproject.toml", "[project]\nname = \"shop\"\n"),
        (
            "src/shop/__init__.py",
            "from .model import Item\nfrom . import model\n",
        ),
        ("src/shop/model.py", "class Item: pass\n"),
        ("src/shop/api/__init__.py", ""),
        (
            "src/shop/api/http.py",
            "from ..model import (\n    Item as I,\n)\nfrom ... import nothing\nimport shop.api, os\nfrom .....x import y\n",
        ),
        (
            "src/shop/main.py",
            "from shop import Item\ndef f():\n    import shop.api.http as h\n",
        ),
        ("tools/run.py", "import helper\nfrom shop.model import *\n"),
        ("tools/helper.py", ""),
    ]);
    assert_eq!(
        found,
        [
            "src/shop/__init__.py -> src/shop/model.py",
            "src/shop/api/http.py -> src/shop/api/__init__.py",
            "src/shop/api/http.py -> src/shop/model.py",
            "src/shop/main.py -> src/shop/api/http.py",
            "src/shop/main.py -> src/shop/model.py",
            "tools/run.py -> src/shop/model.py",
            "tools/run.py -> tools/helper.py",
        ]
    );
}

#[test]
fn tests_cover_what_they_import_and_what_they_are_named_after() {
    let found = uses(&[
        ("pkg/__init__.py", ""),
        ("pkg/cart.py", ""),
        ("pkg/price.py", ""),
        ("tests/conftest.py", ""),
        (
            "tests/test_cart.py",
            "from pkg.price import total\nfrom .conftest import x\n",
        ),
    ]);
    assert_eq!(
        found,
        [
            "tests/test_cart.py tests pkg/cart.py",
            "tests/test_cart.py tests pkg/price.py",
            "tests/test_cart.py -> tests/conftest.py",
        ]
    );
}

#[test]
fn names_that_pass_one_another_on_in_a_circle_end() {
    let found = uses(&[
        ("a/__init__.py", "from b import x\n"),
        ("b/__init__.py", "from a import x\n"),
    ]);
    assert_eq!(found.len(), 2);
}

#[test]
fn symbols_are_classes_and_functions() {
    let text = "class A:\n    def b(self):\n        def hidden(): pass\nasync def c(): pass\n@d\ndef e(): pass\n";
    assert_eq!(symbols("a.py", text), "A b c e");
}
