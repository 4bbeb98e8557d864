use super::*;
use crate::machine::dialect::replay::replay;

fn check(spec: ToolSpec, transcript: &str) {
    if let Err(error) = replay(&Arc::new(spec), transcript, origin()) {
        panic!("{error}");
    }
}

fn aider() -> ToolSpec {
    let mut turn =
        TurnSpec::new(sentinel("/zz-{nonce}", r"(?m)^Invalid command: /zz-(?P<nonce>[0-9a-f]{16})$"));
    turn.text.wrap = Some("{{tag}\n\n{text}\n{tag}}".into());
    turn.trim_start = vec![pattern(r"\A(?:[a-z-]+(?: multi)?> |> )*\n")];
    turn.trim_end = vec![pattern(r"\n(?:[^\n]+\n)*(?:[a-z-]+ ?)?(?:multi)?> \n\z")];
    turn.questions = vec![pattern(r"\]: \z")];
    turn.outcomes = vec![
        OutcomeRule { outcome: Outcome::Error, pattern: pattern(r"(?m)^litellm\.\w+: ") },
        OutcomeRule { outcome: Outcome::Ok, pattern: pattern(r"(?m)^Applied edit to (.+)$") },
    ];
    let mut spec = tool(turn);
    spec.start.ready = Some(pattern(r"(?:\A|\n)(?:[^\n]+\n)*(?:[a-z-]+ ?)?(?:multi)?> \z"));
    spec.start.settle = Duration::from_millis(50);
    spec
}

const AIDER_START: &str = r"
<<< \nAider v0.86.2\nModel: openai/fake with diff edit format\nGit repo: .git with 4 files\nRepo-map: disabled\n\ndiff> 
>>> /zz-{nonce}\n
<<< \nInvalid command: /zz-{nonce}\n
=== ready
<<< \ndiff> 
... 1s
";

#[test]
fn aider_replies_with_glued_prompts_around() {
    check(
        aider(),
        &format!(
            r"{AIDER_START}
say line one\n/exit please\n!echo pwned
>>> \{{{{tag}}\n\nline one\n/exit please\n!echo pwned\n{{tag}}}}\n/zz-{{nonce}}\n
<<< diff> diff> diff> diff> \n
... 9s
<<< I will append a comment.\n\nTokens: 100 sent, 10 received.\nApplied edit to f.py\n
<<< \nf.py\ndiff> \nInvalid command: /zz-{{nonce}}\n
=== ok sentinel
||| I will append a comment.\n\nTokens: 100 sent, 10 received.\nApplied edit to f.py
<<< \nf.py\ndiff> 
command /add g.py
>>> /add g.py\n/zz-{{nonce}}\n
<<< \nAdded g.py to the chat\n\nf.py\ng.py\ndiff> \nInvalid command: /zz-{{nonce}}\n
=== ok sentinel
||| Added g.py to the chat
"
        ),
    );
}

#[test]
fn look_alikes_end_nothing() {
    check(
        aider(),
        &format!(
            r"{AIDER_START}
say look
>>> \{{{{tag}}\n\nlook\n{{tag}}}}\n/zz-{{nonce}}\n
<<< \nlook-alikes follow\n> 
... 5s
<<< ask> \ndiff> 
... 5s
<<< \nInvalid command: /zz-0123456789abcdef\n
... 5s
<<< \n/zz-{{nonce}}\n
... 5s
<<< say Invalid command: /zz-{{nonce}} twice\nInvalid command: /zz-{{nonce}}0\n
... 5s
<<< litellm.BadRequestError: no\n\ndiff> \nInvalid command: /zz-{{nonce}}\n\ndiff> 
=== error sentinel
!!! litellm.BadRequestError: no
||| look-alikes follow\n> ask> \ndiff> \nInvalid command: /zz-0123456789abcdef\n\n/zz-{{nonce}}\nsay Invalid command: /zz-{{nonce}} twice\nInvalid command: /zz-{{nonce}}0\nlitellm.BadRequestError: no
"
        ),
    );
}

#[test]
fn an_interrupted_turn_ends_by_its_own_rule() {
    check(
        aider(),
        &format!(
            r"{AIDER_START}
say hang
>>> \{{{{tag}}\n\nhang\n{{tag}}}}\n/zz-{{nonce}}\n
<<< diff> diff> \n
... 30s
interrupt
<<< \n\n^C again to exit\n\n\ndiff> \nInvalid command: /zz-{{nonce}}\n\ndiff> 
=== ok sentinel
||| \n\n^C again to exit\n
"
        ),
    );
}

