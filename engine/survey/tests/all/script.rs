//! TypeScript and JavaScript: relative paths, aliases, packages of one repository.

use super::given::{symbols, uses};

#[test]
fn relative_paths_lead_to_files_whatever_end_they_leave_out() {
    let found = uses(&[
        (
            "src/a.ts",
            "import x, { y } from './b';\nimport type { Z } from \"../lib/c.js\";\nimport './style.css';\nimport d = require('./d');",
        ),
        (
            "src/b.tsx",
            "export * from './dir';\nexport const b = () => <p>{1}</p>;",
        ),
        (
            "src/d.js",
            "const e = require('./e.cjs'); import(`./a`); require(name); require('./' + name);",
        ),
        ("src/e.cjs", "require('../../outside'); require('fs');"),
        ("src/dir/index.ts", "export { default } from '../b?raw';"),
        ("lib/c.ts", ""),
    ]);
    assert_eq!(
        found,
        [
            "src/a.ts -> lib/c.ts",
            "src/a.ts -> src/b.tsx",
            "src/a.ts -> src/d.js",
            "src/b.tsx -> src/dir/index.ts",
            "src/d.js -> src/a.ts",
            "src/d.js -> src/e.cjs",
            "src/dir/index.ts -> src/b.tsx",
        ]
    );
}

#[test]
fn packages_and_aliases_of_the_repository_are_known() {
    let found = uses(&[
        (
            "package.json",
            r#"{ "name": "root", "workspaces": ["packages/*"] }"#,
        ),
        (
            "packages/ui/package.json",
            r#"{ "name": "@x/ui", "main": "dist/entry.js" }"#,
        ),
        ("packages/ui/src/entry.ts", ""),
        ("packages/ui/src/button.ts", ""),
        (
            "packages/fmt/package.json",
            r#"{ "name": "fmt", "exports": { ".": { "import": "./lib/fmt.mjs" } } }"#,
        ),
        ("packages/fmt/lib/fmt.mjs", ""),
        (
            "app/tsconfig.json",
            "{ // comment\n \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@/*\": [\"./src/*\",], \"env\": [\"env.ts\"] } } /* end */ }",
        ),
        ("app/env.ts", ""),
        ("app/src/deep/x.ts", ""),
        (
            "app/src/main.ts",
            "import '@x/ui'; import '@x/ui/button'; import 'fmt'; import '@/deep/x'; import 'env'; import 'react'; import '@x'; import '@/../../../../etc/passwd'",
        ),
    ]);
    assert_eq!(
        found,
        [
            "app/src/main.ts -> app/env.ts",
            "app/src/main.ts -> app/src/deep/x.ts",
            "app/src/main.ts -> packages/fmt/lib/fmt.mjs",
            "app/src/main.ts -> packages/ui/src/button.ts",
            "app/src/main.ts -> packages/ui/src/entry.ts",
        ]
    );
}

#[test]
fn tests_cover_their_namesakes() {
    let found = uses(&[
        ("src/a.ts", ""),
        ("src/b.ts", ""),
        ("src/a.test.ts", ""),
        ("src/__tests__/b.spec.ts", "import { a } from '../a'"),
    ]);
    assert_eq!(
        found,
        [
            "src/__tests__/b.spec.ts tests src/a.ts",
            "src/__tests__/b.spec.ts tests src/b.ts",
            "src/a.test.ts tests src/a.ts"
        ]
    );
}

#[test]
fn symbols_are_what_stands_at_the_top() {
    let text = "export class A<T> {}\nexport default function b() { const hidden = 1; function hidden2() {} }\ninterface C {}\n\
                export type D = string | null;\nenum E { X }\nexport const f = 1, g = () => { const hidden = 2; };\n\
                export abstract class H {}\nfunction* i() {}\nlet [j] = [1];";
    assert_eq!(symbols("a.ts", text), "A b C D E f g H i");
}
