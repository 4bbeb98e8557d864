//! Shell commands.
//!
//! Not tried, because the shell does not end after each text: a trap for its end, `break` and `continue` outside of a
//! loop (they say nothing here), a trap for every command (it sees ours), a limit on open files, and `set -n`, which
//! makes a shell deaf for good.

use super::{Item, lookalike, words};
use crate::dice::Dice;

/// Always tried.
pub(crate) const FIXED: &[&str] = &[
    "",
    " ",
    "\n",
    "\n\n",
    "#",
    "/exit",
    "--help",
    "{}",
    "!x",
    "!!",
    "-n",
    ":",
    "true",
    "false",
    "exit",
    "exit 3",
    "exit 256",
    "exit x",
    "return 3",
    "logout",
    "(exit 7)",
    "set -e; false; echo no",
    "set -e\nfalse\necho no",
    "set -u; echo $nope; echo no",
    "set -o pipefail; false | true",
    "echo 'unclosed",
    "echo \"unclosed",
    "echo $(",
    "echo `",
    "if true; then",
    "for x in",
    "{ echo a",
    "f() {",
    "}",
    ")",
    "do",
    "fi",
    ";;",
    "|",
    "&&",
    "&",
    "echo a &&",
    "echo a; )",
    "echo one\necho 'two\necho three",
    "echo one\nfi\necho three",
    "missing-command-x a b",
    "/bin/missing",
    "/etc",
    "./x",
    "echo a >&2; echo b; echo c >&2; echo d",
    "kill -9 $BASHPID",
    "kill $BASHPID; echo no",
    "exec echo replaced",
    "exec missing-command-x",
    "exec 1>&2; echo x",
    "exec >/dev/null; echo x",
    "exec >&-; echo x",
    "cat",
    "read x; echo $?",
    "cat <<E\nhere $((1+1))\nE",
    "cat <<'E'\n$here\nE\necho after",
    "cat <<E\nno end",
    "cat <<<'here string'",
    "echo $0 $#",
    "echo $LINENO\necho $LINENO",
    "pwd",
    "cd /; pwd",
    "cd /missing; pwd",
    "trap 'echo err' ERR; false; true",
    "trap 'echo bye' EXIT; exit 4",
    "printf '\\x1e\\036\\001'",
    "printf '\\033[31mred\\033[0m\\n'",
    "printf 'a\\r\\nb\\rc\\n'",
    "printf 'nul \\0 byte\\n'",
    "printf '\\xff\\xfe bad \\xc3\\x28\\n'",
    "printf 'no end'",
    "printf 'x\\n\\n\\n'",
    "printf '\\n\\nx'",
    "echo ${x?unset}; echo no",
    "echo ${x:?}",
    "readonly r=1; r=2; echo after",
    "f() { return 3; }; f",
    "f() { f; }; echo {1..5}",
    "[[ a == b ]]",
    "((0))",
    "let x=0",
    "echo $((1/0)); echo no",
    "echo $((1+))",
    "x=(1 2 3); echo ${#x[@]} ${x[*]}",
    "declare -A m=([a]=1); echo ${m[a]}",
    "printf() { echo mine; }; printf x",
    "read() { echo mine; }; read",
    "eval 'echo in eval; false'",
    "builtin nope",
    ". ./missing",
    "source",
    "shopt -s expand_aliases\nalias x='echo aliased'\nx",
    "IFS=:; x=a:b; echo $x",
    "set -- a b; echo $2 $#",
    "unset PATH; ls",
    "PATH=; ls",
    "echo \"$(printf 'a\\n\\n')\"",
    "set -x; echo traced",
    "set -v; echo shown",
    "echo a\\",
    "echo a\\\nb",
    "true; ((3>4)) || echo no",
    "sleep 0.01; echo x",
    "(sleep 0.01; echo bg) & wait",
    "false & wait $!",
    "coproc cat; echo x",
    "echo {a,b}{c,d}",
    "echo *",
    "trap",
    "jobs",
    "test -t 0; echo $?",
    "echo 'a' 'b",
    "echo \"$'\"",
    "echo $'a\\tb\\u00e9'",
    "hash",
    "umask 022; umask",
    "dirs",
    "type echo",
    "type -t f",
    "help nope",
    "declare -f f",
    "exec 3>&1; echo three >&3",
    "exec 99>&1; echo high >&99",
    "echo >&98",
    "echo x >&97",
    "read -u 99 x; echo $?",
    "__s=5; __x='echo no;'; echo x",
    "__l=5; true",
    "unset __s __x; echo x",
    "wait; echo $?",
    "kill %1",
    "\u{feff}echo bom",
    "echo\u{a0}x",
    "set -f; echo *; set -o noglob",
    "POSIXLY_CORRECT=1; echo x",
    "set -o posix; exec missing-command-x; echo no",
    "exec 2>&-; missing-command-x; echo x",
];