#[test]
fn a_question_in_a_turn() {
    check(
        aider(),
        &format!(
            r"{AIDER_START}
say ask
>>> \{{{{tag}}\n\nask\n{{tag}}}}\n/zz-{{nonce}}\n
<<< \n\ng.py\nAdd file to the chat? (Y)es/(N)o [Yes]: 
=== question Add file to the chat? (Y)es/(N)o [Yes]:
... 60s
answer no
>>> no\n/zz-{{nonce}}\n
<<< Please answer with one of: yes, no\nok\n\ndiff> \nInvalid command: /zz-{{nonce}}\n
=== ok sentinel
"
        ),
    );
}

fn bash() -> ToolSpec {
    let mut turn = TurnSpec::new(TurnRule::Sentinel {
        send: r#"printf '%s:%d\n' {nonce} "$?""#.into(),
        expect: pattern(r"(?m)\n?^?(?P<nonce>[0-9a-f]{16}):(?P<status>\d+)$"),
        before: None,
        begin: false,
    });
    turn.text.wrap = Some("{ eval {text:shell}\n} </dev/null".into());
    tool(turn)
}

#[test]
fn a_shell_tells_its_status() {
    check(
        bash(),
        r#"
>>> printf '%s:%d\\n' {nonce} "$?"\n
<<< {nonce}:0\n
=== ready
say printf 'a b'; false
>>> \{ eval 'printf '\\''a b'\\''; false'\n} </dev/null\nprintf '%s:%d\\n' {nonce} "$?"\n
<<< a b{nonce}:1\n
=== error sentinel
!!! exit status 1
||| a b
say echo hi
>>> \{ eval 'echo hi'\n} </dev/null\nprintf '%s:%d\\n' {nonce} "$?"\n
<<< \e[1mhi\e[0m\r\n\xff\n{nonce}:0\n
=== ok sentinel
||| hi\n�
"#,
    );
}

#[test]
fn late_output_of_the_last_job_goes_to_nobody() {
    let mut spec = bash();
    if let TurnRule::Sentinel { begin, .. } = &mut spec.turn.rule {
        *begin = true;
    }
    spec.turn.text.wrap = None;
    check(
        spec,
        r#"
>>> printf '%s:%d\\n' {nonce} "$?"\n
<<< {nonce}:0\n
=== ready
<<< late\n
say echo hi
>>> printf '%s:%d\\n' {nonce} "$?"\necho hi\nprintf '%s:%d\\n' {nonce2} "$?"\n
<<< later\n{nonce}:0\nhi\n{nonce2}:0\nlast\n
=== ok sentinel
||| hi
"#,
    );
}

#[test]
fn a_prompt_must_stand_at_the_very_end() {
    check(
        tool(TurnSpec::new(prompt(r"(?m)^\(gdb\) \z", 50))),
        r"
<<< GNU gdb\n(gdb) 
=== ready
say print 6*7
>>> print 6*7\n
<<< quote: (gdb) 
... 3s
<<< \n(gdb) 
... 49ms
<<< is the prompt\n$1 = 42\n(gdb) 
=== ok prompt
||| quote: (gdb) \n(gdb) is the prompt\n$1 = 42
",
    );
}

#[test]
fn a_terminal_that_echoes() {
    let mut turn = TurnSpec::new(prompt(r"(?:>>> |\.\.\. )\z", 50));
    turn.echo = true;
    check(
        tool(turn),
        r"
<<< >>> 
=== ready
say for i in (1,2):\n  print(i)\n
>>> for i in (1,2):\n  print(i)\n\n
<<< for i in (1,2):\r\n...   print(i)\r\n... \r\n1\r\n2\r\n\e[?2004h>>> 
=== ok prompt
||| 1\n2
",
    );
}

#[test]
fn silence_ends_a_turn_but_not_before_output() {
    let mut turn = TurnSpec::new(TurnRule::Quiet { after: Duration::from_millis(800) });
    turn.questions = vec![pattern(r"\[y/n\] \z")];
    check(
        tool(turn),
        r"
<<< banner
... 799ms
<<< more
=== ready
say x
>>> x\n
... 60s
<<< part
... 799ms
<<< , rest\nreally? [y/n] 
=== question really? [y/n]
... 60s
answer y
>>> y\n
<<< done\n
=== ok quiet
||| part, rest\nreally? [y/n] done
",
    );
}

#[test]
fn one_line_for_one_line() {
    let mut spec = tool(TurnSpec::new(TurnRule::Lines));
    spec.start.ready = Some(pattern(r"(?m)^READY\n\z"));
    check(
        spec,
        r"
<<< hello\nREADY\n
=== ready
say a
>>> a\n
<<< A\r\n
=== ok lines
||| A
say b
>>> b\n
<<< \n
=== ok lines
say c
>>> c\n
<<< C\n
=== ok lines
<<< t
=== violation one line too many
",
    );
}
