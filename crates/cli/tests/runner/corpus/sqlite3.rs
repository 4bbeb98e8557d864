//! SQL and dot commands.
//!
//! Not tried: a statement that is not ended, which the profile does not run; what ends the shell (`.quit`); files.

use super::{Item, lookalike, words};
use crate::dice::Dice;

/// Always tried.
pub(crate) const FIXED: &[&str] = &[
    "",
    " ",
    "\n",
    ";",
    ";;",
    "-- only a comment",
    "/* only\na comment */",
    "select 6*7;",
    "SELECT 1; SELECT 2;",
    "select\n1\n;",
    "select null;",
    "select '';",
    "select 'two\nlines';",
    "select 'é漢🦀', length('漢');",
    "select \"no such column\";",
    "select 1 as \"a b\";",
    "select x;",
    "select * from nope;",
    "nonsense;",
    "select;",
    "1;",
    "select 1/0;",
    "select abs(-9223372036854775808);",
    "select 1.0, 1e100, -0.0;",
    "select x'00ff';",
    "select hex(x'00ff');",
    "select 'it''s';",
    "select '--', '/*', '*/';",
    "select 1 -- tail\n;",
    "select 1; -- tail",
    "create table t(a); insert into t values (1), (2); select sum(a) from t;",
    "create table t(a primary key); insert into t values (1); insert into t values (1);",
    "create table t(a not null); insert into t values (null);",
    "select * from t;",
    ".tables",
    "create table t(a);\n.tables",
    "create table t(a);\n.schema",
    ".headers on\nselect 1 as x;",
    ".mode csv\nselect 1, 'a b', 'c\"d';",
    ".mode json\nselect 1 as x, null as y;",
    ".mode line\nselect 1 as x, 2 as y;",
    ".mode column\n.headers on\nselect 1 as long_name, 'x' as y;",
    ".mode box\nselect 1 as x;",
    ".mode quote\nselect 'x', null, 1.5;",
    ".mode insert\nselect 1;",
    ".mode nope",
    ".separator ,\nselect 1, 2;",
    ".nullvalue NULL\nselect null;",
    ".print hi",
    ".print \"two\\nlines\"",
    ".print",
    ".nope",
    ".h",
    ".eqp on\nselect 1;",
    ".width 10\n.mode column\nselect 'x' as a;",
    ".show",
    ".changes on\ncreate table t(a);",
    ".explain on",
    ".parameter set @a 5\nselect @a;",
    "select @a;",
    "begin; create table t(a); rollback; select * from t;",
    "begin;",
    "commit;",
    "begin; begin;",
    "rollback;",
    "create temp table t(a); insert into t values (7); select * from t;",
    "create view v as select 5 as five; select * from v;",
    "create table t(a); create table l(b); create trigger g after insert on t begin insert into l values (new.a); end; insert into t values (3); select * from l;",
    "with recursive c(n) as (select 1 union all select n + 1 from c where n < 5) select n from c;",
    "select group_concat(value) from json_each('[1,2,3]');",
    "select json('{\"a\": [1]}');",
    "select json('{');",
    "select printf('%05d|%s', 7, 'x');",
    "explain query plan select 1;",
    "pragma user_version;",
    "pragma nope;",
    "values (1, 2), (3, 4);",
    "select 1 union select 'a' order by 1;",
    "select zeroblob(3);",
    "select char(9, 65);",
    "select '\u{1e}';",
    "select `a`;",
    "select [a];",
    "/exit;",
    "--help",
    "{};",
    "!x;",
    ">>> 1;",
    "sqlite> 1;",
    "select '\\n';",
    "select 1,\n\n2;",
    "select 1;\r\nselect 2;",
    ".output /dev/null\nselect 1;",
    ".once /dev/null\nselect 1;\nselect 2;",
    ".indexes",
    ".databases",
    ".dump",
    "create table t(a);\ninsert into t values ('x');\n.dump",
    ".help nope",
];

/// One more.
pub(crate) fn item(dice: &mut Dice) -> Item {
    let (a, b) = (dice.upto(100_000), dice.upto(1000) + 1);
    let text = match dice.upto(14) {
        0 => format!("select {a} * {b}, {a} / {b}, {a} % {b};"),
        1 => format!("select {};", string(&words(dice))),
        2 => format!("select {} as x, length(x) from (select {} as x);", a, string(&words(dice))),
        3 => format!(
            "create table t(a, b); insert into t values ({a}, {}), ({b}, null); select * from t order by a;",
            string(&words(dice))
        ),
        4 => format!("select {};", string(&lookalike(dice))),
        5 => format!("select {} || char(10) || {};", string(&lookalike(dice)), string(&dice.hex())),
        6 => format!("select {a};\nselect nope_{b};\nselect {b};"),
        7 => format!(
            "select {a} {};",
            dice.pick(&["+", "from", ")", "where 1 = ", "as", "union", "'a' 'b'", "é é", "= ="])
        ),
        8 => format!(
            ".mode {}\nselect {a} as x, {} as y;",
            dice.pick(&["csv", "json", "line", "list", "quote", "tabs", "html"]),
            string(&words(dice))
        ),
        9 => format!(".print {}", dice.hex()),
        10 => format!(
            "with recursive c(n) as (select {a} union all select n + 1 from c where n < {a} + {}) select n from c;",
            b * 2
        ),
        11 => format!("select printf('%.*c', {}, 'x');", a + 1000),
        12 => format!("-- {}\nselect {b} /* {} */;", words(dice), lookalike(dice).replace("*/", "")),
        _ => format!(
            "create table t{b}(a);\ninsert into t{b} values ({a});\nbegin;\nupdate t{b} set a = a + 1;\nselect a from t{b};"
        ),
    };
    text.into()
}

/// A literal.
fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