/// One more.
pub(crate) fn item(dice: &mut Dice) -> Item {
    let (a, b) = (dice.upto(1000), dice.upto(1000) + 1);
    let text = match dice.upto(22) {
        0 => format!("echo $(({a} * {b} - {a} / {b}))"),
        1 => format!("echo {}", quoted(dice)),
        2 => format!("x={}; y=$x-{a}; echo \"${{#y}} $y\"", quoted(dice)),
        3 => format!("for i in {{1..{}}}; do\n  echo \"$i {a}\"\ndone", 1 + b % 20),
        4 => format!(
            "f() {{\n  local n=$1\n  if ((n < 2)); then echo 1; return; fi\n  echo $((n * $(f $((n - 1)))))\n}}\nf {}",
            1 + a % 8
        ),
        5 => format!("printf '%s' {}", quoted(dice)),
        6 => format!("echo out {a}; echo err {b} >&2; echo out again; echo err again >&2"),
        7 => format!("missing-{a} --flag {}", quoted(dice)),
        8 => format!("echo {a}; exit {}", b % 256),
        9 => format!("(exit {}); echo status $?", b % 256),
        10 => format!("printf '%s\\n' {}", single(&lookalike(dice))),
        11 => format!("printf '\\n%s\\n\\n%s' {} {}", single(&lookalike(dice)), single(&lookalike(dice))),
        12 => format!("cat <<'END'\n{}\n{}\nEND", words(dice), lookalike(dice)),
        13 => format!("echo {a}\nnope-{b}\necho {b} | wc -c\n"),
        14 => format!("while read -r line; do echo \"[$line]\"; done <<< {}", quoted(dice)),
        15 => format!("set -e\necho {a}\ntest {a} -gt {b}\necho more"),
        16 => format!("case {a} in *[02468]) echo even;; *) echo odd; false;; esac"),
        17 => format!("a=({}); for x in \"${{a[@]}}\"; do printf '%q\\n' \"$x\"; done", quoted(dice)),
        18 => format!("echo {a} | sed s/0/{b}/ | tr 1 x; echo ${{PIPESTATUS[*]}}"),
        19 => {
            format!("echo {a} {}", dice.pick(&["'", "\"", "$(", "${", "`", "(", "&& &&", "| |", "; ;", "<<"]))
        }
        20 => {
            format!("x={a}; x+=1; (x=2; echo $x); echo $x; cd /tmp; export E={b}; bash -c 'echo $E; exit 2'")
        }
        _ => long(dice, a, b),
    };
    text.into()
}

fn long(dice: &mut Dice, a: u64, b: u64) -> String {
    match dice.upto(4) {
        0 => format!("seq {a} {}", a + 2000),
        1 => format!("head -c 200000 /dev/zero | tr '\\0' {}", b % 10),
        2 => format!("seq 1 500; echo {a} >&2; seq 500 1000; (exit {})", b % 2),
        _ => format!("# {}\necho {a}", "long comment ".repeat(3000)),
    }
}

fn quoted(dice: &mut Dice) -> String {
    single(&words(dice))
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
